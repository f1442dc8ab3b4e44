//! The files that the playbook names: what each entry led to on a host.
//!
//! A file that is not there, one that is no file and one that could not be read are three things.

use std::collections::BTreeMap;

use super::super::listing::lines;
use super::super::parse::Answer;
use super::super::{Gap, Reason, Strings, Symbol};
use super::{Odd, intern, is_hash, is_path, plain, some_of};
use crate::probe::Section;

/// The most files of one entry, as the probe has it.
const MOST_FILES: usize = 200;

/// The most of one host's contents that is kept, in bytes: a host that sends more shows nothing of the rest.
const MOST_SHOWN: usize = 1 << 20;

/// What the entries of the playbook led to, by their paths or globs.
#[derive(Debug, Default)]
pub struct Files(BTreeMap<Symbol, Entry>);

/// What one entry led to.
#[derive(Debug, Default)]
struct Entry {
    /// `None` is there and could not be read.
    found: BTreeMap<Symbol, Option<File>>,
    /// Whether a path that was not found is known not to be there.
    complete: bool,
}

/// One path on one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// What is there.
    pub is: Is,
    /// Its mode in octal, of what a link leads to.
    pub mode: Option<Symbol>,
    /// Its owner and group, `root:root`.
    pub owner: Option<Symbol>,
    /// In bytes, before lines that may differ are left out.
    pub size: u64,
    /// Whether it is reached through a link.
    pub link: bool,
    /// Its content without the lines that may differ, where the playbook lets it be shown.
    pub content: Option<Symbol>,
}

/// What is at a path; links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Is {
    /// Nothing.
    Absent,
    /// A file with this hash.
    Content(Symbol),
    /// A directory.
    Directory,
    /// A device, a pipe or a socket.
    Special,
    /// A link that leads nowhere.
    Dangling,
}

impl File {
    const fn plain(is: Is) -> Self {
        Self { is, mode: None, owner: None, size: 0, link: false, content: None }
    }
}

impl Files {
    /// What an entry says of a path; `None` if it cannot be told.
    pub fn get(&self, entry: Symbol, path: Symbol) -> Option<File> {
        let entry = self.0.get(&entry)?;
        match entry.found.get(&path) {
            Some(found) => *found,
            None if entry.complete => Some(File::plain(Is::Absent)),
            None => None,
        }
    }

    /// The paths that an entry led to.
    pub fn paths(&self, entry: Symbol) -> impl Iterator<Item = Symbol> {
        self.0.get(&entry).into_iter().flat_map(|entry| entry.found.keys().copied())
    }

    /// Every path that could be told of, whichever entry led to it.
    pub fn each(&self) -> impl Iterator<Item = (Symbol, File)> {
        let found = self.0.values().flat_map(|entry| &entry.found);
        found.filter_map(|(path, file)| Some((*path, (*file)?)))
    }

    /// Whether any entry tells what is at a path.
    pub fn knows(&self, path: Symbol) -> bool {
        self.0.values().any(|entry| matches!(entry.found.get(&path), Some(Some(_))))
    }
}

/// What could not be told of one entry.
#[derive(Default)]
struct Missing<'a>(BTreeMap<(usize, &'static str), Vec<&'a str>>);

impl<'a> Missing<'a> {
    fn into_gaps(self, wanted: &[&str]) -> Vec<Gap> {
        let gap = |((entry, word), paths): ((usize, &str), Vec<&'a str>)| {
            let path = wanted.get(entry)?;
            let some = some_of(&paths);
            let (reason, detail) = match word {
                "blocked" => (Reason::NeedsPrivilege, format!("{some}: may not be searched by this user")),
                "unreadable" => (Reason::NeedsPrivilege, format!("{some}: not readable for this user")),
                "refused" => {
                    let why = "not in the host's list of allowed files, /etc/driftless/allow";
                    (Reason::NeedsPrivilege, format!("{some}: {why}"))
                }
                "many" => {
                    (Reason::OverLimit, format!("{some} files; no more than {MOST_FILES} are compared"))
                }
                "large" => (Reason::OverLimit, format!("{some}: larger than 1 MiB")),
                "odd" => (Reason::Unparsable, format!("{some}: a name that cannot be told in a line")),
                "failed" => (Reason::Failed, format!("{some}: could not be read to the end")),
                _ => (Reason::Truncated, "the probe did not come to the end of it".to_owned()),
            };
            Some(Gap { probe: format!("file:{path}"), reason, detail })
        };
        self.0.into_iter().filter_map(gap).collect()
    }
}

/// What is read as it comes.
struct Reading<'a, 's> {
    strings: &'s mut Strings,
    entries: Vec<Entry>,
    missing: Missing<'a>,
    /// Whose contents may be shown, by place.
    shown: Vec<bool>,
    /// The file whose content follows.
    open: Option<(usize, Symbol, Vec<u8>)>,
    left: usize,
}

