//! YAML as Ansible reads it: a tree with places, aliases followed, merge keys merged.
//!
//! It knows no type of a scalar, that is [`super::scalar`]'s. What a document unfolds to is bounded, so that
//! aliases of aliases cost nothing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use crate::diagnostic::{Diagnostic, Source};

/// What a document may unfold to: a unit for each node, and for each 64 bytes of text.
const MOST: usize = 2_000_000;

/// How deeply nodes may be nested, through aliases too.
const DEEPEST: usize = 100;

/// One node.
#[derive(Debug)]
pub(super) struct Node {
    /// Its place in the text, in bytes.
    pub(super) span: Range<usize>,
    /// Its tag: `!vault`, or `!!str` for those of YAML's own.
    pub(super) tag: Option<String>,
    pub(super) kind: Kind,
    size: usize,
    depth: usize,
}

/// What a node holds.
#[derive(Debug)]
pub(super) enum Kind {
    /// A text; `plain` without quotes or block marks.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Rc<Node>>),
    Map(Vec<Pair>),
}

/// A key and its value.
pub(super) type Pair = (Rc<Node>, Rc<Node>);

/// A collection that is not closed yet.
struct Open {
    span: Range<usize>,
    tag: Option<String>,
    anchor: usize,
    items: Vec<Rc<Node>>,
    map: bool,
}

/// The only document of a file; `None` if it is empty. Keys that stand twice are told to `warnings`; the
/// last one counts, as in Ansible.
pub(super) fn parse(source: &Source, warnings: &mut Vec<String>) -> Result<Option<Rc<Node>>, Diagnostic> {
    let mut tree = Tree {
        source,
        warnings,
        open: Vec::new(),
        anchors: HashMap::new(),
        units: 0,
        root: None,
        documents: 0,
    };
    for event in Parser::new_from_str(source.as_str()) {
        let (event, span) = event.map_err(|error| scan_error(source, &error))?;
        tree.take(event, &range(&span))?;
    }
    Ok(tree.root)
}

fn range(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or(0..0)
}

fn scan_error(source: &Source, error: &ScanError) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or_default();
    let at = at.min(source.as_str().trim_end().len());
    let message = error.info();
    let tab = source.as_str().get(at..).is_some_and(|rest| rest.starts_with('\t')) || message.contains("tab");
    let help = match tab {
        true => "YAML is indented with blanks, not with tabs",
        false => "is a quote, a bracket or the indentation wrong on this line, or on the one before?",
    };
    source.error(at..at + 1, format!("this is no YAML: {message}"), "").help(help)
}

struct Tree<'s> {
    source: &'s Source,
    warnings: &'s mut Vec<String>,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    units: usize,
    root: Option<Rc<Node>>,
    documents: usize,
}

