//! The containers that run on a host: what they were made of, what they may do, and what changed in them.
//!
//! Facts alone. Their environments and command lines never leave the host: the probe does not ask for them.
//! A fact that a runtime does not tell is `None`, and has its gap; nothing is guessed.

mod changes;
mod cri;
mod docker;
mod podman;
mod read;
mod replaces;

pub use changes::{Change, Changes, Kind};
pub use replaces::{LABELS, Replaced, Replaces};

use super::Strings;
use super::gap::{Gap, quote};
use super::parse::Answer;
use crate::probe::Section;

/// Every container that runs on a host and that its runtimes told of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Containers {
    /// In the order of runtimes, and within one in its own.
    pub list: Vec<Container>,
}

/// What runs containers on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Runtime {
    /// Docker's engine.
    Docker,
    /// Podman, as the audit user sees it.
    Podman,
    /// Whatever speaks the Container Runtime Interface of Kubernetes.
    Cri,
}

/// One container that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Who runs it.
    pub runtime: Runtime,
    /// The first twelve digits of its id.
    pub id: String,
    /// Its name, of the alphabet of names.
    pub name: String,
    /// The pod that it is in, where it is one of Kubernetes.
    pub pod: Option<Pod>,
    /// What its image was called when it was made; empty where it has none.
    pub image: String,
    /// The digest that tells its image from others, in hexadecimal: of its configuration, or of its manifest
    /// where the runtime tells that one; `None` where it has none.
    pub image_id: Option<String>,
    /// What the image is called in registries, each `NAME@sha256:DIGEST`.
    pub digests: Vec<String>,
    /// As whom it runs: a number, or a name of its image's; empty is root.
    pub user: String,
    /// Whether its root file system is read-only.
    pub read_only_root: Option<bool>,
    /// Whether it may do nearly all that root on the host may.
    pub privileged: Option<bool>,
    /// Capabilities beyond the runtime's own, as they were asked for.
    pub added: Vec<String>,
    /// What is mounted into it.
    pub mounts: Vec<Mount>,
    /// How its writable layer differs from its image. A read-only root has none that could; `None` otherwise
    /// means that it was not told.
    pub changed: Option<Changes>,
    /// What it stands in for, if the labels of its image say so.
    pub replaces: Option<Replaces>,
}

/// A pod of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name, mostly with a random end.
    pub name: String,
}

/// What is mounted into a container. Paths may hold anything: they are quoted where they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The path on the host, the name of a volume's folder, or empty for a tmpfs.
    pub source: String,
    /// The path in the container.
    pub destination: String,
    /// Whether the container may write there.
    pub writable: bool,
}

impl Runtime {
    /// The section of the probe that tells of it.
    pub const fn section(self) -> Section {
        match self {
            Self::Docker => Section::Docker,
            Self::Podman => Section::Podman,
            Self::Cri => Section::Cri,
        }
    }

    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        self.section().name()
    }
}

impl Container {
    /// Why it may be another one tomorrow than its image is, as far as its runtime tells; `None` if it cannot.
    pub fn mutable(&self) -> Option<String> {
        self.rights().map(str::to_owned).or_else(|| self.hidden())
    }

