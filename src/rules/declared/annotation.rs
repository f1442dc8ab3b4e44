//! Waivers that stand in the manifest itself: `driftless.dev/waive.RULE: "until=2026-12-31 reason"` for every container
//! of the pod, `driftless.dev/waive.RULE.CONTAINER` for one of them.

use jiff::civil::Date;

use super::Declared;
use crate::diagnostic::{nearest, suggest};
use crate::immutability::Annotation;
use crate::rules::{Check, Evidence, Finding, Waived, find, gap, known_ids, waiver_expired, waiver_unused};
use crate::snapshot::{Gap, Reason};

/// What every annotation that waives begins with.
const WAIVE: &str = "waive.";

/// How to write one.
const FORM: &str = "write \"until=2026-12-31 REASON\"";

/// A waiver of an annotation.
struct Waiver<'a> {
    rule: &'a str,
    /// `None` is every container, and the pod itself.
    container: Option<&'a str>,
    until: Date,
    reason: &'a str,
}

/// Marks those of a pod's findings that its annotations waive, and gives what is to be said of the annotations.
pub(super) fn apply(declared: &Declared<'_>, findings: &mut [Finding], today: Date) -> Vec<Finding> {
    let mut told = Vec::new();
    for annotation in &declared.pod.annotations {
        let waiver = match read(annotation, declared) {
            Ok(waiver) => waiver,
            Err(wrong) => {
                told.push(malformed(declared, annotation, &wrong));
                continue;
            }
        };
        let holds = waiver.until >= today;
        let mut matched = 0;
        for finding in findings.iter_mut().filter(|finding| waiver.speaks_of(finding)) {
            matched += 1;
            if holds && finding.waived.is_none() {
                finding.waived =
                    Some(Waived { justification: waiver.reason.to_owned(), until: Some(waiver.until) });
            }
        }
        let rule = match (holds, matched) {
            (false, _) => &waiver_expired::RULE,
            (true, 0) => &waiver_unused::RULE,
            (true, _) => continue,
        };
        let subject = format!("{} {}", waiver.rule, declared.subject(waiver.container, ""));
        told.push(Finding {
            observed: (!holds).then(|| waiver.until.to_string()),
            evidence: Evidence::Waiver(waiver.reason.to_owned(), waiver.until),
            location: Some(declared.place(annotation.at)),
            ..Finding::new(rule, subject)
        });
    }
    told
}

impl Waiver<'_> {
    fn speaks_of(&self, finding: &Finding) -> bool {
        let Evidence::Declared(said) = &finding.evidence else { return false };
        finding.rule.id == self.rule
            && self.container.is_none_or(|container| said.container.as_deref() == Some(container))
    }
}

fn read<'a>(annotation: &'a Annotation, declared: &Declared<'_>) -> Result<Waiver<'a>, String> {
    let Some(what) = annotation.key.strip_prefix(WAIVE) else {
        return Err("driftless knows no such annotation: it reads driftless.dev/waive.RULE".to_owned());
    };
    let (rule, container) = what.split_once('.').map_or((what, None), |(rule, name)| (rule, Some(name)));
    let declares = |check: &Check| matches!(check, Check::Manifest(_) | Check::Container { .. });
    match find(rule) {
        Some(found) if declares(&found.check) => {}
        Some(_) => return Err(format!("the rule {rule} says nothing of manifests")),
        None => {
            let near =
                nearest(rule, known_ids()).map_or(String::new(), |near| format!("; did you mean {near}?"));
            return Err(format!("there is no rule {rule}{near}"));
        }
    }
    if let Some(name) = container {
        let names: Vec<&str> =
            declared.pod.containers.iter().map(|container| container.name.as_str()).collect();
        if !names.contains(&name) {
            return Err(format!("the pod has no container {name}; {}", suggest(name, &names)));
        }
    }
    let (until, reason) =
        annotation.value.trim().split_once(char::is_whitespace).unwrap_or((annotation.value.trim(), ""));
    let day = until.strip_prefix("until=").ok_or_else(|| format!("it says no last day: {FORM}"))?;
    let strict =
        day.len() == 10 && !day.contains(|character: char| !character.is_ascii_digit() && character != '-');
    let until = day.parse().ok().filter(|_| strict).ok_or_else(|| format!("`{day}` is no day: {FORM}"))?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(format!("it says no reason: {FORM}"));
    }
    Ok(Waiver { rule, container, until, reason })
}

fn malformed(declared: &Declared<'_>, annotation: &Annotation, wrong: &str) -> Finding {
    let key = format!("driftless.dev/{}", annotation.key);
    let gap = Gap {
        probe: declared.subject(None, &key),
        reason: Reason::Unparsable,
        detail: format!("{key}: {wrong}"),
    };
    Finding { location: Some(declared.place(annotation.at)), ..gap::of(Finding::new(&gap::RULE, ""), gap) }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{container, found};

    fn waived(annotation: &str) -> Vec<String> {
        let text = container(
            "image: corp/app@sha256:0123456789abcdef0123456789abcdef\nsecurityContext: {allowPrivilegeEscalation: false}",
        );
        let annotated = format!("  name: web\n  annotations:\n    {annotation}\n");
        found("", &text.replace("  name: web\n", &annotated))
    }

    #[test]
    fn a_waiver_holds_on_its_last_day_and_revives_what_it_hid_after_it() {
        let rule = "root-writable///Pod/-/web c medium";
        let told = waived("driftless.dev/waive.root-writable: \"until=2026-11-23 being moved\"");
        assert!(told.len() == 1 && told[0].starts_with(&format!("({rule}")), "{told:?}");
        let told = waived("driftless.dev/waive.root-writable.c: until=2026-11-22 being moved");
        assert!(told.iter().any(|line| line.starts_with(rule)), "{told:?}");
        let expired = "waiver-expired///root-writable Pod/-/web c medium: the waiver held until 2026-11-22 (being moved)";
        assert!(told.iter().any(|line| line.starts_with(expired)), "{told:?}");
    }

    #[test]
    fn a_waiver_that_hides_nothing_is_told() {
        let told = waived("driftless.dev/waive.privileged: until=2026-12-31 a driver");
        assert!(
            told.iter().any(|line| line.starts_with("waiver-unused///privileged Pod/-/web info")),
            "{told:?}"
        );
    }

    #[test]
    fn what_is_malformed_is_told_and_hides_nothing() {
        for (annotation, words) in [
            ("waive.root-writable: a driver", "it says no last day"),
            ("waive.root-writable: until=2026-12-32 a driver", "`2026-12-32` is no day"),
            ("waive.root-writable: until=20261231 a driver", "is no day"),
            ("waive.root-writable: until=2026-12-31", "it says no reason"),
            ("waive.root-writeable: until=2026-12-31 x", "did you mean root-writable?"),
            ("waive.release: until=2026-12-31 x", "says nothing of manifests"),
            ("waive.root-writable.d: until=2026-12-31 x", "no container d"),
            ("waiver: x", "no such annotation"),
        ] {
            let told = waived(&format!("driftless.dev/{annotation}"));
            let wrong = told.iter().find(|line| line.starts_with("gap///Pod/-/web driftless.dev/"));
            assert!(wrong.is_some_and(|line| line.contains(words)), "{told:?}");
            assert!(told.iter().any(|line| line.starts_with("root-writable")), "{told:?}");
        }
    }
}
