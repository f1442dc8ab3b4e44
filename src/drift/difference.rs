//! What is different between two contents, as people read it: the unified form of diff(1), cut and escaped.

use similar::TextDiff;

use crate::snapshot::visible;

/// The most lines that are kept; a file that differs in more has little in common with the others.
const MOST_LINES: usize = 200;

/// The lines of a unified difference, from what is expected to what was seen, of contents that differ. Where
/// no line does, the end of the last one is all that can.
pub fn difference(expected: &str, observed: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(expected, observed);
    let text = diff.unified_diff().context_radius(1).to_string();
    let mut lines: Vec<String> = text.lines().take(MOST_LINES).map(visible).collect();
    let more = text.lines().count().saturating_sub(MOST_LINES);
    if lines.is_empty() {
        lines.push("no line differs: one file lacks the end of its last line".to_owned());
    } else if more > 0 {
        lines.push(format!("… {more} more lines"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_stands_between_its_neighbours() {
        let told = difference("a\nb\nc\nd\n", "a\nb\n  x\x1b[2J\nd\n");
        assert_eq!(told, ["@@ -2,3 +2,3 @@", " b", "-c", "+  x\\u{1b}[2J", " d"]);
        assert_eq!(difference("a\n", "a\n").len(), 1);
    }

    #[test]
    fn it_is_cut() {
        let lines = |letter: &str| (0..1000).map(|nth| format!("{letter}{nth}\n")).collect::<String>();
        let told = difference(&lines("a"), &lines("b"));
        assert_eq!((told.len(), told.last().unwrap().as_str()), (201, "… 1801 more lines"));
    }
}
