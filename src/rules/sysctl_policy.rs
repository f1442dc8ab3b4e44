//! `sysctl-policy`: a kernel parameter is not what the playbook says.

use std::collections::BTreeMap;

use super::finding::Evidence;
use super::{About, Check, Finding, Rule};
use crate::drift::Comparison;
use crate::playbook::SysctlEntry;
use crate::severity::Severity;
use crate::snapshot::{Parameter, Sysctls, dotted};

pub(super) static RULE: Rule = Rule {
    id: "sysctl-policy",
    severity: Severity::Medium,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in &comparison.clusters {
        for position in cluster.members.iter().copied() {
            for (key, entry) in entries(comparison, position) {
                let Some(running) = violation(comparison, position, &key, entry) else { continue };
                findings.push(Finding {
                    cluster: Some(cluster.name.clone()),
                    host: Some((position, comparison.name(position).to_owned())),
                    expected: entry.value.clone(),
                    observed: running.value().map(str::to_owned),
                    evidence: Evidence::Parameter {
                        configured_by: None,
                        suspects: suspects(comparison, position, &key),
                    },
                    ..Finding::new(&RULE, key)
                });
            }
        }
    }
}

/// What the playbook says of a host's parameters, by their names: of several entries the last one.
pub(super) fn entries<'a>(comparison: &Comparison<'a>, position: usize) -> BTreeMap<String, &'a SysctlEntry> {
    let host = comparison.observation(position).map(|seen| seen.host);
    let entries = host.into_iter().flat_map(|host| comparison.bound.sysctls(comparison.playbook, host));
    entries.map(|entry| (dotted(&entry.key), entry)).collect()
}

/// The parameters of a host, if they were collected.
pub(super) fn sysctls<'a>(comparison: &Comparison<'a>, position: usize) -> Option<&'a Sysctls> {
    comparison.observation(position)?.snapshot.as_ref()?.configuration.sysctls.as_ref()
}

/// What a kernel has of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Runs<'a> {
    Value(&'a str),
    /// It does not know it.
    Nothing,
}

impl<'a> Runs<'a> {
    pub(super) fn value(self) -> Option<&'a str> {
        if let Self::Value(value) = self { Some(value) } else { None }
    }
}

/// What runs of a parameter, if that is known.
pub(super) fn running<'a>(comparison: &Comparison<'a>, position: usize, key: &str) -> Option<Runs<'a>> {
    let (strings, sysctls) = (&comparison.fleet.strings, sysctls(comparison, position)?);
    match strings.find(key).map_or(Parameter::Absent, |key| sysctls.running(key)) {
        Parameter::Value(value) => Some(Runs::Value(strings.text(value))),
        Parameter::Absent => Some(Runs::Nothing),
        Parameter::Denied => None,
    }
}

/// What runs in place of what the entry says, if it does.
pub(super) fn violation<'a>(
    comparison: &Comparison<'a>,
    position: usize,
    key: &str,
    entry: &SysctlEntry,
) -> Option<Runs<'a>> {
    let (expected, running) = (entry.value.as_deref()?, running(comparison, position, key)?);
    (!running.value().is_some_and(|running| same(expected, running))).then_some(running)
}

/// Privileged containers of a host: for them `/proc/sys` is writable, whatever their root file system is.
/// Parameters of the network are those of the container's own, and are not the host's.
pub(super) fn suspects(comparison: &Comparison<'_>, position: usize, key: &str) -> Vec<String> {
    let containers = comparison.observation(position).and_then(crate::snapshot::Observation::containers);
    let privileged = containers
        .filter(|_| !key.starts_with("net."))
        .into_iter()
        .flat_map(|containers| containers.privileged().map(|container| containers.subject(container)));
    privileged.collect()
}

/// Who can have changed a parameter, as the end of a message.
pub(super) fn accused(suspects: &[String]) -> String {
    match suspects {
        [] => String::new(),
        [one] => format!("; the privileged container {one} can have changed it"),
        [first, rest @ ..] => {
            format!("; the privileged containers {first} and {} more can have changed it", rest.len())
        }
    }
}

