//! `sources`: packages come from elsewhere, are pinned in another way, or are not checked, than on most hosts of
//! the same release. Which mirror serves an archive makes no difference.

use std::collections::BTreeSet;

use super::apart::apart;
use super::finding::Evidence;
use super::{About, Check, Finding, Rule, candidate_skew};
use crate::drift::{Cluster, Comparison, Consensus};
use crate::severity::Severity;
use crate::snapshot::Sources;

pub(super) static RULE: Rule = Rule {
    id: "sources",
    severity: Severity::Low,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

/// What a host is said to have that has none of what others have.
const NOT_CONFIGURED: &str = "not configured";
/// The same for a pin.
const NOT_PINNED: &str = "not pinned";
/// What subjects begin with that are pins.
const PIN: &str = "pin ";

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    let before = findings.len();
    for cluster in &comparison.clusters {
        for hosts in by_release(comparison, cluster) {
            let same = hosts
                .first()
                .is_some_and(|(_, first)| hosts.iter().all(|(_, other)| std::ptr::eq(*first, *other)));
            if !same {
                compare(comparison, cluster, &hosts, findings);
            }
        }
    }
    let named = candidate_skew::named_pins(comparison);
    let own = findings.split_off(before);
    findings.extend(own.into_iter().filter(|finding| !is_told(finding, &named)));
}

/// Whether a pin, here or on the others, has led to something already that is told with it.
fn is_told(finding: &Finding, named: &BTreeSet<(usize, String)>) -> bool {
    let (Some(of), Some((position, _))) = (finding.subject.strip_prefix(PIN), &finding.host) else {
        return false;
    };
    let pins = [&finding.observed, &finding.expected].into_iter().flatten();
    pins.into_iter().any(|pin| named.contains(&(*position, format!("{of}: {pin}"))))
}

/// The hosts of each release whose sources are known: other releases have other suites by nature.
fn by_release<'c>(comparison: &'c Comparison<'_>, cluster: &Cluster<'_>) -> Vec<Vec<(usize, &'c Sources)>> {
    let mut releases = vec![Vec::new(); cluster.releases.distinct.len()];
    for (member, position) in cluster.members.iter().copied().enumerate() {
        let hosts = cluster.releases.of_member(member).and_then(|release| releases.get_mut(release));
        let sources = comparison.observation(position).and_then(|host| host.sources());
        if let (Some(hosts), Some(sources)) = (hosts, sources) {
            hosts.push((position, sources));
        }
    }
    releases
}

fn compare(
    comparison: &Comparison<'_>,
    cluster: &Cluster<'_>,
    hosts: &[(usize, &Sources)],
    findings: &mut Vec<Finding>,
) {
    // A host without any source is one finding.
    let is_empty = |sources: &Sources| sources.complete && sources.list.is_empty();
    let empty = Consensus::of(hosts.iter().map(|(position, sources)| (*position, is_empty(sources))));
    let label = |empty: &bool| if *empty { NOT_CONFIGURED } else { "configured" }.to_owned();
    findings.extend(apart(comparison, cluster, (&RULE, "every source"), &empty, label));
    let hosts: Vec<(usize, &Sources)> =
        hosts.iter().filter(|(_, sources)| !is_empty(sources)).copied().collect();
    let mut each = |subject: &str, lookup: &dyn Fn(&Sources) -> Option<String>, otherwise: &str| {
        // What could not be read may hold what seems to be missing.
        let value =
            |sources: &Sources| lookup(sources).or_else(|| sources.complete.then(|| otherwise.to_owned()));
        let answers = hosts.iter().filter_map(|(position, sources)| Some((*position, value(sources)?)));
        let consensus = Consensus::of(answers);
        findings.extend(apart(comparison, cluster, (&RULE, subject), &consensus, String::clone));
    };
    let all = || hosts.iter().map(|(_, sources)| *sources);
    for name in all().flat_map(|sources| sources.list.keys()).collect::<BTreeSet<_>>() {
        each(name, &|sources| sources.list.get(name).map(ToString::to_string), NOT_CONFIGURED);
    }
    for of in all().flat_map(|sources| sources.pins.keys()).collect::<BTreeSet<_>>() {
        each(&format!("{PIN}{of}"), &|sources| sources.pins.get(of).cloned(), NOT_PINNED);
    }
}

