// The page: what is selected lives in its address, and everything is drawn from that.

class View {
  constructor(report) {
    this.report = report;
    this.items = report.items;
    this.measured = this.items.some((item) => item.measured);
    this.pulls = this.items.some((item) => item.pull);
    this.table = new Table(this);
    this.filters = new Filters(this);
    this.detail = new Detail(this);
    this.found = [];
    $("overview").replaceChildren(...overview(report, (pick) => this.pick(pick)));
    if (!this.items.length) return;
    $("filters").replaceChildren(...this.filters.element);
    $("table").replaceChildren(this.table.element);
    $("services").hidden = false;
    addEventListener("hashchange", () => this.read());
    addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.target.closest("input, select, dialog")) return;
      event.preventDefault();
      this.filters.search.focus();
    });
    this.read();
  }

  // The address of this page with other settings.
  address(settings) {
    const all = { ...this.filter, open: this.open, ...settings };
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(all))
      if (value && value !== NO_FILTER[name]) query.set(name, value);
    return `#${query}`;
  }

  read(address = location.hash) {
    const query = new URLSearchParams(address.slice(1));
    const names = Object.keys({ ...NO_FILTER, open: "" });
    this.set(
      Object.fromEntries(names.map((name) => [name, query.get(name) ?? NO_FILTER[name] ?? ""])),
    );
  }

  select(settings) {
    const address = this.address(settings);
    if (address === this.address({})) return;
    try {
      if (settings.open && !this.open) history.pushState(null, "", address);
      else history.replaceState(null, "", address);
    } catch {
      // Safari takes a hundred changes of the address in half a minute; the page goes on without.
    }
    this.read(address);
  }

  // What a chart asks for: nothing else is selected, and the table comes into sight.
  pick(settings) {
    if (settings.open) return this.select(settings);
    this.select({ ...NO_FILTER, ...settings });
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    $("services").scrollIntoView({ behavior: calm ? "auto" : "smooth" });
    $("services").focus({ preventScroll: true });
  }

  set({ open, ...filter }) {
    const same =
      this.filter && Object.keys(filter).every((name) => filter[name] === this.filter[name]);
    const closed = this.open && !open ? this.open : "";
    [this.filter, this.open] = [filter, open];
    if (!(filter.sort in SORT_KEYS)) filter.sort = "path";
    if (!same) {
      this.found = matching(this.items, filter);
      this.filters.show(this.found, filter);
      this.table.show(this.found, filter);
    }
    const position = open ? this.found.findIndex((item) => item.path === open) : -1;
    const item =
      position >= 0 ? this.found[position] : this.items.find((each) => each.path === open);
    this.detail.show(open ? item : null, position, this.found);
    const title = item && open ? `${item.path} – ${this.report.title}` : this.report.title;
    document.title = text(title).textContent;
    if (closed) {
      const from = this.found.findIndex((each) => each.path === closed);
      if (from >= 0) this.table.focus(from, true);
    }
  }

  // A path as a link to the source, or to the file beside the report.
  link(path, line, shown = path) {
    const { source_url: template } = this.report;
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    let href = /^https?:\/\//.test(template)
      ? template.replaceAll("{path}", () => encoded).replaceAll("{line}", String(line || 1))
      : path.startsWith("/")
        ? null
        : encoded.replace(/^(?=[^/]*:)/, "./");
    if (href !== null && path.startsWith("..") && template) href = null;
    return href === null
      ? h("span", {}, text(shown))
      : h("a", { href, rel: "noreferrer" }, text(shown));
  }
}

// --- light and dark --------------------------------------------------------------------

const THEMES = ["system", "light", "dark"];

function theme(name) {
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  $("theme").textContent = { system: "◐ System", light: "○ Light", dark: "● Dark" }[name];
  $("theme").setAttribute("aria-label", `Theme: ${name}. Change it.`);
  $("theme").onclick = () => {
    const next = THEMES[(THEMES.indexOf(name) + 1) % THEMES.length];
    keep(next);
    theme(next);
  };
}

function keep(name) {
  try {
    localStorage.setItem("gorewrite-theme", name);
  } catch {
    /* A page without storage forgets. */
  }
}

function kept() {
  try {
    return localStorage.getItem("gorewrite-theme");
  } catch {
    return null;
  }
}

theme(THEMES.includes(kept()) ? kept() : "system");
readReport()
  .then((report) => {
    $("title").append(text(report.title));
    $("version").textContent = report.version;
    new View(report);
    $("loading").remove();
    document.documentElement.dataset.ready = "";
  })
  .catch((error) => {
    $("loading").textContent =
      `The report cannot be shown: ${error.message}. A browser of 2024 or newer is needed.`;
    throw error;
  });
