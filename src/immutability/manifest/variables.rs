//! The variables of a container, and what Kubernetes makes of `$(NAME)` in them and in its command.

use std::collections::BTreeMap;

use super::{Value, Variables, Word};
use crate::immutability::yaml::Node;

/// So many bytes of variables are put into the variables and words of one container: each may double the one before.
pub(super) const ROOM: usize = 8 * 1024;

/// `env` and `envFrom` of a container.
pub(super) fn read(node: &Node, room: &mut usize) -> Variables {
    let mut variables = Variables::default();
    for item in items(node, "env") {
        let Some(name) = item.text_of("name") else { continue };
        let value = match (item.get("valueFrom"), item.get("value")) {
            (Some(from), _) if !from.is_null() => None,
            (_, Some(value)) if !value.is_null() => {
                value.text().map(|text| variables.expand(text, room)).filter(|word| word.whole)
            }
            _ => Some(Word { text: String::new(), whole: true }),
        };
        // Of several of one name the last one counts.
        variables.set.insert(name.to_owned(), value.map(|word| word.text));
    }
    let prefixes = items(node, "envFrom").iter().map(|from| from.text_of("prefix").unwrap_or_default());
    variables.from = prefixes.map(str::to_owned).collect();
    variables
}

fn items<'n>(node: &'n Node, list: &str) -> &'n [std::rc::Rc<Node>] {
    node.get(list).map(|list| list.items()).unwrap_or_default()
}

impl Variables {
    /// Puts in the variables that were set before; the text ends where one is that nobody knows from here: the kubelet
    /// has those of the cluster's services, too.
    pub(super) fn expand(&self, text: &str, room: &mut usize) -> Word {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            rest = after;
            if let Some(after) = rest.strip_prefix('$') {
                expanded.push('$');
                rest = after;
                continue;
            }
            let Some((name, after)) = rest.strip_prefix('(').and_then(|named| named.split_once(')')) else {
                expanded.push('$');
                continue;
            };
            match self.set.get(name) {
                Some(Some(value)) if value.len() <= *room => {
                    *room -= value.len();
                    expanded.push_str(value);
                }
                _ => return Word { text: expanded, whole: false },
            }
            rest = after;
        }
        expanded.push_str(rest);
        Word { text: expanded, whole: true }
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Value<'_> {
        match self.set.get(name) {
            None => Value::Unset,
            Some(None) => Value::Untold,
            Some(Some(value)) => Value::Told(value),
        }
    }

    /// Whether a variable that is not set here may come with an `envFrom`.
    pub fn may_be_from(&self, name: &str) -> bool {
        !self.set.contains_key(name) && self.from.iter().any(|prefix| name.starts_with(prefix.as_str()))
    }
}

/// What is set, by name.
pub(super) type Set = BTreeMap<String, Option<String>>;

#[cfg(test)]
mod tests {
    use crate::immutability::fixture::container;
    use crate::immutability::manifest::Value;

    #[test]
    fn variables_are_what_kubernetes_makes_of_them() {
        let variables = container(
            "env:\n- {name: A, value: /a}\n- {name: B, value: $(A)/b}\n- {name: C, value: $$(A)}\n- {name: D, value: $(LATER)}\n- {name: E, valueFrom: {secretKeyRef: {name: x, key: y}}}\n- {name: F, value: $(E)/f}\n- {name: G}\n- {name: A, value: /z}\n- {name: LATER, value: x}\n- {name: H, value: a$b$(c$}\n- {name: I, value: $(A)$$$(B)}\n",
        )
        .variables;
        for (name, value) in [
            ("A", Value::Told("/z")),
            ("B", Value::Told("/a/b")),
            ("C", Value::Told("$(A)")),
            ("D", Value::Untold),
            ("E", Value::Untold),
            ("F", Value::Untold),
            ("G", Value::Told("")),
            ("H", Value::Told("a$b$(c$")),
            ("I", Value::Told("/z$/a/b")),
            ("J", Value::Unset),
        ] {
            assert_eq!(variables.get(name), value, "{name}");
        }
        let from =
            container("env: [{name: PGUSER, value: a}]\nenvFrom: [{prefix: PG, secretRef: {name: x}}]")
                .variables;
        for (name, may) in [("PGDATA", true), ("PGUSER", false), ("DATA", false)] {
            assert_eq!(from.may_be_from(name), may, "{name}");
        }
        assert!(!variables.may_be_from("PGDATA"));
    }

    #[test]
    fn words_have_variables_and_end_where_one_is_not_known() {
        let container = container(
            "command: [a, $(A)/x]\nargs: [--b=$(SECRET), c]\nenv: [{name: A, value: /a}, {name: SECRET, valueFrom: {}}]",
        );
        let words: Vec<_> = container.command.iter().chain(&container.arguments).collect();
        let told: Vec<_> = words.iter().map(|word| (word.text.as_str(), word.whole)).collect();
        assert_eq!(told, [("a", true), ("/a/x", true), ("--b=", false), ("c", true)]);
    }

    #[test]
    fn variables_that_double_each_other_fill_no_memory() {
        let mut text = "env:\n- {name: V0, value: aaaaaaaa}\n".to_owned();
        for nth in 1..64 {
            text.push_str(&format!("- {{name: V{nth}, value: $(V{0})$(V{0})}}\n", nth - 1));
        }
        assert_eq!(container(&text).variables.get("V63"), Value::Untold);
    }
}
