//! Talking to the user beside the report: warnings on stderr, and the question for a passphrase.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use zeroize::Zeroizing;

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

/// Asks on the terminal for the passphrase of a key, without echo; `None` where there is no terminal.
pub(super) fn passphrase(path: &Path) -> Option<Zeroizing<String>> {
    if !io::stdin().is_terminal() && !Path::new("/dev/tty").exists() {
        return None;
    }
    rpassword::prompt_password(format!("Passphrase for {}: ", path.display())).ok().map(Zeroizing::new)
}
