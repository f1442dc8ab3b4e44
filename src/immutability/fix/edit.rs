//! Edits of a YAML text at the places of its nodes: entries added to maps, items to lists, scalars replaced.
//!
//! An edit that cannot be made for certain is `None`, and then nothing of the document is written.

use std::ops::Range;

use crate::immutability::yaml::{Kind, Node, Pair};

/// Something that is written anew.
#[derive(Debug, Clone)]
pub(super) enum New {
    Scalar(String),
    /// A number or a boolean, which stands in no quotes anywhere.
    Bare(String),
    Map(Vec<(&'static str, New)>),
    List(Vec<New>),
}

/// What becomes of new items of a list.
enum Items {
    /// They stand in the list.
    Written,
    /// They are these lines.
    Lines(String),
}

/// A text being edited.
pub(super) struct Editor<'t> {
    text: &'t str,
    range: Range<usize>,
    edits: Vec<(Range<usize>, String)>,
    /// Whether it is JSON, whose names stand in quotes.
    json: bool,
    newline: &'static str,
}

impl<'t> Editor<'t> {
    /// Edits the document that stands in `range`.
    pub(super) fn new(text: &'t str, range: Range<usize>) -> Self {
        let own = text.get(range.clone()).unwrap_or_default();
        let json = own.trim_start_matches("---").trim_start().starts_with('{');
        let newline = if own.contains("\r\n") { "\r\n" } else { "\n" };
        Self { text, range, edits: Vec::new(), json, newline }
    }

    /// The document with all edits; `None` if two of them meet.
    pub(super) fn finish(mut self) -> Option<String> {
        self.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut whole = String::new();
        let mut at = self.range.start;
        for (range, with) in &self.edits {
            whole.push_str(self.text.get(at..range.start)?);
            whole.push_str(with);
            at = range.end;
        }
        whole.push_str(self.text.get(at..self.range.end)?);
        Some(whole)
    }

    /// Sets an entry of a map that is there already to a scalar.
    pub(super) fn replace(&mut self, map: &Node, (key, value): &Pair, with: &str) -> Option<()> {
        let own = is_within(map, key) && (is_within(map, value) || value.span.is_empty());
        let text = self.text.get(value.span.clone())?;
        if !own || text.contains('\n') || !matches!(value.kind, Kind::Scalar { .. }) {
            return None;
        }
        if text.is_empty() {
            // `key:` with nothing behind it: the value goes behind the colon.
            let colon = key.span.end + self.text.get(key.span.end..)?.find(':')? + 1;
            self.edits.push((colon..colon, format!(" {with}")));
        } else {
            self.edits.push((value.span.clone(), with.to_owned()));
        }
        Some(())
    }

    /// Adds entries to a map, after the entry `after` if it has that.
    pub(super) fn add(&mut self, map: &Node, after: &str, entries: &[(&'static str, New)]) -> Option<()> {
        if entries.is_empty() {
            return Some(());
        }
        if !map.pairs().iter().all(|(key, _)| is_within(map, key)) {
            return None;
        }
        if self.text.get(map.span.start..)?.starts_with('{') {
            let words: Vec<String> = entries.iter().map(|(key, new)| self.flow_entry(key, new)).collect();
            return self.add_flow(map, map.pairs().first().map(|(key, _)| key.span.start), &words.join(", "));
        }
        let indent = self.column(map.pairs().first()?.0.span.start);
        let lines: String = entries.iter().map(|(key, new)| self.block_entry(key, new, indent)).collect();
        let named = map.pairs().iter().find(|(key, _)| key.text() == Some(after));
        let at = match named.filter(|pair| self.is_one_line(map, pair)) {
            Some((_, value)) => value.span.end,
            None => self.end(map)?,
        };
        self.insert_below(at, &lines)
    }

    /// Adds items to a list, behind those that it has; between brackets they stand before them.
    pub(super) fn append(&mut self, list: &Node, items: &[New]) -> Option<()> {
        match self.items(list, items)? {
            Items::Written => Some(()),
            Items::Lines(lines) => self.insert_below(self.end(list)?, &lines),
        }
    }

    /// Adds items to the list of a key, before those that it has and the comments on them.
    pub(super) fn prepend(&mut self, key: &Node, list: &Node, items: &[New]) -> Option<()> {
        match self.items(list, items)? {
            Items::Written => Some(()),
            Items::Lines(lines) => self.insert_below(key.span.end, &lines),
        }
    }

    /// Items as lines, for a list of lines; between brackets they are written at once.
    fn items(&mut self, list: &Node, items: &[New]) -> Option<Items> {
        if items.is_empty() {
            return Some(Items::Written);
        }
        if !list.items().iter().all(|item| is_within(list, item)) {
            return None;
        }
        if self.text.get(list.span.start..)?.starts_with('[') {
            let words: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
            self.add_flow(list, list.items().first().map(|item| item.span.start), &words.join(", "))?;
            return Some(Items::Written);
        }
        let first = list.items().first()?.span.start;
        let line = self.text.get(self.line_start(first)..first)?;
        // What stands before the item on its line must be its dash alone.
        if line.trim() != "-" {
            return None;
        }
        let indent = line.find('-')?;
        Some(Items::Lines(items.iter().map(|item| self.block_item(item, indent)).collect()))
    }

    /// Fills in an entry whose value says nothing: `volumes:`, or `volumes: null`.
    pub(super) fn fill(&mut self, map: &Node, (key, value): &Pair, new: &New) -> Option<()> {
        if !is_within(map, key) {
            return None;
        }
        let nothing = self.text.get(value.span.clone())?.trim();
        if ["null", "Null", "NULL", "~"].contains(&nothing) && is_within(map, value) {
            self.edits.push((value.span.clone(), self.flow(new)));
            return Some(());
        }
        if !nothing.is_empty() || self.json {
            return None;
        }
        let indent = self.column(key.span.start) + 2;
        let lines = self.block(new, indent);
        self.insert_below(key.span.end, &lines)
    }

    /// New words within brackets, before what is there, and set apart from it as it is from the bracket.
    fn add_flow(&mut self, node: &Node, first: Option<usize>, words: &str) -> Option<()> {
        let open = node.span.start + 1;
        match first {
            None => self.edits.push((open..open, words.to_owned())),
            Some(first) => {
                let between = self.text.get(open..first)?;
                let between = if between.contains('#') { " " } else { between };
                let between = if between.is_empty() { " " } else { between };
                self.edits.push((first..first, format!("{words},{between}")));
            }
        }
        Some(())
    }

    /// New lines below the one in which `at` stands.
    fn insert_below(&mut self, at: usize, lines: &str) -> Option<()> {
        let lines = if self.newline == "\n" { lines.to_owned() } else { lines.replace('\n', self.newline) };
        let rest = self.text.get(at..self.range.end)?;
        if let Some(end) = rest.find('\n') {
            self.edits.push((at + end + 1..at + end + 1, lines));
        } else {
            let lines = lines.trim_end_matches(['\r', '\n']);
            self.edits.push((self.range.end..self.range.end, format!("{}{lines}", self.newline)));
        }
        Some(())
    }

    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |line| line + 1)
    }

