//! Inventories at random, odd ones included, from a seed: the same seed gives the same inventory.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::words::{GROUPS, HOSTS, INI_VALUES, JSON_VALUES, LINE_VALUES, SPREADS, VARS, YAML_VALUES};

/// A file: its path, its text, and whether it may be run.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) program: bool,
}

/// An inventory: files, what `-i` names, and patterns to select hosts by.
pub(crate) struct Case {
    pub(crate) files: Vec<File>,
    pub(crate) sources: Vec<String>,
    pub(crate) patterns: Vec<String>,
    pub(crate) seed: u64,
}

/// A seed's numbers: splitmix64, by Sebastiano Vigna, in the public domain.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn chance(&mut self, of_ten: usize) -> bool {
        self.below(10) < of_ten
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    fn some<'t>(&mut self, of: &[&'t str], most: usize) -> Vec<&'t str> {
        let most = if of.is_empty() { 0 } else { most };
        (0..self.below(most + 1)).map(|_| self.one(of)).collect()
    }
}

impl Case {
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut case = Self { files: Vec::new(), sources: Vec::new(), patterns: Vec::new(), seed };
        for nth in 0..=dice.below(3) {
            let folder = if dice.chance(3) { format!("i{nth}/") } else { String::new() };
            if dice.chance(2) {
                case.folder(&mut dice, &format!("{folder}all{nth}"));
            } else if dice.chance(1) {
                case.sources.push(format!(
                    "{},{},",
                    dice.one(HOSTS),
                    dice.one(&["a1", "b7:22", "lone", " c "])
                ));
            } else {
                let path = case.source(&mut dice, &format!("{folder}h{nth}"));
                case.sources.push(path);
            }
            case.beside(&mut dice, &folder);
        }
        case.patterns = (0..3).map(|_| pattern(&mut dice)).collect();
        case
    }

    fn add(&mut self, path: String, text: String, program: bool) {
        self.files.retain(|file| file.path != path);
        self.files.push(File { path, text, program });
    }

    fn folder(&mut self, dice: &mut Dice, path: &str) {
        for nth in 0..=dice.below(3) {
            self.source(dice, &format!("{path}/{nth}"));
        }
        for passed in dice.some(&["x~", ".hidden", "y.bak", "z.cfg", "r.retry", "o.orig", "n.md", "t.txt"], 3)
        {
            self.add(format!("{path}/{passed}"), "[never]\nnever\n".to_owned(), false);
        }
        self.beside(dice, &format!("{path}/"));
        self.sources.push(path.to_owned());
    }

    /// One inventory file; gives its path.
    fn source(&mut self, dice: &mut Dice, stem: &str) -> String {
        let (suffix, text, program) = match dice.below(8) {
            0..=3 => (dice.one(&["", ".ini", ".inv"]), ini(dice), false),
            4 | 5 => (dice.one(&["", ".yml", ".yaml"]), yaml(dice), false),
            6 => (dice.one(&["", ".sh", ".py"]), script(dice, true), true),
            _ => (dice.one(&["", ".sh"]), script(dice, false), true),
        };
        let path = format!("{stem}{suffix}");
        self.add(path.clone(), text, program);
        path
    }

    /// Variables in files beside an inventory.
    fn beside(&mut self, dice: &mut Dice, folder: &str) {
        let groups: Vec<&str> = GROUPS.iter().copied().chain(["all", "ungrouped"]).collect();
        for (kind, names) in [("group_vars", groups.as_slice()), ("host_vars", HOSTS)] {
            for name in dice.some(names, 3) {
                let path = format!("{folder}{kind}/{name}");
                if self.files.iter().any(|file| file.path.starts_with(&path)) {
                    continue;
                }
                match dice.below(6) {
                    0 => self.add(path, vars_file(dice), false),
                    1 | 2 => self.add(format!("{path}.yml"), vars_file(dice), false),
                    3 => self.add(format!("{path}.yaml"), vars_file(dice), false),
                    4 => self.add(format!("{path}.json"), json_object(dice), false),
                    _ => {
                        for file in ["a.yml", "b", ".c.yml", "d.txt", "e/f.json", "B.yaml"] {
                            if dice.chance(5) {
                                self.add(format!("{path}/{file}"), json_object(dice), false);
                            }
                        }
                    }
                }
            }
        }
    }
}

fn vars_file(dice: &mut Dice) -> String {
    let mut text = dice.one(&["", "---\n", "# comment\n"]).to_owned();
    for name in dice.some(VARS, 3).into_iter().collect::<BTreeSet<_>>() {
        let _ = writeln!(text, "{name}: {}", dice.one(YAML_VALUES));
    }
    text
}

