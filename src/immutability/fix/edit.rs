//! Edits of a YAML text at the places of its nodes: entries added to maps, items to lists, scalars replaced.
//!
//! An edit that cannot be made for certain is refused, with what stands in its way and what to do about that.

use std::ops::Range;

use super::text;
use crate::immutability::yaml::{Kind, Node, Pair};

/// Why an edit cannot be made: where, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    /// In bytes of the text.
    pub(super) at: usize,
    pub(super) why: &'static str,
}

/// An alias or a merge key.
pub(super) const SHARED: &str =
    "an alias or a merge key (`<<`) brings in what must change, and others may share it: write it out there";
/// An anchor.
pub(super) const ANCHOR: &str = "what must change is shared by an anchor (`&`), and others would change with it: write it out there first";
/// A map where a list belongs, or the like.
pub(super) const TYPE: &str =
    "a value of another type stands where a list or a mapping belongs: put that right first";
const LINES: &str = "a value on several lines stands where true or false belongs: put that right first";
const KEPT: &str = "blank lines behind this block of text may be part of it (`|+`), and nothing can be added below: end it with `|`";
const DASH: &str =
    "this list begins behind another mark on its line: give each of its items a line and a dash of its own";
const EXPLICIT: &str = "this key is written with `?`: write `key: value`";
const PLACE: &str =
    "it is written in a form that cannot be edited for certain: write each key on a line of its own";

