//! Inventories in YAML: groups with `hosts`, `children` and `vars`.

use super::yaml::{Kind, Node, Pair};
use super::{add_hosts, cyclic};
use crate::diagnostic::{Diagnostic, Source};
use crate::inventory::draft::Draft;

struct Reader<'s> {
    source: &'s Source,
    draft: &'s mut Draft,
}

/// Puts a document into the draft.
pub(super) fn read(source: &Source, root: &Node, draft: &mut Draft) -> Result<(), Diagnostic> {
    let Kind::Map(groups) = &root.kind else {
        let error = source.error(root.span.clone(), "an inventory in YAML is a mapping of groups", "");
        return Err(error.help("all:\n  hosts:\n    web-01:"));
    };
    if let Some((key, _)) = groups.iter().find(|(key, _)| key.text() == Some("plugin")) {
        let error = source.error(key.span.clone(), "this configures an inventory plugin of Ansible", "");
        let help =
            "plugins are not run here; `ansible-inventory --list --yaml > hosts.yml` writes what they say";
        return Err(error.help(help));
    }
    let mut reader = Reader { source, draft };
    for (name, data) in groups {
        reader.group(name, data)?;
    }
    Ok(())
}

impl Reader<'_> {
    /// A group and all below it; its place, or `None` for what Ansible does not take for a group.
    fn group(&mut self, name: &Node, data: &Node) -> Result<Option<usize>, Diagnostic> {
        let text = name.key(self.source)?;
        let sections: &[Pair] = match &data.kind {
            Kind::Map(sections) => sections,
            _ if data.is_null() => &[],
            _ => {
                self.warn(name, &format!("`{text}` is passed over: it is no mapping, and so no group"));
                return Ok(None);
            }
        };
        if !name.is_text() || text.is_empty() {
            let error = self.source.error(name.span.clone(), format!("`{text}` is no name of a group"), "");
            return Err(error.help("a name that looks like a number stands in quotes"));
        }
        let group = self.draft.group(&text);
        for (key, value) in sections {
            match key.text().unwrap_or_default() {
                "vars" => self.vars(group, value)?,
                "hosts" => self.hosts(group, value)?,
                "children" => self.children(group, value)?,
                other => {
                    let known = "a group has `hosts`, `children` and `vars`";
                    self.warn(key, &format!("`{other}` in the group `{text}` is passed over: {known}"));
                }
            }
        }
        Ok(Some(group))
    }

    fn vars(&mut self, group: usize, value: &Node) -> Result<(), Diagnostic> {
        for (key, value) in self.entries("vars", value)? {
            let (name, converted) = (key.key(self.source)?, self.optional(value)?);
            self.draft.set_group_var(group, name, converted).map_err(|why| {
                let error = self.source.error(key.span.clone(), why, "");
                error.help("a group's priority is a whole number")
            })?;
        }
        Ok(())
    }

    fn hosts(&mut self, group: usize, value: &Node) -> Result<(), Diagnostic> {
        for (key, value) in self.entries("hosts", value)? {
            let pattern = key.key(self.source)?;
            if !key.is_text() {
                let error = self.source.error(key.span.clone(), format!("`{pattern}` is no text"), "");
                return Err(error.help("a name that looks like a number stands in quotes"));
            }
            let hosts = add_hosts(self.source, self.draft, group, &pattern, &key.span)?;
            let vars: &[Pair] = match value.map(|value| &value.kind) {
                None => &[],
                Some(Kind::Map(vars)) => vars,
                Some(_) if value.is_some_and(Node::is_null) => &[],
                Some(_) => {
                    let span = value.map_or(key.span.clone(), |value| value.span.clone());
                    let title = format!("the variables of `{pattern}` are no mapping");
                    let error = self.source.error(span, title, "");
                    return Err(error.help("below a host stand `name: value`, or nothing"));
                }
            };
            for (key, value) in vars {
                let (name, value) = (key.key(self.source)?, value.value(self.source)?);
                for host in &hosts {
                    self.draft.set_host_var(*host, name.clone(), value.clone());
                }
            }
        }
        Ok(())
    }

    fn children(&mut self, group: usize, value: &Node) -> Result<(), Diagnostic> {
        for (key, value) in self.entries("children", value)? {
            let child = match value {
                Some(value) => self.group(key, value)?,
                None => Some(self.draft.group(&key.key(self.source)?)),
            };
            if let Some(child) = child {
                let added = self.draft.add_child(group, child);
                added.map_err(|_| cyclic(self.source, key.span.clone()))?;
            }
        }
        Ok(())
    }

    /// The entries of a section: a mapping, or a single text without a value.
    fn entries<'n>(
        &self,
        section: &str,
        value: &'n Node,
    ) -> Result<Vec<(&'n Node, Option<&'n Node>)>, Diagnostic> {
        match &value.kind {
            Kind::Map(entries) => {
                Ok(entries.iter().map(|(key, value)| (key.as_ref(), Some(value.as_ref()))).collect())
            }
            _ if value.is_null() => Ok(Vec::new()),
            Kind::Scalar { .. } if value.is_text() => Ok(vec![(value, None)]),
            _ => {
                let title = format!("`{section}` is a mapping, not a list or a number");
                let error = self.source.error(value.span.clone(), title, "");
                Err(error.help(format!("{section}:\n  name:")))
            }
        }
    }

    fn optional(&self, value: Option<&Node>) -> Result<serde_json::Value, Diagnostic> {
        value.map_or(Ok(serde_json::Value::Null), |value| value.value(self.source))
    }

    fn warn(&mut self, at: &Node, what: &str) {
        let (line, column) = self.source.line_column(at.span.start);
        self.draft.warnings.push(format!("{}:{line}:{column}: {what}", self.source.path()));
    }
}
