//! What a manifest says of its containers: each field that decides whether they can be changed, with its place.
//!
//! Nothing is filled in that Kubernetes does not fill in: what is unset is `None`, and a field of the pod speaks of
//! its containers only where Kubernetes lets it.

mod container;
mod find;
mod misplaced;
mod node;
mod passed_on;
mod pod;
mod refused;
mod together;
mod value;
mod variables;

use std::fmt;

pub use passed_on::{PassedOn, Told};

pub(super) use find::{is_workload, objects};
pub(super) use node::shows_processes;
pub(super) use value::Reader;

use super::coverage::Coverage;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// One-based.
    pub line: usize,
    /// One-based, in characters.
    pub column: usize,
}

/// A Kubernetes object that has pods, or the template of pods.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its kind.
    pub kind: String,
    /// Its apiVersion.
    pub version: Option<String>,
    /// Its namespace; `None` is whatever `kubectl` is told.
    pub namespace: Option<String>,
    /// Its name, or the beginning of the one that it will get.
    pub name: String,
    /// Its pods, or the templates of them.
    pub pods: Vec<Pod>,
}

impl fmt::Display for Object {
    /// `Kind/namespace/name`, with `-` where no namespace is said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind, self.namespace.as_deref().unwrap_or("-"), self.name)
    }
}

/// A pod, or the template of one.
#[derive(Debug, Clone)]
pub struct Pod {
    /// Where in its object it stands, if that has several.
    pub inside: Option<String>,
    /// Where it begins.
    pub at: At,
    /// Whether `os.name` says that it is Windows'.
    pub windows: bool,
    /// Whether its users are the node's, as they are unless `hostUsers` is false.
    pub host_users: bool,
    /// Which of the node's namespaces it shares: `hostPID`, `hostIPC`, `hostNetwork`.
    pub host_namespaces: Vec<(&'static str, At)>,
    /// Whether its containers see each other's processes: `shareProcessNamespace`.
    pub shares_processes: bool,
    /// The kernel parameters that it sets, with dots.
    pub sysctls: Vec<(String, At)>,
    /// Its volumes.
    pub volumes: Vec<Volume>,
    /// Its containers: init containers, then containers, then ephemeral ones.
    pub containers: Vec<Container>,
    /// Annotations of ours, the key without `driftless.dev/`.
    pub annotations: Vec<Annotation>,
    /// Fields that do nothing where they stand.
    pub misplaced: Vec<Misplaced>,
}

impl Pod {
    /// A volume by its name.
    pub fn volume(&self, name: &str) -> Option<&Volume> {
        self.volumes.iter().find(|volume| volume.name == name)
    }
}

/// An annotation that is meant for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// What follows `driftless.dev/`.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Where it stands.
    pub at: At,
}

/// A field that does nothing where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misplaced {
    /// The container that it stands in; `None` is the pod, or what is around it.
    pub container: Option<String>,
    /// The way to it, from the pod or the container.
    pub field: String,
    /// Why it does nothing, and where it belongs.
    pub told: String,
    /// Where it stands.
    pub at: At,
}

/// A volume of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: VolumeKind,
    /// Where it stands.
    pub at: At,
}

/// What a volume is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VolumeKind {
    /// A folder that comes and goes with the pod.
    EmptyDir {
        /// Whether it has a `sizeLimit`.
        limited: bool,
        /// Whether it lies in memory.
        memory: bool,
    },
    /// A path of the node.
    HostPath {
        /// The path, normalised.
        path: String,
        /// Whether its `type` says that it is a socket.
        socket: bool,
        /// Whether its `type` says that it is no folder.
        single: bool,
    },
    /// What Kubernetes mounts read-only whatever the mount says: a configMap, a secret, an image.
    ReadOnly,
    /// A claim, or a share; `true` if the volume itself is read-only.
    Lasting(bool),
}

/// What a container is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It runs before the others, or, as a sidecar, beside them.
    Init,
    /// What the pod is for.
    Main,
    /// It was put into the pod to look at it.
    Ephemeral,
}

/// A word of a command, with the variables in it put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What is known of it.
    pub text: String,
    /// Whether that is all of it: a variable that is not in the manifest may follow.
    pub whole: bool,
}

/// The value of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'v> {
    /// It is not set.
    Unset,
    /// It is set, and the manifest does not say to what.
    Untold,
    /// This.
    Told(&'v str),
}

/// The variables of a container.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    /// Those that it sets itself; `None` is a value from elsewhere.
    set: variables::Set,
    /// The prefixes of its `envFrom`, each of which may have any variable.
    from: Vec<String>,
}

/// Whom a container runs as, and what it is not given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// `runAsUser`; `None` is the image's own.
    pub user: Option<String>,
    /// `runAsNonRoot`
    pub non_root: bool,
    /// `capabilities.drop`, in capitals and without `CAP_`.
    pub dropped: Vec<String>,
}

