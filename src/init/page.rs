//! Lays out TOML for people: comments broken into lines, values quoted, remarks behind them where they fit.

use unicode_width::UnicodeWidthStr as _;

/// No line of prose is wider.
const WIDTH: usize = 80;

/// The column in which remarks begin, where what they follow is not longer.
const REMARKS: usize = 38;

/// A file in the making.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.0.push('\n');
    }

    /// Prose, `# ` before each of its lines.
    pub(super) fn comment(&mut self, text: &str) {
        let mut line = String::from("#");
        for word in visible(text).split(' ').filter(|word| !word.is_empty()) {
            if line.width() > 1 && line.width() + 1 + word.width() > WIDTH {
                self.line(&line);
                line.truncate(1);
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }

    /// A line of TOML as it is.
    pub(super) fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    /// A line of TOML with a remark: behind it, or above it where there is no room.
    pub(super) fn remarked(&mut self, line: &str, remark: &str) {
        let remark = visible(remark);
        if line.width().max(REMARKS) + 3 + remark.width() <= WIDTH {
            let blanks = " ".repeat(REMARKS.saturating_sub(line.width()));
            self.line(&format!("{line}{blanks} # {remark}"));
        } else {
            self.comment(&remark);
            self.line(line);
        }
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// `key = "value"`, whatever characters the value has.
pub(super) fn set(key: &str, value: &str) -> String {
    format!("{key} = {}", quoted(value))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// A comment holds no control characters, and must not end early.
fn visible(text: &str) -> String {
    let one = |character: char| match character.is_control() {
        true => character.escape_unicode().to_string(),
        false => character.to_string(),
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn comments_are_broken_and_remarks_find_their_place() {
        let mut page = Page::default();
        page.comment(&"word ".repeat(20));
        page.remarked("a = 1", "short");
        page.remarked(&set("b", &"x".repeat(70)), "no room");
        let text = page.into_text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("#{}", " word".repeat(15)));
        assert_eq!(lines[1], format!("#{}", " word".repeat(5)));
        assert_eq!(lines[2], format!("a = 1{} # short", " ".repeat(33)));
        assert_eq!(lines[3], "# no room");
        assert!(lines[4].starts_with("b = "));
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_it_was(text in "\\PC{0,9}[\\x00-\\x7f\u{85}\u{2028}]{0,9}") {
            let mut page = Page::default();
            page.comment(&text);
            page.remarked(&set("key", &text), &text);
            let table: toml::Table = page.into_text().parse().unwrap();
            prop_assert_eq!(table["key"].as_str(), Some(text.as_str()));
        }
    }
}
