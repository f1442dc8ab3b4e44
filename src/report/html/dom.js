// Elements: the only place where the page makes any. Text becomes text nodes, whatever is in it.

const SVG = "http://www.w3.org/2000/svg";

// `h("p", { class: "soft" }, "text", element, null)`; a property that begins with `on` listens.
function h(tag, properties, ...children) {
  return dress(document.createElement(tag), properties, children);
}

function s(tag, properties, ...children) {
  return dress(document.createElementNS(SVG, tag), properties, children);
}

function dress(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : clean(value));
  }
  put(element, children);
  return element;
}

function put(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : document.createTextNode(clean(child)));
  }
}

function refill(element, ...children) {
  element.replaceChildren();
  put(element, children);
}

// What a host or a file said: it keeps its own direction. Where it is very long it is cut, and its title has it whole.
function v(text, most = 160) {
  const all = clean(text);
  return h("bdi", { class: "v", title: all.length > most && all }, cut(text, most));
}

// Shapes, so that nothing is told by colour alone.
const SHAPES = {
  __proto__: null,
  critical: "M8 1 15 8 8 15 1 8z",
  high: "M8 2 15 14H1z",
  medium: "M3 3h10v10H3z",
  low: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3",
  info: "M2 7h12v2H2z",
  "in-sync": "M2.5 8.5 6.5 12.5 13.5 4",
  drifted: "M8 2 15 14H1z",
  replaced: "M3 6h8.5L9 3.5M13 10H4.5L7 12.5",
  unknown: "M5 6a3 3 0 1 1 4.4 2.6C8.500 9.100 8 9.700 8 10.600M8 13.200v.6",
  investigate: "M7 2.500a4.500 4.500 0 1 1 0 9 4.500 4.500 0 0 1 0-9M10.400 10.400 14 14",
  repair: "M3 3h10v10H3z",
  replace: "M8 1 15 8 8 15 1 8z",
  ready: "M2.5 8.5 6.5 12.5 13.5 4",
  blocked: "M4 4 12 12M12 4 4 12",
};
const LINES = new Set(["in-sync", "replaced", "unknown", "investigate", "ready", "blocked"]);

function icon(kind) {
  const path = s("path", { d: SHAPES[kind] ?? SHAPES.info });
  return s("svg", { class: "icon " + (LINES.has(kind) ? "line" : "solid"), viewBox: "0 0 16 16", "aria-hidden": "true" }, path);
}

const WORDS = {
  __proto__: null,
  "in-sync": "in sync",
  unknown: "could not be told",
  "no-known-obstacle": "no known obstacle",
  "fix-first": "repair first",
  "replace-instead": "replace instead",
};

function word(kind) {
  return WORDS[kind] ?? kind;
}

// A shape, its colour, and the word itself.
function tag(kind, text = word(kind)) {
  return h("span", { class: "tag t-" + kind }, icon(kind), h("span", {}, text));
}

function link(fragment, ...children) {
  return h("a", { href: "#" + fragment }, ...children);
}

function hostLink(index, most) {
  return link(hostFragment(index), v(names[index], most));
}

function hostFragment(index) {
  return "host/" + encodeURIComponent(names[index]);
}

function findingFragment(finding) {
  return "finding/" + encodeURIComponent(finding.key);
}

// Hosts as one text, each with its page if there are only a few.
function hostList(indices, few = 4, most = 600) {
  if (indices.length <= few) return indices.map((index, nth) => [nth ? ", " : "", hostLink(index, most)]);
  return v(fold(indices.map((index) => names[index])), most);
}

function say(text) {
  document.getElementById("spoken").textContent = clean(text);
}

// A button that copies a text as it is shown: what is invisible is not copied into a terminal.
function copyButton(text, what) {
  const button = h("button", { type: "button", class: "copy", "aria-label": "Copy " + what, onclick: copy }, "Copy");
  async function copy() {
    let done = false;
    try {
      await navigator.clipboard.writeText(text.split("\n").map(clean).join("\n"));
      done = true;
    } catch {
      done = select(button.parentElement.querySelector("code"));
    }
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    say(done ? "copied" : "the text is selected: press Ctrl and C");
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }
  return button;
}

// Where a browser keeps its clipboard from a page: the text is selected, and the old way tried.
function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = document.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  return document.execCommand("copy");
}

// A long list, a slice at a time: the next one is made when its end comes near, or is asked for. Gives the box of it.
function slices(list, items, make, step, noun, nouns = noun + "s", printed = PRINTED) {
  let shown = 0;
  const button = h("button", { type: "button", class: "more", onclick: () => grow(step, true) });
  const box = h("div", { class: "more-box" }, button);
  const near = new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting)) grow(step);
  }, { rootMargin: "600px" });
  function grow(by, focus) {
    const next = items.slice(shown, shown + by).map((item, nth) => make(item, shown + nth));
    list.append(...next);
    shown += next.length;
    const left = items.length - shown;
    box.hidden = left <= 0;
    button.textContent = `Show ${count(Math.min(step, left))} more of ${plural(items.length, noun, nouns)}`;
    if (focus) next[0]?.querySelector("a, button")?.focus({ preventScroll: true });
    // An observer tells of changes alone: what stays in sight is asked about anew.
    near.unobserve(box);
    if (left > 0) near.observe(box);
  }
  grow(step);
  printing.push({ before: () => { if (list.isConnected) grow(Math.max(0, printed - shown)); } });
  return box;
}

// So many rows of one list are printed, and how many are not is said by its button.
const PRINTED = 250;

// What makes itself ready for paper, and for the screen again.
const printing = [];

// What is made once the first of the page is on the screen.
const later = [];
