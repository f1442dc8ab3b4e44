//! What to change in a pod, and what nobody but its owner can decide.

use std::collections::{HashMap, HashSet};

use super::Left;
use crate::immutability::coverage::{Coverage, PROGRAMS};
use crate::immutability::manifest::{At, Container, Object, PassedOn, Pod, Role};
use crate::immutability::path::is_within;
use crate::immutability::verdict::MOUNTING;
use crate::immutability::writes::{Images, Lasts};

/// What an emptyDir may hold unless more is known of it.
const LIMIT: &str = "64Mi";

/// Longest name of a volume, RFC 1123's label, with room for a number.
const LONGEST_NAME: usize = 63 - "-99999".len();

/// Where to get what is missing.
const EVIDENCE: &str = "to see them, run it and look: docker diff CONTAINER, or crictl exec -it CONTAINER find / -xdev -newer /proc/1 -type f";

/// No manifest makes one, and what runs cannot be changed.
const EPHEMERAL: &str = "an ephemeral container cannot be put right by a manifest: `kubectl debug` starts it, nothing changes it while it runs, and it goes with its pod: take it out of the manifest, and delete the pod";

/// Folders and links as they are, also over what an earlier start has copied. Owners and times are not kept: the volume's
/// own folder is root's, and GNU's cp fails where it may not change that.
const COPIES: &str = "-RPf";

/// Folders in which an image has more than anybody knows, or than could be copied.
const SYSTEM: [&str; 10] =
    ["/boot", "/etc", "/home", "/opt", "/root", "/srv", "/usr/share", "/var", "/var/cache", "/var/lib"];

/// Folders at and below which images have nothing that they need.
const EMPTY: [&str; 3] = ["/run", "/tmp", "/var/tmp"];

/// Folders below which they have nothing, whatever they have in them.
const EMPTY_BELOW: [&str; 5] = ["/media", "/mnt", "/var/cache", "/var/log", "/var/spool"];

/// What to change in one pod.
#[derive(Debug, Clone, Default)]
pub struct PodFix {
    /// Its containers that are changed.
    pub containers: Vec<ContainerFix>,
    /// Volumes that are added.
    pub volumes: Vec<NewVolume>,
    /// Init containers that are added.
    pub copies: Vec<Copy>,
}

/// An init container that copies what an image ships to the volume that hides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Its name.
    pub name: String,
    /// The image.
    pub image: String,
    /// What it runs.
    pub command: [String; 4],
    /// The volume.
    pub volume: String,
    /// Where the volume is mounted while it copies.
    pub path: String,
    /// What it takes over from the container: whom it runs as, and what its pod would be refused without.
    pub passed_on: PassedOn,
}

/// What to change in one container.
#[derive(Debug, Clone)]
pub struct ContainerFix {
    /// Its place among the pod's containers.
    pub nth: usize,
    /// What it is for.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// The object and it.
    pub(super) subject: String,
    /// Its own line.
    pub(super) line: At,
    /// Fields of its securityContext, with their values.
    pub context: Vec<(&'static str, bool)>,
    /// Mounts that are added.
    pub mounts: Vec<NewMount>,
}

/// A mount that is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMount {
    /// The volume.
    pub volume: String,
    /// Where.
    pub path: String,
}

/// An emptyDir that is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVolume {
    /// Its name.
    pub name: String,
    /// Its sizeLimit.
    pub limit: &'static str,
}

/// What to change, and what is left.
pub(super) fn plan(object: &Object, pod: &Pod, images: &Images) -> (PodFix, Vec<Left>) {
    let (mut fix, mut left) = (PodFix::default(), Vec::new());
    // Windows has none of these fields.
    if pod.windows {
        return (fix, left);
    }
    let mut volumes = Names::of(pod.volumes.iter().map(|volume| &volume.name));
    let mut containers = Names::of(pod.containers.iter().map(|container| &container.name));
    for (nth, container) in pod.containers.iter().enumerate() {
        let inside = pod.inside.as_ref().map_or(String::new(), |inside| format!("{inside} "));
        let subject = format!("{object} {inside}{}", container.name);
        let mut leave = |told: String| left.push(Left { subject: subject.clone(), at: container.at, told });
        if container.unclear {
            leave("a field of it cannot be read: put that right first".to_owned());
            continue;
        }
        let mut change = ContainerFix {
            nth,
            role: container.role,
            name: container.name.clone(),
            subject: subject.clone(),
            line: container.at,
            context: Vec::new(),
            mounts: Vec::new(),
        };
        if container.role == Role::Ephemeral {
            if !is_right(container) {
                leave(EPHEMERAL.to_owned());
            }
            continue;
        }
        match paths(pod, container, images) {
            Err(told) => told.into_iter().for_each(&mut leave),
            Ok(paths) => {
                if !container.has_read_only_root() {
                    change.context.push(("readOnlyRootFilesystem", true));
                }
                for path in paths {
                    let volume = volumes.free(&slug(&path));
                    let limit = images.place(container, &path).and_then(|place| place.limit);
                    fix.volumes.push(NewVolume { name: volume.clone(), limit: limit.unwrap_or(LIMIT) });
                    fix.copies.extend(copy(&mut containers, container, &path, &volume, images));
                    change.mounts.push(NewMount { volume, path });
                }
            }
        }
        let propagates = container.mounts.iter().find(|mount| mount.propagates);
        match propagates.filter(|_| container.is_privileged()) {
            Some(mount) => {
                leave(format!(
                    "it stays privileged: its mount at {} has mountPropagation: Bidirectional, which Kubernetes refuses without: take that out first",
                    mount.path
                ));
            }
            None if container.is_privileged() => change.context.push(("privileged", false)),
            None => {}
        }
        let stays_privileged = container.is_privileged() && propagates.is_some();
        let mounts_anew = container.added.iter().find(|(name, _)| MOUNTING.contains(&name.as_str()));
        match (container.escalation, mounts_anew) {
            (Some((false, _)), _) => {}
            // Kubernetes refuses the one beside the other.
            _ if stays_privileged => {}
            (_, None) => change.context.push(("allowPrivilegeEscalation", false)),
            (_, Some((name, _))) => {
                leave(format!(
                    "the capability {name} goes with allowPrivilegeEscalation: take it out of capabilities.add first"
                ));
            }
        }
        if !(change.context.is_empty() && change.mounts.is_empty()) {
            fix.containers.push(change);
        }
    }
    (fix, left)
}

