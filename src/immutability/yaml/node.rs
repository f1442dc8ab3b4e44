//! The nodes of a document, and what is asked of them.

use std::ops::Range;
use std::rc::Rc;

/// One node.
#[derive(Debug)]
pub(in crate::immutability) struct Node {
    /// Its place in the file, in bytes.
    pub(in crate::immutability) span: Range<usize>,
    pub(in crate::immutability) kind: Kind,
    /// What it unfolds to, and how deeply.
    pub(super) size: usize,
    pub(super) depth: usize,
}

/// What a node holds.
#[derive(Debug)]
pub(in crate::immutability) enum Kind {
    /// A text; `plain` without quotes, block marks or a tag, so that it may mean a number or a boolean.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Rc<Node>>),
    Map(Vec<Pair>),
    /// What stands elsewhere, behind an anchor.
    Alias(Rc<Node>),
}

/// A key and its value.
pub(in crate::immutability) type Pair = (Rc<Node>, Rc<Node>);

impl Node {
    /// What it holds, or, of an alias, what it stands for.
    pub(in crate::immutability) fn kind(&self) -> &Kind {
        &self.meant().kind
    }

    /// The node that an alias stands for; any other is itself.
    pub(in crate::immutability) fn meant(&self) -> &Self {
        match &self.kind {
            Kind::Alias(node) => node.meant(),
            _ => self,
        }
    }

    /// Whether it is an alias.
    pub(in crate::immutability) fn is_alias(&self) -> bool {
        matches!(self.kind, Kind::Alias(_))
    }

    /// Whether aliases elsewhere stand for it, or merge keys have taken it.
    pub(in crate::immutability) fn is_shared(node: &Rc<Self>) -> bool {
        Rc::strong_count(node) > 1
    }

    /// The text of a scalar, of whatever type.
    pub(in crate::immutability) fn text(&self) -> Option<&str> {
        match self.kind() {
            Kind::Scalar { text, .. } => Some(text),
            Kind::List(_) | Kind::Map(_) | Kind::Alias(_) => None,
        }
    }

    /// Whether it says nothing.
    pub(in crate::immutability) fn is_null(&self) -> bool {
        matches!(self.kind(), Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What a plain scalar means where a boolean is expected: Kubernetes' tools still read YAML 1.1's words.
    pub(in crate::immutability) fn boolean(&self) -> Option<bool> {
        let Kind::Scalar { text, plain: true } = self.kind() else { return None };
        match text.as_str() {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => Some(true),
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n" | "N" => {
                Some(false)
            }
            _ => None,
        }
    }

    /// Whether a plain scalar is a boolean or a number, which Kubernetes takes for no text.
    pub(in crate::immutability) fn is_typed(&self) -> bool {
        let Kind::Scalar { text, plain: true } = self.kind() else { return false };
        let bare = text.strip_prefix(['-', '+']).unwrap_or(text);
        let digits = bare.strip_prefix('.').unwrap_or(bare);
        let begins = digits.starts_with(|character: char| character.is_ascii_digit());
        let based = ["0x", "0o", "0b"].iter().find_map(|base| bare.strip_prefix(base));
        let is_digit = |digit: char| digit.is_ascii_hexdigit() || digit == '_';
        self.boolean().is_some()
            || begins && bare.replace('_', "").parse::<f64>().is_ok()
            || based.is_some_and(|digits| !digits.is_empty() && digits.chars().all(is_digit))
    }

    /// The entries of a map, none of anything else.
    pub(in crate::immutability) fn pairs(&self) -> &[Pair] {
        match self.kind() {
            Kind::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// The items of a list, none of anything else.
    pub(in crate::immutability) fn items(&self) -> &[Rc<Node>] {
        match self.kind() {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// Whether it is a map.
    pub(in crate::immutability) fn is_map(&self) -> bool {
        matches!(self.kind(), Kind::Map(_))
    }

    /// Whether it is a list.
    pub(in crate::immutability) fn is_list(&self) -> bool {
        matches!(self.kind(), Kind::List(_))
    }

    /// A key of a map with its value, unless that says nothing.
    pub(in crate::immutability) fn entry(&self, key: &str) -> Option<&Pair> {
        self.pairs().iter().find(|(name, value)| name.text() == Some(key) && !value.is_null())
    }

    /// The value of a key of a map.
    pub(in crate::immutability) fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The value at the end of a way of keys.
    pub(in crate::immutability) fn at(&self, way: &[&str]) -> Option<&Node> {
        way.iter().try_fold(self, |node, key| node.get(key).map(AsRef::as_ref))
    }

    /// The text of a key of a map.
    pub(in crate::immutability) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }
}
