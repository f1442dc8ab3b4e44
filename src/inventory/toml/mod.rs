//! Inventories in TOML: ranges expanded, mistakes collected, so that one run shows all of them.

mod check;
mod raw;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::draft::{Draft, MOST_HOSTS, Vars};
use super::is_host_name;
use super::says::Says;
use crate::diagnostic::{Diagnostic, Source};
use crate::hostlist::expand;

/// A host's settings as one file gives them, and where.
struct Declared<'f> {
    host: &'f raw::Host,
    file: &'f File,
    span: Range<usize>,
}

/// One file, read.
pub(super) struct File {
    source: Source,
    folder: PathBuf,
    raw: raw::File,
    defaults: Arc<Says>,
}

impl File {
    /// Reads a text; paths in it are relative to `folder`, or to `home`.
    pub(super) fn parse(source: Source, folder: &Path, home: Option<&Path>) -> Result<Self, Diagnostic> {
        if let Some(mistake) = not_a_table(&source) {
            return Err(mistake);
        }
        let raw: raw::File =
            toml::from_str(source.as_str()).map_err(|error| schema_error(&source, &error))?;
        let defaults = Arc::new(raw.defaults.says(folder, home));
        Ok(Self { source, folder: folder.to_owned(), raw, defaults })
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }
}

/// A group or a host that is written as something else than a table; a list would be taken for its keys.
fn not_a_table(source: &Source) -> Option<Diagnostic> {
    let file = DeTable::parse(source.as_str()).ok()?;
    for section in ["groups", "hosts"] {
        let Some(DeValue::Table(entries)) = file.get_ref().get(section).map(Spanned::get_ref) else {
            continue;
        };
        if let Some((name, value)) = entries.iter().find(|(_, value)| !value.get_ref().is_table()) {
            let name = name.get_ref();
            let title = format!("`{}` in [{section}] is a table", name.escape_debug());
            let help = format!("write [{section}.\"{}\"], and its keys below it", name.escape_debug());
            return Some(source.error(value.span(), title, "this is no table").help(help));
        }
    }
    None
}

/// A TOML file of the wrong shape; a host's name without quotes is the commonest reason.
fn schema_error(source: &Source, error: &toml::de::Error) -> Diagnostic {
    let at = error.span().map_or(0, |span| span.start);
    let before = source.as_str().get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let bare = line.trim_start().strip_prefix("[hosts.").filter(|name| !name.starts_with(['"', '\'']));
    let diagnostic = source.toml_error(error);
    match bare {
        Some(_) => diagnostic.help("a name with dots is written in quotes: [hosts.\"web-03.example.net\"]"),
        None => diagnostic,
    }
}

/// Whether a text is an inventory in TOML, though its file is not named so: nothing but our tables, or a
/// heading of ours.
pub(super) fn is_ours(text: &str) -> bool {
    let ours = ["defaults", "groups", "hosts"];
    match DeTable::parse(text) {
        Ok(table) => {
            let table = table.get_ref();
            let known = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                let name: &std::borrow::Cow<'_, str> = name.get_ref();
                ours.contains(&name.as_ref()) && value.get_ref().is_table()
            };
            !table.is_empty() && table.iter().all(known)
        }
        Err(_) => text.lines().any(|line| {
            ["[groups.", "[hosts.", "[defaults]"].iter().any(|heading| line.trim_start().starts_with(heading))
        }),
    }
}

/// Puts the files into a draft.
pub(super) struct Builder<'f> {
    files: Vec<&'f File>,
    home: Option<&'f Path>,
    pub(super) wrong: Vec<Diagnostic>,
    declared: BTreeMap<String, Declared<'f>>,
    /// The children of each group that a file gives it.
    children: BTreeMap<String, BTreeSet<String>>,
}

impl<'f> Builder<'f> {
    pub(super) fn new(home: Option<&'f Path>) -> Self {
        Self {
            files: Vec::new(),
            home,
            wrong: Vec::new(),
            declared: BTreeMap::new(),
            children: BTreeMap::new(),
        }
    }

    /// Adds a file's groups and hosts.
    pub(super) fn read(&mut self, file: &'f File, draft: &mut Draft) {
        self.files.push(file);
        self.groups(file, draft);
        self.hosts(file, draft);
    }

    /// Links groups with their children, once every source was read.
    pub(super) fn finish(&mut self, draft: &mut Draft) {
        self.check_children(draft);
        self.check_cycles();
        if !self.wrong.is_empty() {
            return;
        }
        for file in &self.files {
            for (name, group) in file.raw.in_order() {
                for child in &group.children {
                    let (parent, place) = (draft.group(name.get_ref()), draft.group(child.get_ref()));
                    if draft.add_child(parent, place).is_err() {
                        self.wrong.push(cycle(&file.source, child.span(), ""));
                    }
                }
            }
        }
    }

    /// The names that a text stands for; a mistake gives none.
    fn names(&mut self, file: &File, text: &Spanned<String>, draft: &mut Draft) -> Vec<String> {
        let inside = text.span().start + 1;
        match expand(text.get_ref()) {
            Ok(names) if draft.mentions + names.len() > MOST_HOSTS => {
                let title = format!("the inventory names more than {MOST_HOSTS} hosts");
                self.wrong.push(file.source.error(text.span(), title, "").help("is a range too wide?"));
                Vec::new()
            }
            Ok(names) if names.iter().all(|name| is_host_name(name)) => {
                draft.mentions += names.len();
                names
            }
            Ok(_) => {
                let help = "a host name has letters, digits, `.`, `-`, `_` and, in IPv6 addresses, `:`; a port stands in [hosts.\"NAME\"]";
                self.wrong.push(
                    file.source
                        .error(
                            text.span(),
                            format!("`{}` is no host name", text.get_ref().escape_debug()),
                            "",
                        )
                        .help(help),
                );
                Vec::new()
            }
            Err(error) => {
                let plain = text.span().len() == text.get_ref().len() + 2;
                let span =
                    if plain { inside + error.span.start..inside + error.span.end } else { text.span() };
                self.wrong.push(file.source.error(span, error.message, "").help(error.help));
                Vec::new()
            }
        }
    }

