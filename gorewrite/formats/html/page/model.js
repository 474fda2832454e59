// The report as the page needs it: one item a Dockerfile, and what is selected of them.

const STATUSES = [
  ["changed", "Changed"],
  ["offered", "For review"],
  ["held back", "Held back"],
  ["failed", "Failed"],
  ["left alone", "Left alone"],
  ["nothing to do", "Nothing to do"],
];
const STATUS_LABELS = new Map(STATUSES);
const SAFETIES = [
  ["safe", "Safe changes"],
  ["review", "Changes to review"],
  ["offered", "Offers (--review)"],
];

async function readReport() {
  const element = $("data");
  let json = element.textContent;
  if (element.dataset.encoding === "gzip") {
    const bytes = Uint8Array.from(atob(json), (each) => each.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    json = await new Response(stream).text();
  }
  element.remove();
  const report = JSON.parse(json);
  const common = commonDirectory(report.files.map((file) => file.path));
  report.items = report.files.map((file, index) => itemOf(file, index, common));
  return report;
}

// The directories that all paths share.
function commonDirectory(paths) {
  let shared = null;
  for (const path of paths) {
    const parts = path.split("/").slice(0, -1);
    if (shared === null) shared = parts;
    let length = 0;
    while (length < shared.length && shared[length] === parts[length]) length += 1;
    shared.length = length;
  }
  return shared === null ? 0 : shared.length;
}

function itemOf(file, index, common) {
  const parts = file.path.split("/");
  const changes = file.changes || [];
  const refusals = file.refusals || [];
  const item = {
    index,
    file,
    path: file.path,
    parts,
    owner:
      parts.length > common + 1
        ? parts.slice(0, common + 1).join("/")
        : parts.slice(0, common).join("/") || ".",
    status: file.status,
    applied: changes.filter((change) => change.applied),
    offers: changes.filter((change) => !change.applied),
    refusals,
    transforms: new Set(changes.map((change) => change.transform)),
    codes: new Set(refusals.map((refusal) => `${refusal.transform}/${refusal.code}`)),
    safeties: new Set(changes.map((change) => (change.applied ? change.safety : "offered"))),
    pull: file.pull_request || null,
    verdict: file.verification ? file.verification.verdict : "",
    measured: measuredOf(file.verification),
  };
  const said = [...changes, ...refusals].map(
    (each) => `${each.transform} ${each.code || ""} ${each.message}`,
  );
  if (file.error) said.push(file.error.message);
  if (item.pull) said.push(`pull request ${item.pull.state} ${item.pull.reason}`);
  item.haystack = [file.path, item.verdict, ...said].join("\n").toLowerCase();
  return item;
}

// What was measured on both sides, null when it did not come to that.
function measuredOf(verification) {
  if (!verification || !verification.before || !verification.after) return null;
  const { before, after } = verification;
  const [old, now] = [before.seconds.source_edit, after.seconds.source_edit];
  return {
    before: before.size,
    after: after.size,
    saved: before.size - after.size,
    faster: old !== null && now ? old / now : null,
  };
}

// What is asked for; kept in the address of the page, so that it can be sent to somebody.
const NO_FILTER = {
  q: "",
  status: "",
  transform: "",
  reason: "",
  safety: "",
  owner: "",
  sort: "path",
  down: "",
};

function matching(items, filter) {
  const words = filter.q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = items.filter(
    (item) =>
      (!filter.status || item.status === filter.status) &&
      (!filter.transform || item.transforms.has(filter.transform)) &&
      (!filter.reason || item.codes.has(filter.reason)) &&
      (!filter.safety || item.safeties.has(filter.safety)) &&
      (!filter.owner || item.owner === filter.owner) &&
      words.every((word) => item.haystack.includes(word)),
  );
  return sorted(found, filter.sort, Boolean(filter.down));
}

const RANKS = new Map(STATUSES.map(([name], rank) => [name, rank]));
const SORT_KEYS = {
  path: null,
  status: (item) => RANKS.get(item.status),
  changes: (item) => -item.applied.length * 1000 - item.offers.length,
  reasons: (item) => -item.refusals.length,
  pull: (item) => (item.pull ? item.pull.state : "~"),
  saved: (item) => (item.measured ? -item.measured.saved : Infinity),
  faster: (item) => (item.measured && item.measured.faster ? -item.measured.faster : Infinity),
};

function byPath(a, b) {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : a.index - b.index;
}

function sorted(items, name, down) {
  const key = SORT_KEYS[name];
  const order = key ? (a, b) => compare(key(a), key(b)) || byPath(a, b) : byPath;
  items.sort(order);
  return down ? items.reverse() : items;
}

function compare(a, b) {
  return a === b ? 0 : a < b ? -1 : 1;
}

function tally(items, keysOf) {
  const counts = new Map();
  for (const item of items)
    for (const key of keysOf(item)) counts.set(key, (counts.get(key) || 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || compare(a[0], b[0]));
}
