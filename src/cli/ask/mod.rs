//! Talking to the user beside the report: warnings on stderr, and questions for secrets.

mod secret;
mod terminal;

use std::io::{self, Write as _};

pub(super) use secret::{Asker, from_descriptor};

/// Says something on stderr; if nobody listens, there is nothing to be done about it.
pub(super) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Warns on stderr.
pub(super) fn warn(quiet: bool, text: &str) {
    if !quiet {
        say(&format!("warning: {text}"));
    }
}

/// Ends the program as a shell reports one that SIGINT ended.
#[allow(clippy::exit, reason = "whoever interrupts wants to be rid of us, whatever thread is blocked")]
pub(super) fn end_at_once() -> ! {
    std::process::exit(130);
}
