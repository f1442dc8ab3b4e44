//! In what a container that runs differs from what is declared.

use super::declared::Declared;
use super::image::{self, Stands};
use crate::immutability::{is_within, normalise};
use crate::snapshot::{Container, Mount, Runtime};

/// What runtimes and the kubelet mount themselves.
const THEIR_OWN: [&str; 7] = [
    "/dev",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/run/.containerenv",
    "/run/secrets",
    "/run/systemd",
];

/// What podman mounts from memory in a container whose root is read-only, unless it is told not to
/// (`--read-only-tmpfs`): nobody declares it, and it goes with the container.
const OF_READ_ONLY: [&str; 3] = ["/run", "/tmp", "/var/tmp"];

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Its image.
    Image,
    /// Whether its root file system is read-only.
    ReadOnlyRoot,
    /// Whether it is privileged.
    Privileged,
    /// As whom it runs.
    User,
    /// A capability.
    Capability(String),
    /// What is mounted at a path.
    Mount(String),
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What.
    pub field: Field,
    /// What the manifest says.
    pub declared: String,
    /// What was seen.
    pub observed: String,
}

impl Field {
    /// What reports call it. Paths may hold anything: they are quoted where they are shown.
    pub fn name(&self) -> String {
        match self {
            Self::Image => "image".to_owned(),
            Self::ReadOnlyRoot => "readOnlyRootFilesystem".to_owned(),
            Self::Privileged => "privileged".to_owned(),
            Self::User => "user".to_owned(),
            Self::Capability(name) => format!("capability {name}"),
            Self::Mount(path) => format!("mount {path}"),
        }
    }

    /// Whether it is about the kernel's own files.
    pub fn is_of_kernel(&self) -> bool {
        matches!(self, Self::Mount(path) if of_kernel(path))
    }
}

fn of_kernel(path: &str) -> bool {
    ["/proc", "/sys"].iter().any(|folder| is_within(path, folder))
}

/// All differences, and what the runtime does not tell.
pub(super) fn compare(declared: &Declared, container: &Container) -> (Vec<Difference>, Vec<&'static str>) {
    let (mut found, mut untold) = (Vec::new(), Vec::new());
    let mut differ = |field, declared: String, observed: String| {
        found.push(Difference { field, declared, observed });
    };
    if let Some(image) = &declared.image {
        match image::stands(image, container) {
            Stands::Same => {}
            Stands::Other => differ(Field::Image, image.clone(), called(container)),
            Stands::Unknown => untold.push("image"),
        }
    }
    let flags = [
        (Field::ReadOnlyRoot, declared.read_only_root, container.read_only_root, "readOnlyRootFilesystem"),
        (Field::Privileged, declared.privileged, container.privileged, "privileged"),
    ];
    for (field, said, seen, name) in flags {
        match (said, seen) {
            (Some(said), Some(seen)) if said != seen => differ(field, said.to_string(), seen.to_string()),
            (Some(_), None) => untold.push(name),
            _ => {}
        }
    }
    match user(declared, container) {
        Stands::Same => {}
        Stands::Unknown => untold.push("user"),
        Stands::Other => {
            let said = declared.user.clone().unwrap_or_else(|| "not root".to_owned());
            let seen = if container.user.is_empty() { "root" } else { &container.user };
            differ(Field::User, said, seen.to_owned());
        }
    }
    // The interface of Kubernetes' runtimes is not asked for capabilities; a privileged one has them all.
    if container.runtime != Runtime::Cri && container.privileged != Some(true) {
        for name in &container.added {
            let name = name.strip_prefix("CAP_").unwrap_or(name);
            if !declared.added.iter().any(|own| own == name || own == "ALL") {
                differ(Field::Capability(name.to_owned()), "not added".to_owned(), "added".to_owned());
            }
        }
    }
    for (path, said, seen) in mounts(declared, container) {
        differ(Field::Mount(path), said, seen);
    }
    (found, untold)
}

/// What a container's image is called, with the digest where there is no name.
fn called(container: &Container) -> String {
    match (container.image.is_empty(), &container.image_id) {
        (false, _) => container.image.clone(),
        (true, Some(digest)) => format!("sha256:{digest}"),
        (true, None) => "an image without a name".to_owned(),
    }
}

fn user(declared: &Declared, container: &Container) -> Stands {
    let seen = container.user.split(':').next().unwrap_or_default();
    let is_root = matches!(seen, "" | "0" | "root");
    match &declared.user {
        Some(own) if own == seen || own == "0" && is_root => Stands::Same,
        // Which number a name of the image's has is not told.
        Some(_) if !is_root && seen.parse::<u64>().is_err() => Stands::Unknown,
        Some(_) => Stands::Other,
        None if declared.non_root && is_root => Stands::Other,
        None => Stands::Same,
    }
}

/// Whether a runtime mounts it by itself.
fn is_the_runtimes(path: &str, mount: &Mount, container: &Container) -> bool {
    let of_read_only = container.runtime == Runtime::Podman
        && container.read_only_root == Some(true)
        && mount.source.is_empty()
        && OF_READ_ONLY.contains(&path);
    of_read_only || THEIR_OWN.iter().any(|theirs| is_within(path, theirs))
}

/// Where what is mounted differs: the path, what is declared and what was seen.
fn mounts(declared: &Declared, container: &Container) -> Vec<(String, String, String)> {
    let word = |writable: bool| if writable { "writable" } else { "read-only" };
    let mut found = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for mount in &container.mounts {
        let path = normalise(&mount.destination);
        let own = declared.mounts.iter().find(|(declared, _)| *declared == path);
        match own {
            Some((_, writable)) if *writable != mount.writable => {
                found.push((path.clone(), word(*writable).to_owned(), word(mount.writable).to_owned()));
            }
            None if mount.writable && !is_the_runtimes(&path, mount, container) => {
                let from = if mount.source.is_empty() { "a tmpfs" } else { &mount.source };
                found.push((path.clone(), "not mounted".to_owned(), format!("writable, from {from}")));
            }
            Some(_) | None => {}
        }
        seen.push(path);
    }
    for (path, writable) in &declared.mounts {
        if !seen.contains(path) {
            found.push((path.clone(), word(*writable).to_owned(), "not mounted".to_owned()));
        }
    }
    found
}
