//! One container: its `securityContext`, its mounts, its image and what it runs.

use std::collections::HashSet;

use super::{Container, Mount, Reader, Rights, Role, Word, passed_on, refused, together, variables};
use crate::immutability::coverage::Coverage;
use crate::immutability::path::normalise;
use crate::immutability::yaml::{Node, Wrong, shown};

/// What to do about a container without an image, in one of Kubernetes' own kinds and in others.
pub(super) const PATCH: &str =
    "is this a patch? what counts is the whole: kustomize build FOLDER | driftless immutable -";
pub(super) const CONTROLLER: &str =
    "its controller adds to it: audit what it makes, kubectl get pods -o yaml | driftless immutable -";

/// What holds for all containers of a pod.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'p> {
    /// Whether the kind is one of Kubernetes' own.
    pub(super) own: bool,
    pub(super) windows: bool,
    /// Whether something is wrong with the pod.
    pub(super) unclear: bool,
    /// The pod's own securityContext.
    pub(super) context: Option<&'p Node>,
}

/// Reads a container; `place` is what it is called if it has no name.
pub(super) fn read(
    node: &Node,
    role: Role,
    place: &str,
    around: Around<'_>,
    reader: &mut Reader<'_>,
) -> Container {
    let Around { own, windows, unclear, .. } = around;
    let object = reader.subject.clone();
    reader.subject = format!("{object} {}", node.text_of("name").map_or_else(|| place.to_owned(), shown));
    let context = reader.map(Some(node), "securityContext");
    let read_only_root = reader.boolean(context, "readOnlyRootFilesystem");
    let mut root_unclear = reader.is_unclear() || unclear;
    let image = reader.text(Some(node), "image").map(|(image, _)| shown(&image));
    if node.get("image").is_none() {
        // What it is merged into may say more.
        root_unclear = true;
        let title = "this container has no image";
        let help = if own { PATCH } else { CONTROLLER };
        reader.wrong("image", Wrong::new(node.span.clone(), title, help));
    }
    let name = reader.text(Some(node), "name").map_or_else(|| place.to_owned(), |(name, _)| shown(&name));
    together::container(node, own, reader);
    let capabilities = reader.map(context, "capabilities");
    let added = refused::capabilities(capabilities, "add", reader);
    let dropped = refused::capabilities(capabilities, "drop", reader);
    let dropped = dropped.into_iter().map(|(name, _)| capability(name)).collect();
    let privileged = reader.boolean(context, "privileged");
    let escalation = reader.boolean(context, "allowPrivilegeEscalation");
    if let Some((false, _)) = escalation {
        refused::escalation(context, matches!(privileged, Some((true, _))), &added, reader);
    }
    let added = added.into_iter().map(|(name, at)| (capability(name), at)).collect();
    let mut room = variables::ROOM;
    let variables = variables::read(node, &mut room);
    let mut words = |list: &str| -> Vec<Word> {
        let words = reader.list(Some(node), list).iter();
        let unread = || Word { text: String::new(), whole: false };
        words.map(|word| word.text().map_or_else(unread, |text| variables.expand(text, &mut room))).collect()
    };
    let (command, arguments) = (words("command"), words("args"));
    let runs_as = ["runAsUser", "runAsGroup", "runAsNonRoot"].into_iter();
    let runs_as = runs_as.filter_map(|field| Some((field, shown(context?.text_of(field)?)))).collect();
    let inherited = |field: &str| {
        let of = |context: Option<&Node>| context?.text_of(field).map(shown);
        of(context).or_else(|| of(around.context))
    };
    let rights = Rights {
        user: inherited("runAsUser"),
        non_root: inherited("runAsNonRoot").as_deref() == Some("true"),
        dropped,
    };
    let windows_options = reader.map(context, "windowsOptions");
    let mut container = Container {
        role,
        name,
        at: reader.at(&node.span),
        image,
        command,
        arguments,
        working_dir: node
            .text_of("workingDir")
            .filter(|path| !path.is_empty())
            .map(|path| shown(&normalise(path))),
        runs_as,
        rights,
        passed_on: passed_on::read(node, context),
        variables,
        read_only_root,
        privileged,
        host_process: reader.boolean(windows_options, "hostProcess"),
        escalation,
        proc_mount: refused::proc_mount(context, reader),
        added,
        mounts: Vec::new(),
        root_unclear,
        unclear: false,
        coverage: Coverage::NotAsked,
    };
    let mut places = HashSet::new();
    for mount in reader.list(Some(node), "volumeMounts") {
        if let Some((path, read)) = self::mount(mount, (windows, container.is_privileged()), reader) {
            if !places.insert(path) {
                twice(mount, &read.path, reader);
            }
            container.mounts.push(read);
        }
    }
    container.unclear = reader.take_unclear() || unclear;
    reader.subject = object;
    container
}

/// One mount, and its path as it is written.
fn mount(
    node: &Node,
    (windows, privileged): (bool, bool),
    reader: &mut Reader<'_>,
) -> Option<(String, Mount)> {
    if !node.is_map() {
        let help = "write its volume and its place: `- name: cache`, and `mountPath: /var/cache` below";
        reader.wrong("volumeMounts", Wrong::new(node.span.clone(), "this is no mount", help));
        return None;
    }
    let (volume, path) = (reader.text(Some(node), "name"), reader.text(Some(node), "mountPath"));
    for field in ["name", "mountPath"].into_iter().filter(|field| node.get(field).is_none()) {
        let title = format!("this mount has no {field}");
        let help = "Kubernetes refuses it: a mount names its volume and says where";
        reader.wrong("volumeMounts", Wrong::new(node.span.clone(), title, help));
    }
    let read_only = reader.boolean(Some(node), "readOnly").is_some_and(|(read_only, _)| read_only);
    let recursively = node.text_of("recursiveReadOnly") == Some("Enabled");
    together::mount(node, privileged, read_only, reader);
    refused::sub_path(node, reader);
    let ((volume, _), (written, _)) = (volume?, path?);
    refused::mount_path(node, &written, windows, reader);
    let path = shown(&normalise(&written));
    let part = ["subPath", "subPathExpr"].iter().any(|field| node.get(field).is_some());
    let propagates = node.text_of("mountPropagation") == Some("Bidirectional");
    let (volume, at) = (shown(&volume), reader.at(&node.span));
    Some((written, Mount { volume, path, read_only, recursively, part, propagates, at }))
}

/// Tells of two mounts at one place: nobody can say which of them is seen.
pub(super) fn twice(node: &Node, path: &str, reader: &mut Reader<'_>) {
    let title = format!("two mounts are at `{path}`");
    let help = "Kubernetes refuses it, or the one hides the other: keep one of them";
    reader.wrong("volumeMounts", Wrong::new(node.span.clone(), title, help));
}

/// `SYS_ADMIN` for `CAP_SYS_ADMIN`, which runtimes take, too.
fn capability(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    shown(name.strip_prefix("CAP_").unwrap_or(&name))
}
