//! Findings as few rows: what is said alike of several hosts is one row, and so is what is said alike of several
//! subjects on the same hosts; of many that are said differently the first few stand for all.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::rules::{Evidence, Finding};
use crate::severity::Severity;

/// How many subjects a row names.
const NAMED: usize = 5;

/// How many lines of a difference are shown.
const MOST_DIFFERENT: usize = 8;

/// How many rows one rule has about the same hosts before the rest is only named.
const FEW: usize = 3;

/// The severity, the rule and the hosts that rows share.
type About<'f> = (Reverse<Severity>, &'static str, Vec<&'f str>);

/// One row.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row<'f> {
    pub(super) severity: Reverse<Severity>,
    pub(super) rule: &'static str,
    /// What it speaks of; none where the rule's name says it.
    subjects: Vec<&'f str>,
    /// What it says of them; `None` where each is told differently.
    message: Option<String>,
    pub(super) hosts: Vec<&'f str>,
}

impl Row<'_> {
    /// `kubelet, kubectl and 2 more: on hold here`
    pub(super) fn told(&self) -> String {
        let named = self.subjects.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let more = match self.subjects.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        match &self.message {
            Some(message) if self.subjects.is_empty() => message.clone(),
            Some(message) => format!("{named}{more}: {message}"),
            None => format!("and {} more: {named}{more}; -o json tells each", self.subjects.len()),
        }
    }
}

/// The rows of findings, worst first, then by rule and subject.
pub(super) fn rows<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Vec<Row<'f>> {
    let mut alike: BTreeMap<(Reverse<Severity>, &'static str, &str, String), Vec<&str>> = BTreeMap::new();
    for finding in findings {
        // The rule's own name says what a release is about.
        let subject = if finding.rule.id == "release" { "" } else { finding.subject.as_str() };
        let said = (Reverse(finding.severity), finding.rule.id, subject, finding.message() + &shown(finding));
        alike.entry(said).or_default().extend(finding.host_name());
    }
    let mut same: BTreeMap<(About<'f>, String), Vec<&str>> = BTreeMap::new();
    for ((severity, rule, subject, message), hosts) in alike {
        let subjects = same.entry(((severity, rule, hosts), message)).or_default();
        subjects.extend(Some(subject).filter(|subject| !subject.is_empty()));
    }
    let mut about: BTreeMap<About<'f>, Vec<Row<'f>>> = BTreeMap::new();
    for ((about_these, message), subjects) in same {
        let (severity, rule, hosts) = about_these.clone();
        about.entry(about_these).or_default().push(Row {
            severity,
            rule,
            subjects,
            message: Some(message),
            hosts,
        });
    }
    let mut rows: Vec<Row<'f>> = about.into_values().flat_map(shortened).collect();
    rows.sort();
    rows
}

/// The beginning of a difference that may be shown, on lines of its own.
fn shown(finding: &Finding) -> String {
    let Evidence::File(file) = &finding.evidence else { return String::new() };
    let mut lines: String = file.diff.iter().take(MOST_DIFFERENT).map(|line| format!("\n{line}")).collect();
    if file.diff.len() > MOST_DIFFERENT {
        lines.push_str("\n… -o json has all of it");
    }
    lines
}

/// Of the rows of one rule about the same hosts the first few, and the names of the rest.
fn shortened(mut rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    rows.sort();
    if rows.len() > FEW + 1 {
        let rest = rows.split_off(FEW);
        let subjects = rest.iter().flat_map(|row| row.subjects.iter().copied()).collect();
        rows.extend(rest.into_iter().next().map(|first| Row { subjects, message: None, ..first }));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fixture::compared;

    fn told(hosts: &[(&str, &str)]) -> Vec<String> {
        compared("", hosts, |_, findings| {
            rows(findings)
                .iter()
                .map(|row| format!("{} {}: {}", row.hosts.join(","), row.rule, row.told()))
                .collect()
        })
    }

    #[test]
    fn subjects_of_which_the_same_is_said_on_the_same_hosts_are_one_row() {
        let broken: String = ('a'..='g').map(|name| format!("{name}{name}=1-1/iF ")).collect();
        let told = told(&[("web-01", &broken), ("web-02", &broken), ("web-03", "zz=1-1/iF")]);
        let about: Vec<&String> = told.iter().filter(|row| row.contains("package-broken")).collect();
        assert_eq!(about.len(), 2, "{told:?}");
        assert!(
            about[0].starts_with("web-01,web-02 package-broken: aa, bb, cc, dd, ee and 2 more: half-"),
            "{about:?}"
        );
        assert!(about[1].starts_with("web-03 package-broken: zz: half-"), "{about:?}");
    }

    #[test]
    fn of_many_that_are_told_differently_the_first_few_stand_for_all() {
        let container = |nth: usize| {
            format!(
                "{{\"id\":\"a{nth}\",\"name\":\"c{nth}\",\"image\":\"i\",\"image_id\":\"ab\",\"user\":\"\",\
                 \"read_only\":true,\"privileged\":false}}\nchanges a{nth} 1 {{\"added\":[\"/etc/{nth}\"]}}\n"
            )
        };
        let many = |count: usize| {
            let each: String = (0..count).map(container).collect();
            told(&[("web-01", &format!("nginx=1-1\n@podman\nlisted {count}\n{each}"))])
        };
        assert_eq!(many(4).len(), 4);
        let told = many(9);
        assert_eq!(told.len(), 4, "{told:?}");
        assert_eq!(
            told[3],
            "web-01 container-changed: and 6 more: c3, c4, c5, c6, c7 and 1 more; -o json tells each"
        );
    }
}
