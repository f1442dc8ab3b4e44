//! Reports for terminals that are too narrow for columns: the same words, one below the other.

use unicode_width::UnicodeWidthStr as _;

use super::style::Look;
use super::table::fill;

/// Below this, columns are more break than text.
const NARROW: u16 = 60;

/// No line is set in further.
const DEEPEST: usize = 4;

/// A report as it fits: where columns do not, without them and without colour.
pub(super) fn fitted(look: &Look, render: impl FnOnce(&Look) -> String) -> String {
    if look.width >= NARROW {
        return render(look);
    }
    // So wide that nothing is broken there, and each line is one again.
    let wide = Look { width: 400, colour: false, unicode: false };
    let width = usize::from(look.width);
    render(&wide).lines().map(|line| squeezed(line, width)).collect()
}

fn squeezed(line: &str, width: usize) -> String {
    let text = line.trim_start();
    let indent = " ".repeat((line.width() - text.width()).min(DEEPEST));
    // What is there to be copied is the terminal's to break.
    if text.starts_with("- ") || text.is_empty() {
        return format!("{indent}{text}\n");
    }
    // Bars say nothing that the numbers beside them do not.
    let columns = text.split("   ").map(str::trim).filter(|word| !word.chars().all(|sign| sign == '#'));
    let text = columns.collect::<Vec<_>>().join("  ");
    let room = |indent: usize| width.saturating_sub(indent).max(10);
    let mut lines = fill(&text, room(indent.len())).into_iter();
    let mut whole = format!("{indent}{}\n", lines.next().unwrap_or_default().trim());
    // The rest of it is set in further, and filled anew.
    let rest: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
    let rest = rest.join(" ");
    for line in fill(&rest, room(indent.len() + 2)) {
        whole.push_str(&format!("{indent}  {}\n", line.trim()));
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_lines_and_commands_stay_whole() {
        let report = "  nginx     1.26.3   ####   11   web-[01-09,13-14]\n             - apt-get install nginx=1.26.3-3\n\n";
        let narrow = Look { width: 20, ..Look::default() };
        let text = fitted(&narrow, |_| report.to_owned());
        assert_eq!(
            text,
            "  nginx  1.26.3  11\n    web-[01-09,13-14]\n    - apt-get install nginx=1.26.3-3\n\n"
        );
        assert_eq!(fitted(&Look::default(), |_| report.to_owned()), report);
    }
}
