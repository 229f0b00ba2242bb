// Elements are made here and nowhere else. Text goes in as text; there is no way to pass markup.
const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [kind, call] of Object.entries(value)) node.addEventListener(kind, call);
    else if (name === "style") for (const [key, set] of Object.entries(value)) node.style.setProperty(key, set);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

const make = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
// What a writer typed: its own direction, and its control marks end with the element.
const said = (text, attributes) => make("bdi", { dir: "auto", ...attributes }, text);
const byId = (id) => document.getElementById(id);
const words = (name) => String(name).replaceAll("_", " ");
// For places that hold no elements (options, titles): first strong isolate … pop.
const isolated = (text) => `\u2068${text}\u2069`;
const count = (number) => number.toLocaleString("en");

function figure(value, unit) {
  if (value === null || value === undefined) return "–";
  const text = typeof value === "number" ? String(Number(value.toPrecision(4))).replace("-", "−") : value;
  return unit && unit !== "1" ? `${text} ${unit}` : text;
}

function clock(seconds) {
  const whole = Math.max(0, Number.isFinite(seconds) ? seconds : 0);
  return `${Math.floor(whole / 60)}:${(whole % 60).toFixed(2).padStart(5, "0")}`;
}

// A path relative to the report as a URL: no segment can become a scheme, a query or a fragment.
const address = (path) => path.split("/").map(encodeURIComponent).join("/");
