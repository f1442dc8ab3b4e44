//! YAML as Kubernetes' tools read it, one document at a time: a tree with the place of every key and value.
//!
//! Aliases are shared and never copied, and what a document unfolds to is bounded, so that aliases of aliases cost
//! nothing. A key that stands twice is a mistake, as it is for kubectl. JSON is YAML, and read by the same parser.

mod merge;
mod node;
mod split;
mod template;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle, Tag};

use merge::Merge;
pub(super) use node::{Kind, Node, Pair};
pub(super) use split::documents;
pub(super) use template::{TEMPLATE, begins as is_template};

/// What a document may unfold to: a unit for each node, and for each 64 bytes of text.
const MOST: usize = 2_000_000;

/// How deeply nodes may be nested, through aliases too.
const DEEPEST: usize = 100;

/// What to do about tabs.
const TABS: &str = "YAML is indented with blanks, not with tabs";

/// Up to so many keys are compared one by one.
const FEW: usize = 12;

/// What is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// In bytes of the file.
    pub(super) span: Range<usize>,
    pub(super) title: String,
    pub(super) help: &'static str,
}

impl Wrong {
    pub(super) fn new(span: Range<usize>, title: impl Into<String>, help: &'static str) -> Self {
        Self { span, title: title.into(), help }
    }
}

/// The document that stands in `range` of a text; `None` if it is empty.
pub(super) fn parse(text: &str, range: Range<usize>) -> Result<Option<Rc<Node>>, Wrong> {
    let piece = text.get(range.clone()).unwrap_or_default();
    let base = range.start;
    let mut tree = Tree { piece, base, open: Vec::new(), anchors: HashMap::new(), units: 0, root: None };
    for event in Parser::new_from_str(piece) {
        let (event, span) = event.map_err(|error| scan_error(piece, base, &error))?;
        tree.take(event, &place(&span, base))?;
    }
    Ok(tree.root)
}

fn place(span: &Span, base: usize) -> Range<usize> {
    let range = span.byte_range().unwrap_or(0..0);
    range.start + base..range.end + base
}

fn scan_error(piece: &str, base: usize, error: &ScanError) -> Wrong {
    if let Some(at) = template::find(piece) {
        return template::wrong(base + at);
    }
    let at = error.marker().byte_offset().unwrap_or_default().min(piece.trim_end().len());
    let message = error.info();
    let line = piece.get(..at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    let rest = piece.get(at..).unwrap_or_default();
    let tab = rest.starts_with('\t')
        || message.contains("tab")
        || line.trim_end().is_empty() && line.contains('\t');
    let help = match tab {
        true => TABS,
        false => "is a quote, a bracket or the indentation wrong on this line, or on the one before?",
    };
    Wrong::new(base + at..base + at + 1, format!("this is no YAML: {message}"), help)
}

/// A collection that is not closed yet.
struct Open {
    span: Range<usize>,
    anchor: usize,
    items: Vec<Rc<Node>>,
    shape: Shape,
}

/// What kind of collection it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    List,
    /// A map by indentation.
    Block,
    /// A map in braces.
    Flow,
}

struct Tree<'s> {
    piece: &'s str,
    base: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    units: usize,
    root: Option<Rc<Node>>,
}

