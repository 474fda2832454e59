// Elements and texts. Texts from the report go through `text` only: it shows what would hide.

const SVG = "http://www.w3.org/2000/svg";

// Characters that turn the direction of a text, have no width, or are controls.
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function text(string) {
  const parts = document.createDocumentFragment();
  let done = 0;
  for (const found of string.matchAll(HIDDEN)) {
    parts.append(string.slice(done, found.index));
    const name = "U+" + found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    parts.append(h("span", { class: "hidden-char", title: "a character that is not shown" }, name));
    done = found.index + found[0].length;
  }
  parts.append(string.slice(done));
  return parts;
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((each) => each !== null && each !== undefined));
  return element;
}

const h = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);
const s = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);
const $ = (id) => document.getElementById(id);

const NUMBERS = new Intl.NumberFormat("en");
const number = (value) => NUMBERS.format(value);
const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 999.95 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${unit === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)}\u00a0${units[unit]}`;
}

function share(after, before) {
  const percent = (after / before - 1) * 100;
  return `${percent > 0 ? "+" : "−"}${Math.abs(percent).toFixed(1)}\u00a0%`;
}

const seconds = (value) => `${value.toFixed(value < 10 ? 1 : 0)}\u00a0s`;
const times = (value) => `${value.toFixed(value < 10 ? 1 : 0)}×`;

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
