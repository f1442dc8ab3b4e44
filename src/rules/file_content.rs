//! `file-content`: a file that the playbook names is another one here than on most hosts of the cluster.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Evidence, FileEvidence};
use super::{About, Check, Finding, Rule, no_majority};
use crate::drift::{Cluster, Comparison, Consensus, difference};
use crate::severity::Severity;
use crate::snapshot::{File, Is, Strings, Symbol};

pub(super) static RULE: Rule = Rule {
    id: "file-content",
    severity: Severity::Medium,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    let strings = &comparison.fleet.strings;
    for cluster in &comparison.clusters {
        let mut told = BTreeSet::new();
        for pattern in comparison.playbook.files.iter().filter_map(|entry| strings.find(&entry.path)) {
            let members: Vec<usize> =
                cluster.members.iter().copied().filter(|at| asked(comparison, *at, pattern)).collect();
            let paths: BTreeSet<Symbol> =
                members.iter().flat_map(|at| paths(comparison, *at, pattern)).collect();
            if paths.is_empty() && members.iter().any(|at| file(comparison, *at, pattern, pattern).is_some())
            {
                findings.push(nowhere(cluster, strings.text(pattern)));
            }
            for path in paths.into_iter().filter(|path| told.insert(*path)) {
                // What an image has of it was baked into it, and stays.
                let baked = |at: &usize| {
                    let has = |file: &String| file == strings.text(path);
                    cluster.standing(*at).any(|one| one.replaces.files.iter().any(has))
                };
                let members = members.iter().filter(|at| !baked(at));
                let seen = members.filter_map(|at| Some((*at, file(comparison, *at, pattern, path)?)));
                let compared = Compared::of(seen.collect());
                findings.extend(compared.findings(comparison, cluster, strings.text(path)));
            }
        }
    }
}

/// A path that no host has is no drift, and mostly a slip of the playbook.
fn nowhere(cluster: &Cluster<'_>, pattern: &str) -> Finding {
    Finding {
        severity: Severity::Info,
        severity_is_entrys: true,
        cluster: Some(cluster.name.clone()),
        ..Finding::new(&RULE, pattern)
    }
}

fn asked(comparison: &Comparison<'_>, position: usize, pattern: Symbol) -> bool {
    let text = comparison.fleet.strings.text(pattern);
    let host = comparison.observation(position).map(|seen| seen.host);
    host.is_some_and(|host| comparison.bound.files(comparison.playbook, host).any(|entry| entry.path == text))
}

fn paths<'a>(
    comparison: &Comparison<'a>,
    position: usize,
    pattern: Symbol,
) -> impl Iterator<Item = Symbol> + use<'a> {
    let files = comparison
        .observation(position)
        .and_then(|seen| seen.snapshot.as_ref()?.configuration.files.as_ref());
    files.into_iter().flat_map(move |files| files.paths(pattern))
}

fn file(comparison: &Comparison<'_>, position: usize, pattern: Symbol, path: Symbol) -> Option<File> {
    comparison.observation(position)?.snapshot.as_ref()?.configuration.files.as_ref()?.get(pattern, path)
}

/// One path on the hosts of a cluster that could tell.
struct Compared {
    seen: Vec<(usize, File)>,
    is: Consensus<Is>,
    mode: Consensus<Symbol>,
    owner: Consensus<Symbol>,
}

impl Compared {
    fn of(seen: Vec<(usize, File)>) -> Self {
        let each = |pick: fn(&File) -> Option<Symbol>| {
            Consensus::of(seen.iter().filter_map(|(at, file)| Some((*at, pick(file)?))))
        };
        let (mode, owner) = (each(|file| file.mode), each(|file| file.owner));
        Self { is: Consensus::of(seen.iter().map(|(at, file)| (*at, file.is))), mode, owner, seen }
    }