fn json_object(dice: &mut Dice) -> String {
    let names: BTreeSet<&str> = dice.some(VARS, 3).into_iter().collect();
    let pairs: Vec<String> =
        names.iter().map(|name| format!("\"{name}\": {}", dice.one(JSON_VALUES))).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn children(dice: &mut Dice, group: &str) -> Vec<&'static str> {
    let place = GROUPS.iter().position(|name| *name == group).unwrap();
    let children: BTreeSet<&str> = dice.some(&GROUPS[place + 1..], 3).into_iter().collect();
    let mut children: Vec<&str> = children.into_iter().collect();
    if dice.chance(5) {
        children.reverse();
    }
    children
}

fn host(dice: &mut Dice) -> &'static str {
    if dice.chance(3) { dice.one(SPREADS) } else { dice.one(HOSTS) }
}

fn ini(dice: &mut Dice) -> String {
    let mut text = String::new();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    let mut declared: BTreeSet<&str> = BTreeSet::new();
    ini_hosts(dice, &mut text);
    for _ in 0..dice.below(6) {
        let group = if dice.chance(1) { dice.one(&["all", "ungrouped"]) } else { dice.one(GROUPS) };
        let plain = GROUPS.contains(&group);
        match dice.below(4) {
            0 if plain => {
                let _ = writeln!(text, "[{group}:children]");
                declared.insert(group);
                for child in children(dice, group) {
                    named.insert(child);
                    let _ = writeln!(text, "{child}{}", dice.one(&["", "  ", " # why"]));
                }
            }
            1 => {
                let _ = writeln!(text, "[{group}:vars]");
                named.extend(plain.then_some(group));
                for name in dice.some(VARS, 3) {
                    let _ = writeln!(text, "{name}{}{}", dice.one(&["=", " = ", "= "]), dice.one(INI_VALUES));
                }
                if dice.chance(3) {
                    let _ =
                        writeln!(text, "ansible_group_priority={}", dice.one(&["1", "5", "-1", "'7'", "10"]));
                }
            }
            _ => {
                let _ = writeln!(text, "[{group}]{}", dice.one(&["", " # comment", "  "]));
                declared.insert(group);
                ini_hosts(dice, &mut text);
            }
        }
        text.push_str(dice.one(&["", "\n", "# comment\n", "; comment\n", "   \n"]));
    }
    for missing in named.difference(&declared) {
        let _ = writeln!(text, "[{missing}]");
    }
    if dice.chance(4) {
        rivals(dice, &mut text);
    }
    text
}

/// One host in several groups that give it the same variable, some with a priority, one below another.
fn rivals(dice: &mut Dice, text: &mut String) {
    let (host, above) = (dice.one(HOSTS), dice.one(&["top", "prod"]));
    for group in ["north", "web", "db", "g-1", "zoo"] {
        let _ = writeln!(text, "[{group}]\n{host}\n[{group}:vars]\nrival={group}\nonly_{group}=1");
        if dice.chance(5) {
            let _ = writeln!(text, "ansible_group_priority={}", dice.one(&["1", "2", "3", "-1"]));
        }
    }
    if dice.chance(5) {
        let _ = writeln!(
            text,
            "[{above}:children]\n{}\n[{above}:vars]\nrival=above",
            dice.one(&["web", "north", "zoo"])
        );
    }
}

fn ini_hosts(dice: &mut Dice, text: &mut String) {
    for _ in 0..dice.below(4) {
        text.push_str(dice.one(&["", "", "  ", "\t"]));
        text.push_str(host(dice));
        for name in dice.some(VARS, 3) {
            let _ = write!(text, "{}{name}={}", dice.one(&[" ", "  ", "\t"]), dice.one(LINE_VALUES));
        }
        let _ = writeln!(text, "{}", dice.one(&["", " # comment", " "]));
    }
}

fn yaml(dice: &mut Dice) -> String {
    let mut text = dice.one(&["", "---\n", "# comment\n"]).to_owned();
    let mut groups: BTreeSet<&str> = dice.some(GROUPS, 3).into_iter().collect();
    groups.insert(dice.one(&["all", "web", "ungrouped"]));
    for group in groups {
        let _ = writeln!(text, "{group}:");
        yaml_group(dice, &mut text, group, "  ", 2);
    }
    text
}

