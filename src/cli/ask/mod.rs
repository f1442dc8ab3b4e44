//! Talking to the user beside the report: warnings on stderr, and questions for secrets.

mod secret;
mod terminal;

use std::io::{self, IsTerminal as _, Write as _};

use driftless::report::ascii::{is_utf8_locale, spelt};
use driftless::snapshot::printable;

pub(super) use secret::{Asker, from_descriptor};

/// Says something on stderr; if nobody listens, there is nothing to be done about it.
pub(super) fn say(text: &str) {
    let text = &safe(text);
    let mut stderr = io::stderr().lock();
    let _ = match stderr.is_terminal() && !is_utf8_locale() {
        true => writeln!(stderr, "{}", spelt(text)),
        false => writeln!(stderr, "{text}"),
    };
}

/// A text of several lines in which nothing moves the cursor or colours what follows: much of it was typed, or stands in
/// files.
fn safe(text: &str) -> String {
    text.split('\n').map(|line| printable(line).into_owned()).collect::<Vec<_>>().join("\n")
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
