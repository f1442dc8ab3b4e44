// Data: the report as it was embedded, with its numbers turned back into texts, hosts and sets of hosts.

const raw = JSON.parse(document.getElementById("data").textContent);
const texts = raw.strings;
const names = raw.names;

const SEVERITIES = ["critical", "high", "medium", "low", "info"];
const STATES = ["installed", "absent", "unknown"];
const VERDICTS = ["replace", "repair", "investigate", "unknown", "replaced", "in-sync"];
const DRIFT = new Set(["replace", "repair", "investigate"]);

// What each verdict asks for, in words.
const MEANINGS = {
  replace: "Commands would leave the cause in place: rebuild it from an image.",
  repair: "A few commands bring it back.",
  investigate: "A person must decide first.",
  unknown: "It was not audited, or not wholly: nothing is known against it, and nothing for it.",
  replaced: "A container has taken over its service.",
  "in-sync": "It was audited, and nothing that counts was found.",
};

// A set of hosts: how many to leave out and how many to take, in turns.
const sets = [];
function members(number) {
  if (!sets[number]) {
    const found = [];
    let at = 0;
    raw.sets[number].forEach((run, nth) => {
      if (nth % 2) for (let taken = 0; taken < run; taken += 1) found.push(at + taken);
      at += run;
    });
    sets[number] = found;
  }
  return sets[number];
}

const hosts = names.map((name, index) => {
  const known = raw.hosts[index] ?? {};
  return {
    ...known, index, name, known: index < raw.hosts.length, status: known.status ?? "unknown", verdict: known.verdict,
    groups: (known.groups ?? []).map((text) => texts[text]),
    clusters: (known.clusters ?? []).map((text) => texts[text]),
    os: texts[known.os ?? 0],
    reasons: (known.reasons ?? []).map((text) => texts[text]),
    gaps: (known.gaps ?? []).map(([probe, reason, detail]) => ({ probe: texts[probe], reason, detail: texts[detail] })),
    error: known.error && { phase: known.error[0], message: texts[known.error[1]], hint: texts[known.error[2]] },
    findings: [],
  };
});
const hostByName = new Map(names.map((name, index) => [name, hosts[index]]));

// Whether drift was asked about.
const drift = raw.hosts.some((host) => host.verdict !== undefined);

const clusters = raw.clusters.map((known) => {
  const all = members(known.hosts);
  return {
    name: texts[known.name], hosts: all, verdict: known.verdict, compared: known.packages !== null,
    at: new Map(all.map((host, position) => [host, position])),
    // Not before it is asked for: the first paint needs none of it.
    get packages() {
      return (this.read ??= (known.packages ?? []).map((one) => packageOf(one, all)));
    },
  };
});

function packageOf([name, arch, expected, spread], all) {
  const values = spread.map(([version, state, set]) => ({ version: texts[version], state: STATES[state], set }));
  const told = new Set();
  for (const value of values) if (value.set) for (const host of (value.hosts = members(value.set))) told.add(host);
  for (const value of values) if (!value.set) value.hosts = all.filter((host) => !told.has(host));
  const one = { name: texts[name], arch: texts[arch], expected: texts[expected], values };
  const known = values.filter((value) => value.state !== "unknown");
  known.sort((one, other) => other.hosts.length - one.hosts.length);
  let rank = 1;
  // `right`: whether anything is called right, so that another value is wrong and not only another.
  for (const value of values) [value.tone, value.right] = [value.state, one.expected !== null];
  known.forEach((value, nth) => {
    const right = one.expected === null ? nth === 0 : value.version === one.expected;
    if (right) [value.tone, value.rank] = ["same", 1];
    else if (value.state === "installed") [value.tone, value.rank] = ["other", (rank += 1)];
  });
  one.spread = known.length > 1 || known.some((value) => one.expected !== null && value.tone !== "same");
  one.astray = known.reduce((sum, value) => sum + (value.tone === "same" ? 0 : value.hosts.length), 0);
  one.untold = values.reduce((sum, value) => sum + (value.state === "unknown" ? value.hosts.length : 0), 0);
  one.worth = one.spread ? one.astray : -1;
  return one;
}