/// Whether what is written is what the kernel prints: word by word, and numbers as the kernel reads them, of
/// base 8 or 16 too; strtoul(3).
pub(super) fn same(written: &str, running: &str) -> bool {
    let (mut one, mut other) = (written.split_ascii_whitespace(), running.split_ascii_whitespace());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            // The kernel reads the numbers and leaves what follows.
            (Some(rest), None) if rest.starts_with('#') => return true,
            (Some(one), Some(other))
                if one == other || number(one).is_some_and(|one| Some(one) == other.parse().ok()) => {}
            _ => return false,
        }
    }
}

fn number(word: &str) -> Option<i128> {
    let (sign, digits) = word.strip_prefix('-').map_or((1, word), |digits| (-1, digits));
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (digits, base) = match (hexadecimal, digits.strip_prefix('0')) {
        (Some(digits), _) => (digits, 16),
        (None, Some(digits)) if !digits.is_empty() => (digits, 8),
        _ => (digits, 10),
    };
    // A sign behind the prefix is none.
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    i128::from_str_radix(digits, base).ok().filter(|_| plain).map(|number| sign * number)
}

fn message(finding: &Finding) -> String {
    let expected = finding.expected.as_deref().unwrap_or_default();
    match finding.observed.as_deref() {
        Some(observed) => {
            let suspects = if let Evidence::Parameter { suspects, .. } = &finding.evidence {
                suspects.as_slice()
            } else {
                &[]
            };
            format!("{observed} where the playbook says {expected}{}", accused(suspects))
        }
        None => {
            format!("the kernel does not have it, and the playbook says {expected}: is its module loaded?")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};
    use super::*;

    const POLICY: &str = "[[sysctl]]\nkey = \"vm/swappiness\"\nvalue = \"60\"\n";

    #[test]
    fn what_the_playbook_says_holds_on_every_host() {
        let told = found(
            POLICY,
            &beside_three(
                "trixie\n@sysctl\nvalue\tvm/swappiness\t60\n",
                "trixie\n@sysctl\nvalue\tvm/swappiness\t75\n",
            ),
        );
        assert_eq!(told, ["sysctl-policy/web/web-04/vm.swappiness medium: 75 where the playbook says 60"]);
        let told = found(POLICY, &[("a", "trixie\n@sysctl\n\n")]);
        assert!(told[0].contains("the kernel does not have it"), "{told:?}");
    }

    #[test]
    fn what_could_not_be_read_is_a_gap_and_no_violation() {
        for sysctl in ["@sysctl\ndenied\tvm/swappiness\n", "@sysctl 127\n"] {
            let told = found(POLICY, &[("a", &format!("trixie\n{sysctl}"))]);
            assert!(told.len() == 1 && told[0].starts_with("gap/web/a/sysctl"), "{told:?}");
        }
    }

    #[test]
    fn a_later_entry_wins() {
        let playbook =
            format!("{POLICY}[[sysctl]]\nkey = \"vm.swappiness\"\nvalue = \"75\"\nhosts = \"web-04\"\n");
        let hosts = beside_three(
            "trixie\n@sysctl\nvalue\tvm/swappiness\t60\n",
            "trixie\n@sysctl\nvalue\tvm/swappiness\t75\n",
        );
        assert!(found(&playbook, &hosts).is_empty());
    }

    #[test]
    fn values_are_compared_as_the_kernel_reads_them() {
        for (written, running) in [
            ("0x01b6", "438"),
            ("0644", "420"),
            ("4096  131072\t6291456", "4096 131072 6291456"),
            ("-1", "-1"),
        ] {
            assert!(same(written, running), "{written}");
        }
        for (written, running) in
            [("60", "6"), ("1", "1 1"), ("0x", "0"), ("0x-1", "-1"), ("", "0"), ("core", "Core")]
        {
            assert!(!same(written, running), "{written}");
        }
    }
}