/// A container.
#[derive(Debug, Clone)]
pub struct Container {
    /// What it is for.
    pub role: Role,
    /// Its name, or its place in the list.
    pub name: String,
    /// Its own line.
    pub at: At,
    /// Its image, as it is written.
    pub image: Option<String>,
    /// `command`, word by word.
    pub command: Vec<Word>,
    /// `args`, word by word.
    pub arguments: Vec<Word>,
    /// Whom it runs as: `runAsUser`, `runAsGroup` and `runAsNonRoot` of its own securityContext, as they are written.
    pub runs_as: Vec<(&'static str, String)>,
    /// Whom it runs as and with what, as Kubernetes makes it of its own fields and the pod's.
    pub rights: Rights,
    /// What a helper beside it must say, too.
    pub passed_on: PassedOn,
    /// `workingDir`
    pub working_dir: Option<String>,
    /// Its variables.
    pub variables: Variables,
    /// `securityContext.readOnlyRootFilesystem`
    pub read_only_root: Option<(bool, At)>,
    /// `securityContext.privileged`
    pub privileged: Option<(bool, At)>,
    /// `securityContext.windowsOptions.hostProcess`
    pub host_process: Option<(bool, At)>,
    /// `securityContext.allowPrivilegeEscalation`
    pub escalation: Option<(bool, At)>,
    /// `securityContext.procMount`
    pub proc_mount: Option<(String, At)>,
    /// `securityContext.capabilities.add`, in capitals and without `CAP_`.
    pub added: Vec<(String, At)>,
    /// What is mounted into it.
    pub mounts: Vec<Mount>,
    /// Whether it could not be read what is said of its root.
    pub root_unclear: bool,
    /// Whether a field of it has a value that Kubernetes refuses, so that nothing is known of it.
    pub unclear: bool,
    /// Whether what it writes lies on volumes.
    pub coverage: Coverage,
}

impl Container {
    /// Whether its root file system is read-only, as far as its own field says.
    pub fn has_read_only_root(&self) -> bool {
        matches!(self.read_only_root, Some((true, _)))
    }

    /// Whether it is a process of its Windows node, with all that node's rights.
    pub fn is_host_process(&self) -> bool {
        matches!(self.host_process, Some((true, _)))
    }

    /// Whether it is privileged.
    pub fn is_privileged(&self) -> bool {
        matches!(self.privileged, Some((true, _)))
    }

    /// Whether it sees the whole of /proc.
    pub fn has_proc_unmasked(&self) -> bool {
        self.proc_mount.as_ref().is_some_and(|(mount, _)| mount == "Unmasked")
    }
}

/// A volume's place in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a field of Kubernetes itself")]
pub struct Mount {
    /// The volume's name.
    pub volume: String,
    /// Where it is mounted, normalised.
    pub path: String,
    /// `readOnly`
    pub read_only: bool,
    /// `recursiveReadOnly: Enabled`
    pub recursively: bool,
    /// Whether it is but a part of its volume: `subPath`, `subPathExpr`.
    pub part: bool,
    /// `mountPropagation: Bidirectional`, which Kubernetes gives privileged containers alone.
    pub propagates: bool,
    /// Where it stands.
    pub at: At,
}

impl Mount {
    /// What its volume is.
    fn kind<'p>(&self, pod: &'p Pod) -> Option<&'p VolumeKind> {
        pod.volume(&self.volume).map(|volume| &volume.kind)
    }

    /// Whether a container can write there.
    pub fn is_writable(&self, pod: &Pod) -> bool {
        let volume = self.kind(pod);
        !self.read_only && !matches!(volume, Some(VolumeKind::ReadOnly | VolumeKind::Lasting(true)))
    }

    /// Why what is read-only of the node is not: one can talk to a socket that one cannot write, and `readOnly` stops
    /// at what is mounted below.
    pub fn is_read_only_in_vain(&self, pod: &Pod) -> Option<&'static str> {
        let path = self.host_path(pod).filter(|_| self.read_only)?;
        let named = ["sock", "socket"].iter().any(|ending| {
            let before = path.strip_suffix(ending).and_then(|rest| rest.chars().next_back());
            before.is_some_and(|character| !character.is_alphanumeric())
        });
        if named || matches!(self.kind(pod), Some(VolumeKind::HostPath { socket: true, .. })) {
            return Some("readOnly stops nobody from talking to a socket");
        }
        let full = node::below(path) == node::Below::Some && !self.recursively;
        match (full, node::has_sockets(path)) {
            (true, true) => Some(
                "readOnly stops at what is mounted below it, and nobody from talking to the sockets in it",
            ),
            (false, true) => Some("readOnly stops nobody from talking to the sockets in it"),
            (true, false) => {
                Some("readOnly stops at what is mounted below it, but for recursiveReadOnly: Enabled")
            }
            (false, false) => None,
        }
    }

    /// The path of the node of which nobody knows whether others are mounted below it, where `readOnly` would stop.
    pub fn may_be_writable_below<'p>(&self, pod: &'p Pod) -> Option<&'p str> {
        let single = matches!(self.kind(pod), Some(VolumeKind::HostPath { single: true, .. }));
        let asked =
            self.read_only && !self.recursively && !single && self.is_read_only_in_vain(pod).is_none();
        self.host_path(pod).filter(|path| asked && node::below(path) == node::Below::Untold)
    }

    /// The path of the node that it shows, with what `subPath` adds left out.
    pub fn host_path<'p>(&self, pod: &'p Pod) -> Option<&'p str> {
        match self.kind(pod) {
            Some(VolumeKind::HostPath { path, .. }) => Some(path),
            _ => None,
        }
    }
}