impl Tree<'_> {
    fn take(&mut self, event: Event<'_>, span: &Range<usize>) -> Result<(), Diagnostic> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let error = self.source.error(span.clone(), "a second document begins here", "");
                    return Err(
                        error.help("one file holds one document; put the other into a file of its own")
                    );
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let kind = Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                return self.add(span.clone(), name_of(tag), anchor, kind);
            }
            Event::SequenceStart(_, anchor, tag) => self.begin(span, anchor, tag, false),
            Event::MappingStart(_, anchor, tag) => self.begin(span, anchor, tag, true),
            Event::SequenceEnd | Event::MappingEnd => return self.end(span),
            Event::Alias(anchor) => return self.alias(anchor, span),
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, span: &Range<usize>, anchor: usize, tag: Option<Cow<'_, Tag>>, map: bool) {
        self.open.push(Open { span: span.clone(), tag: name_of(tag), anchor, items: Vec::new(), map });
    }

    fn end(&mut self, span: &Range<usize>) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let kind = match open.map {
            false => Kind::List(open.items),
            true => Kind::Map(self.pairs(open.items)?),
        };
        self.add(open.span.start..span.end.max(open.span.end), open.tag, open.anchor, kind)
    }

    fn alias(&mut self, anchor: usize, span: &Range<usize>) -> Result<(), Diagnostic> {
        let Some(node) = self.anchors.get(&anchor).map(Rc::clone) else {
            let error = self.source.error(span.clone(), "this alias stands for what it is a part of", "");
            return Err(error.help("write the value out"));
        };
        self.units = self.units.saturating_add(node.size);
        self.place(node, span)
    }

    fn add(
        &mut self,
        span: Range<usize>,
        tag: Option<String>,
        anchor: usize,
        kind: Kind,
    ) -> Result<(), Diagnostic> {
        let own = match &kind {
            Kind::Scalar { text, .. } => 1 + text.len() / 64,
            Kind::List(_) | Kind::Map(_) => 1,
        };
        let (mut size, mut depth) = (own, 0);
        let mut count = |node: &Rc<Node>| {
            size = size.saturating_add(node.size);
            depth = depth.max(node.depth);
        };
        match &kind {
            Kind::Scalar { .. } => {}
            Kind::List(items) => items.iter().for_each(count),
            Kind::Map(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).for_each(&mut count),
        }
        self.units = self.units.saturating_add(own);
        let node = Rc::new(Node { span: span.clone(), tag, kind, size, depth: depth + 1 });
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.place(node, &span)
    }

    fn place(&mut self, node: Rc<Node>, span: &Range<usize>) -> Result<(), Diagnostic> {
        if self.units > MOST || node.depth > DEEPEST || self.open.len() > DEEPEST {
            let error = self.source.error(span.clone(), "the file unfolds to far more than it is", "");
            return Err(error.help("its aliases, or its nesting, multiply beyond all use"));
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }

    /// Keys and values, those of merge keys first, each key once.
    fn pairs(&mut self, items: Vec<Rc<Node>>) -> Result<Vec<Pair>, Diagnostic> {
        let (mut merged, mut own) = (Vec::new(), Vec::new());
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            match &key.kind {
                Kind::Scalar { text, plain: true } if text == "<<" && key.tag.is_none() => {
                    merged.extend(self.merge(&value)?);
                }
                _ => own.push((key, value)),
            }
        }
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut pairs: Vec<Pair> = Vec::new();
        let count = merged.len();
        for (nth, (key, value)) in merged.into_iter().chain(own).enumerate() {
            let name = key.text().map(str::to_owned);
            let known = name.as_ref().and_then(|name| places.get(name));
            if let Some((at, pair)) = known.and_then(|at| Some((*at, pairs.get_mut(*at)?))) {
                if at >= count && nth > at {
                    let (line, _) = self.source.line_column(key.span.start);
                    let name = name.unwrap_or_default();
                    let path = self.source.path();
                    self.warnings
                        .push(format!("{path}:{line}: `{name}` stands here again; the last one counts"));
                }
                pair.1 = value;
                continue;
            }
            places.extend(name.map(|name| (name, pairs.len())));
            pairs.push((key, value));
        }
        Ok(pairs)
    }

    fn merge(&self, value: &Rc<Node>) -> Result<Vec<Pair>, Diagnostic> {
        let copy = |pairs: &[Pair]| -> Vec<_> {
            pairs.iter().map(|(key, value)| (Rc::clone(key), Rc::clone(value))).collect()
        };
        let wrong = || {
            let error = self.source.error(value.span.clone(), "`<<` merges a mapping, or a list of them", "");
            error.help("write `<<: *name`, where `&name` marks a mapping")
        };
        match &value.kind {
            Kind::Map(pairs) => Ok(copy(pairs)),
            // Of several the first wins: it is put last.
            Kind::List(items) => {
                let maps = items.iter().rev().map(|item| match &item.kind {
                    Kind::Map(pairs) => Ok(copy(pairs)),
                    _ => Err(wrong()),
                });
                Ok(maps.collect::<Result<Vec<_>, _>>()?.concat())
            }
            Kind::Scalar { .. } => Err(wrong()),
        }
    }
}

impl Node {
    /// The text of a scalar, of whatever type.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }
}

/// `!vault` for a local tag, `!!str` for one of YAML's own.
fn name_of(tag: Option<Cow<'_, Tag>>) -> Option<String> {
    let tag = tag?;
    let (handle, suffix) = (tag.handle(), tag.suffix());
    let whole = format!("{handle}{suffix}");
    Some(whole.strip_prefix("tag:yaml.org,2002:").map_or(whole.clone(), |own| format!("!!{own}")))
}
