//! The hosts that a configuration names: those that stand in a `Host` line without wildcards.

use std::path::Path;

use super::condition::Condition;
use super::keywords::find;
use super::parse::{Item, Owner, Reader};
use super::{Me, line};
use crate::diagnostic::{Diagnostics, Source};

/// Whether a text is a configuration of ssh: every line begins with a keyword of its own, and one of them is
/// `Host` or `Match`.
pub fn is_config(text: &str) -> bool {
    let mut has_block = false;
    for text in text.lines() {
        match line::read(text, 0) {
            Ok(None) => {}
            Ok(Some(line)) => match find(&line.keyword.text) {
                Some(keyword) => has_block |= ["Host", "Match"].contains(&keyword.name),
                None => return false,
            },
            Err(_) => return false,
        }
    }
    has_block
}

/// The names of a file and of those that it includes, each once, in their order.
///
/// # Errors
/// Every mistake in them.
pub fn hosts_of(source: &Source, me: &Me) -> Result<Vec<String>, Diagnostics> {
    let mut reader = Reader::new(me);
    let items = reader.read(source, Owner::User, 0);
    if !reader.mistakes.is_empty() {
        return Err(Diagnostics(reader.mistakes));
    }
    let mut names = Vec::new();
    collect(&items, &mut names);
    Ok(names)
}

fn collect(items: &[Item], names: &mut Vec<String>) {
    for item in items {
        match item {
            Item::Block(Condition::Host(patterns), _) => {
                let plain = |(negated, name): &&(bool, String)| !negated && !name.contains(['*', '?']);
                for (_, name) in patterns.iter().filter(plain) {
                    if !names.contains(name) {
                        names.push(name.clone());
                    }
                }
            }
            Item::Include(files) => files.iter().for_each(|items| collect(items, names)),
            Item::Block(Condition::Match(_), _) | Item::Set(..) | Item::Unread(_) => {}
        }
    }
}

/// Whether a file is the user's own configuration, which is read anyway.
pub fn is_users_own(path: &Path, me: &Me) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    me.home.as_ref().is_some_and(|home| real(&home.join(".ssh/config")) == real(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_without_wildcards_are_named() {
        let text =
            "User audit\nHost web-01 web-02 !db *.lan\n  Port 22\nMatch host x\nHost web-02 lone\nHost *\n";
        assert!(is_config(text));
        let names = hosts_of(&Source::text("config", text), &Me::default()).unwrap();
        assert_eq!(names, ["web-01", "web-02", "lone"]);
    }

    #[test]
    fn inventories_are_no_configuration() {
        for text in
            ["[web]\nhost-1\n", "web-01 ansible_user=x\n", "all:\n  hosts:\n", "", "# only\n", "User audit\n"]
        {
            assert!(!is_config(text), "{text}");
        }
    }
}
