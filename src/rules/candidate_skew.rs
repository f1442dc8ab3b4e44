//! `candidate-skew`: another version of a named package would be installed than on most hosts of the same release.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::apart::apart;
use super::finding::{Cause, Evidence, Offered};
use super::{About, Check, Finding, Rule, is_off};
use crate::drift::{Cluster, Column, Comparison, Consensus};
use crate::severity::Severity;
use crate::snapshot::{Candidate, Observation, Sources};

pub(super) static RULE: Rule = Rule {
    id: "candidate-skew",
    severity: Severity::Low,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

/// From how many days on lists of packages are too far apart to be compared.
const APART: i64 = 1;

/// How many pins are named as causes.
const MOST_PINS: usize = 3;

/// What a host would install of a package that no list has.
const NOTHING: &str = "nothing";

/// What one host would install.
struct Answer<'a> {
    position: usize,
    host: &'a Observation,
    name: &'a str,
    candidate: Option<&'a Candidate>,
    /// [`NOTHING`] where no list has the package.
    version: &'a str,
}

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in &comparison.clusters {
        for column in cluster.columns.iter().filter(|column| column.is_named() && !column.foreign) {
            for release in 0..cluster.releases.distinct.len() {
                let answers = answers(comparison, cluster, column, release);
                of_release(comparison, cluster, column, &answers, findings);
            }
        }
    }
}

/// Pins that are named as causes, by the hosts that they are named on: no other rule has to tell of them.
pub(super) fn named_pins(comparison: &Comparison<'_>) -> BTreeSet<(usize, String)> {
    let mut findings = Vec::new();
    if !is_off(comparison, &RULE) {
        check(comparison, &mut findings);
    }
    let pins = |finding: Finding| {
        let (position, Evidence::Offer(offered)) = (finding.host?.0, finding.evidence) else { return None };
        let pins = offered.causes.into_iter().filter_map(|cause| match cause {
            Cause::Pin(pin) | Cause::OtherPin(pin) => Some((position, pin)),
            _ => None,
        });
        Some(pins.collect::<Vec<_>>())
    };
    findings.into_iter().filter_map(pins).flatten().collect()
}

/// The answers of one release, of hosts that the playbook speaks of.
fn answers<'a>(
    comparison: &'a Comparison<'_>,
    cluster: &Cluster<'_>,
    column: &Column<'a>,
    release: usize,
) -> Vec<Answer<'a>> {
    let members = cluster.members.iter().copied().enumerate();
    let members = members.filter(|(member, _)| {
        cluster.releases.of_member(*member) == Some(release) && column.value(*member).is_some()
    });
    let answer = |position: usize| {
        let host = comparison.observation(position)?;
        let (candidates, system) = (host.candidates()?, host.packages()?.system);
        let name = column.name_under(host.os()?);
        let candidate = candidates.of(name);
        let version = candidate.and_then(|candidate| candidate.settled(system)).unwrap_or(NOTHING);
        Some(Answer { position, host, name, candidate, version })
    };
    members.filter_map(|(_, position)| answer(position)).collect()
}

fn of_release(
    comparison: &Comparison<'_>,
    cluster: &Cluster<'_>,
    column: &Column<'_>,
    answers: &[Answer<'_>],
    findings: &mut Vec<Finding>,
) {
    let consensus = Consensus::of(answers.iter().map(|answer| (answer.position, answer.version)));
    let label = |version: &&str| (*version).to_owned();
    let apart = apart(comparison, cluster, (&RULE, &column.subject()), &consensus, label);
    let majority = consensus.majority().copied();
    let most: Vec<&Answer<'_>> = answers.iter().filter(|answer| Some(answer.version) == majority).collect();
    for mut finding in apart {
        let own = finding
            .host
            .as_ref()
            .and_then(|(position, _)| answers.iter().find(|answer| answer.position == *position));
        if let (Some(own), Some(other)) = (own, most.first()) {
            if follows_from_sources(comparison, own, other) {
                continue;
            }
            let source = own.candidate.and_then(|candidate| candidate.offer(own.version)?.origins.first());
            let source = source.map(|origin| origin.source.clone());
            finding.evidence = Evidence::Offer(Box::new(Offered { source, causes: causes(own, &most) }));
        }
        findings.push(finding);
    }
}

/// Whether only a source that one of two hosts does not have tells them apart: `sources` says so.
fn follows_from_sources(comparison: &Comparison<'_>, own: &Answer<'_>, other: &Answer<'_>) -> bool {
    let alone = |answer: &Answer<'_>, against: &Answer<'_>| {
        let offer = answer.candidate.and_then(|candidate| candidate.offer(answer.version));
        let known: Option<&Sources> = against.host.sources().filter(|sources| sources.complete);
        let lacks = |sources: &Sources, source: &str| !sources.list.contains_key(source);
        offer.zip(known).is_some_and(|(offer, sources)| {
            !offer.origins.is_empty() && offer.origins.iter().all(|origin| lacks(sources, &origin.source))
        })
    };
    !is_off(comparison, &super::sources::RULE) && (alone(own, other) || alone(other, own))
}

/// What explains a difference from most hosts: lists of another day, or pins.
fn causes(own: &Answer<'_>, most: &[&Answer<'_>]) -> Vec<Cause> {
    let changed = |answer: &Answer<'_>| answer.host.candidates().and_then(|candidates| candidates.changed);
    let newest = most.iter().filter_map(|other| changed(other)).max();
    let mut causes: Vec<Cause> =
        changed(own).zip(newest).and_then(|(own, newest)| lists(own, newest)).into_iter().collect();
    let pins = |answer: &Answer<'_>| -> Vec<String> {
        answer.host.sources().map(|sources| sources.pins_of(answer.name).collect()).unwrap_or_default()
    };
    let (mine, theirs) = (pins(own), most.first().map(|other| pins(other)).unwrap_or_default());
    let only_mine = mine.iter().filter(|pin| !theirs.contains(pin)).cloned().map(Cause::Pin);
    let only_theirs = theirs.iter().filter(|pin| !mine.contains(pin)).cloned().map(Cause::OtherPin);
    causes.extend(only_mine.chain(only_theirs).take(MOST_PINS));
    causes
}

