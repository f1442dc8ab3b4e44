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

    /// The same where it keeps nothing from being done.
    pub(super) fn as_warning(&self) -> String {
        self.to_string().replacen("error: ", "warning: ", 1)
    }

    /// Standard output cannot be written to.
    pub(super) fn stdout(error: &io::Error) -> Self {
        Self::new(format!("the report could not be written to standard output: {error}"))
    }

    /// A report file cannot be written.
    pub(super) fn file(path: &Path, error: &io::Error) -> Self {
        let (why, hint) = match error.kind() {
            io::ErrorKind::NotFound => ("there is no such folder".to_owned(), "make it: mkdir -p"),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                (error.to_string(), "df -h, df -i, quota and ulimit -f say how much may be written")
            }
            _ => (error.to_string(), "may this user write there?"),
        };
        Self::new(format!("{}: the report could not be written: {why}", path.display())).hint(hint)
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
