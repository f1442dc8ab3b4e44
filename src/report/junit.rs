//! `JUnit`'s XML, as far as both kinds of report share it: what is said in a case, and how it is counted.

use std::fmt::Write as _;

use super::xml::escape;

/// What is said in one case.
#[derive(Debug, Default)]
pub(super) struct Case {
    failures: Vec<Problem>,
    errors: Vec<Problem>,
    beside: Vec<String>,
}

/// A finding.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) rule: String,
    /// In a line, for lists.
    pub(super) message: String,
    /// With all that there is to say.
    pub(super) told: String,
    /// Why it does not count, if it does not.
    pub(super) waived: Option<String>,
}

/// What a finding is to a build server.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weight {
    /// It fails the run.
    Failure,
    /// Something could not be audited.
    Error,
    /// It is said beside.
    Beside,
}

impl Case {
    pub(super) fn add(&mut self, weight: Weight, problem: Problem) {
        match weight {
            Weight::Failure => self.failures.push(problem),
            Weight::Error => self.errors.push(problem),
            Weight::Beside => {
                let waived = problem.waived.map_or(String::new(), |why| format!(" (waived: {why})"));
                self.beside.push(format!("{}{waived}", problem.told));
            }
        }
    }

    /// The case as an element; `attributes` say whose it is, and `first` comes before all that is said beside.
    pub(super) fn element(&self, attributes: &str, first: Option<&str>) -> String {
        let mut text = format!("    <testcase {attributes}>\n");
        for (element, problems) in [("failure", &self.failures), ("error", &self.errors)] {
            for problem in problems {
                let (rule, message) = (escape(&problem.rule), escape(&problem.message));
                // Writing into a text does not fail.
                let _ = writeln!(
                    text,
                    "      <{element} type=\"{rule}\" message=\"{message}\">{}</{element}>",
                    escape(&problem.told)
                );
            }
        }
        let beside: Vec<&str> = first.into_iter().chain(self.beside.iter().map(String::as_str)).collect();
        if !beside.is_empty() {
            let _ = writeln!(text, "      <system-out>{}</system-out>", escape(&beside.join("\n")));
        }
        text.push_str("    </testcase>\n");
        text
    }
}

/// The attributes that count cases: each once, whatever is wrong with it.
pub(super) fn counts<'c>(cases: impl Iterator<Item = &'c Case>) -> String {
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for case in cases {
        tests += 1;
        failures += usize::from(!case.failures.is_empty());
        errors += usize::from(!case.errors.is_empty());
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"")
}
