//! What a manifest says of one container, as far as a host can tell whether it is kept to.

use std::sync::Arc;

use crate::immutability::{At, Container, Object, Pod, Role};

/// One container of a manifest.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// The container's own line.
    pub at: At,
    /// Its object: `Kind/namespace/name`.
    pub object: String,
    /// The object's kind.
    pub kind: String,
    /// The object's namespace; `None` is whatever `kubectl` was told.
    pub namespace: Option<String>,
    /// The object's name.
    pub name: String,
    /// The container's name.
    pub container: String,
    /// Its image, as it is written.
    pub image: Option<String>,
    /// Whether it runs until it is told to end.
    pub lasts: bool,
    /// Whether its root is read-only; `None` where that cannot be said.
    pub read_only_root: Option<bool>,
    /// Whether it is privileged; `None` where that cannot be said.
    pub privileged: Option<bool>,
    /// `runAsUser` of its own.
    pub user: Option<String>,
    /// Whether its own `runAsNonRoot` is true.
    pub non_root: bool,
    /// Capabilities that it is given.
    pub added: Vec<String>,
    /// Where volumes are mounted, and whether it can write there.
    pub mounts: Vec<(String, bool)>,
}

/// Kinds whose pods end by themselves, and one that makes none.
const ENDING: [&str; 3] = ["Job", "CronJob", "PodTemplate"];

impl Declared {
    /// Every container of an object, in the order of its pods.
    pub fn of(object: &Object, file: &Arc<str>) -> Vec<Self> {
        let each = object.pods.iter().flat_map(|pod| pod.containers.iter().map(move |one| (pod, one)));
        each.map(|(pod, container)| Self::one(object, pod, container, file)).collect()
    }

    fn one(object: &Object, pod: &Pod, container: &Container, file: &Arc<str>) -> Self {
        let said = |name: &str| {
            container.runs_as.iter().find(|(field, _)| *field == name).map(|(_, value)| value.clone())
        };
        // What cannot be read, and Windows, leave nothing to be compared with.
        let clear = !container.unclear && !container.root_unclear && !pod.windows;
        Self {
            file: Arc::clone(file),
            at: container.at,
            object: object.to_string(),
            kind: object.kind.clone(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
            container: container.name.clone(),
            image: container.image.clone(),
            lasts: container.role == Role::Main && !ENDING.contains(&object.kind.as_str()),
            read_only_root: clear.then(|| container.has_read_only_root()),
            privileged: clear.then(|| container.is_privileged()),
            user: said("runAsUser"),
            non_root: said("runAsNonRoot").as_deref() == Some("true"),
            added: container.added.iter().map(|(name, _)| name.clone()).collect(),
            mounts: container
                .mounts
                .iter()
                .map(|mount| (mount.path.clone(), mount.is_writable(pod)))
                .collect(),
        }
    }
}