/// Reads the section; `None` if nothing was asked for, or nothing came.
pub(super) fn read(answer: &Answer<'_>, strings: &mut Strings, gaps: &mut Vec<Gap>) -> Option<Files> {
    let wanted: Vec<&str> = answer.wanted.of("file").collect();
    if wanted.is_empty() {
        return None;
    }
    let payload = answer.payload(Section::Files, gaps)?;
    let shows = |at: usize| {
        answer.wanted.of("show").any(|show| show.split(' ').next() == Some(&(at + 1).to_string()))
    };
    let mut reading = Reading {
        strings,
        entries: wanted.iter().map(|_| Entry::default()).collect(),
        missing: Missing::default(),
        shown: (0..wanted.len()).map(shows).collect(),
        open: None,
        left: MOST_SHOWN,
    };
    let mut odd = Odd::default();
    for line in lines(payload).filter(|line| !line.is_empty()) {
        if reading.line(line).is_err() {
            odd.add(line);
        }
    }
    reading.close();
    let Reading { strings, entries, mut missing, .. } = reading;
    let named = |(at, entry): (usize, Entry)| {
        let told = missing.0.keys().any(|(missing, _)| *missing == at);
        if !entry.complete && !told {
            missing.0.insert((at, "cut"), Vec::new());
        }
        (strings.intern(wanted.get(at).unwrap_or(&"")), entry)
    };
    let files = Files(entries.into_iter().enumerate().map(named).collect());
    gaps.extend(missing.into_gaps(&wanted));
    gaps.extend(odd.into_gap(Section::Files));
    Some(files)
}

