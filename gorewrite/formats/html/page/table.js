// The services: filters, and a table that holds no more rows than are in sight.

const COLUMNS = [
  ["path", "Service"],
  ["status", "Status"],
  ["changes", "Changes"],
  ["reasons", "Left alone"],
];
const PULL_COLUMNS = [["pull", "Pull request"]];
const MEASURED_COLUMNS = [
  ["saved", "Image size"],
  ["faster", "Rebuild"],
];
// Rows that stand ready above and below those in sight. So there are always some, and the table can
// be reached by keyboard from anywhere.
const SPARE_ROWS = 12;

// The directory of a Dockerfile is what people call a service.
function serviceName(item) {
  const { parts } = item;
  const own = /^dockerfile$/i.test(parts[parts.length - 1]) && parts.length > 1;
  return own ? parts[parts.length - 2] : parts[parts.length - 1];
}

function rowOf(item, position, view) {
  const name = serviceName(item);
  const directory = item.path.slice(0, item.path.lastIndexOf(name)).replace(/\/$/, "");
  return h(
    "tr",
    { role: "row", "aria-rowindex": position + 2, "data-position": position },
    h(
      "td",
      { role: "cell", class: "service" },
      h(
        "a",
        { href: view.address({ open: item.path }), title: item.path },
        h("b", {}, text(name)),
        h("span", { class: "soft" }, text(directory)),
      ),
    ),
    h(
      "td",
      { role: "cell", class: "state" },
      pill(item.status),
      item.verdict && item.verdict !== "unchanged" ? verdictOf(item.verdict, true) : null,
    ),
    view.pulls
      ? h(
          "td",
          { role: "cell", class: "pull" },
          item.pull ? pullOf(item.pull, item.pull.state) : null,
        )
      : null,
    h("td", { role: "cell", class: "changes" }, changesOf(item)),
    h(
      "td",
      { role: "cell", class: "reasons" },
      item.file.error
        ? h("span", { class: "wrong" }, text(item.file.error.message))
        : [...item.codes].slice(0, 1).map((code) => h("span", {}, text(code.split("/").pop()))),
      item.codes.size > 1 ? h("span", { class: "soft" }, ` +${item.codes.size - 1}`) : null,
    ),
    view.measured ? measuredCells(item) : null,
  );
}

function measuredCells(item) {
  return [
    h(
      "td",
      { role: "cell", class: "numeric" },
      item.measured
        ? [
            h("span", { class: "soft" }, `${size(item.measured.before)} → `),
            size(item.measured.after),
          ]
        : null,
    ),
    h(
      "td",
      { role: "cell", class: "numeric" },
      item.measured && item.measured.faster ? times(item.measured.faster) : null,
    ),
  ];
}

const VERDICT_MARKS = { verified: "✓", failed: "✗", unverified: "?", unchanged: "=" };

function verdictOf(verdict, short) {
  const word = h("span", { class: short ? "visually-hidden" : "" }, ` ${verdict}`);
  return h(
    "span",
    { class: `verdict ${verdict}`, title: `verification: ${verdict}` },
    h("span", { "aria-hidden": "true" }, VERDICT_MARKS[verdict]),
    word,
  );
}

// A pull request, and the way to it.
function pullOf(pull, shown) {
  const told = { class: `pull ${pull.state}`, title: `pull request: ${pull.reason || pull.state}` };
  return /^https?:\/\//.test(pull.url)
    ? h("a", { ...told, href: pull.url, rel: "noreferrer" }, text(shown))
    : h("span", told, text(shown));
}

const pill = (status) => h("span", { class: `pill ${tone(status)}` }, STATUS_LABELS.get(status));

function changesOf(item) {
  const names = new Map();
  for (const change of [...item.applied, ...item.offers])
    if (!names.has(change.transform)) names.set(change.transform, change.applied);
  const shown = [...names].slice(0, 2);
  return [
    shown.map(([name, applied]) =>
      h(
        "span",
        { class: applied ? "tag" : "tag offered", title: applied ? "" : "only with --review" },
        text(name),
      ),
    ),
    names.size > 2 ? h("span", { class: "soft" }, `+${names.size - 2}`) : null,
  ];
}

class Table {
  constructor(view) {
    this.view = view;
    this.found = [];
    this.first = this.last = 0;
    const columns = [
      ...COLUMNS.slice(0, 2),
      ...(view.pulls ? PULL_COLUMNS : []),
      ...COLUMNS.slice(2),
      ...(view.measured ? MEASURED_COLUMNS : []),
    ];
    this.heads = new Map(
      columns.map(([name, label]) => [
        name,
        h(
          "th",
          { role: "columnheader", scope: "col", class: name },
          h("button", { type: "button", onclick: () => this.sortBy(name) }, label),
        ),
      ]),
    );
    this.above = h(
      "tbody",
      { class: "spare", "aria-hidden": "true" },
      h("tr", {}, h("td", { colspan: columns.length })),
    );
    this.body = h("tbody", {
      role: "rowgroup",
      onclick: (event) => this.clicked(event),
      onkeydown: (event) => this.keyed(event),
    });
    this.below = this.above.cloneNode(true);
    this.table = h(
      "table",
      { role: "table", class: "services", "aria-labelledby": "services-title" },
      h(
        "thead",
        { role: "rowgroup" },
        h("tr", { role: "row", "aria-rowindex": 1 }, [...this.heads.values()]),
      ),
      this.above,
      this.body,
      this.below,
    );
    this.nothing = h(
      "p",
      { class: "empty", hidden: true },
      "No service matches. ",
      h("button", { type: "button", onclick: () => view.select(NO_FILTER) }, "Clear the filters"),
    );
    this.element = h("div", {}, this.table, this.nothing);
    addEventListener("scroll", () => this.scrolled(), { passive: true });
    addEventListener("resize", () => this.draw(true));
    addEventListener("beforeprint", () => this.draw(true, true));
    addEventListener("afterprint", () => this.draw(true));
  }

