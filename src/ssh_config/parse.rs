//! Reads configuration files into the order in which ssh would meet their lines, and finds mistakes.
//!
//! It does not decide what holds: that depends on the destination.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::condition::{self, Condition};
use super::keywords::{ALL, Class, Keyword, find};
use super::line::{self, Line, Mistake};
use super::pattern::matches_list;
use super::settings::Directive;
use super::{Me, include, tokens, value};
use crate::diagnostic::{Diagnostic, Source, nearest};

/// How deep ssh lets files include each other.
const DEEPEST: usize = 16;

/// One thing that a file says.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// What follows depends on this.
    Block(Condition, Directive),
    /// A value.
    Set(&'static Keyword, Directive),
    /// Other files, each by itself.
    Include(Vec<Vec<Item>>),
    /// An `Include` whose path depends on the destination.
    Unread(Directive),
}

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    User,
    System,
}

/// Reads files; keeps what they have in common.
pub(super) struct Reader<'m> {
    me: &'m Me,
    /// Where relative paths of the system's file begin.
    system_folder: PathBuf,
    /// The lists of every `IgnoreUnknown` so far.
    ignored: Vec<String>,
    pub(super) mistakes: Vec<Diagnostic>,
    /// Where they are: a file may be included more than once.
    places: BTreeSet<String>,
    /// Files include each other without end; ssh gives up at this point.
    endless: bool,
}

impl<'m> Reader<'m> {
    pub(super) fn new(me: &'m Me) -> Self {
        Self {
            me,
            system_folder: PathBuf::from("/etc/ssh"),
            ignored: Vec::new(),
            mistakes: Vec::new(),
            places: BTreeSet::new(),
            endless: false,
        }
    }

    /// Reads a file that was opened.
    pub(super) fn read(&mut self, source: &Source, owner: Owner, depth: usize) -> Vec<Item> {
        let (mut items, mut offset) = (Vec::new(), 0);
        for (nth, text) in source.as_str().split_inclusive('\n').enumerate() {
            let place = format!("{}:{}", source.path(), nth + 1);
            let read = line::read(text, offset).and_then(|line| match line {
                Some(_) if text.contains('\u{fffd}') => Err(not_utf8(text, offset)),
                Some(line) => self.item(&line, &place, owner, depth),
                None => Ok(None),
            });
            match read {
                Ok(item) => items.extend(item),
                Err(mistake) if self.places.insert(place) => self.mistakes.push(shown(source, mistake)),
                Err(_) => {}
            }
            offset += text.len();
        }
        items
    }

    fn item(
        &mut self,
        line: &Line,
        place: &str,
        owner: Owner,
        depth: usize,
    ) -> Result<Option<Item>, Mistake> {
        let Some(keyword) = find(&line.keyword.text) else {
            return if self.ignores(&line.keyword.text) { Ok(None) } else { Err(unknown(line)) };
        };
        let arguments = value::arguments(keyword.kind, line);
        value::check(keyword, &arguments, &line.keyword)?;
        let arguments_as_text = arguments.iter().map(|word| word.text.clone()).collect();
        let (keyword_as_text, place) = (line.keyword.text.clone(), place.to_owned());
        let directive = Directive { keyword: keyword_as_text, arguments: arguments_as_text, place };
        Ok(Some(match (keyword.class, keyword.name) {
            (Class::Structure, "Host") => Item::Block(condition::host(&arguments)?, directive),
            (Class::Structure, "Match") => {
                Item::Block(condition::criteria(&arguments, &line.keyword)?, directive)
            }
            (Class::Structure, "Include") => self.include(line, directive, owner, depth)?,
            (Class::Structure, _) => {
                self.ignored.extend(directive.arguments);
                return Ok(None);
            }
            _ => Item::Set(keyword, directive),
        }))
    }

    fn ignores(&self, keyword: &str) -> bool {
        self.ignored.iter().any(|list| matches_list(keyword, &list.to_lowercase()))
    }

    fn include(
        &mut self,
        line: &Line,
        directive: Directive,
        owner: Owner,
        depth: usize,
    ) -> Result<Item, Mistake> {
        // As of OpenSSH 9.9 a path may have tokens, and so depend on the destination.
        if directive.arguments.iter().any(|path| path.contains('%')) {
            return Ok(Item::Unread(directive));
        }
        let mut files = Vec::new();
        for word in &line.words {
            let refuse = |why: String| {
                let help = "it is a path, below ~/.ssh or /etc/ssh unless it begins with / or ~/";
                Mistake::new(&word.span, format!("cannot include `{}`: {why}", word.text), help)
            };
            for path in include::glob(&self.anchored(&word.text, owner).map_err(refuse)?) {
                if self.endless {
                    break;
                }
                if depth >= DEEPEST {
                    self.endless = true;
                    return Err(refuse(format!("files include each other more than {DEEPEST} deep")));
                }
                match include::read(&path) {
                    Ok(None) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => return Err(refuse(format!("{}: {error}", path.display()))),
                    Ok(Some((_, metadata))) if !include::is_private(&metadata, self.me.uid) => {
                        return Err(refuse(format!("others may write {}", path.display())));
                    }
                    Ok(Some((included, _))) => files.push(self.read(&included, owner, depth + 1)),
                }
            }
        }
        Ok(Item::Include(files))
    }

    /// A path as `Include` means it.
    fn anchored(&self, path: &str, owner: Owner) -> Result<PathBuf, String> {
        let path = tokens::variables(path, self.me)?;
        let folder = match owner {
            Owner::User if path.starts_with('~') => return self.me.tilde(&path).map(PathBuf::from),
            Owner::System if path.starts_with('~') => {
                return Err("the system's configuration cannot include files of a user".to_owned());
            }
            Owner::User => self.me.home.as_ref().map(|home| home.join(".ssh")).unwrap_or_default(),
            Owner::System => self.system_folder.clone(),
        };
        Ok(folder.join(Path::new(&path)))
    }
}

fn shown(source: &Source, mistake: Mistake) -> Diagnostic {
    source.error(mistake.span, mistake.title, "").help(mistake.help)
}

fn not_utf8(text: &str, offset: usize) -> Mistake {
    let at = offset + text.find('\u{fffd}').unwrap_or_default();
    Mistake::new(&(at..at + '\u{fffd}'.len_utf8()), "the line is not UTF-8", "save the file as UTF-8")
}

fn unknown(line: &Line) -> Mistake {
    let known = ALL.iter().map(|keyword| (keyword.name.to_lowercase(), keyword.name)).collect::<Vec<_>>();
    let near = nearest(&line.keyword.text, known.iter().map(|(lower, _)| lower.as_str()));
    let near = near.and_then(|near| known.iter().find(|(lower, _)| lower == near));
    let ignore = "`IgnoreUnknown` before it lets ssh and driftless pass over it";
    let help = match near {
        Some((_, name)) => format!("did you mean `{name}`? {ignore}"),
        None => ignore.to_owned(),
    };
    Mistake::new(&line.keyword.span, format!("unknown keyword `{}`", line.keyword.text), help)
}
