//! Text broken into lines: words at blanks, lists of hosts at commas.

use unicode_width::UnicodeWidthStr as _;

use crate::hostlist::fold;

/// How many lines of names one list of hosts takes at most.
const MOST_LINES: usize = 8;

/// A text in lines of at most `width` columns, as far as its words allow; its own line breaks stay.
pub(in crate::report) fn fill(text: &str, width: usize) -> Vec<String> {
    text.lines().flat_map(|line| join(line.split(' '), " ", width)).collect()
}

/// Names folded into ranges, broken after commas; what does not fit into a few lines is left out, and
/// said to be.
pub(super) fn fold_wrapped(names: &[&str], width: usize) -> String {
    let folded = fold(names);
    let mut lines = join(folded.split_inclusive(','), "", width);
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES - 1);
        lines.push(format!("... {} hosts in all", names.len()));
    }
    lines.join("\n")
}

fn join<'a>(pieces: impl Iterator<Item = &'a str>, glue: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        match lines.last_mut() {
            Some(line) if line.width() + glue.len() + piece.width() <= width => {
                line.push_str(glue);
                line.push_str(piece);
            }
            _ => lines.push(piece.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fill_lines() {
        assert_eq!(fill("one two three\nfour", 8), ["one two", "three", "four"]);
        assert_eq!(fill("incomprehensible", 4), ["incomprehensible"]);
        assert_eq!(fill("", 4), Vec::<String>::new());
    }

    #[test]
    fn lists_of_hosts_break_at_commas_and_end() {
        let names: Vec<String> = (0..200).map(|nth| format!("web-{:03}", nth * 2)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(fold_wrapped(&names[..4], 20), "web-[000,002,004,\n006]");
        let long = fold_wrapped(&names, 20);
        assert_eq!(long.lines().count(), MOST_LINES);
        assert!(long.ends_with("... 200 hosts in all"));
    }
}
