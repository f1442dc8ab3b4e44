// What to do: advice, and whether upgrades would succeed.

// The first words of what is typed into a shell; the rest is advice in words.
const COMMAND =
  /^(?:(?:[A-Z_]+=\S+ )?(?:apt|apt-get|apt-mark|apt-cache|ansible|ansible-playbook|apk|cp|crictl|df|dnf|docker|dpkg|dpkg-reconfigure|driftless|du|journalctl|kubectl|mv|pacman|podman|ps|rc-service|reboot|rm|rpm|shutdown|sudo|sysctl|systemctl|yum|zypper)) \S/;

// A step: words as words, and what can be pasted in a block of its own with a button.
function step(text) {
  const colon = text.indexOf(": ");
  const [words, command] = COMMAND.test(text) ? ["", text] : colon > 0 && COMMAND.test(text.slice(colon + 2))
    ? [text.slice(0, colon + 1), text.slice(colon + 2)] : [text, ""];
  return h("li", {}, words && h("span", { class: "words" }, v(words, 2000)),
    command && h("span", { class: "command" }, h("code", { tabindex: "0" }, v(command, 4000)), copyButton(command, "the command")));
}

function steps(all) {
  return all.length > 0 && h("ol", { class: "steps" }, all.map(step));
}

function adviceCard(one) {
  return h("article", { class: "card" },
    h("h3", {}, tag(one.action), " ", h("span", {}, hostList(one.hosts))),
    h("p", {}, v(one.reason, 1000)),
    h("p", { class: "soft small" }, one.cluster && ["in ", v(one.cluster, 80), " · "], plural(one.hosts.length, "host"), " · ",
      link("findings?rule=" + encodeURIComponent(one.rule), v(one.rule, 60))),
    steps(one.steps));
}

function adviceSection() {
  const list = h("div", { class: "cards" });
  return h("section", { id: "advice", "aria-labelledby": "advice-title" },
    h("h2", { id: "advice-title", tabindex: "-1" }, "Advice"),
    advice.length
      ? [h("p", { class: "soft" }, "The most drastic first. driftless changes no host: these steps are yours."), list, slices(list, advice, adviceCard, 24, "piece", "pieces")]
      : h("p", { class: "empty" }, summary.partial + summary.unreachable ? "Nothing is advised on what could be audited." : "Nothing needs to be done."));
}

function upgradesSection() {
  return h("section", { id: "upgrades", "aria-labelledby": "upgrades-title" },
    h("h2", { id: "upgrades-title", tabindex: "-1" }, "Upgrades"),
    upgrades.length ? upgrades.map(upgradeCard) : h("p", { class: "empty" }, "The playbook asks for no upgrade."),
    raw.unseen && h("p", { class: "soft small note" }, "What no forecast can see: ", raw.unseen, "."));
}

function upgradeCard(one) {
  const parts = [
    { kind: "drifted", word: "blocked", count: one.blocked.length },
    { kind: "unknown", word: "could not be told", count: one.unknown.length },
    { kind: "in-sync", word: "no known obstacle", count: one.ready.length },
  ];
  const good = { "no-known-obstacle": "ready", unknown: "unknown", "fix-first": "repair", "replace-instead": "replace" };
  return h("article", { class: "upgrade" },
    h("h3", {}, h("span", {}, v(one.package, 80), " to ", v(one.target, 80), " in ", v(one.cluster, 80)),
      tag(good[one.verdict] ?? "unknown", word(one.verdict))),
    partsBar(parts, "Hosts"),
    h("div", { class: "two" }, shareBar("Now", one.now, one), shareBar("Afterwards", one.after, one)),
    h("p", { class: "forecast" }, v(one.forecast, 2000)),
    causes(one), untold(one), warnings(one), changes(one));
}

