//! A set of characters, and how POSIX wants it written. It reads no pattern.

use std::collections::BTreeSet;

/// The classes that both sides have, POSIX 9.3.5.
const NAMED: [&str; 10] =
    ["alnum", "alpha", "blank", "cntrl", "digit", "lower", "punct", "space", "upper", "xdigit"];

/// A set of characters.
#[derive(Default)]
pub(super) struct Set {
    pub(super) negated: bool,
    pub(super) letters: BTreeSet<u8>,
    pub(super) named: BTreeSet<&'static str>,
}

impl Set {
    pub(super) fn add_perl(&mut self, class: char) {
        match class {
            'd' => drop(self.named.insert("digit")),
            's' => drop(self.named.insert("space")),
            _ => self.add_word(),
        }
    }

    fn add_word(&mut self) {
        self.named.insert("alnum");
        self.letters.insert(b'_');
    }

    pub(super) fn add_named(&mut self, name: &str) -> bool {
        if name == "word" {
            self.add_word();
            return true;
        }
        let known = NAMED.into_iter().find(|known| *known == name);
        self.named.extend(known);
        known.is_some()
    }

    /// `]` comes first, `^` not first, `-` last, and `[` before nothing that it could open; regex(7).
    pub(super) fn posix(&self) -> String {
        let alone =
            |letter: u8| self.letters.len() == 1 && self.named.is_empty() && self.letters.contains(&letter);
        if alone(b'^') && !self.negated {
            return "\\^".to_owned();
        }
        let mut text = String::from(if self.negated { "[^" } else { "[" });
        let has = |letter: u8| self.letters.contains(&letter);
        text.extend(has(b']').then_some(']'));
        let plain = self.letters.iter().filter(|letter| !b"]^-[".contains(letter));
        let mut plain = plain.copied().peekable();
        while let Some(from) = plain.next() {
            let mut to = from;
            while let Some(next) =
                plain.next_if(|next| to.checked_add(1) == Some(*next) && joins(from, *next))
            {
                to = next;
            }
            text.push(char::from(from));
            if to > from + 1 {
                text.push('-');
            }
            if to > from {
                text.push(char::from(to));
            }
        }
        self.named.iter().for_each(|name| text.push_str(&format!("[:{name}:]")));
        text.extend(has(b'[').then_some('['));
        let hyphen_first = has(b'^') && has(b'-') && (text == "[");
        text.push_str(match (has(b'^'), has(b'-'), hyphen_first) {
            (true, true, true) => "-^",
            (true, true, false) => "^-",
            (true, false, _) => "^",
            (false, true, _) => "-",
            (false, false, _) => "",
        });
        text.push(']');
        text
    }
}

/// Whether two characters may stand in one range: of one kind, so that it reads as it is meant.
fn joins(from: u8, to: u8) -> bool {
    from.is_ascii_digit() && to.is_ascii_digit()
        || from.is_ascii_lowercase() && to.is_ascii_lowercase()
        || from.is_ascii_uppercase() && to.is_ascii_uppercase()
}
