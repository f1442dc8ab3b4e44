//! How a report for people looks: width, colour, and whether anything beyond ASCII is safe.

use crate::severity::Severity;

/// What the table may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// How many columns there are.
    pub width: u16,
    /// Whether colour is wanted.
    pub colour: bool,
    /// Whether block characters can be shown.
    pub unicode: bool,
}

impl Default for Look {
    /// What goes to a pipe or a file: plain.
    fn default() -> Self {
        Self { width: 120, colour: false, unicode: false }
    }
}

/// What a piece of text is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Heading,
    Faint,
    Good,
    Bad,
    Unsure,
}

impl Tone {
    pub(super) fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Bad,
            Severity::Medium => Self::Unsure,
            Severity::Low | Severity::Info => Self::Faint,
        }
    }

    /// The colours that every terminal has; the user's theme decides how they look.
    fn codes(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Heading => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Bad => "31",
            Self::Unsure => "33",
        }
    }
}

impl Look {
    /// A text in its tone.
    pub(super) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colour || tone == Tone::Plain || text.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{}m{text}\u{1b}[0m", tone.codes())
    }

    /// A bar of `width` cells for `part` of `whole`; never empty for what is not nothing.
    pub(super) fn bar(&self, part: usize, whole: usize, width: usize) -> String {
        let cells = (part * width).div_ceil(whole.max(1)).min(width);
        if self.unicode { "█" } else { "#" }.repeat(cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_even_one_of_a_thousand() {
        let look = Look::default();
        assert_eq!(look.bar(1, 1000, 20), "#");
        assert_eq!(look.bar(1000, 1000, 20).len(), 20);
        assert_eq!(look.bar(0, 0, 20), "");
    }
}