/// Lists that changed on different days are the nearer explanation.
fn lists(own: Timestamp, others: Timestamp) -> Option<Cause> {
    let days = own.duration_since(others).as_secs() / (24 * 60 * 60);
    match days {
        days if days >= APART => Some(Cause::ListsNewer(days)),
        days if days <= -APART => Some(Cause::ListsOlder(-days)),
        _ => None,
    }
}

fn message(finding: &Finding) -> String {
    let Evidence::Offer(offered) = &finding.evidence else { return super::apart::message(finding) };
    let (observed, expected) = (finding.observed.as_deref(), finding.expected.as_deref());
    let mut told = format!(
        "{} would be installed, where most hosts of its release would install {}",
        observed.unwrap_or_default(),
        expected.unwrap_or_default()
    );
    offered.causes.iter().for_each(|cause| told.push_str(&format!("; {cause}")));
    told
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    const NAMED: &str = "[[package]]\nname = \"nginx\"\n";
    const MAIN: &str = "500 http://ftp.at.debian.org/debian trixie/main amd64 Packages";
    const TODAY: u32 = 1_795_400_000;

    /// A host that has 1-1, and what `apt-cache policy` says of further versions.
    fn host(candidate: &str, offers: &[(&str, &str)], changed: u32) -> String {
        let table: String =
            offers.iter().map(|(version, from)| format!("     {version}\n        {from}\n")).collect();
        format!(
            "nginx=1-1\n@candidates\n= apt\n= lists 2\n= changed {changed}\nnginx:\n  Installed: 1-1\n  Candidate: {candidate}\n  Version table:\n{table} *** 1-1 500\n        {MAIN}\n        100 /var/lib/dpkg/status\n"
        )
    }

    fn newer(changed: u32) -> String {
        host("2-1", &[("2-1 500", MAIN)], changed)
    }

    const SOURCES: &str =
        "\n@sources\n= /etc/apt/sources.list\ndeb http://ftp.at.debian.org/debian trixie main\n";

    #[test]
    fn hosts_that_would_install_the_same_are_no_finding() {
        assert_eq!(found(NAMED, &beside_three(&newer(TODAY), &newer(TODAY))), [""; 0]);
    }

    #[test]
    fn a_pin_is_named_as_the_cause() {
        let pinned =
            format!("{SOURCES}= /etc/apt/preferences\nPackage: nginx\nPin: version 1-*\nPin-Priority: 990\n");
        let odd = host("1-1", &[("2-1 500", MAIN)], TODAY) + &pinned;
        let told = found(NAMED, &beside_three(&(newer(TODAY) + SOURCES), &odd));
        assert_eq!(
            told,
            [
                "candidate-skew/web/web-04/nginx low: 1-1 would be installed, where most hosts of its release would install 2-1; pinned here: nginx: version 1-* at 990"
            ],
            "and `sources` does not tell it again"
        );
    }

    #[test]
    fn lists_of_another_day_are_said_to_be_stale() {
        let told = |odd: u32| found(NAMED, &beside_three(&newer(TODAY), &host("1-1", &[], odd)));
        assert!(
            told(TODAY - 3 * 86_400)[0].ends_with("stale lists rather than skew: they are 3 days older here")
        );
        assert!(told(TODAY - 3_600)[0].ends_with("would install 2-1"), "an hour is nothing");
    }

    #[test]
    fn phased_updates_differ_by_design() {
        let updates = "500 http://archive.ubuntu.com/ubuntu jammy-updates/main amd64 Packages";
        let inside = host("2-1", &[("2-1 500 (phased 20%)", updates)], TODAY);
        let outside = host("1-1", &[("2-1 1 (phased 20%)", updates)], TODAY);
        assert_eq!(found(NAMED, &beside_three(&outside, &inside)), [""; 0]);
    }

    #[test]
    fn what_a_source_of_one_host_brings_is_told_by_its_source() {
        let third = "500 https://nginx.org/packages/debian trixie/nginx amd64 Packages";
        let odd = host("3-1", &[("3-1 500", third), ("2-1 500", MAIN)], TODAY)
            + SOURCES
            + "deb https://nginx.org/packages/debian trixie nginx\n";
        let told = found(NAMED, &beside_three(&(newer(TODAY) + SOURCES), &odd));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("sources/web/web-04/nginx.org/packages/debian trixie low"), "{told:?}");
        let off = format!("{NAMED}[rules]\nsources = \"off\"\n");
        assert!(
            found(&off, &beside_three(&(newer(TODAY) + SOURCES), &odd))[0].starts_with("candidate-skew/")
        );
    }
}
