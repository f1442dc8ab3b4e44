//! What was found on one host, by what each finding asks for; and the verdict that follows.

use super::stuck::{is_open, is_stuck};
use super::{Action, Outlook, Verdict, entry, steps};
use crate::rules::Finding;
use crate::severity::Severity;

/// The findings of one host that count, sorted by the condition that each is.
#[derive(Debug, Default)]
pub(super) struct Conditions<'f> {
    /// A repair would leave these in place.
    pub(super) lasting: Vec<&'f Finding>,
    /// Commands put these right.
    pub(super) repairable: Vec<&'f Finding>,
    /// A person must decide on these.
    pub(super) open: Vec<&'f Finding>,
    /// These say that it was not audited, or not wholly.
    pub(super) unaudited: Vec<&'f Finding>,
}

impl<'f> Conditions<'f> {
    pub(super) fn of(
        findings: &[&'f Finding],
        replaceable: bool,
        outlook: Option<&Outlook>,
        persists: impl Fn(&Finding) -> bool,
    ) -> Self {
        let mut conditions = Self::default();
        let lasts = |finding| outlook.and_then(|outlook| outlook.lasts(finding));
        for finding in findings.iter().copied() {
            let Some(entry) = entry(finding.rule.id) else { continue };
            let list = match entry.action {
                _ if finding.leaves_open() => &mut conditions.unaudited,
                // What the user calls only worth knowing asks for nothing.
                _ if finding.severity == Severity::Info && finding.rule.severity > Severity::Info => continue,
                _ if is_open(finding, findings, replaceable) => &mut conditions.open,
                Action::None => continue,
                // What stands in the way of an upgrade: that depends on what the other hosts can.
                _ if lasts(finding) == Some(true) => &mut conditions.lasting,
                Action::Replace if lasts(finding) == Some(false) => &mut conditions.repairable,
                // What is only worth knowing asks for nothing.
                _ if finding.severity == Severity::Info => continue,
                // What commands were found not to help against, or cannot.
                Action::Repair if persists(finding) => &mut conditions.lasting,
                // Triggers that wait are done by one command, and by apt itself a moment later.
                _ if steps::waits_for_triggers(finding) => &mut conditions.repairable,
                Action::Replace => &mut conditions.lasting,
                _ if is_stuck(finding, findings) => &mut conditions.lasting,
                Action::Repair => &mut conditions.repairable,
                Action::Investigate => &mut conditions.open,
            };
            list.push(finding);
        }
        conditions
    }

    /// A host that is ahead is not replaced: its image would be a downgrade.
    pub(super) fn verdict(&self) -> Verdict {
        let ahead =
            self.open.iter().any(|finding| finding.rule.id == "ahead" || finding.rule.id == "release");
        if !self.lasting.is_empty() && !ahead {
            Verdict::Replace
        } else if !self.repairable.is_empty() && self.lasting.is_empty() {
            Verdict::Repair
        } else if !self.open.is_empty() {
            Verdict::Investigate
        } else if !self.unaudited.is_empty() {
            Verdict::Unknown
        } else {
            Verdict::InSync
        }
    }

    pub(super) fn reasons(&self) -> Vec<String> {
        let all = self.lasting.iter().chain(&self.repairable).chain(&self.open).chain(&self.unaudited);
        let mut reasons: Vec<String> = Vec::new();
        for reason in all.map(|finding| format!("{}: {}", finding.subject, finding.message())) {
            // A host in two clusters may have one reason twice.
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons
    }
}
