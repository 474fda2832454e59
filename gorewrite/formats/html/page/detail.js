// One service: what is known of it, why, and the patch.

class Detail {
  constructor(view) {
    this.view = view;
    this.dialog = $("detail");
    this.dialog.addEventListener("close", () => view.select({ open: "" }));
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("keydown", (event) => this.keyed(event));
    addEventListener("beforeprint", () => this.printed());
    addEventListener("afterprint", () => this.paper && this.paper.remove());
  }

  // Browsers print one screen of a dialog: what goes to paper is a copy of it, all opened.
  printed() {
    if (!this.dialog.open) return;
    this.paper = h(
      "article",
      { class: "paper" },
      [...this.dialog.children].map((each) => each.cloneNode(true)),
    );
    for (const each of this.paper.querySelectorAll("details")) each.open = true;
    document.body.append(this.paper);
  }

  show(item, position, found) {
    if (!item) {
      if (this.dialog.open) this.dialog.close();
      document.documentElement.classList.remove("detailed");
      return;
    }
    const go = (step) => () => this.view.select({ open: found[position + step].path });
    const reachable = (step) =>
      position >= 0 && position + step >= 0 && position + step < found.length;
    this.before = h(
      "button",
      {
        type: "button",
        class: "quiet",
        disabled: !reachable(-1),
        onclick: go(-1),
        title: "Previous service (k)",
      },
      "← Previous",
    );
    this.after = h(
      "button",
      {
        type: "button",
        class: "quiet",
        disabled: !reachable(1),
        onclick: go(1),
        title: "Next service (j)",
      },
      "Next →",
    );
    const close = h(
      "button",
      { type: "button", class: "quiet", onclick: () => this.dialog.close(), title: "Close (Esc)" },
      "Close",
    );
    const content = h("div", { class: "content", tabindex: "-1" }, this.content(item));
    this.dialog.replaceChildren(
      h(
        "header",
        {},
        h(
          "div",
          { class: "title" },
          h("h2", { id: "detail-title" }, text(item.path)),
          pill(item.status),
        ),
        h(
          "nav",
          { "aria-label": "Services" },
          position >= 0
            ? h("span", { class: "soft" }, `${number(position + 1)} of ${number(found.length)}`)
            : null,
          this.before,
          this.after,
          close,
        ),
      ),
      content,
    );
    document.documentElement.classList.add("detailed");
    if (!this.dialog.open) this.dialog.showModal();
    content.focus();
  }

  keyed(event) {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.key === "j" || event.key === "ArrowRight") this.after.click();
    if (event.key === "k" || event.key === "ArrowLeft") this.before.click();
  }

  content(item) {
    const { file } = item;
    const link = (...place) => this.view.link(...place);
    const pull = item.pull
      ? h(
          "p",
          {},
          "Pull request: ",
          pullOf(item.pull, item.pull.url || item.pull.state),
          text(` ${[item.pull.state, item.pull.reason].filter(Boolean).join(": ")}`),
        )
      : null;
    if (file.error) {
      const place = file.error.line ? `line ${file.error.line}: ` : "";
      return h(
        "section",
        {},
        pull,
        h("h3", {}, "It could not be read"),
        h("p", { class: "wrong" }, place, text(file.error.message)),
      );
    }
    const groups = [
      ["Changes", "", item.applied],
      ["For review", "Applied with --review only.", item.offers],
      ["Left alone", "", item.refusals],
    ].filter((group) => group[2].length);
    return [
      pull,
      file.verification ? verified(file.verification) : null,
      groups.map(([title, note, list]) =>
        h(
          "section",
          {},
          h("h3", {}, title, h("span", { class: "soft" }, ` ${list.length}`)),
          note ? h("p", { class: "note" }, note) : null,
          h(
            "ul",
            { class: "claims" },
            list.map((each) => claim(each, item, link)),
          ),
        ),
      ),
      item.status !== "nothing to do"
        ? null
        : h("p", { class: "empty" }, "Nothing to do here: no transform applies to this file."),
      file.diff
        ? h(
            "section",
            {},
            h("h3", {}, "Patch"),
            item.status === "held back" ? h("p", { class: "note" }, "It was not applied.") : null,
            diffView(file.diff, link),
          )
        : null,
      h(
        "section",
        { class: "aside" },
        file.context
          ? h(
              "p",
              {},
              "Build context ",
              h("code", {}, text(file.context.directory ?? file.context.root)),
              file.context.certain ? ": " : ", assumed: ",
              text(file.context.why),
            )
          : null,
        file.notes.map((note) => h("p", {}, text(note))),
      ),
    ];
  }
}

