//! What changes how a finding counts: `[rules]`, `[[ignore]]` and `[[waiver]]`. Whoever silences a
//! finding says why, and whoever does so for a while says until when.

use toml::Spanned;

use super::Entry;
use super::fields::Check;
use crate::playbook::raw::{RawIgnore, RawWaiver, Text};
use crate::playbook::{Ignore, Playbook, RuleLevel, Waiver};
use crate::severity::Severity;

/// Which rule.
const RULE: &str = "say which rule: `rule = \"package-version\"`";
/// Why it is ignored.
const REASON: &str = "say why, for those who read it later: `reason = \"own mirror\"`";
/// Why it is waived.
const JUSTIFICATION: &str = "say why, for those who read it later: `justification = \"canary\"`";
/// Until when it is waived.
const UNTIL: &str =
    "say the last day on which it holds: `until = 2026-12-31`; what holds for good is an `[[ignore]]`";

impl Check<'_, '_> {
    /// `[rules]`; a later file's level of a rule replaces an earlier one's.
    pub(super) fn rules(&mut self, raw: Vec<(Text, Text)>, whole: &mut Playbook) {
        for (rule, level) in raw {
            let rule = self.rule(rule);
            let severity = match level.get_ref().as_str() {
                "off" => Some(None),
                _ => self.level(&level).map(Some),
            };
            if let (Some(rule), Some(severity)) = (rule, severity) {
                whole.rules.retain(|before| before.rule != rule);
                whole.rules.push(RuleLevel { rule, severity });
            }
        }
    }

    /// A severity where `off` would do as well.
    fn level(&mut self, text: &Text) -> Option<Severity> {
        let known: Vec<&str> = Severity::ALL.map(Severity::as_str).into_iter().chain(["off"]).collect();
        text.get_ref().parse().map_err(|_| self.bad_severity(text, &known)).ok()
    }

    /// One `[[ignore]]`.
    pub(super) fn ignore(&mut self, raw: Spanned<RawIgnore>) -> Option<Ignore> {
        let entry = Entry { kind: "[[ignore]]", span: raw.span() };
        let raw = raw.into_inner();
        let rule = self.required(&entry, "rule", raw.rule, RULE).and_then(|id| self.rule(id));
        let reason = self.required(&entry, "reason", raw.reason, REASON);
        let hosts = self.hosts(raw.hosts);
        let subject = raw.subject.and_then(|glob| self.glob(&glob));
        Some(Ignore { rule: rule?, hosts, subject, reason: reason?.into_inner(), place: self.place(&entry) })
    }

    /// One `[[waiver]]`.
    pub(super) fn waiver(&mut self, raw: Spanned<RawWaiver>) -> Option<Waiver> {
        let entry = Entry { kind: "[[waiver]]", span: raw.span() };
        let raw = raw.into_inner();
        let rule = self.required(&entry, "rule", raw.rule, RULE).and_then(|id| self.rule(id));
        let justification = self.required(&entry, "justification", raw.justification, JUSTIFICATION);
        let hosts = self.hosts(raw.hosts);
        let subject = raw.subject.and_then(|glob| self.glob(&glob));
        if raw.until.is_none() {
            self.missing(&entry, "until", UNTIL);
        }
        let until = raw.until.and_then(|day| self.date("until", &day));
        Some(Waiver {
            rule: rule?,
            hosts,
            subject,
            justification: justification?.into_inner(),
            until: until?,
            place: self.place(&entry),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::playbook::RuleLevel;
    use crate::playbook::fixture::{load, right, wrong};
    use crate::severity::Severity;

    #[test]
    fn a_rule_has_a_severity_or_is_off() {
        let level = |rule: &str, severity| RuleLevel { rule: rule.into(), severity };
        let playbook = right("[rules]\nrelease = \"off\"\ngap = \"critical\"\n");
        assert_eq!(
            playbook.rules,
            [level("release", None), level("gap", Some(Severity::Critical))],
            "in file order"
        );
        let later = load(&["[rules]\nrelease = \"off\"\n", "[rules]\nrelease = \"low\"\n"]).unwrap();
        assert_eq!(later.rules, [level("release", Some(Severity::Low))]);
    }

    #[test]
    fn an_unknown_rule_gets_its_neighbour_wherever_it_is_named() {
        let words = ["unknown rule `package-versoin`", "did you mean `package-version`?"];
        wrong("[rules]\npackage-versoin = \"off\"\n", "2:1", &words);
        wrong("[[ignore]]\nrule = \"package-versoin\"\nreason = \"r\"\n", "2:8", &words);
        wrong(
            "[[waiver]]\nrule = \"package-versoin\"\njustification = \"j\"\nuntil = 2026-12-31\n",
            "2:8",
            &words,
        );
    }

    #[test]
    fn a_level_that_is_none_is_told_with_off_among_the_good_ones() {
        wrong(
            "[rules]\ngap = \"of\"\n",
            "2:7",
            &["unknown severity `of`", "did you mean `off`?", "`critical`"],
        );
    }

    #[test]
    fn an_ignore_is_read_whole_and_needs_a_reason() {
        let ignore = "[[ignore]]\nrule = \"release\"\nhosts = \"dmz\"\nsubject = \"lib*\"\n";
        let playbook = right(&format!("{ignore}reason = \"own mirror\"\n"));
        let [read] = playbook.ignores.as_slice() else { panic!("{playbook:?}") };
        assert_eq!((read.rule.as_str(), read.reason.as_str()), ("release", "own mirror"));
        assert!(read.hosts.is_some() && read.subject.as_ref().unwrap().matches("libc6"));
        wrong(ignore, "1:1", &["`[[ignore]]` without `reason`", "reason = \"own mirror\""]);
        wrong(&format!("{ignore}reason = \"\"\n"), "5:10", &["empty `reason`", "say why"]);
        wrong("[[ignore]]\nreason = \"r\"\n", "1:1", &["`[[ignore]]` without `rule`", "say which rule"]);
    }

    #[test]
    fn a_waiver_is_read_whole() {
        let playbook = right(
            "[[waiver]]\nrule = \"package-version\"\nhosts = \"web-07\"\nsubject = \"nginx\"\n\
             justification = \"canary\"\nuntil = 2026-12-31\n",
        );
        let [read] = playbook.waivers.as_slice() else { panic!("{playbook:?}") };
        assert_eq!((read.rule.as_str(), read.justification.as_str()), ("package-version", "canary"));
        assert_eq!(
            (read.until.to_string().as_str(), read.place.to_string().as_str()),
            ("2026-12-31", "a.toml:1")
        );
        assert!(read.hosts.is_some() && read.subject.as_ref().unwrap().matches("nginx"));
    }

    #[test]
    fn a_waiver_says_why_and_until_when() {
        let waiver = "[[waiver]]\nrule = \"gap\"\n";
        let until = "until = 2026-12-31\n";
        wrong(&format!("{waiver}{until}"), "1:1", &["`[[waiver]]` without `justification`", "say why"]);
        wrong(
            &format!("{waiver}{until}justification = \" \\t\"\n"),
            "4:17",
            &["empty `justification`", "say why"],
        );
        let forever = format!("{waiver}justification = \"canary\"\n");
        wrong(&forever, "1:1", &["`[[waiver]]` without `until`", "until = 2026-12-31", "`[[ignore]]`"]);
        assert_eq!(load(&["[[waiver]]\n"]).unwrap_err().0.len(), 3, "all that is missing is told at once");
    }
}
