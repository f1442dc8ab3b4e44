//! Ansible's inventories as they are: INI, YAML, scripts, lists, and the variables beside them.
//!
//! What is read goes into the same [`Draft`] as our own format. Ansible itself is never run; that its answer
//! is the same is shown by `tests/integration/ansible.rs`.

mod groups;
mod ini;
mod literal;
mod range;
mod scalar;
mod script;
pub(super) mod template;
pub(super) mod vars;
mod yaml;

use std::ops::Range;

pub(super) use script::Script;

use super::draft::{Draft, MOST_HOSTS, UNGROUPED};
use crate::diagnostic::{Diagnostic, Source};
use crate::inventory::draft::Vars;

/// A text that is no TOML of ours, taken for what it looks like.
pub(super) fn read(source: &Source, extension: &str, draft: &mut Draft, wrong: &mut Vec<Diagnostic>) {
    let mut warnings = Vec::new();
    let yaml = match extension {
        "yml" | "yaml" | "json" => Some(yaml::parse(source, &mut warnings)),
        "" => match yaml::parse(source, &mut warnings) {
            Ok(Some(root)) if root.is_map() => Some(Ok(Some(root))),
            Err(mistake) if looks_like_yaml(source.as_str()) => Some(Err(mistake)),
            _ => None,
        },
        _ => None,
    };
    let read = match yaml {
        Some(Ok(Some(root))) => groups::read(source, &root, draft),
        Some(Ok(None)) => Ok(()),
        Some(Err(mistake)) => Err(mistake),
        None => {
            warnings.clear();
            ini::read(source, draft, wrong);
            Ok(())
        }
    };
    draft.warnings.extend(warnings);
    wrong.extend(read.err());
}

/// Whether a text that is no YAML is meant to be: the first line that says something is a key.
fn looks_like_yaml(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let key = |line: &str| {
        let name = line.strip_suffix(':').or_else(|| line.split_once(": ").map(|(name, _)| name));
        name.is_some_and(|name| !name.contains([' ', '=', '[']))
    };
    lines.next().is_some_and(|line| line == "---" || line.starts_with('{') || key(line))
}

/// Ansible's list of hosts in place of a file: `web-01,web-02:2222,`.
pub(super) fn list(text: &str, draft: &mut Draft) -> Result<(), Diagnostic> {
    let source = Source::text("--inventory", text);
    let mut start = 0;
    for part in text.split(',') {
        let name = part.trim();
        let offset = start + (part.len() - part.trim_start().len());
        start += part.len() + 1;
        if name.is_empty() {
            continue;
        }
        let (names, port) = match range::hosts(name) {
            // Ranges are not expanded here, but a port is told apart.
            Ok((names, port)) if names.len() == 1 && !name.trim_start_matches('[').contains('[') => {
                (names, port)
            }
            _ => (vec![name.to_owned()], None),
        };
        for name in names {
            add_host(&source, draft, (UNGROUPED, port), &name, &(offset..offset + name.len()))?;
        }
    }
    Ok(())
}

/// Puts the hosts that a name with ranges and a port stands for into a group; gives their places.
fn add_hosts(
    source: &Source,
    draft: &mut Draft,
    group: usize,
    text: &str,
    span: &Range<usize>,
) -> Result<Vec<usize>, Diagnostic> {
    let (names, port) = range::hosts(text).map_err(|error| {
        let inside = span.start + error.span.start..span.start + error.span.end;
        // Quotes around the name would shift the place.
        let plain = source.as_str().get(span.clone()) == Some(text);
        source.error(if plain { inside } else { span.clone() }, error.message, "").help(error.help)
    })?;
    names.iter().map(|name| add_host(source, draft, (group, port), name, span)).collect()
}

/// Puts a host into a group. A port behind its name counts where the host is named first, and only there.
fn add_host(
    source: &Source,
    draft: &mut Draft,
    (group, port): (usize, Option<u64>),
    name: &str,
    span: &Range<usize>,
) -> Result<usize, Diagnostic> {
    draft.mentions += 1;
    if draft.mentions > MOST_HOSTS {
        let title = format!("the inventory names more than {MOST_HOSTS} hosts");
        return Err(source.error(span.clone(), title, "").help("is a range too wide?"));
    }
    if name.is_empty() || name.len() > 255 || name.chars().any(char::is_control) {
        let error = source.error(span.clone(), format!("`{}` is no host name", name.escape_debug()), "");
        return Err(error.help("a name is a text of at most 255 bytes, without control characters"));
    }
    let port = port.filter(|_| draft.find_host(name).is_none());
    let host = draft.add_host(group, name);
    if let Some(port) = port {
        draft.set_host_var(host, "ansible_port".to_owned(), port.into());
    }
    Ok(host)
}

fn cyclic(source: &Source, span: Range<usize>) -> Diagnostic {
    let error = source.error(span, "groups are children of each other, in a cycle", "");
    error.help("take one of them out of the other's children")
}

/// The variables of a file beside the inventory; `None` for one that is encrypted as a whole.
fn variables(source: &Source, warnings: &mut Vec<String>) -> Result<Option<Vars>, Diagnostic> {
    if source.as_str().starts_with("$ANSIBLE_VAULT;") {
        return Ok(None);
    }
    let Some(root) = yaml::parse(source, warnings)? else { return Ok(Some(Vars::new())) };
    if root.is_null() {
        return Ok(Some(Vars::new()));
    }
    if let serde_json::Value::Object(vars) = root.value(source)? {
        return Ok(Some(vars));
    }
    let error = source.error(root.span.clone(), "a file of variables is a mapping", "");
    Err(error.help("name: value"))
}
