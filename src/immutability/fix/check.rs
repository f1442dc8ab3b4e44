//! Whether an edited document means what was planned, and nothing else: text that others share by an alias would change
//! them, too.

use super::compare::differ_as_planned;
use super::edit::Planned;
use super::plan::{self, Copy, PodFix};
use crate::immutability::coverage::{Coverage, cover};
use crate::immutability::lines::Lines;
use crate::immutability::manifest::{
    At, Container, Mount, Pod, Reader, Rights, Role, Variables, Volume, VolumeKind, Word, objects,
};
use crate::immutability::writes::Images;
use crate::immutability::yaml::{self, Node};

/// A pod as it will be, and whether anything of it was edited.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) pod: Pod,
    pub(super) edited: bool,
}

/// A pod as it is with its plan carried out.
pub(super) fn carried_out(pod: &Pod, plan: &PodFix) -> Pod {
    let mut pod = pod.clone();
    let at = pod.at;
    for change in &plan.containers {
        let Some(container) = pod.containers.get_mut(change.nth) else { continue };
        for (field, value) in &change.context {
            let own = match *field {
                "readOnlyRootFilesystem" => &mut container.read_only_root,
                "privileged" => &mut container.privileged,
                _ => &mut container.escalation,
            };
            *own = Some((*value, own.map_or(container.at, |(_, at)| at)));
        }
        for mount in &change.mounts {
            let (volume, path) = (mount.volume.clone(), mount.path.clone());
            container.mounts.push(Mount {
                volume,
                path,
                read_only: false,
                recursively: false,
                part: false,
                propagates: false,
                at: container.at,
            });
        }
    }
    for volume in &plan.volumes {
        let kind = VolumeKind::EmptyDir { limited: true, memory: false };
        pod.volumes.push(Volume { name: volume.name.clone(), kind, at });
    }
    pod.containers.splice(0..0, plan.copies.iter().map(|copy| copying(copy, at)));
    pod
}

/// The init container that a plan adds.
fn copying(copy: &Copy, at: At) -> Container {
    let mount = Mount {
        volume: copy.volume.clone(),
        path: copy.path.clone(),
        read_only: false,
        recursively: false,
        part: false,
        propagates: false,
        at,
    };
    Container {
        role: Role::Init,
        name: copy.name.clone(),
        at,
        image: Some(copy.image.clone()),
        command: copy.command.iter().map(|word| Word { text: word.clone(), whole: true }).collect(),
        arguments: Vec::new(),
        working_dir: None,
        runs_as: Vec::new(),
        rights: Rights::default(),
        passed_on: copy.passed_on.clone(),
        variables: Variables::default(),
        read_only_root: Some((true, at)),
        privileged: None,
        host_process: None,
        escalation: Some((false, at)),
        proc_mount: None,
        added: Vec::new(),
        mounts: vec![mount],
        root_unclear: false,
        unclear: false,
        coverage: Coverage::NotAsked,
    }
}

/// Whether an edited document is the old one but for what was planned, can be read as far as that could, says of every
/// pod what is expected, and needs no more edits.
pub(super) fn holds(
    (old, planned): (&Node, &[(*const Node, Planned)]),
    edited: &str,
    images: &Images,
    expected: &[Expected],
    wrong: usize,
) -> bool {
    let lines = Lines::of(edited);
    let Ok(Some(root)) = yaml::parse(edited, 0..edited.len()) else { return false };
    if !differ_as_planned(old, &root, planned) {
        return false;
    }
    let mut reader = Reader::new(&lines);
    let (mut expected, mut right) = (expected.iter(), true);
    objects(&root, &mut reader, &mut |mut object, _| {
        for mut pod in std::mem::take(&mut object.pods) {
            cover(&mut pod, images);
            right &= expected.next().is_some_and(|expected| {
                let done = || plan::plan(&object, &pod, images).0.containers.is_empty();
                says(&pod) == says(&expected.pod) && (!expected.edited || done())
            });
        }
    });
    right && expected.next().is_none() && reader.wrong.len() <= wrong
}

/// What a fix may change of a container, and what tells it from others.
type Said<'p> = (Role, &'p str, Option<&'p str>, [Option<bool>; 3], Vec<(&'p str, &'p str, bool)>);

/// What a fix may change of a pod; the order of mounts and volumes means nothing.
fn says(pod: &Pod) -> (Vec<Said<'_>>, Vec<(&str, String)>) {
    let containers = pod.containers.iter().map(|one| {
        let fields = [one.read_only_root, one.privileged, one.escalation].map(|field| Some(field?.0));
        let mut mounts: Vec<_> = one
            .mounts
            .iter()
            .map(|mount| (mount.path.as_str(), mount.volume.as_str(), mount.read_only))
            .collect();
        mounts.sort_unstable();
        (one.role, one.name.as_str(), one.image.as_deref(), fields, mounts)
    });
    let mut volumes: Vec<_> =
        pod.volumes.iter().map(|volume| (volume.name.as_str(), format!("{:?}", volume.kind))).collect();
    volumes.sort_unstable();
    (containers.collect(), volumes)
}
