//! One section of the report for people: a heading, lines that fit, and a line that says what was left out.

use unicode_width::UnicodeWidthStr as _;

use crate::report::Look;
use crate::report::style::Tone;
use crate::report::table::fill;
use crate::rules::Finding;

/// How many entries one section shows, and how many places one entry.
pub(super) const MOST_ENTRIES: usize = 40;
pub(super) const MOST_PLACES: usize = 5;

/// What stands between two pieces of a line.
const BETWEEN: &str = "   ";

/// A heading, lines below it, and a line that says what was left out.
pub(super) struct Section<'l> {
    look: &'l Look,
    title: &'static str,
    text: String,
}

/// A piece of a line, which is not broken unless it is longer than a line.
pub(super) type Piece<'p> = (Tone, &'p str);

impl<'l> Section<'l> {
    pub(super) fn new(title: &'static str, look: &'l Look) -> Self {
        Self { look, title, text: String::new() }
    }

    pub(super) fn line(&mut self, indent: usize, line: &str) {
        self.text.push_str(&format!("{}{}\n", " ".repeat(indent), line.trim_end()));
    }

    fn width(&self, indent: usize) -> usize {
        usize::from(self.look.width).saturating_sub(indent).max(20)
    }

    /// Words in as many lines as they need.
    pub(super) fn text(&mut self, indent: usize, words: &str) {
        for line in fill(words, self.width(indent)) {
            self.line(indent, &line);
        }
    }

    /// Pieces beside each other as far as they fit, and below each other, further in, where they do not; a label
    /// keeps the first of them on its line.
    pub(super) fn pieces(&mut self, indent: usize, hang: usize, label: Piece<'_>, pieces: &[Piece<'_>]) {
        let (mut line, mut wide, mut own, mut any) = (String::new(), 0, indent, false);
        if !label.1.is_empty() {
            line = self.look.paint(label.0, label.1) + BETWEEN;
            wide = label.1.width() + BETWEEN.len();
        }
        for (tone, text) in pieces.iter().filter(|(_, text)| !text.is_empty()) {
            if any && wide + BETWEEN.len() + text.width() > self.width(own) {
                self.line(own, &line);
                (line, wide, own, any) = (String::new(), 0, hang, false);
            }
            if any {
                line.push_str(BETWEEN);
                wide += BETWEEN.len();
            }
            any = true;
            let mut lines = fill(text, self.width(own).saturating_sub(wide).max(20));
            let last = lines.pop().unwrap_or_default();
            for whole in lines {
                line.push_str(&self.look.paint(*tone, &whole));
                self.line(own, &line);
                (line, wide, own) = (String::new(), 0, hang);
            }
            line.push_str(&self.look.paint(*tone, &last));
            wide += last.width();
        }
        if wide > 0 {
            self.line(own, &line);
        }
    }

    /// Where findings are: the place, whole, so that it can be copied, and what it is about.
    pub(super) fn places(&mut self, indent: usize, those: &[&Finding]) {
        for finding in those.iter().take(MOST_PLACES) {
            let place = finding.location.as_ref();
            let place = place.map(|place| format!("{}:{}:{}", place.file, place.at.line, place.at.column));
            let host = finding.host_name().map_or(String::new(), |host| format!("{host}: "));
            let subject = format!("{host}{}", finding.subject);
            let place = place.unwrap_or_default();
            let none = (Tone::Plain, "");
            self.pieces(indent, indent + 2, none, &[(Tone::Faint, &place), (Tone::Plain, &subject)]);
        }
        if those.len() > MOST_PLACES {
            self.line(indent, &format!("and {} more; -o json has them all", those.len() - MOST_PLACES));
        }
    }

    /// The whole; nothing if nothing is in it.
    pub(super) fn end(mut self, entries: usize) -> Option<String> {
        if self.text.is_empty() {
            return None;
        }
        if entries > MOST_ENTRIES {
            self.line(2, &format!("and {} more; -o json has them all", entries - MOST_ENTRIES));
        }
        Some(format!("{}\n{}", self.look.paint(Tone::Heading, self.title), self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(label: &str, pieces: &[&str]) -> String {
        let look = Look { width: 60, ..Look::default() };
        let mut section = Section::new("A", &look);
        let pieces: Vec<Piece<'_>> = pieces.iter().map(|piece| (Tone::Plain, *piece)).collect();
        section.pieces(2, 6, (Tone::Plain, label), &pieces);
        section.end(0).unwrap().split_off(2)
    }

    #[test]
    fn pieces_stand_beside_each_other_where_they_fit() {
        assert_eq!(
            shown("unknown", &["Pod/-/web c", "a.yaml:1:1"]),
            "  unknown   Pod/-/web c   a.yaml:1:1\n"
        );
        let long = format!("{}.yaml:1:1", "a".repeat(90));
        for place in [format!("{}.yaml:1:1", "a".repeat(40)), long] {
            let told = shown("unknown", &["Pod/-/web c", "", &place]);
            assert_eq!(told, format!("  unknown   Pod/-/web c\n      {place}\n"), "never cut");
        }
        let (object, container) = (format!("Pod/-/{}", "w".repeat(36)), "c".repeat(20));
        let told = shown("unknown", &[&format!("{object} {container}"), "a.yaml:1:1"]);
        assert_eq!(
            told,
            format!("  unknown   {object}\n      {container}   a.yaml:1:1\n"),
            "the label keeps company"
        );
    }
}
