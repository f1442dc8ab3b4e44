//! What one run asks of a host, as the bytes that the probe reads.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use super::{SCRIPT, Section};

/// The asker's own secret: hashes of files are made with it, so that a report tells nobody what a guess at
/// a file's content hashes to. It is the same in every run, so that hashes of one run compare with another's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKey(String);

impl FileKey {
    /// How long it is, in bytes.
    pub const LENGTH: usize = 32;

    /// A key of these bytes.
    pub fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(hex(&bytes))
    }
}

impl fmt::Debug for FileKey {
    /// It stands in no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What is wanted of a host beyond what every host is asked: lines of a keyword and a text, which travel as
/// data. The probe ignores keywords that it does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wanted {
    lines: Vec<(&'static str, String)>,
    key: Option<FileKey>,
}

impl Wanted {
    /// Whether a text can be part of a request: printable ASCII without `'`, which would end the request
    /// where a shell reads it.
    pub fn can_say(text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'\'')
    }

    /// Adds a line, once. A text that cannot be part of a request is left out: whoever takes texts from a user
    /// asks [`Wanted::can_say`] first.
    pub fn add(&mut self, keyword: &'static str, text: &str) {
        let line = (keyword, text.to_owned());
        if Self::can_say(text) && !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    /// Lets the host hash files with a key; where no file is wanted, it is not told.
    #[must_use]
    pub fn keyed(mut self, key: &FileKey) -> Self {
        self.key = self.has("file").then(|| key.clone());
        self
    }

    /// The same without what is of some kinds.
    #[must_use]
    pub fn without(&self, keywords: &[&str]) -> Self {
        let lines = self.lines.iter().filter(|(keyword, _)| !keywords.contains(keyword));
        Self { lines: lines.cloned().collect(), key: self.key.clone() }
    }

    /// What its text says; lines of kinds that this version does not know are left out, and so is the key, which
    /// stands in no text.
    pub fn read(text: &str) -> Self {
        let mut wanted = Self::default();
        for (keyword, line) in text.lines().filter_map(|line| line.split_once(' ')) {
            if let Some(keyword) = KEYWORDS.into_iter().find(|known| *known == keyword) {
                wanted.add(keyword, line);
            }
        }
        wanted
    }

    /// What is wanted of a kind, in the order in which it was added.
    pub fn of<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines.iter().filter(move |(known, _)| *known == keyword).map(|(_, text)| text.as_str())
    }

    /// Whether anything of a kind is wanted.
    pub fn has(&self, keyword: &str) -> bool {
        self.of(keyword).next().is_some()
    }
}

/// The kinds of what may be wanted.
const KEYWORDS: [&str; 9] =
    ["evidence", "file", "normalise", "package", "service", "show", "sudo", "sysctl", "upgrade"];

impl fmt::Display for Wanted {
    /// A line each, without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|(keyword, line)| writeln!(f, "{keyword} {line}"))
    }
}

/// What one run asks of a host.
#[derive(Debug, Clone)]
pub struct Request {
    nonce: Arc<str>,
    wanted: Wanted,
    stdin: Vec<u8>,
}

impl Request {
    /// A request for what every host is asked and for what is wanted of this one, framed by `nonce`: random
    /// bytes that no host could foresee.
    pub fn new(nonce: [u8; 16], wanted: Wanted) -> Self {
        Self::framed(&hex(&nonce), wanted)
    }

    /// The same with a nonce that a test can read.
    pub(crate) fn framed(nonce: &str, wanted: Wanted) -> Self {
        let mut text = format!("{SCRIPT}\nREQUEST='\nnonce {nonce}\n");
        for section in Section::ALL {
            let _ = writeln!(text, "section {}", section.name());
        }
        // Apart from the request, where older probes pass it by.
        text.push_str("'\nWANTED='\n");
        if let Some(FileKey(key)) = &wanted.key {
            let _ = writeln!(text, "key {key}");
        }
        for (keyword, line) in &wanted.lines {
            let _ = writeln!(text, "{keyword} {line}");
        }
        text.push_str("'\nprobe\n");
        Self { nonce: nonce.into(), wanted, stdin: text.into_bytes() }
    }

    /// The bytes for the standard input of [`COMMAND`](super::COMMAND).
    pub fn stdin(&self) -> &[u8] {
        &self.stdin
    }

    /// The nonce, in hexadecimal.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// What is wanted beyond what every host is asked.
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }
}
