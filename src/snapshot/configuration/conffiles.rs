//! The configuration files of the packages that the playbook names: as they were shipped, edited, or deleted.
//!
//! The host itself compares them with its package database; of an edited one comes a hash that is this round's.

use super::super::listing::lines;
use super::super::parse::Answer;
use super::super::{Gap, Reason, Strings, Symbol};
use super::{Odd, intern, is_hash, is_path, plain, some_of};
use crate::probe::Section;

/// How many a host may list; the packages with the most have some hundreds.
const MOST: usize = 5000;

/// One configuration file of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conffile {
    /// Where it is.
    pub path: Symbol,
    /// The package that brought it.
    pub package: Symbol,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is as the package brought it.
    Shipped,
    /// Somebody changed it; the hash tells one change from another within a round.
    Edited(Symbol),
    /// Somebody deleted it.
    Deleted,
}

/// Reads the section; `None` if no package is named, or nothing came.
pub(super) fn read(
    answer: &Answer<'_>,
    strings: &mut Strings,
    beside: &mut Vec<Gap>,
) -> Option<Vec<Conffile>> {
    if !answer.wanted.has("package") {
        return None;
    }
    let payload = answer.optional(Section::Conffiles, beside)?;
    let (mut list, mut odd, mut unreadable) = (Vec::new(), Odd::default(), Vec::new());
    for text in lines(payload).filter(|line| !line.is_empty()) {
        match line(text, strings) {
            Ok(_) if list.len() == MOST => odd.add(text),
            Ok(Line::Conffile(conffile)) => list.push(conffile),
            Ok(Line::Unreadable(path)) => unreadable.push(path),
            Err(()) => odd.add(text),
        }
    }
    if !unreadable.is_empty() {
        let detail = format!("{}: not readable for this user", some_of(&unreadable));
        beside.push(Gap {
            probe: Section::Conffiles.name().to_owned(),
            reason: Reason::NeedsPrivilege,
            detail,
        });
    }
    beside.extend(odd.into_gap(Section::Conffiles));
    list.sort_unstable_by_key(|conffile: &Conffile| conffile.path);
    list.dedup_by_key(|conffile| conffile.path);
    Some(list)
}

enum Line<'a> {
    Conffile(Conffile),
    Unreadable(&'a str),
}

/// What became of it, its package, its hash and its path, parted by tabs.
fn line<'a>(line: &'a [u8], strings: &mut Strings) -> Result<Line<'a>, ()> {
    let mut fields = plain(line)?.splitn(4, '\t');
    let mut field = || fields.next().ok_or(());
    let (state, package, hash, path) = (field()?, field()?, field()?, field()?);
    if !super::super::listing::is_name(package) || !is_path(path) {
        return Err(());
    }
    let fate = match state {
        "shipped" => Fate::Shipped,
        "deleted" => Fate::Deleted,
        "edited" if is_hash(hash) => Fate::Edited(intern(hash, strings)?),
        // It could be read a moment before.
        "edited" | "unreadable" => return Ok(Line::Unreadable(path)),
        _ => return Err(()),
    };
    Ok(Line::Conffile(Conffile { path: intern(path, strings)?, package: intern(package, strings)?, fate }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::snapshot;
    use super::*;

    const WANTED: [(&str, &str); 1] = [("package", "nginx")];

    #[test]
    fn each_has_its_fate() {
        let hash = "0123456789abcdef0123456789abcdef";
        let text = format!(
            "shipped\tnginx\t-\t/etc/a\nedited\tnginx\t{hash}\t/etc/b c\ndeleted\tnginx\t-\t/etc/d\nunreadable\tnginx\t-\t/etc/e\nwhat\n"
        );
        let (snapshot, strings) = snapshot("conffiles", 0, text.as_bytes(), &WANTED);
        let told: Vec<_> = snapshot
            .configuration
            .conffiles
            .unwrap()
            .into_iter()
            .map(|one| (strings.text(one.path).to_owned(), one.fate))
            .collect();
        let edited = Fate::Edited(strings.find(hash).unwrap());
        let expected = [("/etc/a", Fate::Shipped), ("/etc/b c", edited), ("/etc/d", Fate::Deleted)];
        assert_eq!(told, expected.map(|(path, fate)| (path.to_owned(), fate)));
        let gaps: Vec<_> = snapshot.beside.iter().map(|gap| gap.detail.as_str()).collect();
        assert_eq!(gaps, ["/etc/e: not readable for this user", "a line makes no sense: `what`"]);
        assert!(snapshot.gaps.is_empty(), "nobody asked for them by name");
    }

    #[test]
    fn a_system_that_does_not_tell_is_no_gap() {
        let (snapshot, _) = snapshot("conffiles", 127, b"", &WANTED);
        assert!(snapshot.gaps.is_empty() && snapshot.beside.is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            snapshot("conffiles", 0, &bytes, &WANTED);
        }

        #[test]
        fn nor_does_line_soup(words in proptest::collection::vec("(shipped|edited|deleted|nginx|-|[0-9a-f]{32}|/[a-z]{1,3})?[\t\n]", 0..60)) {
            snapshot("conffiles", 0, words.concat().as_bytes(), &WANTED);
        }
    }
}