    fn findings(&self, comparison: &Comparison<'_>, cluster: &Cluster<'_>, path: &str) -> Vec<Finding> {
        let strings = &comparison.fleet.strings;
        let expected = self.is.majority().copied();
        let example = self.seen.iter().map(|(_, file)| file).find(|file| Some(file.is) == expected);
        // Hosts that differ in the same way share one difference.
        let mut differences = BTreeMap::new();
        let mut findings = Vec::new();
        for (position, file) in &self.seen {
            let apart = if expected.is_some() { Some(file.is) != expected } else { !self.is.is_unanimous() };
            let other = |mine: Option<Symbol>, most: Option<&Symbol>| {
                let (mine, most) = (mine?, most.copied()?);
                (mine != most).then(|| (strings.text(mine).to_owned(), strings.text(most).to_owned()))
            };
            let (mode, owner) =
                (other(file.mode, self.mode.majority()), other(file.owner, self.owner.majority()));
            if !apart && mode.is_none() && owner.is_none() {
                continue;
            }
            let diff = example.filter(|_| apart).and_then(|example| {
                let contents = (example.content?, file.content?);
                let make = || difference(strings.text(contents.0), strings.text(contents.1));
                Some(differences.entry(contents).or_insert_with(make).clone())
            });
            let evidence = FileEvidence {
                apart,
                size: matches!(file.is, Is::Content(_)).then_some(file.size),
                expected_size: example.filter(|file| matches!(file.is, Is::Content(_))).map(|file| file.size),
                mode,
                owner,
                link: file.link,
                diff: diff.unwrap_or_default(),
            };
            let open = apart && expected.is_none();
            findings.push(Finding {
                cluster: Some(cluster.name.clone()),
                host: Some((*position, comparison.name(*position).to_owned())),
                expected: match example {
                    Some(example) if apart => Some(label(example, strings)),
                    Some(_) => {
                        Some(access(evidence.mode.as_ref(), evidence.owner.as_ref(), |(_, most)| most))
                    }
                    None => None,
                },
                observed: match file.is {
                    Is::Absent => None,
                    _ if apart => Some(label(file, strings)),
                    _ => Some(access(evidence.mode.as_ref(), evidence.owner.as_ref(), |(mine, _)| mine)),
                },
                evidence: if open {
                    Evidence::Spread(self.spread(strings))
                } else {
                    Evidence::File(Box::new(evidence))
                },
                ..Finding::new(&RULE, path)
            });
        }
        findings
    }

    fn spread(&self, strings: &Strings) -> Vec<(String, usize)> {
        let example = |is: &Is| self.seen.iter().map(|(_, file)| file).find(|file| file.is == *is);
        let counts = self.is.spread();
        counts
            .into_iter()
            .filter_map(|(is, hosts)| Some((label(example(is)?, strings), hosts.len())))
            .collect()
    }
}

/// `mode 644, owner root:root`, as far as they differ.
fn access(
    mode: Option<&(String, String)>,
    owner: Option<&(String, String)>,
    pick: fn(&(String, String)) -> &String,
) -> String {
    let mode = mode.map(|mode| format!("mode {}", pick(mode)));
    let owner = owner.map(|owner| format!("owner {}", pick(owner)));
    mode.into_iter().chain(owner).collect::<Vec<_>>().join(", ")
}

/// What tells one content from another without telling what it is: the beginning of its hash.
fn label(file: &File, strings: &Strings) -> String {
    match file.is {
        Is::Absent => "not there".to_owned(),
        Is::Content(hash) => {
            format!("{} bytes, {}", file.size, strings.text(hash).get(..8).unwrap_or_default())
        }
        Is::Directory => "a directory".to_owned(),
        Is::Special => "no plain file".to_owned(),
        Is::Dangling => "a link that leads nowhere".to_owned(),
    }
}