// Who has, or would have, what.
function shareBar(title, all, one) {
  // What hosts come to that nothing stops is what the upgrade is for.
  const ready = new Set(one.ready);
  const targets = new Set(one.after.filter((share) => share.hosts.some((host) => ready.has(host))).map((share) => share.version));
  const others = [...new Set([...one.now, ...one.after].filter((share) => share.state === "installed" && !targets.has(share.version)).map((share) => share.version))];
  const face = (share) => share.state !== "installed" ? share.state
    : targets.has(share.version) ? "target" : "apart" + Math.min(others.indexOf(share.version) + 2, 5);
  const bar = h("div", { class: "bar thin", "aria-hidden": "true" }, all.map((share) => {
    const piece = h("span", { class: "f-" + face(share) });
    piece.style.flexGrow = share.hosts.length;
    return piece;
  }));
  return h("div", {}, h("h4", {}, title), bar, h("ul", { class: "values" }, all.map((share) => h("li", {},
    h("i", { class: "face f-" + face(share), "aria-hidden": "true" }, FACE_TEXT[face(share)] ?? ""),
    h("span", { class: "count" }, count(share.hosts.length)),
    h("span", { class: share.state === "installed" ? "mono" : "soft" }, v(versionWord(share), 80)),
    h("span", { class: "who" }, hostList(share.hosts, 3, 120))))));
}

// Each cause with what helps against it.
function causes(one) {
  if (!one.causes.length) return null;
  return [h("h4", {}, "What stands in the way"), h("ul", { class: "causes" }, one.causes.map((cause, nth) => {
    const fix = one.fixes[nth];
    return h("li", {}, h("p", {}, fix && [tag(fix.action), " "], v(cause.message, 2000)),
      h("p", { class: "soft small" }, hostList(cause.hosts), " · ", link("findings?rule=" + encodeURIComponent(cause.rule), v(cause.rule, 60))),
      fix && steps(fix.steps));
  }))];
}

function together(rows, key) {
  const groups = new Map();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return [...groups.values()];
}

function untold(one) {
  if (!one.unknown.length) return null;
  return [h("h4", {}, "Could not be told"), h("ul", { class: "causes hatched" }, together(one.unknown, (row) => row.reason).map((rows) =>
    h("li", {}, h("p", {}, tag("unknown", hostWord(rows)), " ", v(rows[0].reason || "no reason is known", 1000)),
      h("p", { class: "soft small" }, hostList(rows.map(({ host }) => host))))))];
}

function hostWord(rows) {
  return plural(rows.length, "host");
}

function warnings(one) {
  if (!one.warnings.length) return null;
  const groups = together(one.warnings, (row) => JSON.stringify([row.rule, row.message, row.remedy]));
  return h("details", { class: "fold" }, h("summary", {}, plural(one.warnings.length, "warning"), ", which stop nothing"),
    h("ul", { class: "causes" }, groups.map((rows) => h("li", {}, h("p", {}, v(rows[0].message, 1000)),
      h("p", { class: "soft small" }, hostList(rows.map(({ host }) => host)), " · ", v(rows[0].rule, 60)), rows[0].remedy && steps([rows[0].remedy])))));
}

// What the transaction would do, hosts that agree together.
function changes(one) {
  const parts = one.changes.map((all) => {
    const list = h("tbody", {});
    const more = slices(list, all.packages, ([name, arch, from, to]) => h("tr", {},
      h("th", { scope: "row", "data-label": "Package" }, v(name, 80), arch && h("span", { class: "soft" }, ":", v(arch, 20))),
      h("td", { "data-label": "Now", class: "mono" }, from === null ? h("span", { class: "soft" }, "not there") : v(from, 80)),
      h("td", { "data-label": "Afterwards", class: "mono" }, to === null ? h("span", { class: "soft" }, "removed") : v(to, 80))), 40, "package");
    return [h("h5", {}, hostList(all.hosts)),
      h("table", { class: "stack" }, h("thead", {}, h("tr", {}, ["Package", "Now", "Afterwards"].map((title) => h("th", { scope: "col" }, title)))), list), more,
      all.space.map(({ mount, needs, free }) => h("p", { class: "soft small" }, "takes ", size(needs), " on ", v(mount, 80), ", where ", size(free), " are free"))];
  });
  const apart = one.apart.map((other) => h("li", {}, h("b", {}, v(other.package, 80)), ": ",
    other.shares.map((share, nth) => [nth ? "; " : "", v(versionWord(share), 80), " on ", hostList(share.hosts, 2)])));
  return [
    apart.length > 0 && h("details", { class: "fold" }, h("summary", {}, plural(apart.length, "other package"), " would differ afterwards"), h("ul", {}, apart)),
    parts.length > 0 && h("details", { class: "fold" }, h("summary", {}, "What the upgrade would change"), parts),
  ];
}