/// Whether all fields say what a fix would write.
fn is_right(container: &Container) -> bool {
    container.has_read_only_root()
        && !container.is_privileged()
        && container.escalation.is_some_and(|(allowed, _)| !allowed)
}

/// The paths that need a volume, or why they cannot be given one.
fn paths(pod: &Pod, container: &Container, images: &Images) -> Result<Vec<String>, Vec<String>> {
    let paths = match &container.coverage {
        Coverage::Writable(Ok(paths))
        | Coverage::Uncovered { paths, .. }
        | Coverage::Partly { paths, .. } => paths.clone(),
        Coverage::Covered | Coverage::NotAsked => Vec::new(),
        Coverage::Writable(Err(why)) | Coverage::Unknown(why) => {
            let root = if container.has_read_only_root() {
                "whether it runs is open"
            } else {
                "its root stays writable"
            };
            return Err(vec![format!("{root}: {why}; {EVIDENCE}")]);
        }
    };
    let against = paths.iter().filter_map(|path| {
        if path == "/" {
            return Some("its root stays as it is: it writes to /, where no volume can be".to_owned());
        }
        if images.place(container, path).and_then(|place| place.lasts) == Some(Lasts::Persistent) {
            return Some(format!(
                "its root stays as it is: what it writes to {path} must outlive the pod: mount a persistentVolumeClaim there, which only you can name, and fix it again"
            ));
        }
        if let Some(why) = hides(container, path, images) {
            return Some(format!("its root stays as it is: it writes to {path}, {why}"));
        }
        let over = container.mounts.iter().filter(|mount| is_within(path, &mount.path));
        // One that merely hides the path may stay: a volume can be mounted in it.
        let over = over.max_by_key(|mount| mount.path.len()).filter(|over| !over.is_writable(pod))?;
        Some(format!(
            "its root stays as it is: it writes to {path}, and the volume {} at {} is read-only: make that writable, or move it",
            over.volume, over.path
        ))
    });
    let against: Vec<String> = against.collect();
    if against.is_empty() { Ok(paths) } else { Err(against) }
}

/// Why an empty volume at a path would take away what the container needs.
fn hides(container: &Container, path: &str, images: &Images) -> Option<&'static str> {
    // What a volume above it hides is hidden already.
    if container
        .mounts
        .iter()
        .any(|mount| mount.path != "/" && mount.path != path && is_within(path, &mount.path))
    {
        return None;
    }
    let copied = container.image.as_ref().is_some_and(|image| images.ships(image, path));
    if PROGRAMS.contains(&path) || SYSTEM.contains(&path) && !copied {
        return Some(
            "where a volume would hide more of the image than is known: move that path, to /tmp or below /run",
        );
    }
    let is_below = |folder: &&str| *path != **folder && is_within(path, folder);
    let empty = EMPTY.iter().any(|folder| is_within(path, folder)) || EMPTY_BELOW.iter().any(is_below);
    if empty || copied || images.is_known(container, path) {
        return None;
    }
    Some(
        "where the image may have files that an empty volume would hide: move that path, to /tmp or below /run, or name it in a playbook's [[image]], under `ships` too if the image has files there",
    )
}

/// The init container that fills a path's volume, where the image ships files at that path.
fn copy(names: &mut Names, container: &Container, path: &str, volume: &str, images: &Images) -> Option<Copy> {
    let image = container.image.as_ref().filter(|image| images.ships(image, path))?;
    let wanted: String = format!("copy-{volume}").chars().take(LONGEST_NAME).collect();
    let name = names.free(&wanted);
    let to = format!("/copy/{volume}");
    Some(Copy {
        name,
        image: image.clone(),
        command: ["cp".to_owned(), COPIES.to_owned(), format!("{path}/."), format!("{to}/")],
        volume: volume.to_owned(),
        path: to,
        passed_on: container.passed_on.clone(),
    })
}

/// What a path's volume is called: `var-cache-nginx`.
fn slug(path: &str) -> String {
    let plain = |character: char| {
        if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' }
    };
    let slug: String = path.chars().map(plain).take(LONGEST_NAME).collect();
    match slug.trim_matches('-') {
        "" => "writable".to_owned(),
        slug => slug.to_owned(),
    }
}

/// Names that are taken, and the number with which to look for the next free one: a pod of thousands of containers
/// has thousands of the same.
struct Names {
    taken: HashSet<String>,
    next: HashMap<String, usize>,
}

impl Names {
    fn of<'n>(taken: impl Iterator<Item = &'n String>) -> Self {
        Self { taken: taken.cloned().collect(), next: HashMap::new() }
    }

    /// A name that nobody has: the wanted one, or that with a number.
    fn free(&mut self, wanted: &str) -> String {
        let next = self.next.entry(wanted.to_owned()).or_insert(2);
        let mut name = wanted.to_owned();
        while !self.taken.insert(name.clone()) {
            name = format!("{wanted}-{next}");
            *next += 1;
        }
        name
    }
}