fn message(finding: &Finding) -> String {
    if finding.host.is_none() {
        return "no host of the cluster has it: is the path misspelt?".to_owned();
    }
    let Evidence::File(file) = &finding.evidence else {
        return format!(
            "{}; {}",
            finding.observed.as_deref().unwrap_or("not there"),
            no_majority(&finding.evidence)
        );
    };
    let mut parts = Vec::new();
    if file.apart {
        let expected = finding.expected.as_deref().unwrap_or_default();
        parts.push(match (finding.observed.as_deref(), file.size, file.expected_size) {
            (_, Some(size), Some(expected)) => format!("content differs ({size} bytes; expected {expected})"),
            (None, ..) => "not there, and most hosts have it".to_owned(),
            (Some(_), Some(size), None) if expected == "not there" => {
                format!("there ({size} bytes), and most hosts do not have it")
            }
            (Some(observed), ..) => format!(
                "{observed} where most hosts have {}",
                if file.expected_size.is_some() { "a file" } else { expected }
            ),
        });
    }
    for (what, apart) in [("mode", &file.mode), ("owner", &file.owner)] {
        parts.extend(apart.as_ref().map(|(mine, most)| format!("{what} {mine} where {most} is expected")));
    }
    if file.link {
        parts.push("reached through a link".to_owned());
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, compared, found};
    use super::*;

    const PLAYBOOK: &str = "[[file]]\npath = \"/etc/app/*.conf\"\n";
    const SHOWN: &str = "[[file]]\npath = \"/etc/app/*.conf\"\nshow = true\n";

    fn host(lines: &str) -> String {
        format!("trixie\n@files\n{lines}1\tdone\n")
    }

    fn with(mode: &str, size: usize, hash: u8, content: &str) -> String {
        host(&format!("1\tfile\t{mode}\troot:root\t{size}\t-\t{hash:064}\t/etc/app/a.conf\n{content}"))
    }

    #[test]
    fn another_content_than_most_is_told_by_its_size_and_nothing_more() {
        let told = found(PLAYBOOK, &beside_three(&with("640", 10, 1, ""), &with("640", 12, 2, "")));
        assert_eq!(
            told,
            ["file-content/web/web-04//etc/app/a.conf medium: content differs (12 bytes; expected 10)"]
        );
        assert!(found(PLAYBOOK, &beside_three(&with("640", 10, 1, ""), &with("640", 10, 1, ""))).is_empty());
    }

    #[test]
    fn what_is_missing_or_only_here_is_told() {
        let there = with("640", 10, 1, "");
        let told = found(PLAYBOOK, &beside_three(&there, &host("")));
        assert_eq!(
            told,
            ["file-content/web/web-04//etc/app/a.conf medium: not there, and most hosts have it"]
        );
        let told = found(PLAYBOOK, &beside_three(&host(""), &there));
        assert!(told[0].ends_with("there (10 bytes), and most hosts do not have it"), "{told:?}");
        let folder = host("1\tdirectory\t/etc/app/a.conf\n");
        let told = found(PLAYBOOK, &beside_three(&there, &folder));
        assert!(told[0].ends_with("a directory where most hosts have a file"), "{told:?}");
    }

    #[test]
    fn what_could_not_be_read_is_a_gap_and_no_drift() {
        let told = found(
            PLAYBOOK,
            &beside_three(&with("640", 10, 1, ""), &host("1\tunreadable\t/etc/app/a.conf\n")),
        );
        assert_eq!(told.len(), 1);
        assert!(
            told[0].starts_with("gap/web/web-04/file:/etc/app/*.conf medium: needs-privilege"),
            "{told:?}"
        );
    }

    #[test]
    fn modes_are_told_in_the_same_finding() {
        let told = found(PLAYBOOK, &beside_three(&with("640", 10, 1, ""), &with("644", 10, 1, "")));
        assert_eq!(told, ["file-content/web/web-04//etc/app/a.conf medium: mode 644 where 640 is expected"]);
        let told = found(PLAYBOOK, &beside_three(&with("640", 10, 1, ""), &with("644", 10, 2, "")));
        assert!(told[0].ends_with("content differs (10 bytes; expected 10); mode 644 where 640 is expected"));
    }

    #[test]
    fn without_a_majority_nobody_is_right() {
        let (one, other) = (with("640", 10, 1, ""), with("640", 12, 2, ""));
        let told = found(PLAYBOOK, &[("a", &one), ("b", &other)]);
        assert_eq!(told.len(), 2);
        assert!(
            told[0]
                .ends_with("10 bytes, 00000000; no majority: 1× 10 bytes, 00000000, 1× 12 bytes, 00000000"),
            "{told:?}"
        );
    }

    #[test]
    fn what_may_be_shown_is_shown_as_a_difference() {
        let hosts = [with("640", 4, 1, "\tone\n\ttwo\n"), with("640", 4, 2, "\tone\n\tsix\n")];
        compared(SHOWN, &beside_three(&hosts[0], &hosts[1]), |_, findings| {
            let Evidence::File(file) = &findings[0].evidence else { panic!("{findings:?}") };
            assert_eq!(file.diff, ["@@ -1,2 +1,2 @@", " one", "-two", "+six"]);
        });
    }

    #[test]
    fn a_path_of_two_entries_is_told_once() {
        let playbook = format!("{PLAYBOOK}[[file]]\npath = \"/etc/app/a.conf\"\n");
        let both = |hash: u8| {
            let file = format!("file\t640\troot:root\t9\t-\t{hash:064}\t/etc/app/a.conf\n");
            format!("trixie\n@files\n1\t{file}1\tdone\n2\t{file}2\tdone\n")
        };
        assert_eq!(found(&playbook, &beside_three(&both(1), &both(2))).len(), 1);
    }
}
