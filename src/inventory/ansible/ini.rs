//! Ansible's INI dialect: `[group]`, `[group:children]`, `[group:vars]`, and a host a line.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{add_hosts, cyclic, literal};
use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::inventory::draft::{Draft, UNGROUPED};
use crate::inventory::words::{Comments, Word, split};

/// What the lines of a section are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Hosts,
    Children,
    Vars,
}

/// A group that a section speaks of before any section is its own.
struct Pending {
    parents: Vec<usize>,
    span: Range<usize>,
}

struct Reader<'s> {
    source: &'s Source,
    draft: &'s mut Draft,
    wrong: &'s mut Vec<Diagnostic>,
    group: usize,
    section: Section,
    /// Children that were named before they were declared.
    pending: BTreeMap<String, Pending>,
    /// Groups with variables that were not declared yet.
    undeclared: BTreeMap<String, Range<usize>>,
}

static HEADING: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$").ok());

static CHILD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^([^:\]\s]+)\s*(?:#.*)?$").ok());

/// Puts a file into the draft; every line that is wrong is told.
pub(super) fn read(source: &Source, draft: &mut Draft, wrong: &mut Vec<Diagnostic>) {
    let mut reader = Reader {
        source,
        draft,
        wrong,
        group: UNGROUPED,
        section: Section::Hosts,
        pending: BTreeMap::new(),
        undeclared: BTreeMap::new(),
    };
    let mut offset = 0;
    for line in source.as_str().split_inclusive('\n') {
        let text = line.trim();
        let start = offset + (line.len() - line.trim_start().len());
        offset += line.len();
        if !text.is_empty() && !text.starts_with(['#', ';']) {
            if let Err(mistake) = reader.line(text, start) {
                reader.wrong.push(mistake);
            }
        }
    }
    reader.finish();
}

impl Reader<'_> {
    fn line(&mut self, text: &str, start: usize) -> Result<(), Diagnostic> {
        let heading = HEADING.as_ref().and_then(|heading| heading.captures(text));
        if let Some(parts) = heading {
            let kind = parts.get(2).map(|kind| (kind.as_str(), start + kind.start()..start + kind.end()));
            let name = parts.get(1).map_or("", |name| name.as_str());
            return self.heading(name, kind.as_ref(), start + 1..start + 1 + name.len());
        }
        // A host may begin with a range, `[a:c].db`, and a variable's value hold anything.
        if text.starts_with('[') && (text.ends_with(']') || !text.contains([']', '='])) {
            let error = self.source.error(start..start + text.len(), "this is no heading of a section", "");
            return Err(error.help("[group], [group:children] or [group:vars], without blanks"));
        }
        match self.section {
            Section::Hosts => self.host(text, start),
            Section::Children => self.child(text, start),
            Section::Vars => self.var(text, start),
        }
    }

    fn heading(
        &mut self,
        name: &str,
        kind: Option<&(&str, Range<usize>)>,
        span: Range<usize>,
    ) -> Result<(), Diagnostic> {
        self.section = match kind {
            None => Section::Hosts,
            Some(("children", _)) => Section::Children,
            Some(("vars", _)) => Section::Vars,
            Some((other, span)) => {
                let near = nearest(other, ["children", "vars"]);
                let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
                let error = self.source.error(span.clone(), format!("there are no `{other}` of a group"), "");
                return Err(
                    error.help(format!("{near}a section is [group], [group:children] or [group:vars]"))
                );
            }
        };
        self.declare(name, span)
    }

    /// Makes a group the one that the section is of, and the child of those that have waited for it. A section
    /// of variables alone declares none.
    fn declare(&mut self, name: &str, span: Range<usize>) -> Result<(), Diagnostic> {
        let new = self.draft.find_group(name).is_none();
        self.group = self.draft.group(name);
        if self.section == Section::Vars {
            self.undeclared.extend(new.then(|| (name.to_owned(), span)));
            return Ok(());
        }
        self.undeclared.remove(name);
        let Some(pending) = self.pending.remove(name) else { return Ok(()) };
        for parent in pending.parents {
            let added = self.draft.add_child(parent, self.group);
            added.map_err(|_| cyclic(self.source, pending.span.clone()))?;
        }
        Ok(())
    }

    fn host(&mut self, text: &str, start: usize) -> Result<(), Diagnostic> {
        let place = |span: &Range<usize>| start + span.start..start + span.end;
        let words = split(text, Comments::Cut).map_err(|span| {
            let error = self.source.error(place(&span), "this quote is not closed", "");
            error.help(
                "a value with blanks stands in quotes: name='a value'; a quote itself is escaped: it\\'s",
            )
        })?;
        let mut words = words.iter();
        let Some(name) = words.next() else { return Ok(()) };
        let hosts = add_hosts(self.source, self.draft, self.group, &name.text, &place(&name.span))?;
        for word in words {
            let Some((key, value)) = word.text.split_once('=') else { return Err(self.no_pair(word, start)) };
            let value = literal::value(value);
            for host in &hosts {
                self.draft.set_host_var(*host, key.to_owned(), value.clone());
            }
        }
        Ok(())
    }

    fn no_pair(&self, word: &Word, start: usize) -> Diagnostic {
        let span = start + word.span.start..start + word.span.end;
        let error = self.source.error(span, format!("`{}` is no variable", word.text.escape_debug()), "");
        error.help(match word.text.as_str() {
            text if text.starts_with(';') => "a comment behind a host begins with `#`",
            _ => "behind the name of a host stand variables, name=value, without blanks around `=`",
        })
    }

    fn child(&mut self, text: &str, start: usize) -> Result<(), Diagnostic> {
        let span = start..start + text.len();
        let name = CHILD.as_ref().and_then(|child| child.captures(text)?.get(1));
        let Some(name) = name.map(|name| name.as_str()) else {
            let error =
                self.source.error(span, format!("`{}` is no name of a group", text.escape_debug()), "");
            return Err(error.help("one group a line, without variables"));
        };
        let span = start..start + name.len();
        if let Some(child) = self.draft.find_group(name) {
            return self.draft.add_child(self.group, child).map_err(|_| cyclic(self.source, span));
        }
        let pending = self.pending.entry(name.to_owned());
        pending.or_insert(Pending { parents: Vec::new(), span }).parents.push(self.group);
        Ok(())
    }

    fn var(&mut self, text: &str, start: usize) -> Result<(), Diagnostic> {
        let span = start..start + text.len();
        let Some((name, value)) = text.split_once('=') else {
            let error = self.source.error(span, format!("`{}` is no variable", text.escape_debug()), "");
            return Err(error.help("a line of this section is name=value"));
        };
        let value = literal::value(value.trim());
        let set = self.draft.set_group_var(self.group, name.trim().to_owned(), value);
        set.map_err(|why| self.source.error(span, why, "").help("a group's priority is a whole number"))
    }

    fn finish(self) {
        let vars = self.undeclared.iter();
        let children = self.pending.iter().map(|(name, pending)| (name, &pending.span));
        let missing: BTreeMap<usize, (&str, Range<usize>)> =
            vars.chain(children).map(|(name, span)| (span.start, (name.as_str(), span.clone()))).collect();
        for (name, span) in missing.into_values() {
            let known = self.draft.groups.iter().map(|group| group.name.as_str());
            let near = nearest(name, known.filter(|known| *known != name));
            let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            let title = format!("there is no group `{}`", name.escape_debug());
            let help = format!("{near}a group has a section [{}], which may be empty", name.escape_debug());
            self.wrong.push(self.source.error(span, title, "").help(help));
        }
    }
}
