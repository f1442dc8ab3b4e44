//! The same as a strategic merge patch, for `kustomize` and `kubectl patch`: lists of containers, mounts and volumes
//! are merged by their names there.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::plan::{Copy, PodFix};
use crate::immutability::manifest::{Object, Role};

/// The patch of one object, a YAML document; `None` if there is nothing to patch, or if its kind is none of Kubernetes'
/// own, whose lists are not merged.
pub fn patch(object: &Object, plans: &[PodFix]) -> Option<String> {
    let ([plan], Some(version)) = (plans, &object.version) else { return None };
    let way: &[&str] = match object.kind.as_str() {
        "Pod" => &["spec"],
        "PodTemplate" => &["template", "spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        kind if crate::immutability::manifest::is_workload(kind) => &["spec", "template", "spec"],
        _ => return None,
    };
    if plan.containers.is_empty() {
        return None;
    }
    let mut text = format!(
        "apiVersion: {version}\nkind: {}\nmetadata:\n  name: {}\n",
        object.kind,
        scalar(&object.name)
    );
    // Writing into a text does not fail.
    if let Some(namespace) = &object.namespace {
        let _ = writeln!(text, "  namespace: {}", scalar(namespace));
    }
    for (depth, key) in way.iter().enumerate() {
        let _ = writeln!(text, "{}{key}:", " ".repeat(depth * 2));
    }
    let blanks = " ".repeat(way.len() * 2);
    for (role, key) in [(Role::Init, "initContainers"), (Role::Main, "containers")] {
        let mut first = true;
        if role == Role::Init && !plan.copies.is_empty() {
            first = false;
            let _ = writeln!(text, "{blanks}{key}:");
            plan.copies.iter().for_each(|copy| write_copy(&mut text, &blanks, copy));
        }
        for change in plan.containers.iter().filter(|change| change.role == role) {
            if std::mem::take(&mut first) {
                let _ = writeln!(text, "{blanks}{key}:");
            }
            let _ = writeln!(text, "{blanks}- name: {}", scalar(&change.name));
            if !change.context.is_empty() {
                let _ = writeln!(text, "{blanks}  securityContext:");
            }
            for (field, value) in &change.context {
                let _ = writeln!(text, "{blanks}    {field}: {value}");
            }
            if !change.mounts.is_empty() {
                let _ = writeln!(text, "{blanks}  volumeMounts:");
            }
            for mount in &change.mounts {
                let _ = writeln!(
                    text,
                    "{blanks}  - name: {}\n{blanks}    mountPath: {}",
                    scalar(&mount.volume),
                    scalar(&mount.path)
                );
            }
        }
    }
    if !plan.volumes.is_empty() {
        let _ = writeln!(text, "{blanks}volumes:");
    }
    for volume in &plan.volumes {
        let _ = writeln!(
            text,
            "{blanks}- name: {}\n{blanks}  emptyDir:\n{blanks}    sizeLimit: {}",
            scalar(&volume.name),
            volume.limit
        );
    }
    Some(text)
}

fn write_copy(text: &mut String, blanks: &str, copy: &Copy) {
    let words: Vec<String> = copy.command.iter().map(|word| quoted(word)).collect();
    let _ =
        writeln!(text, "{blanks}- name: {}\n{blanks}  image: {}", scalar(&copy.name), scalar(&copy.image));
    let _ = writeln!(text, "{blanks}  command: [{}]", words.join(", "));
    let _ = writeln!(text, "{blanks}  securityContext:\n{blanks}    readOnlyRootFilesystem: true");
    let _ = writeln!(text, "{blanks}    allowPrivilegeEscalation: false");
    for (field, value) in &copy.runs_as {
        let _ = writeln!(text, "{blanks}    {field}: {value}");
    }
    let (volume, path) = (scalar(&copy.volume), scalar(&copy.path));
    let _ =
        writeln!(text, "{blanks}  volumeMounts:\n{blanks}  - name: {volume}\n{blanks}    mountPath: {path}");
}

/// A text that YAML reads as that text: names may be numbers, and paths may hold what ends a value.
fn scalar(text: &str) -> Cow<'_, str> {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_./@:-".contains(&byte);
    let begins = |first: char| first.is_ascii_alphabetic() || matches!(first, '/' | '_');
    let plain = text.starts_with(begins) && text.bytes().all(fits) && !text.ends_with(':');
    let plain = plain && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain { Cow::Borrowed(text) } else { Cow::Owned(quoted(text)) }
}

/// A text in the quotes of JSON, which are YAML's too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_would_read_as_something_else_is_quoted() {
        for plain in ["web", "/var/cache/nginx", "registry.corp/web:1.27@sha256:ab", "copy-etc"] {
            assert_eq!(scalar(plain), plain);
        }
        for odd in ["1", "null", "On", "/data #x", "/a: b", "", "y", "~", "a:", "0x1", "say \"x\""] {
            let text = format!("a: {}\n", scalar(odd));
            assert_eq!(text, format!("a: {}\n", serde_json::json!(odd)), "{odd}");
        }
    }
}