    fn column(&self, at: usize) -> usize {
        at - self.line_start(at)
    }

    fn is_one_line(&self, map: &Node, (_, value): &Pair) -> bool {
        let text = self.text.get(value.span.clone()).unwrap_or("\n");
        is_within(map, value)
            && matches!(value.kind, Kind::Scalar { .. })
            && !text.is_empty()
            && !text.contains('\n')
    }

    /// Where the last thing in a node ends; `None` if that is a text that keeps the blank lines behind it, or
    /// an alias.
    fn end(&self, node: &Node) -> Option<usize> {
        let (last, bracket) = match &node.kind {
            Kind::Map(pairs) => {
                let last = pairs.iter().max_by_key(|(key, _)| key.span.start);
                // A value that says nothing has no place of its own.
                let last = last.map(|(key, value)| if value.span.is_empty() { key } else { value });
                (last, '{')
            }
            Kind::List(items) => (items.last(), '['),
            Kind::Scalar { text, .. } => {
                // A text that ends with blank lines may be a block that keeps those below it (`|+`).
                let own = self.text.get(node.span.clone())?;
                return (!text.ends_with("\n\n")).then(|| node.span.start + own.trim_end().len());
            }
        };
        // A list of lines may begin with a map in brackets, and ends no sooner for that.
        let flow = self.text.get(node.span.start..)?.starts_with(bracket);
        match last {
            _ if flow => Some(node.span.end),
            Some(last) if is_within(node, last) => self.end(last),
            _ => None,
        }
    }

    fn name(&self, key: &str) -> String {
        if self.json { format!("\"{key}\"") } else { key.to_owned() }
    }

    fn scalar(&self, text: &str) -> String {
        let plain = ["true", "false"].contains(&text) || !self.json;
        if plain { text.to_owned() } else { format!("\"{text}\"") }
    }

    fn flow_entry(&self, key: &str, new: &New) -> String {
        format!("{}: {}", self.name(key), self.flow(new))
    }

    fn flow(&self, new: &New) -> String {
        match new {
            New::Bare(text) => text.clone(),
            New::Scalar(text) => self.scalar(text),
            New::Map(entries) => {
                let words: Vec<String> = entries.iter().map(|(key, new)| self.flow_entry(key, new)).collect();
                format!("{{{}}}", words.join(", "))
            }
            New::List(items) => {
                let words: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", words.join(", "))
            }
        }
    }

    fn block_entry(&self, key: &str, new: &New, indent: usize) -> String {
        let blanks = " ".repeat(indent);
        match new {
            New::Scalar(text) | New::Bare(text) => format!("{blanks}{key}: {text}\n"),
            New::Map(_) | New::List(_) => format!("{blanks}{key}:\n{}", self.block(new, indent + 2)),
        }
    }

    fn block_item(&self, new: &New, indent: usize) -> String {
        let lines = self.block(new, indent + 2);
        // The dash takes the place of the first two blanks.
        format!("{}- {}", " ".repeat(indent), lines.get(indent + 2..).unwrap_or_default())
    }

    fn block(&self, new: &New, indent: usize) -> String {
        match new {
            New::Scalar(text) | New::Bare(text) => format!("{}{text}\n", " ".repeat(indent)),
            New::Map(entries) => {
                entries.iter().map(|(key, new)| self.block_entry(key, new, indent)).collect()
            }
            New::List(items) => items.iter().map(|item| self.block_item(item, indent)).collect(),
        }
    }
}

/// Whether a node stands in another: what an alias or a merge key brings in stands elsewhere.
pub(super) fn is_within(outer: &Node, inner: &Node) -> bool {
    outer.span.start <= inner.span.start && inner.span.end <= outer.span.end
}
