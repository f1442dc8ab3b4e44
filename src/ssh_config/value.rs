//! Arguments: whether they are what their keyword takes, and what they mean.
//!
//! It looks at one line alone: what holds is decided elsewhere.

use std::time::Duration;

use super::keywords::{FLAGS, Keyword, Kind};
use super::line::{Line, Mistake, Word};
use super::settings::JumpHost;
use super::tokens::is_variable;

/// The arguments that a line has for a keyword of that kind.
pub(super) fn arguments(kind: Kind, line: &Line) -> Vec<Word> {
    match kind {
        Kind::Command => vec![line.rest.clone()],
        // ssh passes over what follows the first word.
        Kind::Jump => line.words.iter().take(1).cloned().collect(),
        _ => line.words.clone(),
    }
}

/// Whether a keyword takes these arguments; `whole` is where to point when one is missing.
pub(super) fn check(keyword: &Keyword, arguments: &[Word], whole: &Word) -> Result<(), Mistake> {
    let Some(first) = arguments.first().filter(|first| !first.text.is_empty()) else {
        let title = format!("`{}` has no argument", keyword.name);
        return Err(Mistake::new(&whole.span, title, "a line is a keyword and its arguments"));
    };
    match keyword.kind {
        Kind::Words | Kind::Command => return Ok(()),
        Kind::Files => return check_files(keyword, arguments),
        _ => {}
    }
    if let Some(extra) = arguments.get(1) {
        let title = format!("`{}` takes one argument", keyword.name);
        return Err(Mistake::new(&extra.span, title, "an argument with blanks stands in double quotes"));
    }
    match keyword.kind {
        Kind::Flag => one_of(FLAGS, first, keyword),
        Kind::OneOf(choices) => one_of(choices, first, keyword),
        _ => check_one(keyword.kind, first),
    }
}

/// Whether one argument is what it should be.
fn check_one(kind: Kind, word: &Word) -> Result<(), Mistake> {
    let text = word.text.as_str();
    let (fits, what, help) = match kind {
        Kind::Port => (port(text).is_some(), "port", "a port is a number from 1 to 65535"),
        Kind::Count => {
            (number(text).is_some_and(|number| number > 0), "number above zero", "it takes a number")
        }
        Kind::Size => (number(text).is_some(), "whole number", "it takes a number"),
        Kind::Time => (
            text == "none" || seconds(text).is_some(),
            "time",
            "a time is a number of seconds, or like 5m, 1h30m, or none",
        ),
        Kind::Jump => (
            jump_hosts(text).is_some(),
            "list of jump hosts",
            "it is [USER@]HOST[:PORT], several with commas, or none",
        ),
        Kind::Agent => (
            !text.strip_prefix('$').is_some_and(is_wrong_variable),
            "name of a variable",
            "it is $NAME or ${NAME}",
        ),
        _ => return Ok(()),
    };
    if fits { Ok(()) } else { Err(Mistake::new(&word.span, format!("`{text}` is no {what}"), help)) }
}

fn is_wrong_variable(name: &str) -> bool {
    !name.starts_with('{') && !is_variable(name)
}

fn check_files(keyword: &Keyword, arguments: &[Word]) -> Result<(), Mistake> {
    let title = |why: &str| format!("`{}` {why}", keyword.name);
    if let Some(empty) = arguments.iter().find(|word| word.text.is_empty()) {
        return Err(Mistake::new(&empty.span, title("has an empty argument"), "name a file, or none"));
    }
    match arguments.iter().find(|word| is_none(&word.text)) {
        Some(none) if arguments.len() > 1 => {
            Err(Mistake::new(&none.span, title("has `none` beside files"), "`none` stands alone"))
        }
        _ => Ok(()),
    }
}

fn one_of(choices: &[&str], word: &Word, keyword: &Keyword) -> Result<(), Mistake> {
    if choices.iter().any(|choice| choice.eq_ignore_ascii_case(&word.text)) {
        return Ok(());
    }
    let title = format!("`{}` does not take `{}`", keyword.name, word.text);
    Err(Mistake::new(&word.span, title, crate::diagnostic::suggest(&word.text, choices)))
}

/// Whether a value says that there is none.
pub(super) fn is_none(text: &str) -> bool {
    text.eq_ignore_ascii_case("none")
}