/// Something that is written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum New {
    Scalar(String),
    /// A number or a boolean, which stands in no quotes anywhere.
    Bare(String),
    Map(Vec<(&'static str, New)>),
    List(Vec<New>),
}

/// What an edit means to a node: all else must stay as it is.
#[derive(Debug)]
pub(super) enum Planned {
    /// This entry of a map is added, or has another value.
    Entry(&'static str, New),
    /// These items come before those of a list.
    Before(Vec<New>),
    /// And these behind them.
    Behind(Vec<New>),
}

/// What is planned, node by node.
pub(super) type Plans = Vec<(*const Node, Planned)>;

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
    /// What they mean, node by node.
    planned: Plans,
    /// Whether it is JSON, whose names stand in quotes.
    json: bool,
    /// How a line ends that is the first.
    newline: &'static str,
}

impl<'t> Editor<'t> {
    /// Edits the document that stands in `range`.
    pub(super) fn new(text: &'t str, range: Range<usize>) -> Self {
        let own = text.get(range.clone()).unwrap_or_default();
        let json = own.trim_start_matches("---").trim_start().starts_with('{');
        let newline = match () {
            () if own.contains("\r\n") => "\r\n",
            () if own.contains('\r') && !own.contains('\n') => "\r",
            () => "\n",
        };
        Self { text, range, edits: Vec::new(), planned: Vec::new(), json, newline }
    }

    /// How many edits there are, so that those of a pod that is refused can be taken back.
    pub(super) fn mark(&self) -> (usize, usize) {
        (self.edits.len(), self.planned.len())
    }

    /// Takes back all edits after a mark.
    pub(super) fn take_back(&mut self, (edits, planned): (usize, usize)) {
        self.edits.truncate(edits);
        self.planned.truncate(planned);
    }

    /// The document with all edits, and what they mean; refused if two of them meet.
    pub(super) fn finish(mut self) -> Result<(String, Plans), Refusal> {
        self.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut whole = String::new();
        let mut at = self.range.start;
        for (range, with) in &self.edits {
            whole.push_str(self.slice(at..range.start)?);
            whole.push_str(with);
            at = range.end;
        }
        whole.push_str(self.slice(at..self.range.end)?);
        Ok((whole, self.planned))
    }

    fn slice(&self, range: Range<usize>) -> Result<&'t str, Refusal> {
        let at = range.start;
        self.text.get(range).ok_or(Refusal { at, why: PLACE })
    }

    fn plan(&mut self, node: &Node, planned: Planned) {
        self.planned.push((node, planned));
    }

    /// Sets an entry of a map that is there already to a scalar. An alias is what stands there, and gives way to it.
    pub(super) fn replace(
        &mut self,
        map: &Node,
        (key, value): &Pair,
        field: &'static str,
        with: &str,
    ) -> Result<(), Refusal> {
        let text = self.slice(value.span.clone())?;
        let at = key.span.start;
        if !(is_within(map, key) && (is_within(map, value) || value.span.is_empty())) {
            return Err(Refusal { at: map.span.start, why: SHARED });
        }
        if Node::is_shared(value) {
            return Err(Refusal { at, why: ANCHOR });
        }
        if text.contains(['\n', '\r']) || !matches!(value.kind(), Kind::Scalar { .. }) {
            return Err(Refusal { at, why: LINES });
        }
        self.plan(map, Planned::Entry(field, New::Bare(with.to_owned())));
        if text.is_empty() {
            let colon = self.colon(key)?;
            self.edits.push((colon..colon, format!(" {with}")));
        } else {
            self.edits.push((value.span.clone(), with.to_owned()));
        }
        Ok(())
    }

    /// Behind the colon of a key whose value says nothing.
    fn colon(&self, key: &Node) -> Result<usize, Refusal> {
        let rest = self.slice(key.span.end..self.range.end)?;
        let colon = rest.find(|character: char| !matches!(character, ' ' | '\t'));
        match colon.filter(|at| rest.get(*at..).is_some_and(|rest| rest.starts_with(':'))) {
            Some(at) => Ok(key.span.end + at + 1),
            None => Err(Refusal { at: key.span.start, why: EXPLICIT }),
        }
    }

    /// Adds entries to a map, after the entry `after` if it has that.
    pub(super) fn add(
        &mut self,
        map: &Node,
        after: &str,
        entries: &[(&'static str, New)],
    ) -> Result<(), Refusal> {
        if entries.is_empty() {
            return Ok(());
        }
        if map.is_alias() || !map.pairs().iter().all(|(key, _)| is_within(map, key)) {
            return Err(Refusal { at: map.span.start, why: SHARED });
        }
        for (key, new) in entries {
            self.plan(map, Planned::Entry(key, new.clone()));
        }
        if self.is_flow(map) {
            let words: Vec<String> = entries.iter().map(|(key, new)| self.flow_entry(key, new)).collect();
            return self.add_flow(map, map.pairs().first().map(|(key, _)| key.span.start), &words.join(", "));
        }
        let (first, _) = map.pairs().first().ok_or(Refusal { at: map.span.start, why: PLACE })?;
        let before = self.slice(self.line_start(first.span.start)..first.span.start)?;
        if before.contains('?') {
            return Err(Refusal { at: first.span.start, why: EXPLICIT });
        }
        let indent = self.column(first.span.start);
        let lines: String = entries.iter().map(|(key, new)| self.block_entry(key, new, indent)).collect();
        let named = map.pairs().iter().find(|(key, _)| key.text() == Some(after));
        let at = match named.filter(|pair| self.is_one_line(map, pair)) {
            Some((_, value)) => value.span.end,
            None => self.end(map)?,
        };
        self.insert_below(at, &lines)
    }

    /// Adds items to a list, behind those that it has; between brackets they stand before them.
    pub(super) fn append(&mut self, list: &Node, items: &[New]) -> Result<(), Refusal> {
        let written = self.items(list, items)?;
        let (first, added) = match written {
            Items::Written => (true, Ok(())),
            Items::Lines(lines) => (false, self.insert_below(self.end(list)?, &lines)),
        };
        let of = if first { Planned::Before } else { Planned::Behind };
        self.plan(list, of(items.to_vec()));
        added
    }

    /// Adds items to the list of a key, before those that it has and the comments on them.
    pub(super) fn prepend(&mut self, key: &Node, list: &Node, items: &[New]) -> Result<(), Refusal> {
        let written = self.items(list, items)?;
        self.plan(list, Planned::Before(items.to_vec()));
        match written {
            Items::Written => Ok(()),
            Items::Lines(lines) => self.insert_below(key.span.end, &lines),
        }
    }

    /// Items as lines, for a list of lines; between brackets they are written at once.
    fn items(&mut self, list: &Node, items: &[New]) -> Result<Items, Refusal> {
        if items.is_empty() {
            return Ok(Items::Written);
        }
        if list.is_alias() || !list.items().iter().all(|item| is_within(list, item)) {
            return Err(Refusal { at: list.span.start, why: SHARED });
        }
        if self.is_flow(list) {
            let words: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
            self.add_flow(list, list.items().first().map(|item| item.span.start), &words.join(", "))?;
            return Ok(Items::Written);
        }
        let first = list.items().first().map_or(list.span.start, |first| first.span.start);
        let line = self.slice(self.line_start(first)..first)?;
        // What stands before the item on its line must be its dash alone.
        let Some(indent) = line.find('-').filter(|_| line.trim() == "-") else {
            return Err(Refusal { at: first, why: DASH });
        };
        Ok(Items::Lines(items.iter().map(|item| self.block_item(item, indent)).collect()))
    }

    /// Fills in an entry whose value says nothing: `volumes:`, or `volumes: null`.
    pub(super) fn fill(
        &mut self,
        map: &Node,
        (key, value): &Pair,
        field: &'static str,
        new: &New,
    ) -> Result<(), Refusal> {
        if !is_within(map, key) {
            return Err(Refusal { at: map.span.start, why: SHARED });
        }
        if Node::is_shared(value) {
            return Err(Refusal { at: key.span.start, why: ANCHOR });
        }
        self.plan(map, Planned::Entry(field, new.clone()));
        let nothing = self.slice(value.span.clone())?.trim();
        if ["null", "Null", "NULL", "~"].contains(&nothing) && is_within(map, value) {
            self.edits.push((value.span.clone(), self.flow(new)));
            return Ok(());
        }
        if !nothing.is_empty() {
            return Err(Refusal { at: key.span.start, why: SHARED });
        }
        let colon = self.colon(key)?;
        if self.is_flow(map) {
            self.edits.push((colon..colon, format!(" {}", self.flow(new))));
            return Ok(());
        }
        let indent = self.column(key.span.start) + 2;
        let lines = self.block(new, indent);
        self.insert_below(colon, &lines)
    }

    /// Whether a collection stands between brackets.
    fn is_flow(&self, node: &Node) -> bool {
        let bracket = if node.is_map() { '{' } else { '[' };
        self.text.get(node.span.start..).is_some_and(|text| text.starts_with(bracket))
    }

    /// New words within brackets, before what is there, and set apart from it as it is from the bracket.
    fn add_flow(&mut self, node: &Node, first: Option<usize>, words: &str) -> Result<(), Refusal> {
        let open = node.span.start + 1;
        match first {
            None => self.edits.push((open..open, words.to_owned())),
            Some(first) => {
                let between = self.slice(open..first)?;
                let between = if between.contains('#') { " " } else { between };
                let between = if between.is_empty() { " " } else { between };
                self.edits.push((first..first, format!("{words},{between}")));
            }
        }
        Ok(())
    }

    /// New lines below the one in which `at` stands, which end as that one does.
    fn insert_below(&mut self, at: usize, lines: &str) -> Result<(), Refusal> {
        let rest = self.slice(at..self.range.end)?;
        let ends = |newline: &str| {
            if newline == "\n" { lines.to_owned() } else { lines.replace('\n', newline) }
        };
        if let Some(end) = rest.find(['\n', '\r']) {
            let newline = rest.get(end..).unwrap_or_default();
            let newline = ["\r\n", "\r"].into_iter().find(|end| newline.starts_with(end)).unwrap_or("\n");
            let end = at + end + newline.len();
            self.edits.push((end..end, ends(newline)));
        } else {
            let lines = ends(self.newline);
            let lines = lines.trim_end_matches(['\r', '\n']);
            self.edits.push((self.range.end..self.range.end, format!("{}{lines}", self.newline)));
        }
        Ok(())
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
            && matches!(value.kind(), Kind::Scalar { .. })
            && !text.is_empty()
            && !text.contains(['\n', '\r'])
    }

    /// Where the last thing in a node ends; refused if that is a text that keeps the blank lines behind it, or comes
    /// from elsewhere.
    fn end(&self, node: &Node) -> Result<usize, Refusal> {
        let last = match &node.kind {
            Kind::Map(pairs) => {
                let last = pairs.iter().max_by_key(|(key, _)| key.span.start);
                // A value that says nothing has no place of its own.
                last.map(|(key, value)| if value.span.is_empty() { key } else { value })
            }
            Kind::List(items) => items.last(),
            Kind::Alias(_) => return Ok(node.span.end),
            Kind::Scalar { text, .. } => {
                // A text that ends with blank lines may be a block that keeps those below it (`|+`).
                if text.ends_with("\n\n") {
                    return Err(Refusal { at: node.span.start, why: KEPT });
                }
                return Ok(node.span.start + self.slice(node.span.clone())?.trim_end().len());
            }
        };
        // A list of lines may begin with a map in brackets, and ends no sooner for that.
        match last {
            _ if self.is_flow(node) => Ok(node.span.end),
            Some(last) if is_within(node, last) => self.end(last),
            Some(_) => Err(Refusal { at: node.span.start, why: SHARED }),
            None => Err(Refusal { at: node.span.start, why: PLACE }),
        }
    }

    fn name(&self, key: &str) -> String {
        if self.json { format!("\"{key}\"") } else { key.to_owned() }
    }

    fn scalar(&self, text: &str) -> String {
        if self.json { text::quoted(text) } else { text::scalar(text).into_owned() }
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
            New::Scalar(_) | New::Bare(_) => format!("{blanks}{key}: {}\n", self.flow(new)),
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
            New::Scalar(_) | New::Bare(_) => format!("{}{}\n", " ".repeat(indent), self.flow(new)),
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
