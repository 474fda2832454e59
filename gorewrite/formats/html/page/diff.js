// A unified diff, side by side; on narrow screens the style sheet puts the sides below each other.

const MOST_LINES = 2000;

// [{path, created, hunks: [{old, now, lines: [[mark, text]]}]}] of a diff.
function parseDiff(diff) {
  const files = [];
  const lines = diff.split("\n");
  lines.pop();
  let [file, hunk, left, right] = [null, null, 0, 0];
  for (const line of lines) {
    if (left > 0 || right > 0 || line.startsWith("\\")) {
      if (line.startsWith("\\")) hunk.lines[hunk.lines.length - 1][2] = true;
      else hunk.lines.push([line[0], line.slice(1), false]);
      if (line[0] === " " || line[0] === "-") left -= 1;
      if (line[0] === " " || line[0] === "+") right -= 1;
      continue;
    }
    const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (head) {
      [left, right] = [Number(head[2] ?? 1), Number(head[4] ?? 1)];
      hunk = {
        old: Number(head[1]) + (left ? 0 : 1),
        now: Number(head[3]) + (right ? 0 : 1),
        lines: [],
      };
      file.hunks.push(hunk);
    } else if (line.startsWith("diff --git ")) {
      const names = line.slice("diff --git ".length);
      file = { path: diffName(names.slice(names.length / 2 + 1)), created: false, hunks: [] };
      files.push(file);
    } else if (line.startsWith("new file")) {
      file.created = true;
    } else if (line.startsWith("+++ ")) {
      file.path = diffName(line.slice(4).replace(/\t$/, ""));
    }
  }
  return files;
}

// A name without `b/` and without the quotes and escapes that git gives to odd ones.
function diffName(name) {
  if (name.startsWith('"')) {
    const named = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };
    const bytes = [];
    for (const found of name.slice(1, -1).matchAll(/\\([0-7]{3})|\\(.)|([^\\])/g)) {
      if (found[1]) bytes.push(parseInt(found[1], 8));
      else bytes.push(named[found[2]] ?? (found[2] || found[3]).charCodeAt(0));
    }
    name = new TextDecoder().decode(new Uint8Array(bytes));
  }
  return name.slice(name.indexOf("/") + 1);
}

// The rows of a hunk: [mark, old line number, old text, new line number, new text].
function rowsOf(hunk) {
  const rows = [];
  let [old, now] = [hunk.old, hunk.now];
  let [gone, come] = [[], []];
  const flush = () => {
    for (const [i, j] of aligned(
      gone.map((each) => each[1]),
      come.map((each) => each[1]),
    )) {
      rows.push({
        mark: i === null ? "+" : j === null ? "-" : "~",
        old: i === null ? null : [old + i, ...gone[i].slice(1)],
        now: j === null ? null : [now + j, ...come[j].slice(1)],
      });
    }
    old += gone.length;
    now += come.length;
    [gone, come] = [[], []];
  };
  for (const line of hunk.lines) {
    if (line[0] === "-") gone.push(line);
    else if (line[0] === "+") come.push(line);
    else {
      flush();
      rows.push({ mark: " ", old: [old++, ...line.slice(1)], now: [now++, ...line.slice(1)] });
    }
  }
  flush();
  return rows;
}

function diffView(diff, link) {
  return parseDiff(diff).map((file) => fileView(file, link));
}

function fileView(file, link) {
  const painters = [new Painter(file.path), new Painter(file.path)];
  const body = h("tbody");
  const rows = file.hunks.flatMap((hunk) => [hunk, ...rowsOf(hunk)]);
  const show = (from) => {
    const until = Math.min(from + MOST_LINES, rows.length);
    for (const row of rows.slice(from, until))
      body.append(row.lines ? hunkRow(row, painters, file) : diffRow(row, painters));
    if (until < rows.length) {
      const more = h(
        "tr",
        {},
        h(
          "td",
          { colspan: 4 },
          h(
            "button",
            {
              type: "button",
              onclick: () => {
                more.remove();
                show(until);
              },
            },
            `Show the other ${plural(rows.length - until, "line")}`,
          ),
        ),
      );
      body.append(more);
    }
  };
  show(0);
  const counts = { "+": 0, "-": 0 };
  for (const hunk of file.hunks)
    for (const [mark] of hunk.lines) if (mark !== " ") counts[mark] += 1;
  return h(
    "figure",
    { class: `diff${file.created ? " created" : ""}` },
    h(
      "figcaption",
      {},
      h("span", { class: "path" }, link(file.path, 0)),
      file.created ? h("span", { class: "tag" }, "new file") : null,
      h("span", { class: "plus" }, `+${counts["+"]}`),
      h("span", { class: "minus" }, `−${counts["-"]}`),
    ),
    h(
      "table",
      { role: "table", "aria-label": `Changes of ${file.path}` },
      h(
        "colgroup",
        {},
        (file.created ? ["new"] : ["old", "new"]).map((name) => [
          h("col", { class: `no ${name}` }),
          h("col", { class: name }),
        ]),
      ),
      h(
        "thead",
        { class: "visually-hidden" },
        h(
          "tr",
          {},
          ["Line", "Before", "Line", "After"].map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      body,
    ),
  );
}

function hunkRow(hunk, painters, file) {
  painters.forEach((painter) => painter.restart());
  if (hunk === file.hunks[0] && hunk.now <= 1) return "";
  return h("tr", { class: "gap" }, h("td", { colspan: 4 }, `line ${hunk.now}`));
}

function diffRow(row, painters) {
  const both = row.mark === "~" ? differences(row.old[1], row.now[1]) : [[], []];
  const kind = { " ": "same", "+": "added", "-": "removed", "~": "edited" }[row.mark];
  return h(
    "tr",
    { class: kind },
    side(row.old, "old", painters[0], both[0]),
    side(row.now, "new", painters[1], both[1]),
  );
}

function side(line, name, painter, ranges) {
  if (line === null)
    return [h("td", { class: `no ${name}` }), h("td", { class: `code ${name} none` })];
  const [at, content, unended] = line;
  const bare = content.replace(/\r$/, "");
  const code = painted(
    bare,
    painter.spans(bare),
    ranges.map(([start, end]) => [start, Math.min(end, bare.length)]),
  );
  if (bare !== content)
    code.push(h("span", { class: "hidden-char", title: "the line ends with CR LF" }, "CR"));
  if (unended)
    code.push(
      h(
        "span",
        { class: "hidden-char", title: "no line break at the end of the file" },
        "no newline",
      ),
    );
  return [h("td", { class: `no ${name}` }, String(at)), h("td", { class: `code ${name}` }, code)];
}
