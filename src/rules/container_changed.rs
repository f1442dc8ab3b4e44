//! `container-changed`: a container that runs is not what its image is any more.

use super::container::each;
use super::finding::Evidence;
use super::{About, Check, Finding, Rule};
use crate::drift::Comparison;
use crate::severity::Severity;
use crate::snapshot::{Changes, Container, quote};

/// How many paths the message names; the evidence has more.
const NAMED: usize = 3;

/// Where services write as they run: no sign that somebody changed the container.
const PASSING: [&str; 7] =
    ["/run/", "/var/run/", "/var/log/", "/var/cache/", "/var/lock/", "/var/tmp/", "/tmp/"];

pub(super) static RULE: Rule = Rule {
    id: "container-changed",
    severity: Severity::Medium,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    let before = findings.len();
    each(comparison, &RULE, findings, live);
    for finding in findings.iter_mut().skip(before) {
        weigh(finding);
    }
}

/// What is expected of a container that runs, and what was seen, if that is another thing.
pub(super) fn live(container: &Container) -> Option<(&'static str, String)> {
    let changed = container.changed.as_ref().filter(|changes| changes.count > 0)?;
    Some(("as its image", format!("{} changed", changed.count)))
}

/// Makes a finding weigh less where nothing changed but what services write as they run.
pub(super) fn weigh(finding: &mut Finding) {
    if let Evidence::Container(container) = &finding.evidence {
        if container.changed.as_ref().is_some_and(is_passing) {
            finding.severity = Severity::Low;
        }
    }
}

/// Whether nothing changed but what a service writes as it runs.
fn is_passing(changes: &Changes) -> bool {
    let passing = |path: &str| PASSING.iter().any(|folder| path.starts_with(folder));
    changes.count == changes.paths.len() && changes.paths.iter().all(|change| passing(&change.path))
}

fn message(finding: &Finding) -> String {
    let Evidence::Container(container) = &finding.evidence else { return String::new() };
    let Some(changes) = &container.changed else { return String::new() };
    let named: Vec<String> =
        changes.paths.iter().take(NAMED).map(|change| quote(change.path.as_bytes())).collect();
    let differ = if changes.count == 1 { "path differs" } else { "paths differ" };
    let more = match changes.count.saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} {differ} from its image: {}{more}", changes.count, named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::container::fixture::podman;
    use super::super::fixture::found;

    #[test]
    fn what_a_service_writes_as_it_runs_weighs_less() {
        let same = podman("web", "ab", false, false);
        let changes = r#"2 {"added":["/run/web.pid","/var/log/web.log"]}"#;
        let changed = same.replace("changes aa 0", &format!("changes aa {changes}"));
        let told = found("[rules]\nroot-writable = \"off\"\n", &[("a", &changed)]);
        assert!(told.len() == 1 && told[0].starts_with("container-changed/web/a/web low:"), "{told:?}");
    }

    #[test]
    fn what_changed_is_counted_and_named() {
        let same = podman("web", "ab", false, false);
        let changes = r#"7 {"added":["/etc/x","/etc/\u001b[2J","/srv/y","/run/web.pid"],"changed":["/etc"]}"#;
        let changed = same.replace("changes aa 0", &format!("changes aa {changes}"));
        let told = found("[rules]\nroot-writable = \"off\"\n", &[("a", &changed), ("b", &same)]);
        assert_eq!(
            told,
            ["container-changed/web/a/web medium: 6 paths differ from its image: \
              /etc/\\u{1b}[2J, /etc/x, /srv/y and 3 more"]
        );
    }
}
