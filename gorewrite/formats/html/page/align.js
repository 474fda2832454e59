// Which lines of a change belong side by side, and in what they differ.

const wordsOf = (line) => line.match(/\w+|\s+|[^\w\s]/g) || [];
const MOST_PAIRS = 10000;

// Longest common subsequence of two lists, as pairs of indexes; weight(a, b) > 0 for a match.
function matched(a, b, weight) {
  const width = b.length + 1;
  const best = new Float64Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const value = weight(a[i], b[j]);
      best[i * width + j] = Math.max(
        best[(i + 1) * width + j],
        best[i * width + j + 1],
        value > 0 ? value + best[(i + 1) * width + j + 1] : 0,
      );
    }
  }
  const pairs = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const here = best[i * width + j];
    if (here === best[(i + 1) * width + j]) i += 1;
    else if (here === best[i * width + j + 1]) j += 1;
    else pairs.push([i++, j++]);
  }
  return pairs;
}

// How alike two lines are, 0 to 1: the words they share, as part of each; 0 when that is little.
function likeness(a, b) {
  const [first, second] = [a, b].map((line) => wordsOf(line).filter((word) => /\w/.test(word)));
  if (!first.length || !second.length) return 0;
  const rest = new Map();
  for (const word of first) rest.set(word, (rest.get(word) || 0) + 1);
  let common = 0;
  for (const word of second) {
    const left = rest.get(word) || 0;
    if (left) common += 1;
    rest.set(word, left - 1);
  }
  const value = common ** 2 / (first.length * second.length);
  return value < 0.3 ? 0 : value;
}

// Rows [old, new] of indexes, null where a side has no line.
function aligned(old, now) {
  const far = old.length * now.length > MOST_PAIRS;
  const pairs = far ? [] : matched(old, now, likeness);
  const rows = [];
  let [i, j] = [0, 0];
  for (const [left, right] of [...pairs, [old.length, now.length]]) {
    while (i < left) rows.push([i++, null]);
    while (j < right) rows.push([null, j++]);
    if (left < old.length) rows.push([i++, j++]);
  }
  return rows;
}

// Ranges [start, end] in which two lines differ, of each of them; how far they are indented is
// seen without.
function differences(old, now) {
  const [a, b] = [wordsOf(old), wordsOf(now)];
  if (a.length * b.length > MOST_PAIRS) return [[[0, old.length]], [[0, now.length]]];
  const pairs = matched(a, b, (x, y) => (x === y ? x.length : 0));
  return [
    outside(a, new Set(pairs.map((pair) => pair[0]))),
    outside(b, new Set(pairs.map((pair) => pair[1]))),
  ];
}

function outside(words, common) {
  const ranges = [];
  let at = 0;
  words.forEach((word, n) => {
    if (!common.has(n)) {
      const last = ranges[ranges.length - 1];
      if (last && last[1] === at) last[1] += word.length;
      else if (at > 0 || word.trim()) ranges.push([at, at + word.length]);
    }
    at += word.length;
  });
  return ranges;
}
