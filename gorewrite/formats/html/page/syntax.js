// The colours of a Dockerfile: spans of its lines, [start, end, kind].

const KEYWORDS = new Set(
  "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split(
    " ",
  ),
);
const TOKEN =
  /(?<string>"(?:\\.|[^"\\])*"|'[^']*')|(?<variable>\$(?:\w+|\{[^}]*\}))|(?<flag>(?<=\s|^)--?[A-Za-z][\w-]*)|(?<operator>&&|\|\||[|;]|\\\s*$)/g;

const isDockerfile = (path) =>
  /(^|[./-])(docker|container)file/i.test(path) && !/\.dockerignore$/.test(path);

// Colours lines one after the other: an instruction goes on after a line that ends with \.
class Painter {
  constructor(path) {
    this.plain = !isDockerfile(path);
    this.restart();
  }

  // Begins anew, for lines that follow a gap: whether one goes on with an instruction is not known.
  restart() {
    this.within = false;
  }

  spans(line) {
    if (/^\s*#/.test(line)) return [[0, line.length, "comment"]];
    if (this.plain) return [];
    const spans = [];
    let start = 0;
    const word = /^\s*([A-Za-z]+)(?=\s|$)/.exec(line);
    if (!this.within && word && KEYWORDS.has(word[1].toUpperCase())) {
      start = word[0].length;
      spans.push([start - word[1].length, start, "keyword"]);
      if (word[1].toUpperCase() === "FROM") {
        const as = /\s(as)(?=\s+\S+\s*$)/i.exec(line);
        if (as) spans.push([as.index + 1, as.index + 3, "keyword"]);
      }
    }
    for (const found of line.slice(start).matchAll(TOKEN)) {
      const kind = Object.keys(found.groups).find((name) => found.groups[name] !== undefined);
      spans.push([start + found.index, start + found.index + found[0].length, kind]);
    }
    this.within = /\\\s*$/.test(line);
    return spans.sort((a, b) => a[0] - b[0]);
  }
}

// A line as elements: its colours, and the ranges [start, end] in which it differs marked.
function painted(line, spans, ranges) {
  const cuts = new Set([0, line.length]);
  for (const [start, end] of [...spans, ...ranges]) cuts.add(start).add(end);
  const points = [...cuts].sort((a, b) => a - b);
  const parts = [];
  for (let n = 0; n + 1 < points.length; n += 1) {
    const [start, end] = [points[n], points[n + 1]];
    const span = spans.find((each) => each[0] <= start && end <= each[1]);
    const marked = ranges.some((each) => each[0] <= start && end <= each[1]);
    const piece = text(line.slice(start, end));
    const kinds = [span && `syntax-${span[2]}`, marked && "differs"].filter(Boolean);
    parts.push(kinds.length ? h("span", { class: kinds.join(" ") }, piece) : piece);
  }
  return parts;
}
