//! Where secrets come from: the terminal, the program that SSH_ASKPASS names, or a file descriptor; never
//! the command line, which every user of the machine can read.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use driftless::ssh::Attempt;
use zeroize::Zeroizing;

use super::end_at_once;
use super::terminal::{self, Typed};

/// No secret is longer.
const LONGEST: u64 = 4096;

/// Asks the user, by the means that `ssh` would use: see SSH_ASKPASS in ssh(1).
pub(in crate::cli) struct Asker {
    program: Option<OsString>,
    program_only: bool,
}

impl Asker {
    /// By what the environment says.
    pub(in crate::cli) fn from_environment() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let program = set("SSH_ASKPASS");
        let require = set("SSH_ASKPASS_REQUIRE");
        let no_terminal = || File::options().read(true).write(true).open("/dev/tty").is_err();
        let program_only = match require.as_deref().and_then(|require| require.to_str()) {
            Some("force" | "prefer") => true,
            Some("never") => return Self { program: None, program_only: false },
            // Without a terminal there is nobody else to ask.
            _ => no_terminal(),
        };
        Self { program, program_only }
    }

    /// The passphrase of a key; `None` where there is nobody to ask.
    pub(in crate::cli) fn passphrase(&self, path: &Path, attempt: Attempt) -> Option<Zeroizing<String>> {
        let again = if attempt == Attempt::First { "" } else { "That was wrong. " };
        self.ask(&format!("{again}Passphrase for {}: ", path.display()))
    }

    /// The password of the hosts; `None` where there is nobody to ask.
    pub(in crate::cli) fn password(&self) -> Option<Zeroizing<String>> {
        self.ask("Password for the hosts: ")
    }

    fn ask(&self, prompt: &str) -> Option<Zeroizing<String>> {
        if let (Some(program), true) = (&self.program, self.program_only) {
            return by_program(program, prompt).ok();
        }
        match terminal::ask(prompt).ok()? {
            Typed::Secret(secret) => (!secret.is_empty()).then_some(secret),
            Typed::Interrupted => end_at_once(),
        }
    }
}

/// What an askpass program prints; it is given the question.
fn by_program(program: &OsString, prompt: &str) -> io::Result<Zeroizing<String>> {
    let mut command = Command::new(program);
    let mut child = command.arg(prompt).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let printed = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let secret = first_line(printed);
    if child.wait()?.success() { secret } else { Err(io::ErrorKind::Other.into()) }
}

/// The first line that can be read from a descriptor which this program was started with. A shell reads it,
/// since it may be a socket, which cannot be opened again, or a file that was read in part.
pub(in crate::cli) fn from_descriptor(number: u32) -> io::Result<Zeroizing<String>> {
    let mut command = Command::new("/bin/sh");
    command.args([
        "-c",
        &format!("IFS= read -r line <&{number} || [ -n \"$line\" ] && printf '%s\\n' \"$line\""),
    ]);
    let mut child = command.stdin(Stdio::inherit()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let printed = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let secret = first_line(printed);
    child.wait()?;
    secret
}

fn first_line(from: impl io::Read) -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(256));
    BufReader::new(from.take(LONGEST)).read_line(&mut line)?;
    let length = line.trim_end_matches(['\n', '\r']).len();
    line.truncate(length);
    // What gives nothing has failed: an empty password would only be refused, by every host.
    if line.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_first_line_without_its_end() {
        for text in ["open sesame\n", "open sesame\r\nmore\n", "open sesame"] {
            assert_eq!(first_line(text.as_bytes()).unwrap().as_str(), "open sesame");
        }
    }
}
