//! `sysctl-runtime`: the kernel runs with another value than the host's own files configure.

use super::finding::Evidence;
use super::sysctl_policy::{accused, entries, running, same, suspects, sysctls, violation};
use super::{About, Check, Finding, Rule};
use crate::drift::Comparison;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "sysctl-runtime",
    severity: Severity::Medium,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in &comparison.clusters {
        for position in cluster.members.iter().copied() {
            let entries = entries(comparison, position);
            for apart in apart(comparison, position) {
                // What breaks the playbook is told as that.
                let violated = |entry| violation(comparison, position, apart.key, entry);
                if entries.get(apart.key).copied().and_then(violated).is_some() {
                    continue;
                }
                findings.push(Finding {
                    cluster: Some(cluster.name.clone()),
                    host: Some((position, comparison.name(position).to_owned())),
                    expected: Some(apart.configured.to_owned()),
                    observed: Some(apart.running.to_owned()),
                    evidence: Evidence::Parameter {
                        configured_by: Some(apart.file.to_owned()),
                        suspects: suspects(comparison, position, apart.key),
                    },
                    ..Finding::new(&RULE, apart.key)
                });
            }
        }
    }
}

/// A parameter that does not run as it is configured.
pub(super) struct Apart<'a> {
    pub(super) key: &'a str,
    configured: &'a str,
    running: &'a str,
    file: &'a str,
}

/// The parameters of a host that do not run as they are configured. What the kernel does not have is none.
pub(super) fn apart<'a>(comparison: &Comparison<'a>, position: usize) -> impl Iterator<Item = Apart<'a>> {
    let strings = &comparison.fleet.strings;
    let configured = sysctls(comparison, position).into_iter().flat_map(|sysctls| &sysctls.configured);
    configured.filter_map(move |setting| {
        let [key, configured, file] =
            [setting.key, setting.value, setting.file].map(|symbol| strings.text(symbol));
        let running = running(comparison, position, key)?.value()?;
        (!same(configured, running)).then_some(Apart { key, configured, running, file })
    })
}

fn message(finding: &Finding) -> String {
    let [observed, expected] =
        [&finding.observed, &finding.expected].map(|value| value.as_deref().unwrap_or_default());
    let Evidence::Parameter { configured_by: Some(file), suspects } = &finding.evidence else {
        return String::new();
    };
    format!("{observed} runs, and {file} configures {expected}{}", accused(suspects))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::found;

    fn host(running: &str) -> String {
        format!(
            "trixie\n@sysctl\nfile\t/etc/sysctl.d/a.conf\nline\t/etc/sysctl.d/a.conf\tvm.swappiness = 60\nline\t/etc/sysctl.d/a.conf\tvm.gone = 1\nvalue\tvm/swappiness\t{running}\n"
        )
    }

    #[test]
    fn another_value_than_the_hosts_own_files_say_is_told_without_a_playbook() {
        assert_eq!(
            found("", &[("a", &host("75")), ("b", &host("60"))]),
            ["sysctl-runtime/web/a/vm.swappiness medium: 75 runs, and /etc/sysctl.d/a.conf configures 60"]
        );
    }

    #[test]
    fn a_privileged_container_is_named_where_it_can_have_written() {
        let container = |name: &str, privileged: bool| {
            format!(
                "{{\"id\":\"{}\",\"name\":\"{name}\",\"image\":\"localhost/web\",\"image_id\":\"{}\",\"user\":\"\",\"read_only\":true,\"privileged\":{privileged},\"added\":[],\"mounts\":[],\"tmpfs\":{{}},\"infra\":false}}\n",
                "a1".repeat(32),
                "b2".repeat(32)
            )
        };
        let with = |key: &str| {
            let containers = container("tuner", true) + &container("web", false);
            format!("{}@podman\nlisted 2\n{containers}", host("75"))
                .replace("vm.swappiness", key)
                .replace("vm/swappiness", &key.replace('.', "/"))
        };
        let told = |key: &str| {
            let all = found("", &[("a", &with(key))]);
            all.into_iter().find(|line| line.starts_with("sysctl-runtime/")).unwrap()
        };
        assert!(
            told("vm.swappiness")
                .ends_with("configures 60; the privileged container tuner can have changed it")
        );
        assert!(
            told("net.core.somaxconn").ends_with("configures 60"),
            "its network has parameters of its own"
        );
    }

    #[test]
    fn what_breaks_the_playbook_is_told_as_that_alone() {
        let policy = |value: &str| format!("[[sysctl]]\nkey = \"vm.swappiness\"\nvalue = \"{value}\"\n");
        let told = found(&policy("60"), &[("a", &host("75"))]);
        assert!(told.len() == 1 && told[0].starts_with("sysctl-policy/"), "{told:?}");
        let told = found(&policy("75"), &[("a", &host("75"))]);
        assert!(
            told.len() == 1 && told[0].starts_with("sysctl-runtime/"),
            "the next boot will break it: {told:?}"
        );
    }
}
