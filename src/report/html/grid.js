// The heat map's model: rows of hosts that have the same of every package shown, columns of packages, and what a cell says.

class Grid {
  constructor(cluster, all) {
    this.cluster = cluster;
    this.open = new Set();
    this.domain = commonDomain(cluster.hosts);
    this.choose(all);
  }

  // Shows packages with spread, or all of them.
  choose(all) {
    this.all = all;
    const { packages } = this.cluster;
    this.columns = packages.filter((one) => all || one.spread);
    this.columns.sort((one, other) => other.worth - one.worth);
    // For each column and host of the cluster the number of its value, from one; nought is "was not compared".
    this.cells = this.columns.map((column) => {
      const cells = new Uint16Array(this.cluster.hosts.length);
      column.values.forEach((value, nth) => {
        for (const host of value.hosts) if (this.cluster.at.has(host)) cells[this.cluster.at.get(host)] = nth + 1;
      });
      return cells;
    });
    this.group();
  }

  // Hosts that have the same everywhere share a row: the parts are split once for each column.
  group() {
    const size = this.cluster.hosts.length;
    let part = new Uint32Array(size);
    let parts = Math.min(1, size);
    for (const cells of this.cells) {
      if (parts === size) break;
      const known = new Map();
      const next = new Uint32Array(size);
      for (let host = 0; host < size; host += 1) {
        const key = part[host] * 65536 + cells[host];
        let number = known.get(key);
        if (number === undefined) known.set(key, (number = known.size));
        next[host] = number;
      }
      [part, parts] = [next, known.size];
    }
    const groups = Array.from({ length: parts }, () => []);
    for (let host = 0; host < size; host += 1) groups[part[host]].push(host);
    this.groups = groups.map((positions) => this.groupOf(positions));
    // The worst of those that were read first, then the ones that were not.
    this.groups.sort((one, other) => one.blind - other.blind || other.astray - one.astray || other.positions.length - one.positions.length);
    this.layOut();
  }

  groupOf(positions) {
    let [astray, untold] = [0, 0];
    this.cells.forEach((cells, column) => {
      const value = this.columns[column].values[cells[positions[0]] - 1];
      if (!value || value.state === "unknown") untold += 1;
      else if (value.tone !== "same") astray += 1;
    });
    const all = positions.map((position) => this.short(position));
    return { positions, astray, untold, blind: Number(untold === this.columns.length && untold > 0), label: fold(all) };
  }

  layOut() {
    this.rows = [];
    for (const group of this.groups) {
      const several = group.positions.length > 1;
      const open = several && this.open.has(group);
      this.rows.push({ group, several, open, position: group.positions[0], label: clean(group.label) });
      if (open) {
        for (const position of group.positions) {
          this.rows.push({ group, inner: true, position, label: clean(this.short(position)) });
        }
      }
    }
  }

  // A host's name without the domain that all of them have.
  short(position) {
    const name = names[this.cluster.hosts[position]];
    return this.domain ? name.slice(0, -this.domain.length) : name;
  }

  toggle(group) {
    if (!this.open.delete(group)) this.open.add(group);
    this.layOut();
  }

  value(row, column) {
    const nth = this.cells[column][this.rows[row].position];
    return this.columns[column].values[nth - 1] ?? null;
  }

  // What a cell says, to be shown and spoken.
  says(row, column) {
    const one = this.columns[column];
    const value = this.value(row, column);
    const here = this.rows[row];
    const many = here.several ? ` (${plural(here.group.positions.length, "host")})` : "";
    return { host: cut(here.label, 120) + many, name: packageName(this.cluster, one), text: judged(one, value) };
  }
}

// `.example.net`, if that is where every host is; empty otherwise, and for addresses.
function commonDomain(indices) {
  const domainOf = (name) => (/^[^.]*[^.\d][^.]*\./.test(name) ? name.slice(name.indexOf(".")) : "");
  const domain = indices.length > 1 ? domainOf(names[indices[0]]) : "";
  return domain && indices.every((index) => domainOf(names[index]) === domain) ? domain : "";
}

// A value in words, with what is expected.
function judged(one, value) {
  if (!value) return "was not compared";
  if (value.state === "unknown") return "could not be told";
  const version = versionWord(value);
  if (one.expected === null) {
    const most = value.tone === "same" ? "what most have; " : "another than most have; ";
    return `${version}: ${one.values.length > 1 ? most : ""}nothing is called right here`;
  }
  return value.tone === "same" ? `${version}, as expected` : `${version}, where ${one.expected} is expected`;
}
