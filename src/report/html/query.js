// What is asked of the findings, and its place in the address: a view can be sent as a link.

const ASKED = { q: "", severity: "", rule: "", cluster: "", host: "", change: "", waived: "", sort: "" };
const SORTS = ["severity", "host", "cluster", "rule", "since"];

// `findings?severity=high,low&q=ssl`: the place, and what is asked; what is not known is left out.
function readFragment(fragment) {
  const [place, query = ""] = split(fragment.replace(/^#/, ""), "?");
  const told = new URLSearchParams(query);
  const asked = {};
  for (const name of Object.keys(ASKED)) asked[name] = told.get(name) ?? "";
  return { place, asked, verdict: told.get("verdict") ?? "" };
}

function split(text, at) {
  const found = text.indexOf(at);
  return found < 0 ? [text] : [text.slice(0, found), text.slice(found + 1)];
}

function writeFragment(place, asked) {
  const told = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
  const query = told.toString();
  return "#" + place + (query ? "?" + query : "");
}

// The name behind `host/` or `finding/`; null where its escapes are broken.
function named(place, kind) {
  if (!place.startsWith(kind + "/")) return null;
  try {
    return decodeURIComponent(place.slice(kind.length + 1));
  } catch {
    return null;
  }
}

// All that is searched of a finding, in small letters.
function hay(finding) {
  finding.hay ??= [finding.rule, finding.severity, finding.cluster, finding.host?.name, finding.subject, finding.message, finding.observed,
    finding.expected].filter(Boolean).join("\n").toLowerCase();
  return finding.hay;
}

function answer(asked) {
  const severities = new Set(asked.severity.split(",").filter(Boolean));
  const needles = asked.q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = findings.filter((finding) =>
    (asked.waived || !finding.waived) &&
    (!severities.size || severities.has(finding.severity)) &&
    (!asked.rule || finding.rule === asked.rule) &&
    (!asked.cluster || finding.cluster === asked.cluster) &&
    (!asked.host || finding.host?.name === asked.host) &&
    (!asked.change || finding.change === asked.change) &&
    needles.every((needle) => hay(finding).includes(needle)));
  return sortedBy(found, asked.sort);
}

const COLLATE = new Intl.Collator("en", { numeric: true });

function sortedBy(found, sort) {
  const back = sort.startsWith("-");
  const by = sort.replace("-", "");
  if (!SORTS.includes(by)) return found;
  // What a column of thousands has are few distinct texts: each gets its rank once.
  const word = (finding) => by === "severity" ? finding.rank : by === "host" ? finding.host?.name ?? "" : finding[by] ?? "";
  const compare = by === "severity" ? (one, other) => one - other : COLLATE.compare;
  const ranks = new Map([...new Set(found.map(word))].sort(compare).map((text, nth) => [text, nth]));
  return found.sort((one, other) => (ranks.get(word(one)) - ranks.get(word(other))) * (back ? -1 : 1) || one.index - other.index);
}