impl Tree<'_> {
    fn take(&mut self, event: Event<'_>, span: &Range<usize>) -> Result<(), Wrong> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !is_text(tag.as_ref());
                self.add(span.clone(), anchor, Kind::Scalar { text: text.into_owned(), plain })
            }
            Event::SequenceStart(_, anchor, _) => self.begin(span, anchor, Shape::List),
            Event::MappingStart(StructureStyle::Block, anchor, _) => self.begin(span, anchor, Shape::Block),
            Event::MappingStart(StructureStyle::Flow, anchor, _) => self.begin(span, anchor, Shape::Flow),
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, span: &Range<usize>, anchor: usize, shape: Shape) -> Result<(), Wrong> {
        self.open.push(Open { span: span.clone(), anchor, items: Vec::new(), shape });
        if self.open.len() > DEEPEST { Err(too_much(span)) } else { Ok(()) }
    }

    fn end(&mut self, span: &Range<usize>) -> Result<(), Wrong> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let kind = match open.shape {
            Shape::List => Kind::List(open.items),
            shape => Kind::Map(self.pairs(open.items, shape)?),
        };
        self.add(open.span.start..span.end.max(open.span.end), open.anchor, kind)
    }

    fn alias(&mut self, anchor: usize, span: &Range<usize>) -> Result<(), Wrong> {
        let Some(node) = self.anchors.get(&anchor).map(Rc::clone) else {
            let title = "this alias stands for what it is a part of";
            return Err(Wrong::new(span.clone(), title, "write the value out"));
        };
        self.units = self.units.saturating_add(node.size);
        let (size, depth) = (node.size, node.depth);
        self.place(Rc::new(Node { span: span.clone(), kind: Kind::Alias(node), size, depth }), span)
    }

    fn add(&mut self, span: Range<usize>, anchor: usize, kind: Kind) -> Result<(), Wrong> {
        let own = match &kind {
            Kind::Scalar { text, .. } => 1 + text.len() / 64,
            Kind::List(_) | Kind::Map(_) | Kind::Alias(_) => 1,
        };
        let (mut size, mut depth) = (own, 0);
        let mut count = |node: &Rc<Node>| {
            size = size.saturating_add(node.size);
            depth = depth.max(node.depth);
        };
        match &kind {
            Kind::Scalar { .. } | Kind::Alias(_) => {}
            Kind::List(items) => items.iter().for_each(count),
            Kind::Map(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).for_each(&mut count),
        }
        self.units = self.units.saturating_add(own);
        let node = Rc::new(Node { span: span.clone(), kind, size, depth: depth + 1 });
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.place(node, &span)
    }

    fn place(&mut self, node: Rc<Node>, span: &Range<usize>) -> Result<(), Wrong> {
        if self.units > MOST || node.depth > DEEPEST {
            return Err(too_much(span));
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }

    /// Keys and values, a map's own before those that it merges, each key once.
    fn pairs(&self, items: Vec<Rc<Node>>, shape: Shape) -> Result<Vec<Pair>, Wrong> {
        let (mut merge, mut own) = (None, Vec::with_capacity(items.len() / 2));
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            if shape == Shape::Block {
                self.check_indent(&key)?;
            }
            match key.kind() {
                Kind::Scalar { text, plain: true } if text == "<<" => {
                    merge = Some(Merge::of(key, &value, own.len(), merge.as_ref())?);
                }
                Kind::Scalar { .. } => own.push((key, value)),
                Kind::List(_) | Kind::Map(_) | Kind::Alias(_) => return Err(self.bad_key(&key)),
            }
        }
        if let Some((key, _)) = twice(&own) {
            let title = format!("`{}` stands twice", shown(key.text().unwrap_or_default()));
            return Err(Wrong::new(key.span.clone(), title, "keep one of them; kubectl refuses both"));
        }
        match merge {
            Some(merge) => merge.join(own),
            None => Ok(own),
        }
    }

    /// The parser lets a tab pass where it means nothing to YAML; Kubernetes' tools do not.
    fn check_indent(&self, key: &Rc<Node>) -> Result<(), Wrong> {
        let before = self.piece.get(..key.span.start.saturating_sub(self.base)).unwrap_or_default();
        let blanks = before.rfind(|character| character != ' ' && character != '\t').map_or(0, |at| at + 1);
        let line = before.get(blanks..).unwrap_or_default();
        let begins = blanks == 0 || before.get(..blanks).is_some_and(|text| text.ends_with(['\n', '\r']));
        match line.find('\t').filter(|_| begins) {
            Some(at) => {
                let at = self.base + blanks + at;
                Err(Wrong::new(at..at + 1, "this is no YAML: a tab where blanks are expected", TABS))
            }
            None => Ok(()),
        }
    }

    fn bad_key(&self, key: &Rc<Node>) -> Wrong {
        let before = key.span.start.saturating_sub(self.base + 1);
        if self.piece.get(before..).is_some_and(|text| text.starts_with("{{")) {
            return template::wrong(self.base + before);
        }
        Wrong::new(
            key.span.clone(),
            "this key is no text",
            "Kubernetes knows names as keys, and nothing else",
        )
    }
}

/// A text that may come from anybody, made safe to print and short.
pub(super) fn shown(text: &str) -> String {
    crate::diagnostic::plain(text)
}

fn too_much(span: &Range<usize>) -> Wrong {
    let help =
        "its nesting or its aliases multiply beyond all use, or it is a list of too many: give it in parts";
    Wrong::new(span.clone(), "the document is, or unfolds to, more than is read", help)
}

/// The first pair whose key an earlier one has.
fn twice(pairs: &[Pair]) -> Option<&Pair> {
    if pairs.len() <= FEW {
        let mut nth = pairs.iter().enumerate();
        let known = |before: &[Pair], key: &Node| before.iter().any(|(other, _)| other.text() == key.text());
        return nth
            .find(|(nth, (key, _))| known(pairs.get(..*nth).unwrap_or_default(), key))
            .map(|(_, pair)| pair);
    }
    let mut seen = HashSet::with_capacity(pairs.len());
    pairs.iter().find(|(key, _)| !seen.insert(key.text()))
}

