//! Merge keys: `<<: *defaults` gives a map what it does not have itself.
//!
//! What a map says after its `<<` counts before what that brings, for every reader. What it says before, only some
//! readers keep: go-yaml v2, in kubectl and Helm, lets the merge win (go-yaml#81), go-yaml v3, in Kustomize, does
//! not, nor does it take two `<<` in one map (go-yaml#478). Where that makes a difference nobody knows the value.

use std::collections::HashMap;
use std::rc::Rc;

use super::{Kind, Node, Pair, Wrong, shown};

/// What a `<<` brings.
pub(super) struct Merge {
    key: Rc<Node>,
    pairs: Vec<Pair>,
    /// How many keys of the map stand before it.
    before: usize,
}

impl Merge {
    /// The one `<<` of a map so far, with `before` keys in front of it; `known` is the one before it.
    pub(super) fn of(
        key: Rc<Node>,
        value: &Rc<Node>,
        before: usize,
        known: Option<&Self>,
    ) -> Result<Self, Wrong> {
        if known.is_some() {
            let help = "write `<<: [*a, *b]`: some readers refuse two, and others let the last one win";
            return Err(Wrong::new(key.span.clone(), "`<<` stands twice", help));
        }
        Ok(Self { pairs: pairs(value)?, key, before })
    }

    /// Adds to a map's own pairs those that it does not have, each key once.
    pub(super) fn join(self, mut own: Vec<Pair>) -> Result<Vec<Pair>, Wrong> {
        let mut added = Vec::new();
        let mut known: HashMap<Option<&str>, (usize, &Rc<Node>)> =
            own.iter().enumerate().map(|(nth, (key, value))| (key.text(), (nth, value))).collect();
        for (key, value) in &self.pairs {
            match known.get(&key.text()) {
                None => {
                    known.insert(key.text(), (usize::MAX, value));
                    added.push((Rc::clone(key), Rc::clone(value)));
                }
                Some((nth, other)) if *nth < self.before && !is_same(other, value) => {
                    let name = shown(key.text().unwrap_or_default());
                    let title = format!("`<<` brings a `{name}` that is not the one before it");
                    let help = "put `<<` first in its mapping: kubectl lets what it brings win over what stands before, kustomize does not";
                    return Err(Wrong::new(self.key.span.clone(), title, help));
                }
                Some(_) => {}
            }
        }
        own.extend(added);
        Ok(own)
    }
}

/// Whether two values are one, or the same word; what is longer is not compared.
fn is_same(one: &Rc<Node>, other: &Rc<Node>) -> bool {
    let word = |node: &Rc<Node>| match node.kind() {
        Kind::Scalar { text, plain } => Some((text.clone(), *plain)),
        _ => None,
    };
    std::ptr::eq(one.meant(), other.meant()) || word(one).is_some_and(|one| Some(one) == word(other))
}

fn pairs(value: &Rc<Node>) -> Result<Vec<Pair>, Wrong> {
    let copy = |pairs: &[Pair]| -> Vec<_> {
        pairs.iter().map(|(key, value)| (Rc::clone(key), Rc::clone(value))).collect()
    };
    let wrong = || {
        let title = "`<<` merges a mapping, or a list of them";
        Wrong::new(value.span.clone(), title, "write `<<: *name`, where `&name` marks a mapping")
    };
    match value.kind() {
        Kind::Map(pairs) => Ok(copy(pairs)),
        // Of several the first wins, and so it comes first.
        Kind::List(items) => {
            let maps = items.iter().map(|item| match item.kind() {
                Kind::Map(pairs) => Ok(copy(pairs)),
                _ => Err(wrong()),
            });
            Ok(maps.collect::<Result<Vec<_>, _>>()?.concat())
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Rc<Node>, Wrong> {
        super::super::parse(text, 0..text.len()).map(Option::unwrap)
    }

    #[test]
    fn merge_keys_give_what_a_map_does_not_have_itself() {
        let root = read("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 3\n").unwrap();
        let z = root.get("z").unwrap();
        assert_eq!(["a", "b", "c"].map(|key| z.text_of(key).unwrap()), ["3", "1", "2"]);
        assert!(read("z:\n  <<: 1\n").unwrap_err().title.contains("merges a mapping"));
    }

    #[test]
    fn what_a_merge_may_overwrite_is_a_mistake_at_the_merge() {
        let from = "x: &x {a: 1, l: &l [1]}\nz: {";
        for (map, told) in [
            ("a: 2, <<: *x", Some("`<<` brings a `a` that is not the one before it")),
            ("a: \"1\", <<: *x", Some("`<<` brings a `a`")),
            ("a: ~, <<: *x", Some("`<<` brings a `a`")),
            ("l: [1], <<: *x", Some("`<<` brings a `l`")),
            ("a: 1, <<: *x", None),
            ("l: *l, <<: *x", None),
            ("<<: *x, a: 2", None),
            ("b: 2, <<: *x, a: 2", None),
            ("<<: *x, <<: {b: 1}", Some("`<<` stands twice")),
        ] {
            let text = format!("{from}{map}}}\n");
            let wrong = read(&text).err();
            assert_eq!(wrong.is_some(), told.is_some(), "{map}");
            if let (Some(wrong), Some(told)) = (wrong, told) {
                assert!(wrong.title.contains(told), "{wrong:?}");
                assert_eq!(wrong.span.start, text.rfind("<<").unwrap(), "{map}");
            }
        }
    }
}
