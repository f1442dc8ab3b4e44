//! The same as a strategic merge patch, for `kustomize` and `kubectl patch`: lists of containers, mounts and volumes
//! are merged by their names there.
//!
//! Of a list that is patched every container is named, in order. kustomize puts what a patch names before what it does
//! not, so that one container of three would become the first; `kubectl patch` puts what is new last, where an init
//! container that copies comes too late. Both keep the order of a patch that names all. The directive
//! `$setElementOrder`, which kubectl has for that, kustomize would leave in the manifest.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::plan::{ContainerFix, Copy, PodFix};
use super::text::{flow, quoted, scalar};
use crate::immutability::manifest::{Object, Role};

/// The patch of one object, a YAML document; `None` if there is nothing to patch.
///
/// # Errors
/// Why a patch cannot say it.
pub fn patch(object: &Object, plans: &[PodFix]) -> Result<Option<String>, &'static str> {
    if plans.iter().all(|plan| plan.containers.is_empty()) {
        return Ok(None);
    }
    let way: &[&str] = match object.kind.as_str() {
        "Pod" => &["spec"],
        "PodTemplate" => &["template", "spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        kind if crate::immutability::manifest::is_workload(kind) => &["spec", "template", "spec"],
        _ => return Err("a patch replaces the lists of this kind and does not merge them: take --fix"),
    };
    let ([plan], [pod], Some(version)) = (plans, object.pods.as_slice(), &object.version) else {
        return Err("a patch needs its apiVersion, and one pod in it: take --fix");
    };
    if !is_name(&object.name) {
        return Err("it gets its name when it is made (generateName), and a patch must name it: take --fix");
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
        let copies: &[Copy] = if role == Role::Init { &plan.copies } else { &[] };
        let changes = || plan.containers.iter().filter(|change| change.role == role);
        if copies.is_empty() && changes().next().is_none() {
            continue;
        }
        let _ = writeln!(text, "{blanks}{key}:");
        for copy in copies {
            write_copy(&mut text, &blanks, copy);
        }
        let mut names = HashSet::new();
        for (nth, container) in pod.containers.iter().enumerate().filter(|(_, one)| one.role == role) {
            if !is_name(&container.name) || !names.insert(container.name.as_str()) {
                return Err(
                    "a patch knows containers by their names, and one has none of its own: name it first",
                );
            }
            let _ = writeln!(text, "{blanks}- name: {}", scalar(&container.name));
            changes()
                .filter(|change| change.nth == nth)
                .for_each(|change| write_change(&mut text, &blanks, change));
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
    Ok(Some(text))
}

/// Whether Kubernetes takes it for a name (RFC 1123); what stands in place of one is none.
fn is_name(name: &str) -> bool {
    let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        && ends(name.bytes().next())
        && ends(name.bytes().last())
}

fn write_change(text: &mut String, blanks: &str, change: &ContainerFix) {
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
        let (volume, path) = (scalar(&mount.volume), scalar(&mount.path));
        let _ = writeln!(text, "{blanks}  - name: {volume}\n{blanks}    mountPath: {path}");
    }
}

fn write_copy(text: &mut String, blanks: &str, copy: &Copy) {
    let words: Vec<String> = copy.command.iter().map(|word| quoted(word)).collect();
    let _ =
        writeln!(text, "{blanks}- name: {}\n{blanks}  image: {}", scalar(&copy.name), scalar(&copy.image));
    let _ = writeln!(text, "{blanks}  command: [{}]", words.join(", "));
    for (field, value) in &copy.passed_on.own {
        let _ = writeln!(text, "{blanks}  {field}: {}", flow(value));
    }
    let _ = writeln!(text, "{blanks}  securityContext:\n{blanks}    readOnlyRootFilesystem: true");
    let _ = writeln!(text, "{blanks}    allowPrivilegeEscalation: false");
    for (field, value) in &copy.passed_on.context {
        let _ = writeln!(text, "{blanks}    {field}: {}", flow(value));
    }
    let (volume, path) = (scalar(&copy.volume), scalar(&copy.path));
    let _ =
        writeln!(text, "{blanks}  volumeMounts:\n{blanks}  - name: {volume}\n{blanks}    mountPath: {path}");
}
