//! The rules: what counts as a finding, how bad it is by default, and in what words it is told.
//!
//! One file a rule. A new rule touches three places: its file, its line in [`ALL`], and its advice
//! entry `src/advice/entries/<id>.toml`. A rule sees the comparison and adds findings; it never
//! talks to a host and never decides what to do.

mod ahead;
mod apart;
mod blocking;
mod broken_state;
mod candidate_skew;
mod capability;
mod conffile_modified;
mod conffile_prompt;
mod conflict;
mod container;
mod container_changed;
mod coverage_unknown;
mod declared;
mod dependency_missing;
mod dependency_too_old;
mod disk_space;
mod file_content;
mod finding;
#[cfg(test)]
pub(crate) mod fixture;
mod gap;
mod held;
mod host_namespace;
mod host_path_writable;
mod host_unreachable;
mod image_drift;
mod kernel_stale;
mod locked;
mod metadata_stale;
mod misplaced_field;
mod mutable_image;
mod package_broken;
mod package_extra;
mod package_held;
mod package_missing;
mod package_version;
mod pending;
mod policy_unmet;
mod privilege_escalation;
mod privileged;
mod proc_sys_mount;
mod proc_unmasked;
mod reboot_first;
mod reboot_pending;
mod release;
mod root_writable;
mod security_pending;
mod service_stale;
mod service_state;
mod sources;
mod sysctl_cluster;
mod sysctl_policy;
mod sysctl_runtime;
mod target_unavailable;
mod unauthenticated;
mod unsafe_sysctl;
mod volume_executable;
mod volume_unbounded;
mod waive;
mod waiver_expired;
mod waiver_unused;
mod would_downgrade;
mod would_remove;
mod write_path_uncovered;

pub use blocking::rule as rule_of;
pub use declared::{Declared, Said, judge, live, mistake, settle, unread};
pub use finding::{Cause, Evidence, FileEvidence, Finding, Location, Offered, Waived};
pub(crate) use package_version::no_majority;
pub use waive::{Accepted, findings};

use jiff::civil::Date;

use crate::drift::Comparison;
use crate::playbook::Waiver;
use crate::readiness::{Kind, Readiness};
use crate::severity::Severity;
use crate::snapshot::{HostStatus, Observation};

/// What a rule speaks of, which decides the exit status that it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The hosts: findings at or above the threshold lead to status 2.
    Drift,
    /// What stands in the way of an upgrade: of the hosts, too.
    Upgrade,
    /// What manifests declare: findings at or above the threshold lead to status 2.
    Manifest,
    /// The audit's own files.
    Playbook,
    /// What could not be audited: leads to status 3, never to 2.
    Audit,
}

