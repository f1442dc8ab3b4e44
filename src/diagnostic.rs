//! What is wrong with a file that the user wrote: path, line, column, the line itself, and the cure.
//!
//! Inventory and playbook report their mistakes through this module alone, so that every mistake
//! looks the same. It reads the file (that is the only I/O) and knows nothing of what it means.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// No file that people write is larger.
pub const LARGEST_FILE: u64 = 64 << 20;

/// A file as the user wrote it: where it stands and its text.
#[derive(Debug, Clone)]
pub struct Source {
    path: Arc<str>,
    /// As it was read: a copy of the largest file would cost as much again.
    text: Arc<String>,
    marked: bool,
}

/// The mark with which some editors begin files; it is no part of the text.
pub const MARK: char = '\u{feff}';

impl Source {
    /// Reads a file that must be UTF-8.
    ///
    /// # Errors
    /// A [`Diagnostic`] when the file cannot be read, or when it is not UTF-8 (naming the line and
    /// column of the first bad byte).
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        let shown: Arc<str> = path.to_string_lossy().into();
        let refuse = |why: &str, help: &str| {
            let source = Self { path: Arc::clone(&shown), text: Arc::default(), marked: false };
            Err(source.whole(format!("cannot read the file: {why}")).help(help))
        };
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes));
        match read.map_err(|error| (error.kind(), error)) {
            Err((ErrorKind::NotFound, error)) => {
                return refuse(
                    &error.to_string(),
                    "check the path: it is taken relative to the current folder",
                );
            }
            Err((ErrorKind::IsADirectory, _)) => {
                return refuse("it is a folder", "name one file; the option may be given several times");
            }
            Err((_, error)) => return refuse(&error.to_string(), "is the file readable for this user?"),
            Ok(_) if bytes.len() as u64 > LARGEST_FILE => {
                return refuse("it is larger than 64 MiB", "is it the file that was meant?");
            }
            Ok(_) => {}
        }
        Self::from_bytes(&shown, bytes)
    }

    /// What was read from somewhere else than a file; `path` is what messages call it.
    ///
    /// # Errors
    /// A [`Diagnostic`] when it is not UTF-8, or larger than any file that is read.
    pub fn from_bytes(path: &str, bytes: Vec<u8>) -> Result<Self, Diagnostic> {
        let shown: Arc<str> = path.into();
        if bytes.len() as u64 > LARGEST_FILE {
            let source = Self { path: shown, text: Arc::default(), marked: false };
            return Err(source.whole("it is larger than 64 MiB").help("is it what was meant?"));
        }
        match String::from_utf8(bytes) {
            Ok(mut text) => {
                let marked = text.starts_with(MARK);
                if marked {
                    text.drain(..MARK.len_utf8());
                }
                Ok(Self { path: shown, text: text.into(), marked })
            }
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned().into();
                let source = Self { path: shown, text, marked: false };
                Err(source
                    .error(
                        at..at + '\u{fffd}'.len_utf8(),
                        "the file is not UTF-8",
                        "this byte is not valid UTF-8",
                    )
                    .help("save the file as UTF-8"))
            }
        }
    }

    /// A text that was not read from disk; `path` is what messages call it.
    pub fn text(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.to_owned().into(), marked: false }
    }

    /// Whether the file began with [`MARK`], which stays when it is written anew.
    pub fn is_marked(&self) -> bool {
        self.marked
    }

    /// The path as messages show it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A mistake at `span` (byte offsets). `title` says what is wrong, `label` stands under the place.
    pub fn error(
        &self,
        span: Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            source: self.clone(),
            spans: vec![(span, label.into())],
            title: title.into(),
            help: None,
        }
    }

    /// A mistake of the file as a whole, with no line to show.
    pub fn whole(&self, title: impl Into<String>) -> Diagnostic {
        Diagnostic { source: self.clone(), spans: Vec::new(), title: title.into(), help: None }
    }

    /// The TOML reader's error, with its place, and with the nearest known key when one was misspelt.
    pub fn toml_error(&self, error: &toml::de::Error) -> Diagnostic {
        let message = error.message();
        let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
        let span = error.span().unwrap_or(0..0);
        let first = &plain_words(first);
        let mut diagnostic = self.error(span, first, rest.trim());
        if let Some((title, help)) = unknown_field(first) {
            diagnostic.title = title;
            return diagnostic.help(help);
        }
        diagnostic.help(match first {
            _ if first.contains("expected a string") => "a text stands in quotes",
            _ if first.ends_with("expected a table") => "a table is written [name], and its keys below it",
            _ if first.ends_with("expected a number") => "a number stands without quotes",
            _ if first.contains("expected a sequence") => "a list is written [\"one\", \"two\"]",
            _ => "the file is TOML: [tables], keys = \"text in quotes\", lists = [\"one\", \"two\"]",
        })
    }

    /// One-based line and column (in characters) of a byte offset.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// The reader's message without the names that types have in the program.
fn plain_words(message: &str) -> String {
    let typed = message.split_once("expected struct ").or_else(|| message.split_once("expected map"));
    match typed {
        Some((before, _)) => format!("{before}expected a table"),
        None => message.replace("expected i64", "expected a number").replace("sequence,", "list,"),
    }
}

