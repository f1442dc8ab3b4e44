//! Whether an edited document is the old one but for what was planned: both trees, node by node.

use std::collections::HashMap;

use super::edit::{New, Planned};
use crate::immutability::yaml::{Kind, Node, Pair};

/// What was planned, and what was seen of it.
struct Walk<'p> {
    planned: HashMap<*const Node, Vec<&'p Planned>>,
    /// Pairs of nodes that were compared, and whether something was planned for them or below.
    seen: HashMap<(*const Node, *const Node), bool>,
    /// How many of the nodes that something is planned for were met.
    met: usize,
}

/// Whether two documents are the same but for what was planned. What an alias shares with others was planned for one of
/// them alone.
pub(super) fn differ_as_planned(old: &Node, new: &Node, planned: &[(*const Node, Planned)]) -> bool {
    let mut walk = Walk { planned: HashMap::new(), seen: HashMap::new(), met: 0 };
    for (node, planned) in planned {
        walk.planned.entry(*node).or_default().push(planned);
    }
    walk.is_same(old, new) && walk.met == walk.planned.len()
}

impl Walk<'_> {
    fn is_same(&mut self, old: &Node, new: &Node) -> bool {
        let (old, new) = (old.meant(), new.meant());
        if let (Kind::Scalar { text, plain }, Kind::Scalar { text: other, plain: also }) =
            (&old.kind, &new.kind)
        {
            return text == other && plain == also;
        }
        let pair = (std::ptr::from_ref(old), std::ptr::from_ref(new));
        if let Some(changed) = self.seen.get(&pair) {
            return !changed;
        }
        let before = self.met;
        let planned = self.planned.get(&pair.0).cloned().unwrap_or_default();
        self.met += usize::from(!planned.is_empty());
        let same = match (&old.kind, &new.kind) {
            (Kind::Map(old), Kind::Map(new)) => self.is_same_map(old, new, &planned),
            (Kind::List(_), Kind::List(_)) => self.is_same_list(old, new, &planned),
            _ => false,
        };
        self.seen.insert(pair, self.met != before);
        same
    }

    fn is_same_map(&mut self, old: &[Pair], new: &[Pair], planned: &[&Planned]) -> bool {
        let (mut old, mut done) = (old.iter().peekable(), 0);
        for (key, value) in new {
            let known = old.next_if(|(known, _)| known.kind().is_text(key));
            let planned = planned.iter().find_map(|planned| match planned {
                Planned::Entry(field, new) => (key.text() == Some(field)).then_some(new),
                Planned::Before(_) | Planned::Behind(_) => None,
            });
            done += usize::from(planned.is_some());
            let same = match (planned, known) {
                (Some(new), _) => new.is(value),
                (None, Some((_, known))) => self.is_same(known, value),
                (None, None) => false,
            };
            if !same {
                return false;
            }
        }
        old.next().is_none() && done == planned.len()
    }

    fn is_same_list(&mut self, old: &Node, new: &Node, planned: &[&Planned]) -> bool {
        let (mut before, mut behind): (&[New], &[New]) = (&[], &[]);
        for planned in planned {
            match planned {
                Planned::Entry(..) => return false,
                Planned::Before(items) => before = items,
                Planned::Behind(items) => behind = items,
            }
        }
        let all = new.items().len() == before.len() + old.items().len() + behind.len();
        let mut items = new.items().iter();
        all && before.iter().all(|new| items.next().is_some_and(|item| new.is(item)))
            && old.items().iter().all(|old| items.next().is_some_and(|item| self.is_same(old, item)))
            && behind.iter().all(|new| items.next().is_some_and(|item| new.is(item)))
    }
}

impl Kind {
    /// Whether a key is the same text as this one.
    fn is_text(&self, key: &Node) -> bool {
        matches!((self, key.kind()), (Self::Scalar { text, .. }, Kind::Scalar { text: other, .. }) if text == other)
    }
}

impl New {
    /// Whether a node says what is to be written.
    fn is(&self, node: &Node) -> bool {
        match self {
            Self::Scalar(text) | Self::Bare(text) => node.text() == Some(text),
            Self::List(new) => {
                let items = node.items();
                node.is_list()
                    && items.len() == new.len()
                    && new.iter().zip(items).all(|(new, node)| new.is(node))
            }
            Self::Map(new) => {
                let pairs = node.pairs();
                let is = |((field, new), (key, value)): (&(&str, Self), &Pair)| {
                    key.text() == Some(field) && new.is(value)
                };
                node.is_map() && pairs.len() == new.len() && new.iter().zip(pairs).all(is)
            }
        }
    }
}