/// A check.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Looks at the comparison.
    Comparison(fn(&Comparison<'_>, &mut Vec<Finding>)),
    /// Looks at one pod of a manifest.
    Manifest(fn(&Declared<'_>, &mut Vec<Finding>)),
    /// Looks at containers wherever they are told of.
    Container {
        /// Those that run on hosts.
        live: fn(&Comparison<'_>, &mut Vec<Finding>),
        /// Those of one pod of a manifest.
        declared: fn(&Declared<'_>, &mut Vec<Finding>),
    },
    /// Takes the obstacles of a kind, which the readiness finds.
    Obstacle(Kind),
    /// Looks at what became of a waiver, once all other findings are known.
    Waiver(fn(&WaiverUse<'_>) -> Option<Finding>),
}

/// What a run asks of its hosts.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'r> {
    /// Whether they are compared with each other and with the playbook.
    pub drift: bool,
    /// Whether upgrades would succeed, if that is asked.
    pub readiness: Option<&'r Readiness>,
}

impl Asked<'_> {
    /// Whether a rule has anything to say in such a run; a waiver of one that has not is not unused.
    fn has(&self, rule: &str) -> bool {
        find(rule).is_none_or(|rule| match rule.about {
            About::Drift => self.drift,
            About::Upgrade => self.readiness.is_some(),
            // What manifests declare is asked of manifests alone.
            About::Manifest => false,
            About::Playbook | About::Audit => true,
        })
    }
}

/// What became of one waiver of the playbook.
#[derive(Debug, Clone, Copy)]
pub struct WaiverUse<'a> {
    /// The waiver.
    pub waiver: &'a Waiver,
    /// How many findings it speaks of, expired or not.
    pub matched: usize,
    /// The day of the run, in UTC.
    pub today: Date,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name in playbooks, reports and keys; it never changes.
    pub id: &'static str,
    /// Its severity unless the playbook says otherwise.
    pub severity: Severity,
    /// What it speaks of.
    pub about: About,
    /// What it looks at.
    pub check: Check,
    /// A finding in words: one lower-case line.
    pub message: fn(&Finding) -> String,
}

/// Every rule, in the order of their severity within each subject.
pub static ALL: &[&Rule] = &[
    &package_broken::RULE,
    &security_pending::RULE,
    &policy_unmet::RULE,
    &service_state::RULE,
    &release::RULE,
    &package_version::RULE,
    &package_missing::RULE,
    &file_content::RULE,
    &sysctl_policy::RULE,
    &sysctl_runtime::RULE,
    &package_held::RULE,
    &candidate_skew::RULE,
    &sources::RULE,
    &conffile_modified::RULE,
    &sysctl_cluster::RULE,
    &service_stale::RULE,
    &kernel_stale::RULE,
    &reboot_pending::RULE,
    &package_extra::RULE,
    &ahead::RULE,
    &privileged::RULE,
    &root_writable::RULE,
    &container_changed::RULE,
    &image_drift::RULE,
    &proc_unmasked::RULE,
    &host_path_writable::RULE,
    &proc_sys_mount::RULE,
    &write_path_uncovered::RULE,
    &privilege_escalation::RULE,
    &capability::RULE,
    &unsafe_sysctl::RULE,
    &host_namespace::RULE,
    &misplaced_field::RULE,
    &mutable_image::RULE,
    &volume_unbounded::RULE,
    &volume_executable::RULE,
    &coverage_unknown::RULE,
    &target_unavailable::RULE,
    &dependency_missing::RULE,
    &dependency_too_old::RULE,
    &conflict::RULE,
    &would_remove::RULE,
    &would_downgrade::RULE,
    &held::RULE,
    &broken_state::RULE,
    &locked::RULE,
    &disk_space::RULE,
    &conffile_prompt::RULE,
    &unauthenticated::RULE,
    &metadata_stale::RULE,
    &reboot_first::RULE,
    &waiver_expired::RULE,
    &waiver_unused::RULE,
    &host_unreachable::RULE,
    &gap::RULE,
];

/// Every rule id that a playbook may name.
pub fn known_ids() -> Vec<&'static str> {
    ALL.iter().map(|rule| rule.id).collect()
}

/// Whether each host was audited: one that has a gap of any kind was not, not wholly.
pub fn statuses(comparison: &Comparison<'_>, findings: &[Finding]) -> Vec<HostStatus> {
    let mut statuses: Vec<HostStatus> = comparison.fleet.hosts.iter().map(Observation::status).collect();
    let gaps = findings.iter().filter(|finding| matches!(finding.evidence, Evidence::Gap(_)));
    for (position, _) in gaps.filter_map(|finding| finding.host.as_ref()) {
        if let Some(status @ HostStatus::Audited) = statuses.get_mut(*position) {
            *status = HostStatus::Partial;
        }
    }
    statuses
}

/// What is found in a manifest, for the tests of others.
#[cfg(test)]
pub(crate) fn found_in_manifest(text: &str) -> Vec<Finding> {
    declared::fixture::findings("", text, crate::immutability::Kubernetes::NEWEST)
}

/// Whether the playbook turns a rule off.
fn is_off(comparison: &Comparison<'_>, rule: &Rule) -> bool {
    comparison.playbook.rules.iter().any(|level| level.rule == rule.id && level.severity.is_none())
}

/// The rule of that id.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique() {
        let ids = known_ids();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }

    #[test]
    fn every_rule_has_its_file_and_every_file_its_rule() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                entry.unwrap().file_name().into_string().unwrap().replace(".rs", "").replace('_', "-")
            })
            .filter(|name| {
                ![
                    "mod",
                    "apart",
                    "blocking",
                    "container",
                    "declared",
                    "finding",
                    "fixture",
                    "pending",
                    "waive",
                ]
                .contains(&name.as_str())
            })
            .collect();
        let ids: BTreeSet<String> = ALL.iter().map(|rule| rule.id.to_owned()).collect();
        assert_eq!(files, ids);
    }
}
