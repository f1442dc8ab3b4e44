//! Findings for spreadsheets: RFC 4180, UTF-8, one finding a row. No cell is ever taken for a formula.

use std::borrow::Cow;
use std::io;

use crate::report::json::v1::{Change, Finding, Report};
use crate::snapshot::printable;

/// The titles of the columns. Columns may be added at the end, none moved or renamed.
const COLUMNS: [&str; 15] = [
    "severity",
    "rule",
    "cluster",
    "host",
    "subject",
    "expected",
    "observed",
    "distance",
    "message",
    "change",
    "since",
    "waived",
    "waived_until",
    "key",
    "run",
];

/// Writes the rows.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    rows.write_record(COLUMNS)?;
    for finding in &report.findings {
        rows.write_record(row(finding, report).iter().map(|cell| safe(cell).into_owned()))?;
    }
    rows.flush()
}

fn row<'r>(finding: &'r Finding, report: &'r Report) -> [Cow<'r, str>; COLUMNS.len()] {
    let text = |text: &'r Option<String>| Cow::Borrowed(text.as_deref().unwrap_or_default());
    let change = finding.change.map_or("", |change| match change {
        Change::New => "new",
        Change::Persisting => "persisting",
        Change::Returned => "returned",
    });
    let waived = finding.waived.as_ref();
    [
        finding.severity.as_str().into(),
        finding.rule.as_ref().into(),
        text(&finding.cluster),
        text(&finding.host),
        finding.subject.as_str().into(),
        text(&finding.expected),
        text(&finding.observed),
        finding.distance.map_or("", |distance| distance.as_str()).into(),
        finding.message.as_str().into(),
        change.into(),
        text(&finding.since),
        waived.map_or("", |waived| waived.justification.as_str()).into(),
        waived.and_then(|waived| waived.until.as_deref()).unwrap_or_default().into(),
        finding.key.as_str().into(),
        report.run.id.as_str().into(),
    ]
}

/// A cell that no spreadsheet runs: what begins like a formula gets an apostrophe, as OWASP has it; what cannot be seen,
/// and could hide that, is escaped.
fn safe(cell: &str) -> Cow<'_, str> {
    // Full-width signs are taken for the plain ones in some places.
    let begins = cell.trim_start().starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠']);
    let shown = printable(cell);
    if begins { format!("'{shown}").into() } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_a_text() {
        for formula in ["=1+1", "+1", "-1", "@sum(a1)", "\t=1", "\r=1", " =1", "＝1"] {
            assert!(safe(formula).starts_with('\''), "{formula:?}");
        }
        for plain in ["nginx", "1.26.3-3", "1:2-3", "a=b", ""] {
            assert_eq!(safe(plain), plain);
        }
        assert_eq!(safe("a\u{1b}[1m\nb"), "a\\u{1b}[1m / b");
    }
}