// A package's name, with its architecture where the cluster has it in several.
function packageName(cluster, one) {
  cluster.twice ??= cluster.packages.reduce((seen, { name }) => seen.set(name, (seen.get(name) ?? 0) + 1), new Map());
  return cluster.twice.get(one.name) > 1 && one.arch ? one.name + ":" + one.arch : one.name;
}

function versionWord(value) {
  return value.state === "installed" ? value.version ?? "installed" : value.state === "absent" ? "not installed" : "could not be told";
}

const findings = raw.findings.map((known, index) => {
  const [severity, rule, cluster, host, subject, message, observed, expected, distance, evidence, change, since, why, until,
    file, line, column, key] = known;
  const text = (number) => texts[number ?? 0] ?? null;
  const finding = {
    index, severity: SEVERITIES[severity], rank: severity, rule: text(rule) ?? "", cluster: text(cluster),
    host: host ? hosts[host - 1] : null, subject: text(subject) ?? "", message: text(message) ?? "", observed: text(observed),
    expected: text(expected), distance: text(distance), evidence: evidence ?? 0, change: text(change), since: text(since),
    waived: why ? { justification: text(why), until: text(until) } : null,
    place: file ? `${text(file)}:${line}:${column}` : null,
  };
  finding.key = text(key) ?? [finding.rule, finding.cluster ?? "", finding.host?.name ?? "", finding.subject].join("/");
  finding.host?.findings.push(finding);
  return finding;
});
const findingByKey = new Map(findings.map((finding) => [finding.key, finding]));

const advice = (raw.advice ?? []).map((known) => ({
  rule: texts[known.rule], cluster: texts[known.cluster], hosts: members(known.hosts), action: known.action,
  reason: texts[known.reason], steps: known.steps.map((text) => texts[text]),
}));

const shares = (all) => all.map(([version, state, set]) => ({ version: texts[version], state, hosts: members(set) }));

const upgrades = (raw.upgrades ?? []).map((known) => ({
  ...known, cluster: texts[known.cluster], package: texts[known.package], target: texts[known.target],
  why: known.why.map((text) => texts[text]), ready: members(known.ready),
  unknown: known.unknown.map(([host, reason]) => ({ host, reason: texts[reason] })),
  blocked: known.blocked.map(([host, all]) => ({
    host,
    obstacles: all.map((one) => {
      const [rule, subject, needs, observed, candidate, message, remedy] = one.map((text) => texts[text]);
      return { rule, subject, needs, observed, candidate, message, remedy };
    }),
  })),
  causes: known.causes.map(([set, rule, message]) => ({ hosts: members(set), rule: texts[rule], message: texts[message] })),
  fixes: known.fixes.map(([set, action, steps]) => ({
    hosts: members(set), action: texts[action], steps: steps.map((text) => texts[text]),
  })),
  warnings: known.warnings.map(([host, rule, message, remedy]) => ({
    host, rule: texts[rule], message: texts[message], remedy: texts[remedy],
  })),
  now: shares(known.now), after: shares(known.after), forecast: texts[known.forecast],
  changes: known.changes.map((one) => ({
    hosts: members(one.hosts), packages: one.packages.map((all) => all.map((text) => texts[text])),
    space: one.space.map(([mount, needs, free]) => ({ mount: texts[mount], needs, free })),
  })),
  apart: known.apart.map(([name, all]) => ({ package: texts[name], shares: shares(all) })),
}));

const trends = new Map(raw.trend.map(([name, runs]) => [texts[name], runs]));

// How many hosts have each verdict.
function verdictsOf(indices) {
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0]));
  for (const index of indices) counts[hosts[index].verdict ?? "unknown"] += 1;
  return counts;
}

function evidenceOf(finding) {
  try {
    return Object.entries(JSON.parse(texts[finding.evidence] ?? "{}"));
  } catch {
    return [];
  }
}
