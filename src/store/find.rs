//! Which run is meant: by the beginning of its id, or counted from the latest.

use super::{Error, Kind, Run};

/// The hex digits of a run's id.
pub const ID_DIGITS: usize = 12;

/// How many runs an error names.
const NAMED: usize = 5;

/// The run that a text means among `runs`, of which the last is the latest: the beginning of an id that no other run
/// has, `latest`, or `latest~2` for the second before it.
///
/// # Errors
/// [`Kind::UnknownRun`] and [`Kind::Ambiguous`]; both name runs that are there.
pub fn find<'r>(runs: &'r [Run], text: &str) -> Result<&'r Run, Error> {
    if let Some(back) = text.strip_prefix("latest") {
        let back = match back.strip_prefix('~') {
            None => back.is_empty().then_some(0),
            // `+1` is a number to Rust.
            Some(number) if number.bytes().all(|digit| digit.is_ascii_digit()) => number.parse().ok(),
            Some(_) => None::<usize>,
        };
        let Some(back) = back else {
            let message = format!("`{}` is no run", text.escape_debug());
            return Err(Error::new(Kind::UnknownRun, message)
                .hinted("`latest` is the last run, `latest~1` the one before it"));
        };
        return runs.iter().rev().nth(back).ok_or_else(|| unknown(runs, text));
    }
    let wanted = text.to_ascii_lowercase();
    let begins = |run: &&Run| !wanted.is_empty() && run.id.starts_with(&wanted);
    let found: Vec<&Run> = runs.iter().filter(begins).collect();
    match found.as_slice() {
        [] => Err(unknown(runs, text)),
        [one] => Ok(one),
        several => {
            let message =
                format!("{} runs have an id that begins with `{}`", several.len(), text.escape_debug());
            Err(Error::new(Kind::Ambiguous, message).hinted(format!("give more of it: {}", named(several))))
        }
    }
}

fn unknown(runs: &[Run], text: &str) -> Error {
    let message = format!("no run `{}` is stored", text.escape_debug());
    let all: Vec<&Run> = runs.iter().collect();
    let hint = match runs.len() {
        0 => "no run is stored at all".to_owned(),
        1 => format!("the only run is {}", named(&all)),
        count => format!("{count} runs are stored; the last are {}", named(&all)),
    };
    Error::new(Kind::UnknownRun, message).hinted(hint)
}

/// The last of some runs, the latest first.
fn named(runs: &[&Run]) -> String {
    let one = |run: &&Run| format!("{} ({}, {})", run.id, run.command, run.started.strftime("%F %H:%MZ"));
    let mut names: Vec<String> = runs.iter().rev().take(NAMED).map(one).collect();
    if runs.len() > NAMED {
        names.push(format!("and {} more", runs.len() - NAMED));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn run(id: &str) -> Run {
        Run {
            id: id.into(),
            started: Timestamp::UNIX_EPOCH,
            finished: None,
            command: "audit".into(),
            version: "0.1.0".into(),
            asked: 3,
            seen: 3,
        }
    }

    #[test]
    fn a_run_is_found_by_the_beginning_of_its_id_or_from_the_end() {
        let runs = ["a1b2c3d4e5f6", "a1ffffffffff", "0123456789ab"].map(run);
        for (text, expected) in [
            ("a1b", "a1b2c3d4e5f6"),
            ("A1F", "a1ffffffffff"),
            ("0123456789ab", "0123456789ab"),
            ("latest", "0123456789ab"),
            ("latest~0", "0123456789ab"),
            ("latest~2", "a1b2c3d4e5f6"),
        ] {
            assert_eq!(find(&runs, text).unwrap().id, expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_there_or_not_unique_names_what_is() {
        let runs = ["a1b2c3d4e5f6", "a1ffffffffff", "0123456789ab"].map(run);
        for text in ["", "b", "latest~3", "latest~-1", "latest1", "latest~", "0123456789abc", "\u{1b}[2J"] {
            let error = find(&runs, text).unwrap_err();
            assert_eq!(error.kind(), Kind::UnknownRun, "{text}");
            assert!(!error.to_string().contains('\u{1b}'));
        }
        let error = find(&runs, "a1").unwrap_err();
        assert_eq!(error.kind(), Kind::Ambiguous);
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("a1b2c3d4e5f6") && hint.contains("a1ffffffffff") && !hint.contains("0123"),
            "{hint}"
        );
        assert!(find(&runs, "b").unwrap_err().hint().unwrap().contains("0123456789ab"));
        assert_eq!(find(&[], "latest").unwrap_err().hint(), Some("no run is stored at all"));
        assert_eq!(
            find(&runs[..1], "b").unwrap_err().hint(),
            Some("the only run is a1b2c3d4e5f6 (audit, 1970-01-01 00:00Z)")
        );
    }
}
