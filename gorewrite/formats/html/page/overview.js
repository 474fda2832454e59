// The overview: figures and charts, most of which select what the table shows.

const TONES = { "held back": "held", "left alone": "left", "nothing to do": "idle" };
const tone = (status) => `tone-${TONES[status] || status}`;

function overview(report, select) {
  const { items } = report;
  if (!items.length)
    return [
      h("p", { class: "empty" }, "No Dockerfile was found. Was the right directory searched?"),
    ];
  const measured = items.filter((item) => item.measured && item.verdict === "verified");
  return [
    figures(items),
    statusChart(items, select),
    measured.length ? savings(items, measured) : null,
    items.some((item) => item.transforms.size || item.codes.size) || !measured.length
      ? h("div", { class: "columns" }, transformChart(items, select), reasonChart(items, select))
      : null,
    measured.length
      ? h("div", { class: "columns" }, spreadChart(measured), largestChart(measured, select))
      : null,
  ].filter(Boolean);
}

// --- figures ---------------------------------------------------------------------------

function figures(items) {
  const count = (status) => items.filter((item) => item.status === status).length;
  const changes = items.reduce((sum, item) => sum + item.applied.length, 0);
  const offered = items.filter((item) => item.offers.length).length;
  const refused = items.filter((item) => item.refusals.length).length;
  const wrong = items.filter(
    (item) => item.status === "failed" || item.verdict === "failed",
  ).length;
  const owners = new Set(items.map((item) => item.owner));
  return h(
    "section",
    { class: "figures", "aria-label": "Totals" },
    figure(
      number(items.length),
      items.length === 1 ? "Dockerfile" : "Dockerfiles",
      `in ${plural(owners.size, "directory", "directories")}`,
    ),
    figure(
      number(count("changed")),
      "changed",
      `${plural(changes, "change")} in all`,
      "tone-changed",
    ),
    figure(
      number(offered),
      "with more on offer",
      "--review applies it",
      offered ? "tone-offered" : "",
    ),
    figure(number(refused), "with parts left alone", "each with its reason", "tone-left"),
    figure(number(wrong), "failed", "to read, or to verify", wrong ? "tone-failed" : ""),
  );
}

function figure(value, label, note, kind = "") {
  return h(
    "div",
    { class: `figure ${kind}` },
    h("p", { class: "value" }, value),
    h("p", { class: "label" }, label),
    h("p", { class: "note" }, note),
  );
}

// --- status ----------------------------------------------------------------------------

function statusChart(items, select) {
  const counts = new Map(tally(items, (item) => [item.status]));
  const present = STATUSES.filter(([name]) => counts.has(name));
  let x = 0;
  const bars = present.map(([name]) => {
    const width = (counts.get(name) / items.length) * 100;
    const bar = s("rect", { x: `${x}%`, width: `${width}%`, height: 20, class: tone(name) });
    x += width;
    return bar;
  });
  const told = present.map(([name, label]) => `${label}: ${number(counts.get(name))}`).join(", ");
  return h(
    "section",
    { class: "panel status", "aria-label": "Status" },
    s("svg", { class: "stack", height: 20, role: "img", "aria-label": told }, bars),
    h(
      "ul",
      { class: "legend" },
      present.map(([name, label]) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", onclick: () => select({ status: name }) },
            h("span", { class: `dot ${tone(name)}` }),
            label,
            h("b", {}, number(counts.get(name))),
            h(
              "span",
              { class: "soft" },
              `${((counts.get(name) / items.length) * 100).toFixed(1)}\u00a0%`,
            ),
          ),
        ),
      ),
    ),
  );
}

// --- measured --------------------------------------------------------------------------

function savings(items, measured) {
  const before = measured.reduce((sum, item) => sum + item.measured.before, 0);
  const after = measured.reduce((sum, item) => sum + item.measured.after, 0);
  const ratios = measured.map((item) => item.measured.after / item.measured.before);
  const faster = measured.map((item) => item.measured.faster).filter((value) => value !== null);
  const verdicts = new Map(
    tally(
      items.filter((item) => item.verdict),
      (item) => [item.verdict],
    ),
  );
  const row = (label, bytes, kind) =>
    h(
      "div",
      { class: "measure" },
      h("span", {}, label),
      s(
        "svg",
        { height: 14, "aria-hidden": "true" },
        s("rect", {
          width: `${Math.max((bytes / Math.max(before, after)) * 100, 0.4)}%`,
          height: 14,
          rx: 3,
          class: kind,
        }),
      ),
      h("b", {}, size(bytes)),
    );
  const verdict = (name) => (verdicts.has(name) ? `${number(verdicts.get(name))} ${name}` : null);
  return h(
    "section",
    { class: "panel savings", "aria-labelledby": "savings-title" },
    h(
      "div",
      { class: "headline" },
      h("h2", { id: "savings-title" }, "Measured"),
      h("p", { class: "value" }, `${size(Math.max(before - after, 0))}`),
      h(
        "p",
        { class: "label" },
        `less in ${plural(measured.length, "image")}, verified by building and running them`,
      ),
    ),
    h(
      "div",
      { class: "bars" },
      row("Before", before, "tone-before"),
      row("After", after, "tone-changed"),
    ),
    h(
      "dl",
      { class: "facts" },
      h(
        "div",
        {},
        h("dt", {}, "Image size"),
        h("dd", {}, share(median(ratios), 1)),
        h("dd", { class: "soft" }, "median"),
      ),
      faster.length
        ? h(
            "div",
            {},
            h("dt", {}, "Rebuild after an edit"),
            h("dd", {}, times(median(faster))),
            h("dd", { class: "soft" }, "as fast, median"),
          )
        : null,
      h(
        "div",
        {},
        h("dt", {}, "Verified"),
        h("dd", {}, number(verdicts.get("verified") || 0)),
        h(
          "dd",
          { class: "soft" },
          [verdict("failed"), verdict("unverified")].filter(Boolean).join(", ") || "no failure",
        ),
      ),
    ),
  );
}