    fn groups(&mut self, file: &'f File, draft: &mut Draft) {
        for (name, raw) in file.raw.in_order() {
            if !is_group_name(name.get_ref()) {
                let help =
                    "a group name has letters, digits, `_`, `-` and `.`; `all` and `ungrouped` are implied";
                let title = format!("`{}` cannot be a group's name", name.get_ref().escape_debug());
                self.wrong.push(file.source.error(name.span(), title, "").help(help));
                continue;
            }
            let group = draft.group(name.get_ref());
            for text in &raw.hosts {
                for name in self.names(file, text, draft) {
                    let host = draft.add_host(group, &name);
                    let Some(host) = draft.hosts.get_mut(host) else { continue };
                    let first = Arc::clone(host.defaults.get_or_insert_with(|| Arc::clone(&file.defaults)));
                    if *first != *file.defaults {
                        self.note_other_defaults(&name, &first, file, draft);
                    }
                }
            }
            let children = raw.children.iter().map(|child| child.get_ref().clone());
            self.children.entry(name.get_ref().clone()).or_default().extend(children);
            for (var, value) in vars(&raw.vars) {
                if let Err(why) = draft.set_group_var(group, var, value) {
                    let help = "ansible_group_priority is a whole number";
                    self.wrong.push(file.source.error(name.span(), why, "").help(help));
                }
            }
        }
    }

    /// Two files name a host, and say different things of every host: who wins is said, once for both files.
    fn note_other_defaults(&self, name: &str, first: &Arc<Says>, file: &File, draft: &mut Draft) {
        let other = self.files.iter().find(|other| Arc::ptr_eq(&other.defaults, first));
        let other = other.map_or("another file", |other| other.source.path());
        let files = format!("{other} and {} have different [defaults]", file.source.path());
        if !draft.warnings.iter().any(|known| known.starts_with(&files)) {
            draft.warnings.push(format!("{files}, and both name `{name}`: those of {other} hold for it"));
        }
    }

    fn hosts(&mut self, file: &'f File, draft: &mut Draft) {
        let mut hosts: Vec<_> = file.raw.hosts.iter().collect();
        hosts.sort_by_key(|(name, _)| name.span().start);
        for (text, raw) in hosts {
            self.check_settings(file, raw);
            for name in self.names(file, text, draft) {
                let host = draft.host(&name);
                let declared = Declared { host: raw, file, span: text.span() };
                if let Some(first) = self.declared.get(&name) {
                    let other = !same_settings(first.host, raw);
                    self.wrong.extend(other.then(|| twice(&name, first, &declared)));
                    continue;
                }
                if let Some(host) = draft.hosts.get_mut(host) {
                    host.own = Some(raw.says(&file.folder, self.home));
                    host.defaults = Some(Arc::clone(&file.defaults));
                    host.maintenance = raw.maintenance.as_ref().map(|why| why.get_ref().clone());
                    host.vars.extend(vars(&raw.vars));
                }
                self.declared.insert(name, declared);
            }
        }
        self.check_defaults(file);
        let caps = file.raw.defaults.cap.iter();
        draft.caps.extend(caps.filter_map(|(label, most)| Some((label.clone(), check::cap_of(most)?))));
    }
}

fn twice(name: &str, first: &Declared<'_>, again: &Declared<'_>) -> Diagnostic {
    let place = first.file.source.line_column(first.span.start).0;
    let label = format!("`{name}` has other settings in {}:{place}", first.file.source.path());
    let title = format!("the host `{name}` is defined twice with different settings");
    let diagnostic = again.file.source.error(again.span.clone(), title, label);
    diagnostic.help("keep one of them, or take the host out of the range")
}

fn cycle(source: &Source, span: Range<usize>, told: &str) -> Diagnostic {
    let diagnostic = source.error(span, "groups are children of each other, in a cycle", told);
    diagnostic.help("take one of them out of the other's `children`")
}

/// Variables as all formats have them.
fn vars(table: &toml::Table) -> Vars {
    table.iter().map(|(name, value)| (name.clone(), json(value))).collect()
}

fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(yes) => (*yes).into(),
        toml::Value::Datetime(moment) => moment.to_string().into(),
        toml::Value::Array(list) => list.iter().map(json).collect(),
        toml::Value::Table(table) => vars(table).into(),
    }
}

fn same_settings(one: &raw::Host, other: &raw::Host) -> bool {
    let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.get_ref().clone());
    let all = |host: &raw::Host| {
        (
            [text(&host.address), text(&host.user), text(&host.jump), text(&host.connection)],
            host.port.as_ref().map(|port| *port.get_ref()),
            [text(&host.identity), text(&host.known_hosts), text(&host.maintenance)],
            host.vars.clone(),
        )
    };
    all(one) == all(other)
}

fn is_group_name(name: &str) -> bool {
    let plain = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
    !["all", "ungrouped"].contains(&name)
        && !name.is_empty()
        && !name.starts_with(['-', '.'])
        && name.chars().all(plain)
}
