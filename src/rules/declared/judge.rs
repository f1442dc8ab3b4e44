//! Runs every check of manifests, and decides which findings count: levels, waivers of the manifest itself and of the
//! playbook, ignores, and what an earlier report had.

use std::sync::Arc;

use jiff::civil::Date;

use super::{Declared, annotation};
use crate::immutability::{Kubernetes, Mistake, Object};
use crate::playbook::{Playbook, Waiver};
use crate::rules::waive::{about_waivers, accept, apply_levels};
use crate::rules::{ALL, Accepted, Check, Finding, Location, Waived, find, gap};
use crate::snapshot::{Gap, Reason};

/// What is found in one object; its own annotations have had their say.
pub fn judge(object: &Object, file: &Arc<str>, kubernetes: Kubernetes, today: Date) -> Vec<Finding> {
    let mut all = Vec::new();
    for pod in &object.pods {
        let declared = Declared { file, object, pod, kubernetes };
        let mut findings = Vec::new();
        for rule in ALL {
            if let Check::Manifest(check) | Check::Container { declared: check, .. } = rule.check {
                check(&declared, &mut findings);
            }
        }
        let told = annotation::apply(&declared, &mut findings, today);
        all.extend(findings);
        all.extend(told);
    }
    all
}

/// A part of a file that could not be read, as a finding: it was not audited.
pub fn mistake(file: &Arc<str>, mistake: &Mistake) -> Finding {
    let gap = Gap {
        probe: format!("{file} {}", mistake.subject),
        reason: Reason::Unparsable,
        detail: format!("{}; {}", mistake.title, mistake.help),
    };
    let location = Location { file: Arc::clone(file), at: mistake.at };
    Finding { location: Some(location), ..gap::of(Finding::new(&gap::RULE, ""), gap) }
}

/// A file that could not be read at all, and why.
pub fn unread(file: &Arc<str>, why: &str) -> Finding {
    let gap = Gap { probe: file.to_string(), reason: Reason::Failed, detail: why.to_owned() };
    gap::of(Finding::new(&gap::RULE, ""), gap)
}

/// All findings of a run, in the order that reports show: worst first, then by rule and place.
pub fn settle(
    mut findings: Vec<Finding>,
    playbook: &Playbook,
    today: Date,
    accepted: &Accepted,
) -> Vec<Finding> {
    apply_levels(playbook, &mut findings);
    let matched = apply_waivers(playbook, today, &mut findings);
    findings.extend(about_waivers(playbook, speaks, &matched, today));
    accept(accepted, &mut findings);
    findings.sort_by(|one, other| order(one).cmp(&order(other)));
    findings
}

/// Whether a waiver of the playbook is meant for manifests: one that names hosts is not.
fn speaks(waiver: &Waiver) -> bool {
    let declares = |check: &Check| matches!(check, Check::Manifest(_) | Check::Container { .. });
    waiver.hosts.is_none() && find(&waiver.rule).is_some_and(|rule| declares(&rule.check))
}

fn order(finding: &Finding) -> impl Ord + '_ {
    let place = finding.location.as_ref().map(|location| (&location.file, location.at));
    (std::cmp::Reverse(finding.severity), finding.rule.id, place, finding.subject.as_str())
}

/// Marks what the playbook says does not count, and tells for each waiver how many findings it speaks of.
fn apply_waivers(playbook: &Playbook, today: Date, findings: &mut [Finding]) -> Vec<usize> {
    let mut matched = vec![0; playbook.waivers.len()];
    let waivers = || playbook.waivers.iter().zip(0..).filter(|(waiver, _)| waiver.hosts.is_none());
    let ignores = || playbook.ignores.iter().filter(|ignore| ignore.hosts.is_none());
    for finding in findings {
        for (waiver, at) in waivers() {
            let speaks = waiver.rule == finding.rule.id
                && waiver.subject.as_ref().is_none_or(|glob| glob.matches(&finding.subject));
            if !speaks {
                continue;
            }
            if let Some(count) = matched.get_mut(at) {
                *count += 1;
            }
            if waiver.until >= today && finding.waived.is_none() {
                finding.waived =
                    Some(Waived { justification: waiver.justification.clone(), until: Some(waiver.until) });
            }
        }
        let ignore = ignores().find(|ignore| {
            ignore.rule == finding.rule.id
                && ignore.subject.as_ref().is_none_or(|glob| glob.matches(&finding.subject))
        });
        if let (Some(ignore), None) = (ignore, &finding.waived) {
            finding.waived = Some(Waived { justification: ignore.reason.clone(), until: None });
        }
    }
    matched
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{container, found};

    #[test]
    fn the_playbook_has_its_say() {
        let text = container("image: corp/app");
        let of = |playbook: &str| -> Vec<String> {
            let told = found(playbook, &text).into_iter();
            told.filter(|line| line.contains("root-writable")).collect()
        };
        assert!(of("")[0].starts_with("root-writable///Pod/-/web c medium"));
        assert!(of("[rules]\nroot-writable = \"high\"\n")[0].starts_with("root-writable///Pod/-/web c high"));
        assert!(of("[rules]\nroot-writable = \"off\"\n").is_empty());
        let waiver = "[[waiver]]\nrule = \"root-writable\"\njustification = \"moving\"\nuntil = ";
        assert!(
            of(&format!("{waiver}2026-11-23\nsubject = \"Pod/*/web *\"\n"))[0].starts_with("(root-writable")
        );
        let expired = of(&format!("{waiver}2026-11-22\n"));
        assert!(
            expired.iter().any(|line| line.starts_with("waiver-expired///root-writable all *")),
            "{expired:?}"
        );
        let unused = of(&format!("{waiver}2026-11-23\nsubject = \"Job/*\"\n"));
        assert!(unused.iter().any(|line| line.starts_with("waiver-unused")), "{unused:?}");
        let ignore = "[[ignore]]\nrule = \"root-writable\"\nreason = \"a build\"\n";
        assert!(of(ignore)[0].starts_with("(root-writable"));
        let elsewhere = of(&format!("{ignore}hosts = \"web\"\n"));
        assert!(elsewhere[0].starts_with("root-writable"), "what names hosts is not meant for manifests");
    }

    #[test]
    fn several_pods_of_an_object_and_what_cannot_be_read_are_told_apart() {
        let text = "apiVersion: x/v1\nkind: Two\nmetadata: {name: t, namespace: n}\nspec:\n  a: {spec: {containers: [{name: c, image: i}]}}\n  b: {spec: {containers: [{name: c, image: i}]}}\n---\na: [\n";
        let told = found("", text);
        for key in [
            "root-writable///Two/n/t spec.a c ",
            "root-writable///Two/n/t spec.b c ",
            "gap///a.yaml document 2 medium: unparsable: this is no YAML",
        ] {
            assert!(told.iter().any(|line| line.starts_with(key)), "{key} {told:#?}");
        }
    }
}