  show(found, filter) {
    this.found = found;
    for (const [name, head] of this.heads) {
      if (name === filter.sort)
        head.setAttribute("aria-sort", filter.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    this.table.hidden = !found.length;
    this.nothing.hidden = Boolean(found.length);
    this.table.setAttribute("aria-rowcount", found.length + 1);
    this.draw(true);
  }

  sortBy(name) {
    const { sort, down } = this.view.filter;
    this.view.select({ sort: name, down: sort === name && !down ? "1" : "" });
  }

  scrolled() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw(false);
    });
  }

  // Puts the rows in sight into the table, and the height of all others around them.
  draw(anew, all = false) {
    if (!this.found.length) return;
    const height = parseFloat(getComputedStyle(this.table).getPropertyValue("--row"));
    const top = this.table.getBoundingClientRect().top + this.table.tHead.offsetHeight;
    const count = this.found.length;
    const row = (y) => Math.max(0, Math.min(y / height, count));
    const [seen, unseen] = all ? [0, count] : [row(-top), row(innerHeight - top)];
    if (!anew && seen >= this.first && unseen <= this.last) return;
    const first = Math.max(0, Math.floor(seen) - SPARE_ROWS);
    const last = Math.min(count, Math.ceil(unseen) + SPARE_ROWS);
    const focused = this.body.contains(document.activeElement)
      ? Number(document.activeElement.closest("tr").dataset.position)
      : null;
    [this.first, this.last] = [first, last];
    this.body.replaceChildren(
      ...this.found.slice(first, last).map((item, n) => rowOf(item, first + n, this.view)),
    );
    this.above.firstChild.firstChild.style.height = `${first * height}px`;
    this.below.firstChild.firstChild.style.height = `${(count - last) * height}px`;
    if (focused !== null) this.focus(focused, false);
  }

  clicked(event) {
    const row = event.target.closest("tr");
    if (!row || event.target.closest("a") || getSelection().toString()) return;
    this.view.select({ open: this.found[Number(row.dataset.position)].path });
  }

  keyed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    if (!step || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    const position = Number(event.target.closest("tr").dataset.position) + step;
    if (position >= 0 && position < this.found.length) this.focus(position, true);
  }

  // Brings the row at a position into sight and gives it the focus.
  focus(position, scroll) {
    if (scroll && (position < this.first || position >= this.last)) {
      const height = parseFloat(getComputedStyle(this.table).getPropertyValue("--row"));
      const top = this.table.getBoundingClientRect().top + scrollY + this.table.tHead.offsetHeight;
      scrollTo({ top: top + position * height - innerHeight / 2 });
      this.draw(true);
    }
    const row = this.body.querySelector(`[data-position="${position}"]`);
    if (!row) return;
    row.querySelector("a").focus({ preventScroll: true });
    if (scroll) row.scrollIntoView({ block: "nearest" });
  }
}

// --- filters ---------------------------------------------------------------------------

class Filters {
  constructor(view) {
    this.view = view;
    const { items } = view;
    this.search = h("input", {
      type: "search",
      id: "search",
      placeholder: "Search paths, reasons, messages",
      "aria-label": "Search",
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => view.select({ q: this.search.value }),
    });
    const safeties = SAFETIES.filter(([name]) => items.some((item) => item.safeties.has(name)));
    this.choices = {
      status: choice(
        "status",
        "Status",
        STATUSES.filter(([name]) => items.some((item) => item.status === name)),
        view,
      ),
      transform: choice(
        "transform",
        "Transform",
        options(tally(items, (item) => item.transforms)),
        view,
      ),
      reason: choice("reason", "Reason", options(tally(items, (item) => item.codes)), view),
      safety: choice("safety", "Safety", safeties, view),
      owner: choice(
        "owner",
        "Directory",
        options(tally(items, (item) => [item.owner]).sort((a, b) => compare(a[0], b[0]))),
        view,
      ),
    };
    this.count = h("p", { class: "count", role: "status" });
    this.clear = h(
      "button",
      { type: "button", class: "quiet", onclick: () => view.select(NO_FILTER) },
      "Clear",
    );
    this.element = [
      h("label", { class: "search" }, this.search, h("kbd", { "aria-hidden": "true" }, "/")),
      h(
        "div",
        { class: "choices" },
        Object.values(this.choices)
          .filter((each) => each.length > 1)
          .map((each) => each.parentNode),
        this.clear,
      ),
      this.count,
    ];
  }

  show(found, filter) {
    if (this.search.value !== filter.q) this.search.value = filter.q;
    for (const [name, select] of Object.entries(this.choices)) {
      select.value = filter[name];
      select.parentNode.classList.toggle("set", Boolean(filter[name]));
    }
    const all = this.view.items.length;
    this.count.textContent =
      found.length === all
        ? plural(all, "service")
        : `${number(found.length)} of ${plural(all, "service")}`;
    this.clear.hidden = !["q", ...Object.keys(this.choices)].some((name) => filter[name]);
  }
}

const options = (counts) => counts.map(([name, count]) => [name, `${name} (${number(count)})`]);

function choice(name, label, values, view) {
  const select = h(
    "select",
    { name, onchange: () => view.select({ [name]: select.value }) },
    h("option", { value: "" }, "Any"),
    values.map(([value, shown]) => h("option", { value }, text(shown).textContent)),
  );
  h("label", { class: "choice" }, h("span", {}, label), select);
  return select; // Its parent is the label.
}
