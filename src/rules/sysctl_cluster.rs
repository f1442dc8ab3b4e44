//! `sysctl-cluster`: a kernel parameter that the playbook names without a value differs within the cluster.

use std::collections::BTreeSet;

use super::apart::{self, apart};
use super::sysctl_policy::{Runs, entries, running};
use super::{About, Check, Finding, Rule, sysctl_runtime};
use crate::drift::{Comparison, Consensus};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "sysctl-cluster",
    severity: Severity::Low,
    about: About::Drift,
    check: Check::Comparison(check),
    message: apart::message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in &comparison.clusters {
        let named = |position: usize| {
            let entries = entries(comparison, position).into_iter();
            entries.filter(|(_, entry)| entry.value.is_none()).map(move |(key, _)| (key, position))
        };
        let named: BTreeSet<(String, usize)> = cluster.members.iter().flat_map(|at| named(*at)).collect();
        let keys: BTreeSet<&str> = named.iter().map(|(key, _)| key.as_str()).collect();
        for key in keys {
            let hosts = named.iter().filter(|(of, _)| of == key).map(|(_, at)| *at);
            let consensus = Consensus::of(hosts.filter_map(|at| Some((at, running(comparison, at, key)?))));
            let label = |runs: &Runs<'_>| runs.value().unwrap_or("not there").to_owned();
            let differ = apart(comparison, cluster, (&RULE, key), &consensus, label);
            // Where the host's own files say something else, that is the cause.
            let caused = |finding: &Finding| {
                let position = finding.host.as_ref().map(|(position, _)| *position);
                position.is_some_and(|at| sysctl_runtime::apart(comparison, at).any(|apart| apart.key == key))
            };
            findings.extend(differ.into_iter().filter(|finding| !caused(finding)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    const NAMED: &str = "[[sysctl]]\nkey = \"vm.swappiness\"\n";

    #[test]
    fn another_value_than_most_is_told() {
        let host = |value: &str| format!("trixie\n@sysctl\nvalue\tvm/swappiness\t{value}\n");
        assert_eq!(
            found(NAMED, &beside_three(&host("60"), &host("75"))),
            ["sysctl-cluster/web/web-04/vm.swappiness low: 75 where 60 is expected"]
        );
        assert!(found(NAMED, &beside_three(&host("75"), &host("75"))).is_empty());
        assert!(found("", &beside_three(&host("60"), &host("75"))).is_empty(), "nobody named it");
        let told = found(NAMED, &beside_three(&host("60"), "trixie\n@sysctl\n\n"));
        assert_eq!(told, ["sysctl-cluster/web/web-04/vm.swappiness low: not there where 60 is expected"]);
    }

    #[test]
    fn one_cause_is_one_finding() {
        let host = |value: &str| {
            format!(
                "trixie\n@sysctl\nfile\t/etc/sysctl.conf\nline\t/etc/sysctl.conf\tvm.swappiness=60\nvalue\tvm/swappiness\t{value}\n"
            )
        };
        let told = found(NAMED, &beside_three(&host("60"), &host("75")));
        assert!(told.len() == 1 && told[0].starts_with("sysctl-runtime/web/web-04/"), "{told:?}");
    }
}