function claim(each, item, link) {
  const safety = each.code
    ? h("span", { class: "tag plain" }, text(each.code))
    : h("span", { class: `safety ${each.safety}` }, each.safety);
  return h(
    "li",
    {},
    h(
      "div",
      { class: "claim" },
      h("span", { class: "tag" }, text(each.transform)),
      safety,
      each.line
        ? h("span", { class: "where" }, link(item.path, each.line, `line ${each.line}`))
        : null,
    ),
    h("p", {}, text(each.message)),
    each.because.length
      ? h(
          "details",
          { open: each.because.length <= 2 },
          h("summary", {}, `${plural(each.because.length, "piece")} of evidence`),
          h(
            "ul",
            { class: "evidence" },
            each.because.map((found) =>
              h(
                "li",
                {},
                found.path
                  ? h(
                      "span",
                      { class: "where" },
                      link(found.file, found.line, placeOf(found, item)),
                    )
                  : null,
                h("code", {}, text(found.text)),
              ),
            ),
          ),
        )
      : null,
  );
}

function placeOf(found, item) {
  const name = found.path === item.path ? item.parts[item.parts.length - 1] : found.path;
  return found.line ? `${name}:${found.line}` : name;
}

// --- verification ----------------------------------------------------------------------

const MEASURES = [
  ["image size", (side) => side.size, size, share],
  ["layers", (side) => side.layers.length, number, null],
  ["context sent", (side) => side.context_sent, size, null],
  ["cold build", (side) => side.seconds.cold, seconds, null],
  ["rebuild, nothing changed", (side) => side.seconds.unchanged, seconds, null],
  ["rebuild, source edit", (side) => side.seconds.source_edit, seconds, faster],
  ["rebuild, go.mod edit", (side) => side.seconds.dependency_edit, seconds, faster],
];

function faster(after, before) {
  return after ? `${times(before / after)} as fast` : "";
}

function verified(verification) {
  const { before, after, differences, runs, notes, log } = verification;
  const rows =
    before && after
      ? MEASURES.map(([name, of, shown, told]) => [
          name,
          of(before),
          of(after),
          shown,
          told,
        ]).filter((row) => row[1] !== null && row[2] !== null)
      : [];
  const unexpected = differences.filter((each) => each.expected === null);
  return h(
    "section",
    {},
    h("h3", {}, "Verification"),
    h(
      "div",
      { class: "panel" },
      h("p", {}, verdictOf(verification.verdict, false), ": ", text(verification.reason)),
      rows.length
        ? h(
            "table",
            { class: "measures" },
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                ["", "before", "after", ""].map((name) => h("th", { scope: "col" }, name)),
              ),
            ),
            h(
              "tbody",
              {},
              rows.map(([name, old, now, shown, told]) =>
                h(
                  "tr",
                  {},
                  h("th", { scope: "row" }, name),
                  h("td", {}, shown(old)),
                  h("td", {}, shown(now)),
                  h("td", { class: "gain" }, told && old ? told(now, old) : ""),
                ),
              ),
            ),
          )
        : null,
      h(
        "ul",
        { class: "plain-list" },
        unexpected.map((each) =>
          h(
            "li",
            { class: "wrong" },
            text(`${each.what}: ${each.before ?? "nothing"} → ${each.after ?? "nothing"}`),
          ),
        ),
        [...runs, ...notes].map((each) => h("li", {}, text(each))),
      ),
      log ? h("pre", {}, text(log)) : null,
    ),
  );
}
