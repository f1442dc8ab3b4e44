//! A secret typed on the terminal: no echo, and a terminal that echoes again whatever happens.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// Longer than any secret that a person types.
const LONGEST: usize = 4096;

const INTERRUPT: u8 = 3;
const END: u8 = 4;
const BACKSPACES: [u8; 2] = [8, 127];
const ERASE_LINE: u8 = 21;

/// What was typed.
pub(super) enum Typed {
    Secret(Zeroizing<String>),
    /// Ctrl-C.
    Interrupted,
}

/// The terminal as it was, and will be again.
struct Quiet<'t> {
    terminal: &'t File,
    before: Termios,
}

impl<'t> Quiet<'t> {
    /// Every key comes by itself and unseen: Ctrl-C too, since a signal would leave the terminal mute.
    fn new(terminal: &'t File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

/// Asks on the controlling terminal.
///
/// # Errors
/// There is none, or it went away.
pub(super) fn ask(prompt: &str) -> io::Result<Typed> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let quiet = Quiet::new(&terminal)?;
    (&terminal).write_all(prompt.as_bytes())?;
    let typed = read(&mut &terminal);
    drop(quiet);
    terminal.write_all(b"\n")?;
    typed
}

fn read(keys: &mut impl io::Read) -> io::Result<Typed> {
    let mut secret = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut key = [0];
    // One key at a time: what was typed beyond the line is not ours.
    while keys.read(&mut key)? > 0 {
        let [key] = key;
        match key {
            INTERRUPT => return Ok(Typed::Interrupted),
            b'\n' | b'\r' | END => break,
            ERASE_LINE => secret.clear(),
            key if BACKSPACES.contains(&key) => erase(&mut secret),
            key if secret.len() < LONGEST => secret.push(key),
            _ => {}
        }
    }
    let text = std::str::from_utf8(&secret).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok(Typed::Secret(Zeroizing::new(text.to_owned())))
}

/// Takes off the last character, which may be of several bytes.
fn erase(secret: &mut Vec<u8>) {
    while let Some(byte) = secret.pop() {
        if byte & 0xc0 != 0x80 {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Option<String> {
        match read(&mut &*keys).unwrap() {
            Typed::Secret(secret) => Some(secret.to_string()),
            Typed::Interrupted => None,
        }
    }

    #[test]
    fn keys_make_a_line() {
        assert_eq!(typed(b"open\n").as_deref(), Some("open"));
        assert_eq!(typed("ab\u{e9}\u{7f}\u{7f}c\r".as_bytes()).as_deref(), Some("ac"));
        assert_eq!(typed(b"wrong\x15right\x04ignored").as_deref(), Some("right"));
        assert_eq!(typed(b"half\x03"), None);
    }
}
