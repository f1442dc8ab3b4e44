//! Why the program could not run at all: exit status 1.

use std::fmt;
use std::io;
use std::path::Path;

use driftless::diagnostic::Diagnostics;

/// What went wrong, and what to do about it.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: format!("error: {}", message.into()), hint: None }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Standard output cannot be written to.
    pub(super) fn stdout(error: &io::Error) -> Self {
        Self::new(format!("the report could not be written to standard output: {error}"))
    }

    /// A report file cannot be written.
    pub(super) fn file(path: &Path, error: &io::Error) -> Self {
        Self::new(format!("{}: the report could not be written: {error}", path.display()))
            .hint("does the folder exist, and may this user write there?")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  = help: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<Diagnostics> for Failure {
    fn from(mistakes: Diagnostics) -> Self {
        Self { message: mistakes.to_string(), hint: None }
    }
}

impl From<driftless::diagnostic::Diagnostic> for Failure {
    fn from(mistake: driftless::diagnostic::Diagnostic) -> Self {
        Self { message: mistake.to_string(), hint: None }
    }
}