fn yaml_group(dice: &mut Dice, text: &mut String, group: &str, indent: &str, depth: usize) {
    if dice.chance(7) {
        let _ = writeln!(text, "{indent}hosts:");
        let hosts: BTreeSet<&str> = (0..dice.below(4)).map(|_| host(dice)).collect();
        for host in hosts {
            let quote = if host.starts_with('[') { "'" } else { "" };
            let _ = writeln!(text, "{indent}  {quote}{host}{quote}:");
            yaml_vars(dice, text, &format!("{indent}    "));
        }
    }
    if dice.chance(4) {
        let _ = writeln!(text, "{indent}vars:");
        yaml_vars(dice, text, &format!("{indent}  "));
        if dice.chance(3) && group != "all" {
            let _ =
                writeln!(text, "{indent}  ansible_group_priority: {}", dice.one(&["1", "5", "'7'", "-2"]));
        }
    }
    if depth > 0 && dice.chance(5) && GROUPS.contains(&group) {
        let _ = writeln!(text, "{indent}children:");
        for child in children(dice, group) {
            let _ = writeln!(text, "{indent}  {child}:");
            yaml_group(dice, text, child, &format!("{indent}    "), depth - 1);
        }
    }
}

fn yaml_vars(dice: &mut Dice, text: &mut String, indent: &str) {
    for name in dice.some(VARS, 3).into_iter().collect::<BTreeSet<_>>() {
        // Ansible's reader takes no anchor twice.
        let number = dice.next();
        let _ = match dice.below(12) {
            0 => writeln!(text, "{indent}{name}: |\n{indent}  several\n{indent}  lines"),
            1 => writeln!(text, "{indent}{name}: >-\n{indent}  folded\n{indent}  lines"),
            2 => writeln!(
                text,
                "{indent}{name}: !vault |\n{indent}  $ANSIBLE_VAULT;1.1;AES256\n{indent}  6162"
            ),
            3 => writeln!(
                text,
                "{indent}{name}: &a{number} {{k: 1}}\n{indent}{name}2: {{<<: *a{number}, l: 2}}"
            ),
            _ => writeln!(text, "{indent}{name}: {}", dice.one(YAML_VALUES)),
        };
    }
}

/// A script that answers `--list`, with `_meta` or without, and `--host`.
fn script(dice: &mut Dice, meta: bool) -> String {
    let mut groups = Vec::new();
    for group in dice.some(GROUPS, 4).into_iter().chain(["web"]).collect::<BTreeSet<_>>() {
        let hosts: Vec<String> = dice.some(HOSTS, 3).iter().map(|host| format!("\"{host}\"")).collect();
        let hosts = format!("[{}]", hosts.join(", "));
        let children: Vec<String> =
            children(dice, group).iter().map(|child| format!("\"{child}\"")).collect();
        let (vars, children) = (json_object(dice), children.join(", "));
        let whole = format!("{{\"hosts\": {hosts}, \"vars\": {vars}, \"children\": [{children}]}}");
        groups.push(format!("\"{group}\": {}", if dice.chance(2) { hosts } else { whole }));
    }
    if meta {
        let vars: Vec<String> = dice
            .some(HOSTS, 4)
            .into_iter()
            .collect::<BTreeSet<_>>()
            .iter()
            .map(|host| format!("\"{host}\": {}", json_object(dice)))
            .collect();
        let place = dice.below(groups.len() + 1);
        groups.insert(place, format!("\"_meta\": {{\"hostvars\": {{{}}}}}", vars.join(", ")));
    }
    format!(
        "#!/bin/sh\nif [ \"$1\" = --list ]; then cat <<'EOT'\n{{{}}}\nEOT\nelse printf '{{\"asked\": \"%s\"}}' \"$2\"\nfi\n",
        groups.join(",\n")
    )
}

fn pattern(dice: &mut Dice) -> String {
    let separator = dice.one(&[":", ",", ":", " "]);
    let mut terms = Vec::new();
    // Most patterns should leave a host.
    terms.extend(dice.chance(6).then(|| dice.one(&["all", "*", "~.*[1-3]", "*e*", "all[0:3]"]).to_owned()));
    for _ in 0..=dice.below(3) {
        let role = dice.one(&["", "", "!", "&", ""]);
        let group = dice.one(GROUPS);
        let term = match dice.below(10) {
            0..=2 => group.to_owned(),
            3 | 4 => dice.one(&["a1", "web-01", "db-1", "häst", "lone.example.net", "nope"]).to_owned(),
            5 | 6 => {
                dice.one(&["*", "all", "w*", "*1", "web-0?", "[ab]*", "*.net", "ungrouped", "r*"]).to_owned()
            }
            7 => dice.one(&["~web-0[12]", "~^a", "~.*1$", "~(web|db)", "~B"]).to_owned(),
            8 => format!("{}[{}]", dice.one(&["all", "web", "*", group]), dice.one(&["0", "-1", "0", "9"])),
            _ => format!("{group}[{}]", dice.one(&["0:1", "1:", "0:9", "1:2"])),
        };
        terms.push(format!("{role}{term}"));
    }
    terms.join(separator)
}