    /// A mount that hides, or lets be changed, what its image brought to be run, or to be read by it.
    fn hidden(&self) -> Option<String> {
        let within = |path: &str, folder: &str| {
            let folder = folder.trim_end_matches('/');
            path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        let brought = self.replaces.iter().flat_map(|replaces| {
            std::iter::once(replaces.program.as_str()).chain(replaces.files.iter().map(String::as_str))
        });
        let brought: Vec<&str> = brought.collect();
        let hides = |mount: &&Mount| {
            let to = mount.destination.as_str();
            let of_image = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc"];
            brought.iter().any(|path| within(path, to))
                || mount.writable && of_image.iter().any(|folder| within(to, folder) || within(folder, to))
        };
        let mount = self.mounts.iter().find(hides)?;
        Some(format!(
            "a mount stands in place of what its image has: {}",
            quote(mount.destination.as_bytes())
        ))
    }

    /// What it was given that reaches around a read-only root.
    fn rights(&self) -> Option<&'static str> {
        // What reaches the root by another way, as the rules about manifests have it.
        let reaching = |capability: &String| {
            let name = capability.strip_prefix("CAP_").unwrap_or(capability);
            ["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE"].contains(&name)
        };
        let of_host = |mount: &&Mount| {
            let source = mount.source.as_str();
            let kernel = ["/proc", "/sys", "/dev"];
            let below = |folder: &str| source == folder || source.starts_with(&format!("{folder}/"));
            mount.writable && (source == "/" || kernel.iter().any(|folder| below(folder)))
        };
        match (self.read_only_root, self.privileged) {
            (Some(false), _) => Some("its root is writable"),
            (_, Some(true)) => Some("it is privileged"),
            (None, _) | (_, None) => Some("whether its root is read-only is not told"),
            _ if self.added.iter().any(reaching) => Some("its capabilities reach its root"),
            _ if self.mounts.iter().any(|mount| of_host(&mount)) => {
                Some("it may write to the host's own paths")
            }
            _ => None,
        }
    }

    /// What reports call it on a host: its name, with its pod before it where it has one.
    pub fn label(&self) -> String {
        match &self.pod {
            Some(pod) => format!("{}/{}/{}", pod.namespace, pod.name, self.name),
            None => self.name.clone(),
        }
    }

    /// What its like is called on every host: names of pods end at random, so that theirs is left out.
    pub fn role(&self) -> String {
        match &self.pod {
            Some(pod) => {
                format!("{}/{}@{}", pod.namespace, self.name, repository(&self.image, &self.digests))
            }
            None => self.name.clone(),
        }
    }
}

impl Containers {
    /// Those that may do nearly all that root on the host may, `vm.*` of the host's `/proc/sys` included.
    pub fn privileged(&self) -> impl Iterator<Item = &Container> {
        self.list.iter().filter(|container| container.privileged == Some(true))
    }

    /// What findings call one of them: its label, behind its runtime where another has the same one.
    pub fn subject(&self, container: &Container) -> String {
        let label = container.label();
        let alike = |other: &&Container| other.runtime != container.runtime && other.label() == label;
        match self.list.iter().find(alike) {
            Some(_) => format!("{}:{label}", container.runtime.as_str()),
            None => label,
        }
    }
}

/// The name of an image without its tag and digest.
fn repository<'a>(image: &'a str, digests: &'a [String]) -> &'a str {
    let named =
        if image.starts_with("sha256:") { digests.first().map_or(image, String::as_str) } else { image };
    let name = named.split('@').next().unwrap_or_default();
    match name.rsplit_once(':') {
        // A colon before the last slash is a port.
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    }
}

/// What all runtimes of a host tell; `None` if it has none that could be asked. What could not be told is a gap
/// beside: nobody asks for a container by name.
pub(super) fn containers(
    answer: &Answer<'_>,
    strings: &mut Strings,
    beside: &mut Vec<Gap>,
) -> Option<Containers> {
    let mut containers = None;
    for format in [&docker::FORMAT, &podman::FORMAT, &cri::FORMAT] {
        if let Some(payload) = answer.optional(format.runtime.section(), beside) {
            let list = read::read(format, payload, strings, beside);
            containers.get_or_insert_with(Containers::default).list.extend(list);
        }
    }
    containers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_name_without_tag_and_digest() {
        let digests = vec!["quay.io/db@sha256:00".to_owned()];
        for (image, name) in [
            ("nginx", "nginx"),
            ("nginx:1.26", "nginx"),
            ("localhost:5000/web", "localhost:5000/web"),
            ("localhost:5000/web:2@sha256:00", "localhost:5000/web"),
            ("sha256:0011", "quay.io/db"),
        ] {
            assert_eq!(repository(image, &digests), name);
        }
    }
}