/// Whether a tag says that a scalar is a text, whatever it looks like.
fn is_text(tag: Option<&Cow<'_, Tag>>) -> bool {
    tag.is_some_and(|tag| tag.suffix() == "str" || tag.suffix().ends_with(":str"))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn read(text: &str) -> Result<Rc<Node>, Wrong> {
        parse(text, 0..text.len()).map(Option::unwrap)
    }

    #[test]
    fn keys_and_values_know_their_places_also_in_a_later_document() {
        let text = "a: 1\n---\nspec:\n  - name: web\n    on: yes\n";
        let second = documents(text).pop().unwrap();
        let root = parse(text, second).unwrap().unwrap();
        let item = &root.get("spec").unwrap().items()[0];
        assert!(text.get(item.span.start..).unwrap().starts_with("name: web"));
        let (key, value) = item.entry("on").unwrap();
        let at = |node: &Node| text.get(node.span.clone()).unwrap();
        assert_eq!((at(key), at(value)), ("on", "yes"));
        assert_eq!(value.boolean(), Some(true));
    }

    #[test]
    fn quoted_words_are_texts() {
        let root = read("{a: \"true\", b: !!str true, c: True, d: \"\", e: , f: ~}").unwrap();
        let boolean = |key: &str| root.get(key).unwrap().boolean();
        assert_eq!((boolean("a"), boolean("b"), boolean("c")), (None, None, Some(true)));
        assert!(root.get("d").is_some() && root.get("e").is_none() && root.get("f").is_none());
        let typed = |text: &str| read(&format!("a: {text}")).unwrap().get("a").unwrap().is_typed();
        assert!(["1", "-1.5", ".5", "1e3", "0x1F", "0o17", "1_000", "yes", "off"].into_iter().all(typed));
        for text in ["'1'", "1.2.3", "1Gi", "web-1", "e5", "2026-01-02", "0x", "/1", "inf", "!!str 1"] {
            assert!(!typed(text), "{text}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_a_mistake_at_its_second_place() {
        let text = "a:\n  privileged: true\n  privileged: false\n";
        let wrong = read(text).unwrap_err();
        assert_eq!(
            (wrong.span.start, wrong.title.as_str()),
            (text.rfind("priv").unwrap(), "`privileged` stands twice")
        );
        let many = (0..40).fold(String::new(), |mut text, nth| {
            writeln!(text, "k{}: 1", nth % 39).unwrap();
            text
        });
        assert_eq!(read(&many).unwrap_err().title, "`k0` stands twice");
    }

    #[test]
    fn aliases_of_aliases_are_stopped() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for nth in 1..12 {
            let items = vec![format!("*a{}", nth - 1); 9].join(", ");
            writeln!(bomb, "a{nth}: &a{nth} [{items}]").unwrap();
        }
        assert!(read(&bomb).unwrap_err().title.contains("unfolds to"));
        assert!(read(&format!("a: {}{}", "[".repeat(200), "]".repeat(200))).is_err());
        assert!(read("a: &a [*a]").is_err());
    }

    #[test]
    fn tabs_and_templates_are_told_as_what_they_are() {
        let tab = read("a:\n\tb: 1\n").unwrap_err();
        assert!(tab.help.contains("not with tabs"), "{tab:?}");
        let first = read("\ta: 1\n").unwrap_err();
        assert_eq!((first.span.start, first.help), (0, TABS));
        assert!(read("{\n\t\"a\": 1,\n\t\"b\": [\n\t\t{\"c\": 2}\n\t]\n}\n").is_ok(), "JSON may have them");
        assert!(read("a: |\n  \tall:\n   \tb: c\nd: 1\n").is_ok(), "and so may texts");
        for text in [
            "metadata:\n  name: {{ .Values.name }}\n",
            "a: 1\n{{- if .Values.on }}\nb: 2\n{{- end }}\n",
            "image: {{ .Values.image }}:{{ .Values.tag }}\n",
        ] {
            let wrong = read(text).unwrap_err();
            assert_eq!(
                (wrong.span.start, wrong.title.as_str()),
                (text.find("{{").unwrap(), TEMPLATE),
                "{text}"
            );
        }
        assert!(read("a: '{{ quoted }}'\n").is_ok());
        assert!(read("a: [\n").unwrap_err().title.starts_with("this is no YAML"));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in r"[\s\PC]{0,80}") {
            for range in documents(&text) {
                if let Err(wrong) = parse(&text, range) {
                    proptest::prop_assert!(!wrong.title.is_empty());
                }
            }
        }

        #[test]
        fn texts_of_yamls_own_marks_never_panic(text in r"[-a:&*<\[\]{}!#|>'%,. \n\t]{0,60}") {
            for range in documents(&text) {
                let _ = parse(&text, range);
            }
        }
    }
}
