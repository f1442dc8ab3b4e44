//! Texts for terminals that do not take UTF-8: whatever is beyond ASCII is spelt, as JSON spells it.
//!
//! Such a terminal shows other letters in its place; and to one of eight bits the second byte of a harmless letter may
//! begin a command, as the escape character does.

use std::io::{self, Write};

/// Whether the locale says that texts are UTF-8.
pub fn is_utf8_locale() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_some_and(|value| value.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

/// A text with nothing beyond ASCII.
pub fn spelt(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{0}'..='\u{7f}' => ascii.push(character),
            '…' => ascii.push_str("..."),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    ascii.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    ascii
}

/// Spells what is written to it.
pub(super) struct Spelling<W> {
    to: W,
    /// The beginning of a character whose end has not been written yet.
    begun: Vec<u8>,
}

impl<W: Write> Spelling<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, begun: Vec::new() }
    }
}

impl<W: Write> Write for Spelling<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.begun) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            // Reports are UTF-8; what is not would be shown as something else anyway.
            Err(_) => self.begun.len(),
        };
        let rest = self.begun.split_off(whole);
        let text = std::mem::replace(&mut self.begun, rest);
        self.to.write_all(spelt(&String::from_utf8_lossy(&text)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_spelt_however_they_are_written() {
        let text = "web-ä: … 🦀\n";
        assert_eq!(spelt(text), "web-\\u00e4: ... \\ud83e\\udd80\n");
        let mut whole = Spelling::new(Vec::new());
        for byte in text.bytes() {
            whole.write_all(&[byte]).unwrap();
        }
        assert_eq!(String::from_utf8(whole.to).unwrap(), spelt(text));
        // JSON stays JSON.
        let json = spelt("\"ä🦀\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), "ä🦀");
    }
}
