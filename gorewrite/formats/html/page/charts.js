// The charts of the overview, as SVG; widths are parts of the room there is.

// --- what and why ----------------------------------------------------------------------

function transformChart(items, select) {
  const counts = new Map();
  for (const item of items) {
    for (const change of [...item.applied, ...item.offers]) {
      const found = counts.get(change.transform) || { applied: new Set(), offered: new Set() };
      found[change.applied ? "applied" : "offered"].add(item.index);
      counts.set(change.transform, found);
    }
  }
  const rows = [...counts].map(([name, { applied, offered }]) => {
    for (const index of applied) offered.delete(index);
    return {
      label: name,
      parts: [
        [applied.size, "tone-changed"],
        [offered.size, "tone-offered"],
      ],
      pick: { transform: name },
    };
  });
  const legend =
    rows.some((row) => row.parts[1][0]) &&
    h(
      "p",
      { class: "legend" },
      h("span", {}, h("span", { class: "dot tone-changed" }), "changed"),
      h("span", {}, h("span", { class: "dot tone-offered" }), "only offered"),
    );
  return barChart(
    "What is changed",
    "services per transform",
    rows,
    "Nothing is changed.",
    select,
    "short",
    legend,
  );
}

function reasonChart(items, select) {
  const rows = tally(items, (item) => item.codes)
    .slice(0, 9)
    .map(([name, count]) => {
      const [transform, code] = name.split("/");
      return {
        label: code,
        note: transform,
        parts: [[count, "tone-left"]],
        pick: { reason: name },
      };
    });
  return barChart(
    "Why something was left alone",
    "services per reason, the most frequent",
    rows,
    "Nothing was left alone.",
    select,
  );
}

function barChart(title, note, rows, empty, select, kind = "", legend = null) {
  const total = (row) => row.parts.reduce((sum, part) => sum + part[0], 0);
  rows.sort((a, b) => total(b) - total(a));
  const most = Math.max(1, ...rows.map(total));
  return h(
    "section",
    { class: `panel chart ${kind}` },
    h("h2", {}, title),
    h("p", { class: "note" }, note),
    rows.length === 0
      ? h("p", { class: "empty" }, empty)
      : h(
          "ul",
          { class: "bar-list" },
          rows.map((row) => {
            let x = 0;
            const bars = row.parts
              .filter((part) => part[0])
              .map(([count, kind]) => {
                const width = (count / most) * 100;
                const bar = s("rect", {
                  x: `${x}%`,
                  width: `${Math.max(width, 0.5)}%`,
                  height: 10,
                  rx: 2,
                  class: kind,
                });
                x += width;
                return bar;
              });
            const counts = row.parts
              .map((part) => part[0])
              .filter(Boolean)
              .map(number)
              .join(" + ");
            return h(
              "li",
              {},
              h(
                "button",
                { type: "button", onclick: () => select(row.pick) },
                h(
                  "span",
                  { class: "name" },
                  text(row.label),
                  row.note ? h("span", { class: "soft" }, text(row.note)) : null,
                ),
                s("svg", { height: 10, "aria-hidden": "true" }, bars),
                h("b", {}, counts),
              ),
            );
          }),
        ),
    legend || null,
  );
}

// --- sizes -----------------------------------------------------------------------------

const BINS_A_DECADE = 8;

// How many images have which size, on a logarithmic axis.
function spreadChart(measured) {
  const logs = { before: [], after: [] };
  for (const {
    measured: { before, after },
  } of measured) {
    logs.before.push(Math.log10(Math.max(before, 1)));
    logs.after.push(Math.log10(Math.max(after, 1)));
  }
  const all = [...logs.before, ...logs.after];
  const low = Math.floor(all.reduce((a, b) => Math.min(a, b)));
  const high = Math.max(Math.ceil(all.reduce((a, b) => Math.max(a, b))), low + 1);
  const bins = (high - low) * BINS_A_DECADE;
  const counts = Object.fromEntries(
    Object.entries(logs).map(([name, values]) => {
      const found = new Array(bins).fill(0);
      for (const value of values)
        found[Math.min(Math.floor((value - low) * BINS_A_DECADE), bins - 1)] += 1;
      return [name, found];
    }),
  );
  const most = Math.max(...counts.before, ...counts.after);
  const [base, height] = [176, 150];
  const bars = (name, kind) =>
    counts[name].map((count, n) => {
      const tall = (count / most) * height;
      return count
        ? s("rect", {
            x: `${((n + 0.08) / bins) * 100}%`,
            width: `${(0.84 / bins) * 100}%`,
            y: base - tall,
            height: Math.max(tall, 1),
            rx: 1.5,
            class: kind,
          })
        : null;
    });
  const ticks = [];
  for (let decade = low; decade <= high; decade += 1) {
    const x = `${((decade - low) / (high - low)) * 100}%`;
    const anchor = decade === low ? "start" : decade === high ? "end" : "middle";
    ticks.push(
      s("line", { x1: x, x2: x, y1: 20, y2: base, class: "grid" }),
      s("text", { x, y: base + 18, "text-anchor": anchor }, size(10 ** decade).replace(".0", "")),
    );
  }
  const told = `Median ${size(10 ** median(logs.before))} before, ${size(10 ** median(logs.after))} after.`;
  return h(
    "section",
    { class: "panel chart" },
    h("h2", {}, "Image sizes"),
    h("p", { class: "note" }, told),
    s(
      "svg",
      { class: "spread", height: base + 26, role: "img", "aria-label": `Image sizes. ${told}` },
      ticks,
      bars("before", "tone-before"),
      bars("after", "tone-changed"),
      s("line", { x1: 0, x2: "100%", y1: base, y2: base, class: "axis" }),
    ),
    h(
      "p",
      { class: "legend" },
      h("span", {}, h("span", { class: "dot tone-before" }), "before"),
      h("span", {}, h("span", { class: "dot tone-changed" }), "after"),
    ),
  );
}

// The services whose images lost most.
function largestChart(measured, select) {
  const largest = [...measured]
    .sort((a, b) => b.measured.saved - a.measured.saved || byPath(a, b))
    .slice(0, 7);
  const most = Math.max(...largest.map((item) => item.measured.before));
  return h(
    "section",
    { class: "panel chart" },
    h("h2", {}, "Largest savings"),
    h("p", { class: "note" }, "image size before and after"),
    h(
      "ul",
      { class: "bar-list" },
      largest.map((item) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", onclick: () => select({ open: item.path }) },
            h(
              "span",
              { class: "name" },
              text(serviceName(item)),
              h("span", { class: "soft" }, text(item.owner)),
            ),
            s(
              "svg",
              { height: 10, "aria-hidden": "true" },
              s("rect", {
                width: `${(item.measured.before / most) * 100}%`,
                height: 10,
                rx: 2,
                class: "tone-before",
              }),
              s("rect", {
                width: `${Math.max((item.measured.after / most) * 100, 0.8)}%`,
                height: 10,
                rx: 2,
                class: "tone-changed",
              }),
            ),
            h("b", {}, `−${size(item.measured.saved)}`),
          ),
        ),
      ),
    ),
  );
}
