// Text: everything that is shown passes `clean`, so that what a host sent can neither hide nor turn what stands beside it.

// Control characters, marks that reorder, and what takes no room.
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e0fff}]/gu;

const NAMED = { __proto__: null, "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

function clean(text) {
  return String(text).replace(HIDDEN, (found) => {
    if (NAMED[found]) return NAMED[found];
    const code = found.codePointAt(0);
    return code < 256 ? "\\x" + code.toString(16).padStart(2, "0") : "\\u{" + code.toString(16) + "}";
  });
}

const COUNT = new Intl.NumberFormat("en");

function count(number) {
  return COUNT.format(number);
}

// `plural(2, "host")` is "2 hosts".
function plural(number, word, words = word + "s") {
  return count(number) + " " + (number === 1 ? word : words);
}

const DAY = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
const LONG_DAY = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC", weekday: "long", day: "numeric", month: "long", year: "numeric",
});
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hour: "2-digit", minute: "2-digit" });

function written(form, moment, otherwise) {
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? otherwise : form.format(date);
}

function day(moment) {
  return written(DAY, moment, String(moment));
}

function longDay(moment) {
  return written(LONG_DAY, moment, String(moment));
}

function clock(moment) {
  return written(CLOCK, moment, "") + " UTC";
}

// `3.1 s`, `2 min 5 s`; nothing where it cannot be told.
function took(from, to) {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  if (!(seconds >= 0)) return "";
  if (seconds < 60) return seconds.toFixed(1) + " s";
  return Math.floor(seconds / 60) + " min " + Math.round(seconds % 60) + " s";
}

// A size that was told in KiB.
function size(kib) {
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let [value, unit] = [kib, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return (value < 10 && unit ? value.toFixed(1) : Math.round(value)) + " " + units[unit];
}

function percent(part, whole) {
  const value = whole ? (100 * part) / whole : 0;
  if (value > 0 && value < 1) return "< 1 %";
  if (value > 99 && value < 100) return "> 99 %";
  return Math.round(value) + " %";
}

// The number that counts hosts, as src/hostlist.rs finds it: the last one before the first dot, or else the last one.
function counter(name) {
  const label = name.split(".")[0];
  const all = (text) => /^(.*?)(\d+)(\D*)$/s.exec(text);
  if (/^\d*$/.test(label)) return all(name);
  const found = all(label);
  if (!found) return all(name);
  return /[[\]]/.test(name) ? null : [name, found[1], found[2], found[3] + name.slice(label.length)];
}

// `web-[01-03,07]` of the names of hosts.
function fold(names) {
  const groups = new Map();
  const folded = [];
  for (const name of names) {
    const found = counter(name);
    if (!found || found[2].length > 9) {
      folded.push(name);
      continue;
    }
    const [, head, digits, tail] = found;
    const width = digits.startsWith("0") && digits.length > 1 ? digits.length : 0;
    const key = JSON.stringify([head, tail, width]);
    if (!groups.has(key)) groups.set(key, { head, tail, width, numbers: [] });
    groups.get(key).numbers.push(Number(digits));
  }
  joinPadded(groups);
  for (const group of groups.values()) if (group.numbers.length) folded.push(oneGroup(group));
  return folded.sort((one, other) => (one < other ? -1 : one > other ? 1 : 0)).join(", ");
}

// `10` is as good a member of `[08-12]` as `08`.
function joinPadded(groups) {
  for (const group of groups.values()) {
    const plain = group.width && groups.get(JSON.stringify([group.head, group.tail, 0]));
    if (!plain) continue;
    const fits = (number) => String(number).length === group.width;
    group.numbers.push(...plain.numbers.filter(fits));
    plain.numbers = plain.numbers.filter((number) => !fits(number));
  }
}

function oneGroup({ head, tail, width, numbers }) {
  const sorted = [...new Set(numbers)].sort((one, other) => one - other);
  const digits = (number) => String(number).padStart(width, "0");
  if (sorted.length === 1) return head + digits(sorted[0]) + tail;
  const runs = [];
  for (const number of sorted) {
    const last = runs.at(-1);
    if (last && last[1] + 1 === number) last[1] = number;
    else runs.push([number, number]);
  }
  const written = runs.map(([from, to]) => (from === to ? digits(from) : digits(from) + "-" + digits(to)));
  return head + "[" + written.join(",") + "]" + tail;
}

// The beginning of a text that is too long for where it stands.
function cut(text, most) {
  const all = clean(text);
  return all.length <= most ? all : Array.from(all.slice(0, most)).slice(0, -1).join("") + "…";
}