impl<'a> Reading<'a, '_> {
    fn line(&mut self, line: &'a [u8]) -> Result<(), ()> {
        if let Some(text) = line.strip_prefix(b"\t") {
            let (.., content) = self.open.as_mut().ok_or(())?;
            // What is longer than a host may show is not shown at all.
            if content.len() + text.len() < self.left {
                content.extend_from_slice(text);
                content.push(b'\n');
                return Ok(());
            }
            self.left = 0;
            self.open = None;
            return Ok(());
        }
        self.close();
        let (number, rest) = plain(line)?.split_once('\t').ok_or(())?;
        let at = number.parse::<usize>().map_err(|_| ())?.checked_sub(1).ok_or(())?;
        if rest == "done" {
            let cut = ["blocked", "refused", "many", "odd"]
                .iter()
                .any(|word| self.missing.0.contains_key(&(at, *word)));
            self.entries.get_mut(at).ok_or(())?.complete = !cut;
            return Ok(());
        }
        let (word, rest) = rest.split_once('\t').ok_or(())?;
        match word {
            "file" => self.file(at, rest),
            "directory" => self.found(at, rest, Some(File::plain(Is::Directory))),
            "special" => self.found(at, rest, Some(File::plain(Is::Special))),
            "dangling" => self.found(at, rest, Some(File { link: true, ..File::plain(Is::Dangling) })),
            "many"
                if !rest.is_empty() && rest.len() < 10 && rest.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                self.lacks(at, "many", rest)
            }
            "unreadable" | "large" | "failed" => {
                self.found(at, rest, None)?;
                let word = ["unreadable", "large", "failed"].into_iter().find(|known| *known == word);
                self.lacks(at, word.ok_or(())?, rest)
            }
            "blocked" if is_path(rest) => self.lacks(at, "blocked", rest),
            "refused" if is_path(rest) => self.lacks(at, "refused", rest),
            "odd" if is_path(rest) => self.lacks(at, "odd", rest),
            _ => Err(()),
        }
    }

    fn lacks(&mut self, at: usize, word: &'static str, what: &'a str) -> Result<(), ()> {
        self.entries.get(at).ok_or(())?;
        self.missing.0.entry((at, word)).or_default().push(what);
        Ok(())
    }

    fn found(&mut self, at: usize, path: &str, file: Option<File>) -> Result<(), ()> {
        let entry = self.entries.get_mut(at).filter(|entry| entry.found.len() < MOST_FILES).ok_or(())?;
        if !is_path(path) {
            return Err(());
        }
        entry.found.insert(intern(path, self.strings)?, file);
        Ok(())
    }

    /// `644 root:root 1204 - HASH /etc/nginx/nginx.conf`
    fn file(&mut self, at: usize, rest: &str) -> Result<(), ()> {
        let mut fields = rest.splitn(6, '\t');
        let mut field = || fields.next().ok_or(());
        let (mode, owner, size, link, hash, path) =
            (field()?, field()?, field()?, field()?, field()?, field()?);
        let octal = mode.len() <= 4 && mode.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
        let fits = (mode == "-" || octal && !mode.is_empty())
            && owner.len() <= 200
            && is_hash(hash)
            && is_path(path);
        if !fits {
            return Err(());
        }
        let mut known =
            |text: &str| if text == "-" { Ok(None) } else { intern(text, self.strings).map(Some) };
        let file = File {
            mode: known(mode)?,
            owner: known(owner)?,
            is: Is::Content(known(hash)?.ok_or(())?),
            size: size.parse().map_err(|_| ())?,
            link: link == "link",
            content: None,
        };
        self.found(at, path, Some(file))?;
        if self.shown.get(at) == Some(&true) && file.size <= 1 << 18 {
            self.open = Some((at, intern(path, self.strings)?, Vec::new()));
        }
        Ok(())
    }

    /// The content that was open is whole.
    fn close(&mut self) {
        let Some((at, path, content)) = self.open.take() else { return };
        self.left = self.left.saturating_sub(content.len());
        let Ok(content) = intern(&String::from_utf8_lossy(&content), self.strings) else { return };
        if let Some(Some(file)) = self.entries.get_mut(at).and_then(|entry| entry.found.get_mut(&path)) {
            file.content = Some(content);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::snapshot;
    use super::*;

    const HASH: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

    fn seen(text: &str) -> (Option<Files>, Vec<String>, Strings) {
        let wanted = [("file", "/etc/a"), ("file", "/etc/b.d/*.conf"), ("show", "2 yes")];
        let (snapshot, strings) = snapshot("files", 0, text.as_bytes(), &wanted);
        let gaps = snapshot.gaps.iter().map(|gap| format!("{} {}: {}", gap.probe, gap.reason, gap.detail));
        (snapshot.configuration.files, gaps.collect(), strings)
    }

    #[test]
    fn what_is_not_there_is_told_from_what_could_not_be_read() {
        let text = format!(
            "1\tunreadable\t/etc/a\n1\tdone\n2\tfile\t640\troot:adm\t12\tlink\t{HASH}\t/etc/b.d/x y.conf\n\tone\n\t\ttwo\n2\tdone\n"
        );
        let (files, gaps, strings) = seen(&text);
        let (files, symbol) = (files.unwrap(), |text: &str| strings.find(text).unwrap());
        assert_eq!(gaps, ["file:/etc/a needs-privilege: /etc/a: not readable for this user"]);
        assert_eq!(files.get(symbol("/etc/a"), symbol("/etc/a")), None);
        let file = files.get(symbol("/etc/b.d/*.conf"), symbol("/etc/b.d/x y.conf")).unwrap();
        assert_eq!((file.is, file.size, file.link), (Is::Content(symbol(HASH)), 12, true));
        assert_eq!(file.content.map(|content| strings.text(content)), Some("one\n\ttwo\n"));
        let absent = files.get(symbol("/etc/b.d/*.conf"), symbol("/etc/a")).unwrap();
        assert_eq!(absent.is, Is::Absent);
    }

    #[test]
    fn beyond_a_limit_nothing_is_said_to_be_absent() {
        for (line, gap) in [
            ("many\t201", "over-limit: 201 files; no more than 200 are compared"),
            ("blocked\t/etc/b.d/", "needs-privilege: /etc/b.d/: may not be searched by this user"),
            ("odd\t/etc/b.d/a?b", "unparsable: /etc/b.d/a?b: a name that cannot be told in a line"),
        ] {
            let (files, gaps, strings) = seen(&format!("1\tdone\n2\t{line}\n2\tdone\n"));
            assert_eq!(gaps, [format!("file:/etc/b.d/*.conf {gap}")]);
            let entry = |path: &str| strings.find(path).unwrap();
            assert_eq!(files.unwrap().get(entry("/etc/b.d/*.conf"), entry("/etc/a")), None, "{line}");
        }
    }

    #[test]
    fn what_was_not_done_is_a_gap() {
        let (_, gaps, _) = seen("1\tdone\n");
        assert_eq!(gaps, ["file:/etc/b.d/*.conf truncated: the probe did not come to the end of it"]);
    }

    #[test]
    fn odd_lines_are_one_gap_and_content_that_nobody_asked_for_is_odd() {
        let text =
            format!("1\tfile\t644\troot:root\t1\t-\t{HASH}\t/etc/a\n\tsecret\n1\tdone\n9\tdone\n2\tdone\n");
        let (files, gaps, strings) = seen(&text);
        assert_eq!(gaps, ["files unparsable: 2 lines make no sense: `secret`"]);
        let path = strings.find("/etc/a").unwrap();
        assert_eq!(files.unwrap().get(path, path).unwrap().content, None);
    }

    #[test]
    fn nothing_asked_for_is_nothing_missing() {
        let (snapshot, _) = snapshot("files", 127, b"", &[]);
        assert!(snapshot.gaps.is_empty() && snapshot.configuration.files.is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            snapshot("files", 0, &bytes, &[("file", "/etc/a")]);
        }

        #[test]
        fn nor_does_line_soup(words in proptest::collection::vec(
            "[0-3]?\t?(file|done|many|odd|blocked|unreadable|special|0644|-|a:b|[0-9]{1,30}|[0-9a-f]{64}|/etc/[a-z]{1,3})?[\t\n]", 0..60
        )) {
            seen(&words.concat());
        }
    }
}
