//! One container: its `securityContext`, its mounts, its image and what it runs.

use super::{Container, Mount, Reader, Role, Word, variables};
use crate::immutability::coverage::Coverage;
use crate::immutability::path::normalise;
use crate::immutability::yaml::{Node, shown};

/// Reads a container; `place` is what it is called if it has no name.
pub(super) fn read(
    node: &Node,
    role: Role,
    place: &str,
    unclear: bool,
    reader: &mut Reader<'_>,
) -> Container {
    let object = reader.subject.clone();
    reader.subject = format!("{object} {}", node.text_of("name").map_or_else(|| place.to_owned(), shown));
    let context = reader.map(Some(node), "securityContext");
    let read_only_root = reader.boolean(context, "readOnlyRootFilesystem");
    let root_unclear = reader.is_unclear() || unclear;
    let name = reader.text(Some(node), "name").map_or_else(|| place.to_owned(), |(name, _)| shown(&name));
    let image = reader.text(Some(node), "image").map(|(image, _)| shown(&image));
    let capabilities = reader.map(context, "capabilities");
    let added = reader.list(capabilities, "add").iter();
    let added = added.filter_map(|item| Some((capability(item.text()?), item.span.clone())));
    let added: Vec<_> = added.map(|(name, span)| (name, reader.at(&span))).collect();
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
        variables,
        read_only_root,
        privileged: reader.boolean(context, "privileged"),
        host_process: reader.boolean(windows_options, "hostProcess"),
        escalation: reader.boolean(context, "allowPrivilegeEscalation"),
        proc_mount: reader.text(context, "procMount"),
        added,
        mounts: Vec::new(),
        root_unclear,
        unclear: false,
        coverage: Coverage::NotAsked,
    };
    for mount in reader.list(Some(node), "volumeMounts") {
        let (volume, path) = (mount.text_of("name"), mount.text_of("mountPath"));
        let (Some(volume), Some(path)) = (volume, path) else { continue };
        let (volume, path) = (shown(volume), shown(&normalise(path)));
        let read_only = reader.boolean(Some(mount), "readOnly").is_some_and(|(read_only, _)| read_only);
        let recursively = mount.text_of("recursiveReadOnly") == Some("Enabled");
        container.mounts.push(Mount { volume, path, read_only, recursively, at: reader.at(&mount.span) });
    }
    container.unclear = reader.take_unclear() || unclear;
    reader.subject = object;
    container
}

/// `SYS_ADMIN` for `CAP_SYS_ADMIN`, which runtimes take, too.
fn capability(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    shown(name.strip_prefix("CAP_").unwrap_or(&name))
}