fn message(finding: &Finding) -> String {
    let observed = finding.observed.as_deref().unwrap_or(NOT_CONFIGURED);
    match (finding.expected.as_deref(), &finding.evidence) {
        (_, Evidence::Spread(_)) | (None, _) => super::apart::message(finding),
        (Some(NOT_CONFIGURED | NOT_PINNED), _) if observed == "configured" => {
            "configured here, and not on most hosts of its release".to_owned()
        }
        (Some(NOT_CONFIGURED | NOT_PINNED), _) => {
            format!("{observed}, here and not on most hosts of its release")
        }
        (Some(expected), _) => format!("{observed}, where most hosts of its release have {expected}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    const OWN: &str = "nginx=1-1\n@sources\n= /etc/apt/sources.list\ndeb http://ftp.at.debian.org/debian trixie main\n\
        deb http://security.debian.org/debian-security trixie-security main\n";

    #[track_caller]
    fn odd(odd: &str) -> Vec<String> {
        found("", &beside_three(OWN, &format!("nginx=1-1\n@sources\n{odd}")))
    }

    #[test]
    fn another_mirror_in_another_form_is_no_finding() {
        let other = "= /etc/apt/sources.list.d/debian.sources\n\
            Types: deb\nURIs: http://apt-cacher:3142/ftp.fr.debian.org/debian\nSuites: trixie\nComponents: main\n\n\
            Types: deb\nURIs: http://mirror.corp/debian-security\nSuites: trixie-security\nComponents: main\n";
        assert_eq!(odd(other), [""; 0]);
    }

    #[test]
    fn a_source_of_one_host_alone_is_one_finding() {
        let docker = "= /etc/apt/sources.list.d/docker.list\ndeb https://download.docker.com/linux/debian trixie stable\n";
        let odd = odd(&format!("{}{docker}", OWN.split_once("sources\n").unwrap().1));
        assert_eq!(
            odd,
            [
                "sources/web/web-04/download.docker.com/linux/debian trixie low: stable, here and not on most hosts of its release"
            ]
        );
    }

    #[test]
    fn a_source_that_is_missing_or_unchecked_is_told() {
        assert_eq!(
            odd("= /etc/apt/sources.list\ndeb [trusted=yes] http://ftp.at.debian.org/debian trixie main\n"),
            [
                "sources/web/web-04/debian trixie low: main, trusted=yes, where most hosts of its release have main",
                "sources/web/web-04/debian-security trixie-security low: not configured, where most hosts of its release have main"
            ]
        );
        assert_eq!(
            odd("= /etc/apt/sources.list\n"),
            [
                "sources/web/web-04/every source low: not configured, where most hosts of its release have configured"
            ]
        );
    }

    #[test]
    fn what_could_not_be_read_is_not_said_to_be_missing() {
        let told = odd(
            "! /etc/apt/sources.list.d/security.list\n= /etc/apt/sources.list\ndeb http://ftp.at.debian.org/debian trixie main\n",
        );
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("gap/web/web-04/sources info: needs-privilege"), "{told:?}");
    }

    #[test]
    fn pins_are_compared_and_other_releases_are_not() {
        let pinned = format!(
            "{}= /etc/apt/preferences\nPackage: nginx\nPin: version 1.*\nPin-Priority: 990\n",
            OWN.split_once("sources\n").unwrap().1
        );
        assert_eq!(
            odd(&pinned),
            [
                "sources/web/web-04/pin nginx low: version 1.* at 990, here and not on most hosts of its release"
            ]
        );
        let elsewhere = "bookworm nginx=1-1\n@sources\n= /etc/apt/sources.list\ndeb http://ftp.at.debian.org/debian bookworm main\n";
        let told = found("[rules]\nrelease = \"off\"\n", &beside_three(OWN, elsewhere));
        assert_eq!(told, [""; 0]);
    }

    #[test]
    fn what_the_whole_cluster_does_not_check_is_no_drift() {
        let unchecked = "nginx=1-1\n@sources\n= /etc/apt/sources.list\ndeb [trusted=yes] http://mirror.corp/debian trixie main\n";
        assert_eq!(found("", &beside_three(unchecked, unchecked)), [""; 0]);
    }
}