/// A switch that is off.
pub(super) fn is_no(text: &str) -> bool {
    text.eq_ignore_ascii_case("no") || text.eq_ignore_ascii_case("false")
}

/// A port by its number, or by the one name that anybody gives it.
pub(super) fn port(text: &str) -> Option<u16> {
    if text == "ssh" {
        return Some(22);
    }
    text.parse().ok().filter(|port| *port > 0)
}

/// A number that is not negative and that OpenSSH can hold.
pub(super) fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number <= i32::MAX.unsigned_abs())
}

/// A time, sshd_config(5) TIME FORMATS: `90`, `5m`, `1h30m`.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let (mut total, mut digits) = (0_u64, String::new());
    let mut add = |digits: &mut String, unit: u64| {
        let part = digits.parse::<u64>().ok()?.checked_mul(unit)?;
        digits.clear();
        total = total.checked_add(part).filter(|total| *total <= u64::from(i32::MAX.unsigned_abs()))?;
        Some(())
    };
    for character in text.chars() {
        let unit = match character.to_ascii_lowercase() {
            '0'..='9' => {
                digits.push(character);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            'w' => 7 * 24 * 60 * 60,
            _ => return None,
        };
        add(&mut digits, unit)?;
    }
    if !digits.is_empty() {
        add(&mut digits, 1)?;
    }
    (!text.is_empty()).then(|| Duration::from_secs(total))
}

/// The hosts of a `ProxyJump`, the nearest first; none for `none`.
pub(super) fn jump_hosts(text: &str) -> Option<Vec<JumpHost>> {
    if is_none(text) {
        return Some(Vec::new());
    }
    text.split(',').map(jump_host).collect()
}

/// `[USER@]HOST[:PORT]`, or `ssh://` before and a slash behind it.
fn jump_host(text: &str) -> Option<JumpHost> {
    let uri = text.strip_prefix("ssh://").map(|end| end.strip_suffix('/').unwrap_or(end));
    let (user, end) = match uri.unwrap_or(text).rsplit_once('@') {
        Some((user, end)) => (Some(user), end),
        None => (None, uri.unwrap_or(text)),
    };
    let (host, port) = match end.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':')?)),
        None => match end.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (end, None),
        },
    };
    let senseless = |part: &str| part.is_empty() || part.starts_with('-') || part.contains(['/', ' ', ';']);
    if senseless(host) || user.is_some_and(senseless) {
        return None;
    }
    let port = match port {
        None | Some("") => None,
        Some(text) => Some(self::port(text)?),
    };
    Some(JumpHost { user: user.map(str::to_owned), host: host.to_owned(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_ssh_reads_them() {
        for (text, expected) in [
            ("5", Some(5)),
            ("0", Some(0)),
            ("1h30m2", Some(5402)),
            ("1W1d", Some(691_200)),
            ("5x", None),
            ("1.5", None),
            ("-5", None),
            ("m", None),
            ("", None),
            ("99999999999", None),
        ] {
            assert_eq!(seconds(text), expected.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn jump_hosts_are_read_as_ssh_reads_them() {
        let shown = |text: &str| {
            jump_hosts(text)
                .map(|hosts| hosts.into_iter().map(|hop| (hop.user, hop.host, hop.port)).collect::<Vec<_>>())
        };
        let host = |user: Option<&str>, host: &str, port| (user.map(str::to_owned), host.to_owned(), port);
        assert_eq!(
            shown("a,u@b:33,[::1]:5"),
            Some(vec![host(None, "a", None), host(Some("u"), "b", Some(33)), host(None, "::1", Some(5))])
        );
        assert_eq!(shown("ssh://u@b:33/"), Some(vec![host(Some("u"), "b", Some(33))]));
        assert_eq!(shown("u@v@b:"), Some(vec![host(Some("u@v"), "b", None)]));
        assert_eq!(shown("NONE"), Some(Vec::new()));
        for wrong in ["::1", "a,", "a@,b", "@b", "b:0", "a/b", "ssh://b/x", "-oProxyCommand=x", ""] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!((port("ssh"), port("+5"), port("0"), port("65536")), (Some(22), Some(5), None, None));
        assert_eq!((number("010"), number("-1"), number("2147483648")), (Some(10), None, None));
    }
}
