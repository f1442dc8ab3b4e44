//! Templates in variables, as far as they only name other variables.
//!
//! `{{ name }}`, `{{ name.key }}`, `{{ name['key'] }}` and `| default('text')` are replaced. Everything else
//! of Jinja is refused: it is a language, and to run it is Ansible's.

use serde_json::Value;

use crate::inventory::draft::Vars;

/// Variables that name variables that name variables, at most.
const DEEPEST: usize = 10;

/// Why a value is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::inventory) enum Unknown {
    /// A variable of this name is encrypted.
    Vault(String),
    /// It names a variable that is not set.
    Unset(String),
    /// It is more than a plain reference.
    Template(String),
    /// It is a list or a mapping, where a text is needed.
    NoText(String),
}

/// The variables of one host.
pub(in crate::inventory) struct Scope<'v> {
    pub(in crate::inventory) host: &'v str,
    pub(in crate::inventory) vars: &'v Vars,
}

impl Scope<'_> {
    /// The text of a variable, templates replaced; `None` where it is not set, or null.
    pub(in crate::inventory) fn text(&self, name: &str) -> Result<Option<String>, Unknown> {
        self.vars.get(name).map_or(Ok(None), |value| self.render(name, value, DEEPEST))
    }

    fn render(&self, name: &str, value: &Value, depth: usize) -> Result<Option<String>, Unknown> {
        match value {
            Value::Null => Ok(None),
            Value::Bool(yes) => Ok(Some(if *yes { "True" } else { "False" }.to_owned())),
            Value::Number(number) => Ok(Some(number.to_string())),
            Value::String(text) => self.replace(name, text, depth),
            Value::Object(object) if object.contains_key("__ansible_vault") => {
                Err(Unknown::Vault(name.to_owned()))
            }
            Value::Object(object) => match object.get("__ansible_unsafe") {
                // A text that must not be taken for a template.
                Some(Value::String(text)) => Ok(Some(text.clone())),
                _ => Err(Unknown::NoText(name.to_owned())),
            },
            Value::Array(_) => Err(Unknown::NoText(name.to_owned())),
        }
    }

    fn replace(&self, name: &str, text: &str, depth: usize) -> Result<Option<String>, Unknown> {
        let template = || Unknown::Template(name.to_owned());
        if text.contains("{%") || text.contains("{#") {
            return Err(template());
        }
        let depth = depth.checked_sub(1).ok_or_else(template)?;
        let (mut whole, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            let (inside, after) = after.split_once("}}").ok_or_else(template)?;
            let value = self.expression(name, inside, depth)?;
            if before.is_empty() && after.is_empty() && whole.is_empty() {
                return Ok(value);
            }
            whole.push_str(before);
            whole.push_str(value.as_deref().unwrap_or("None"));
            rest = after;
        }
        whole.push_str(rest);
        Ok(Some(whole))
    }

    /// A reference, with or without a default.
    fn expression(&self, name: &str, inside: &str, depth: usize) -> Result<Option<String>, Unknown> {
        let template = || Unknown::Template(name.to_owned());
        let (reference, filter) = match inside.split_once('|') {
            Some((reference, filter)) => (reference, Some(default(filter).ok_or_else(template)?)),
            None => (inside, None),
        };
        let path = path(reference.trim()).ok_or_else(template)?;
        let (first, keys) = path.split_first().ok_or_else(template)?;
        if keys.is_empty() && !self.vars.contains_key(*first) {
            match *first {
                "inventory_hostname" => return Ok(Some(self.host.to_owned())),
                "inventory_hostname_short" => {
                    return Ok(self.host.split('.').next().map(str::to_owned));
                }
                _ => {}
            }
        }
        let found = keys.iter().try_fold(self.vars.get(*first), |value, key| match value {
            Some(Value::Object(object)) if object.contains_key("__ansible_vault") => {
                Err(Unknown::Vault((*first).to_owned()))
            }
            Some(value) => Ok(value.get(*key)),
            None => Ok(None),
        })?;
        match (found, filter) {
            (Some(value), _) => self.render(first, value, depth),
            (None, Some(default)) => Ok(Some(default.to_owned())),
            (None, None) => Err(Unknown::Unset((*first).to_owned())),
        }
    }
}