/// serde's `unknown field` message in the user's words, with a suggestion.
fn unknown_field(message: &str) -> Option<(String, String)> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let wrong = quoted.next()?;
    let known: Vec<&str> = quoted.collect();
    Some((format!("unknown key `{wrong}`"), suggest(wrong, &known)))
}

/// A help line for a word that is none of the known ones: the nearest of them, and all of them.
pub fn suggest(wrong: &str, known: &[&str]) -> String {
    let all = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match nearest(wrong, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? Known here: {all}"),
        None => format!("known here: {all}"),
    }
}

/// The known name most like `wrong`, if one is near enough to be meant.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Slips of the finger first: so many letters off, two swapped ones counting once. The likeness
    // finds what is longer or shorter but begins alike.
    let slips = |name: &str| strsim::osa_distance(wrong, name);
    let few = |name: &str| slips(name) <= (wrong.chars().count() / 3).max(1);
    let near = known.into_iter().filter(|name| few(name) || strsim::jaro_winkler(wrong, name) > 0.8);
    near.min_by_key(|name| slips(name))
}

/// One mistake in one file. Its `Display` is what the user reads.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    source: Source,
    /// Byte ranges with their labels; the first is where the mistake is, others explain it.
    spans: Vec<(Range<usize>, String)>,
    title: String,
    help: Option<String>,
}

impl Diagnostic {
    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second place in the same file that explains the first.
    #[must_use]
    pub fn also(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.spans.push((span, label.into()));
        self
    }

    /// What is wrong, without the place.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// One-based line and column of the mistake, where it has a place.
    pub fn line_column(&self) -> Option<(usize, usize)> {
        self.spans.first().map(|(span, _)| self.source.line_column(span.start))
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.source.text;
        // A span outside the text, or inside a character, would make the renderer panic.
        let fit =
            |at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let title = match self.spans.is_empty() {
            true => format!("{}: {}", self.source.path, self.title),
            false => self.title.clone(),
        };
        let mut report = vec![];
        let mut group = Group::with_title(Level::ERROR.primary_title(title));
        if !self.spans.is_empty() {
            let annotations = self.spans.iter().enumerate().map(|(nth, (span, label))| {
                let kind = if nth == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
                kind.span(fit(span.start)..fit(span.end.max(span.start))).label(label.as_str())
            });
            group = group.element(
                Snippet::source(text.as_ref()).path(self.source.path.as_ref()).annotations(annotations),
            );
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        report.push(group);
        f.write_str(&Renderer::plain().render(&report))
    }
}

impl std::error::Error for Diagnostic {}

/// How many characters of a foreign text a message shows at most.
const SHOWN: usize = 160;

/// A text that may come from anybody, made safe to print: control characters and whatever could reorder or hide a
/// line become visible escapes, and what is too long is cut.
pub fn plain(text: &str) -> String {
    let hidden = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut safe = String::with_capacity(text.len().min(SHOWN));
    for (nth, character) in text.chars().enumerate() {
        match character {
            _ if nth == SHOWN => {
                safe.push('…');
                break;
            }
            _ if hidden(character) => safe.extend(character.escape_default()),
            _ => safe.push(character),
        }
    }
    safe
}

/// All the mistakes that were found in one go; never empty when it is an error.
#[derive(Debug, Clone)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, diagnostic) in self.0.iter().enumerate() {
            if nth > 0 {
                f.write_str("\n\n")?;
            }
            diagnostic.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Self(vec![one])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_shows_path_line_column_the_line_and_the_cure() {
        let source = Source::text("fleet.toml", "[defaults]\nusr = \"audit\"\n");
        let shown = source.error(11..14, "unknown key `usr`", "").help("did you mean `user`?").to_string();
        assert!(shown.contains("fleet.toml:2:1"), "{shown}");
        assert!(shown.contains("usr = \"audit\""), "{shown}");
        assert!(shown.contains("did you mean `user`?"), "{shown}");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_located() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.toml");
        std::fs::write(&path, b"a = 1\nb = \"\xff\"\n").unwrap();
        let error = Source::read(&path).unwrap_err();
        assert_eq!(error.line_column(), Some((2, 6)));
        assert!(error.to_string().contains("bad.toml:2:6"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Source::read(Path::new("/nonexistent/fleet.toml")).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/fleet.toml: cannot read the file"), "{error}");
    }

    #[test]
    fn a_misspelt_key_gets_its_neighbour() {
        #[derive(serde::Deserialize, Debug)]
        #[serde(deny_unknown_fields)]
        struct Two {
            #[serde(rename = "user")]
            _user: Option<String>,
            #[serde(rename = "port")]
            _port: Option<u16>,
        }
        let source = Source::text("fleet.toml", "usr = \"audit\"\n");
        let error = toml::from_str::<Two>(source.as_str()).unwrap_err();
        let shown = source.toml_error(&error).to_string();
        assert!(shown.contains("unknown key `usr`"), "{shown}");
        assert!(shown.contains("did you mean `user`?"), "{shown}");
    }

    #[test]
    fn a_span_beyond_the_text_does_not_panic() {
        let source = Source::text("x", "é");
        assert!(source.error(1..900, "t", "l").to_string().contains("x:1:1"));
    }
}
