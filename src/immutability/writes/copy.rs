//! Where a `cp` writes, as cp(1) of coreutils and busybox read their words.

use crate::immutability::manifest::{Container, Value, Word};
use crate::immutability::yaml::shown;

/// Where a copy goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum To {
    /// A folder, which must be there.
    Folder(String),
    /// A folder that is there, or a name that the copy gets in one that is.
    Named(String),
}

/// Where `cp` lies in images; one elsewhere is anybody's.
const CP: [&str; 3] = ["cp", "/bin/cp", "/usr/bin/cp"];

/// Where a container copies to; `None` if it is no `cp`, an error if it is one and nobody can tell. What `args` alone
/// say is given to the image's entry point, whatever that is.
pub(super) fn copies(container: &Container) -> Option<Result<To, String>> {
    let first = container.command.first()?;
    let words = container.command.iter().chain(&container.arguments).skip(1);
    let searched = first.text == "cp" && container.variables.get("PATH") != Value::Unset;
    (first.whole && CP.contains(&first.text.as_str()) && !searched)
        .then(|| to(words).ok_or_else(|| "where its `cp` writes cannot be told".to_owned()))
}

fn to<'w>(mut words: impl Iterator<Item = &'w Word>) -> Option<To> {
    let (mut folder, mut operands) = (None, Vec::new());
    let mut only_operands = false;
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if text.is_empty() && !word.whole {
            return None;
        }
        if only_operands || text == "-" || !text.starts_with('-') {
            operands.push(word);
        } else if text == "--" {
            only_operands = true;
        } else if let Some(long) = text.strip_prefix("--") {
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            // Any beginning of a name that no other has stands for it.
            let is = |option: &str, least: usize| name.len() >= least && option.starts_with(name);
            let separate = ["suffix", "sparse"].iter().any(|option| is(option, 2)) || is("no-preserve", 4);
            if is("target-directory", 1) {
                let value = match value {
                    Some(value) => word.whole.then_some(value)?,
                    None => known(words.next()?)?,
                };
                folder = Some(value);
            } else if separate && value.is_none() {
                words.next()?;
            } else if !word.whole && value.is_none() {
                return None;
            }
        } else {
            for (at, option) in text.char_indices().skip(1) {
                if !matches!(option, 't' | 'S') {
                    continue;
                }
                let rest = text.get(at + 1..).unwrap_or_default();
                let value = match rest {
                    "" if word.whole => known(words.next()?)?,
                    rest => word.whole.then_some(rest)?,
                };
                if option == 't' {
                    folder = Some(value);
                }
                break;
            }
        }
    }
    // What cannot be shown as it is would be another path in every message.
    let absolute = |path: &str| (path.starts_with('/') && shown(path) == path).then(|| path.to_owned());
    match folder {
        Some(folder) => absolute(folder).map(To::Folder),
        None if operands.len() < 2 => None,
        None => {
            let last = known(operands.last()?)?;
            // With several sources the last one must be a folder.
            absolute(last).map(if operands.len() > 2 { To::Folder } else { To::Named })
        }
    }
}

fn known(word: &Word) -> Option<&str> {
    word.whole.then_some(word.text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::immutability::fixture::container;

    #[test]
    fn a_copy_goes_where_cp_says() {
        let folder = |path: &str| Some(Ok(To::Folder(path.to_owned())));
        let named = |path: &str| Some(Ok(To::Named(path.to_owned())));
        for (words, to) in [
            ("/bin/cp, -a, /srv/., /copy/srv/", named("/copy/srv/")),
            ("cp, /a, /b, -a", named("/b")),
            ("cp, /a, /b, /c", folder("/c")),
            ("cp, -t, /etc, /tmp/x", folder("/etc")),
            ("cp, -t/etc, /tmp/x", folder("/etc")),
            ("cp, -at, /etc, /tmp/x, /tmp/y", folder("/etc")),
            ("cp, -rvt/etc, /tmp/x", folder("/etc")),
            ("cp, /tmp/x, -t, /etc", folder("/etc")),
            ("cp, --target-directory=/etc, /tmp/x", folder("/etc")),
            ("cp, --target-directory, /etc, /tmp/x", folder("/etc")),
            ("cp, --t=/etc, /tmp/x", folder("/etc")),
            ("cp, -S, .old, /a, /b", named("/b")),
            ("cp, /a, /b, -bS, .old", named("/b")),
            ("cp, /a, /b, --suffix, .old", named("/b")),
            ("cp, /a, /b, --suffix=.old", named("/b")),
            ("cp, /a, /b, --no-preserve, mode", named("/b")),
            ("cp, --no-target-directory, /a, /b", named("/b")),
            ("cp, -T, /a, /b", named("/b")),
            ("cp, --, -a, /b", named("/b")),
            ("cp, -rf, --preserve=all, --sparse=never, /a, /b", named("/b")),
            ("mv, /a, /b", None),
        ] {
            assert_eq!(copies(&container(&format!("command: [{words}]"))), to, "{words}");
        }
        for words in [
            "cp",
            "cp, -a",
            "cp, /a",
            "cp, x, z",
            "cp, -t, etc, /x",
            "cp, -t",
            "cp, $(MORE), /a, /b",
            "cp, /a, $(TO)/b",
            "cp, -t, $(TO), /a",
            "cp, /a, \"/b\\u202e\"",
        ] {
            let told = copies(&container(&format!("command: [{words}]")));
            assert!(matches!(told, Some(Err(_))), "{words} {told:?}");
        }
        for other in [
            "args: [cp, /a, /b]",
            "command: [/shared/cp, /a, /b]",
            "command: [cp, /a, /b]\nenv: [{name: PATH, value: /shared}]",
        ] {
            assert_eq!(copies(&container(other)), None, "{other}");
        }
        let variable = "command: [cp]\nargs: [/a, $(TO)/b]\nenv: [{name: TO, value: /to}]";
        assert_eq!(copies(&container(variable)), named("/to/b"));
    }
}