/// `a.b['c']` is a, b, c; anything else is no path.
fn path(text: &str) -> Option<Vec<&str>> {
    let end = |text: &str| {
        text.find(|character: char| !(character.is_alphanumeric() || character == '_')).unwrap_or(text.len())
    };
    let (first, mut rest) = text.split_at_checked(end(text))?;
    let word = |word: &str| !word.is_empty() && !word.starts_with(|first: char| first.is_ascii_digit());
    if !word(first) {
        return None;
    }
    let mut path = vec![first];
    while !rest.is_empty() {
        let key;
        if let Some(dotted) = rest.strip_prefix('.') {
            (key, rest) = dotted.split_at_checked(end(dotted))?;
            if !word(key) {
                return None;
            }
        } else {
            let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
            key = quoted(inside)?;
            rest = after;
        }
        path.push(key);
    }
    Some(path)
}

/// The text of `default('text')` or `d("text")`.
fn default(filter: &str) -> Option<&str> {
    let filter = filter.trim();
    let inside = filter.strip_prefix("default").or_else(|| filter.strip_prefix('d'))?.trim_start();
    let inside = inside.strip_prefix('(')?.strip_suffix(')')?.trim();
    let number = !inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_digit());
    if number { Some(inside) } else { quoted(inside) }
}

fn quoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let quote = text.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
    let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inside.contains([quote, '\\'])).then_some(inside)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(value: &Value) -> Result<Option<String>, Unknown> {
        let vars = json!({
            "it": value, "b": "c", "n": 23, "nothing": null, "deep": {"key": {"inner": "x"}},
            "again": "{{ again }}", "chain": "{{ b }}{{ n }}", "secret": {"__ansible_vault": "$ANSIBLE_VAULT;1"},
            "raw": {"__ansible_unsafe": "{{ b }}"}, "list": [1],
        });
        Scope { host: "web-01.example.net", vars: vars.as_object().unwrap() }.text("it")
    }

    #[test]
    fn plain_references_are_replaced() {
        for (template, expected) in [
            ("plain", "plain"),
            ("{{ inventory_hostname }}", "web-01.example.net"),
            ("{{inventory_hostname_short}}.lan", "web-01.lan"),
            ("{{ b }}-{{ n }}", "c-23"),
            ("{{ chain }}", "c23"),
            ("{{ nope | default('d') }}", "d"),
            ("{{ b | default('d') }}", "c"),
            ("{{ nope | d(22) }}", "22"),
            ("{{ deep.key['inner'] }}", "x"),
            ("{{ raw }}", "{{ b }}"),
        ] {
            assert_eq!(text(&json!(template)), Ok(Some(expected.to_owned())), "{template}");
        }
        assert_eq!(text(&json!("{{ nothing }}")), Ok(None));
        assert_eq!(text(&json!(2222)), Ok(Some("2222".to_owned())));
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        let it = || "it".to_owned();
        for (template, expected) in [
            ("{{ nope }}", Unknown::Unset("nope".to_owned())),
            ("{{ deep.nope }}", Unknown::Unset("deep".to_owned())),
            ("{{ secret }}", Unknown::Vault("secret".to_owned())),
            ("{{ list }}", Unknown::NoText("list".to_owned())),
            ("{{ again }}", Unknown::Template("again".to_owned())),
            ("{{ lookup('env', 'HOME') }}", Unknown::Template(it())),
            ("{{ b | upper }}", Unknown::Template(it())),
            ("{{ b ~ n }}", Unknown::Template(it())),
            ("{% if b %}x{% endif %}", Unknown::Template(it())),
            ("{{ b", Unknown::Template(it())),
        ] {
            assert_eq!(text(&json!(template)), Err(expected), "{template}");
        }
    }
}
