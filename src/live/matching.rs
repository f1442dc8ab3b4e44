//! Which container of a host is which of a manifest: by pod and name where the runtime tells them, else by image.

use std::collections::HashMap;

use super::declared::Declared;
use super::image::{self, Reference};
use crate::snapshot::Container;

/// So long is the beginning of a pod's name at most, before its five random letters.
const LONGEST_BEGIN: usize = 58;

/// By what a container was told to be that of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Its own name, and that of its pod.
    Name,
    /// Its image alone.
    Image,
}

impl By {
    /// The word of reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Image => "image",
        }
    }
}

/// Containers of manifests by what hosts may call them.
pub(super) struct Index {
    by_name: HashMap<String, Vec<usize>>,
    by_image: HashMap<String, Vec<usize>>,
}

/// What a runtime tells of whose a container is.
struct Whose<'c> {
    namespace: Option<&'c str>,
    pod: &'c str,
    container: &'c str,
}

impl Index {
    pub(super) fn of(declared: &[Declared]) -> Self {
        let (mut by_name, mut by_image) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for (nth, one) in declared.iter().enumerate() {
            by_name.entry(one.container.clone()).or_default().push(nth);
            if let Some(image) = &one.image {
                by_image.entry(Reference::of(image).last().to_owned()).or_default().push(nth);
            }
        }
        Self { by_name, by_image }
    }

    /// The containers of manifests that a running one is; several where manifests declare the same one twice.
    /// `nodes` is what its host may be called: the pods of a node's own files end in it.
    pub(super) fn find(
        &self,
        declared: &[Declared],
        container: &Container,
        nodes: &[&str],
    ) -> (By, Vec<usize>) {
        let (whose, sure) = whose(container);
        let mut found: Vec<(usize, (usize, bool))> = Vec::new();
        for whose in whose {
            for nth in self.by_name.get(whose.container).into_iter().flatten() {
                let Some(own) = declared.get(*nth) else { continue };
                if is_of(own, &whose, sure, nodes) {
                    found.push((*nth, (own.name.len(), own.namespace.is_some())));
                }
            }
        }
        // The nearest name wins: a pod of `web-api` is none of `web`.
        if let Some(nearest) = found.iter().map(|(_, near)| *near).max() {
            let mut all: Vec<usize> =
                found.iter().filter(|(_, near)| *near == nearest).map(|(nth, _)| *nth).collect();
            all.sort_unstable();
            all.dedup();
            return (By::Name, all);
        }
        (By::Image, if sure { Vec::new() } else { self.by_image(declared, container) })
    }

    /// The one that has its image; none if several have, since a guess is no answer.
    fn by_image(&self, declared: &[Declared], container: &Container) -> Vec<usize> {
        let names = image::names(container);
        let mut found: Vec<usize> = Vec::new();
        for name in &names {
            for nth in self.by_image.get(name.last()).into_iter().flatten() {
                let image = declared.get(*nth).and_then(|one| one.image.as_deref());
                if image.is_some_and(|image| Reference::of(image).may_be(name)) && !found.contains(nth) {
                    found.push(*nth);
                }
            }
        }
        let objects = found.iter().filter_map(|nth| declared.get(*nth));
        let mut objects: Vec<(&str, &str)> =
            objects.map(|one| (one.object.as_str(), one.container.as_str())).collect();
        objects.sort_unstable();
        objects.dedup();
        if objects.len() == 1 { found } else { Vec::new() }
    }
}

/// Whether a container is what holds a pod's namespaces together, and no part of what is declared.
pub(super) fn is_sandbox(container: &Container) -> bool {
    container.name.starts_with("k8s_POD_")
}

/// All that a container's name may mean, and whether its runtime is sure of it.
fn whose(container: &Container) -> (Vec<Whose<'_>>, bool) {
    let name = container.name.as_str();
    if let Some(pod) = &container.pod {
        let (namespace, pod) = (Some(pod.namespace.as_str()), pod.name.as_str());
        return (vec![Whose { namespace, pod, container: name }], true);
    }
    // How the kubelet names containers of docker.
    let parts: Vec<&str> = name.split('_').collect();
    if let ["k8s", container, pod, namespace, ..] = parts.as_slice() {
        return (vec![Whose { namespace: Some(namespace), pod, container }], true);
    }
    // `podman kube play` joins pod and container by a dash, and either may have more of them.
    let dashes = name.match_indices('-').filter_map(|(at, _)| Some((name.get(..at)?, name.get(at + 1..)?)));
    (dashes.map(|(pod, container)| Whose { namespace: None, pod, container }).collect(), false)
}

/// Whether a pod of that name is one of an object's.
fn is_of(own: &Declared, whose: &Whose<'_>, sure: bool, nodes: &[&str]) -> bool {
    let elsewhere =
        own.namespace.as_deref().zip(whose.namespace).is_some_and(|(declared, seen)| declared != seen);
    if elsewhere {
        return false;
    }
    if whose.pod == own.name {
        return own.kind == "Pod" || !sure;
    }
    let Some(end) = whose.pod.strip_prefix(own.name.as_str()).and_then(|rest| rest.strip_prefix('-')) else {
        return sure && own.kind != "Pod" && is_cut(&own.name, whose.pod);
    };
    if !sure {
        // What `podman kube play` makes of a workload.
        return own.kind != "Pod"
            && (end == "pod" || end.strip_prefix("pod-").is_some_and(|nth| nth.parse::<u16>().is_ok()));
    }
    let words: Vec<&str> = end.split('-').collect();
    let number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let random = |word: &str| word.len() == 5 && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match (own.kind.as_str(), words.as_slice()) {
        // The kubelet ends the names of its own pods by the node's.
        ("Pod", _) => nodes.iter().any(|node| {
            !node.is_empty() && (end == *node || node.split('.').next().is_some_and(|short| end == short))
        }),
        ("Deployment", [hash, last]) => !hash.is_empty() && random(last),
        ("StatefulSet", [last]) => number(last),
        ("DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job", [last]) => random(last),
        ("Job", [index, last]) => number(index) && random(last),
        ("CronJob", [time, last]) => number(time) && random(last),
        ("CronJob", [time, index, last]) => number(time) && number(index) && random(last),
        (
            "Deployment"
            | "StatefulSet"
            | "DaemonSet"
            | "ReplicaSet"
            | "ReplicationController"
            | "Job"
            | "CronJob",
            _,
        ) => false,
        // How other kinds name their pods is their own affair.
        _ => true,
    }
}

/// Whether a pod's name is so long that the end of its workload's had to go.
fn is_cut(name: &str, pod: &str) -> bool {
    let begin = pod.len().checked_sub(5).and_then(|end| pod.get(..end)).unwrap_or_default();
    begin.len() == LONGEST_BEGIN && name.starts_with(begin)
}
