//! Whether a container can be changed while it runs, in one word, and what voids it, in words.

use super::coverage::Coverage;
use super::manifest::{Container, Mount, Pod};
use super::path::is_within;

/// What is said of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// `None` is "could not tell".
    pub immutable: Option<bool>,
    /// Why it is not, or why it could not be told; empty if it is.
    pub voided_by: Vec<String>,
}

/// Capabilities with which a read-only root is none: they can mount it anew.
pub const MOUNTING: [&str; 2] = ["SYS_ADMIN", "ALL"];

impl Verdict {
    /// The verdict on one container of a pod.
    pub fn of(pod: &Pod, container: &Container) -> Self {
        if container.is_host_process() {
            let why =
                "windowsOptions.hostProcess: it is a process of its node, with all that the node may do";
            return Self { immutable: Some(false), voided_by: vec![why.to_owned()] };
        }
        if pod.windows {
            let why = "a Windows pod: Kubernetes has no read-only root file system there";
            return Self { immutable: None, voided_by: vec![why.to_owned()] };
        }
        let mut against = against(pod, container);
        let mut open = Vec::new();
        if container.unclear {
            open.push("a field of it cannot be read: it stands among what was not audited".to_owned());
        }
        match &container.coverage {
            Coverage::Uncovered { paths, hidden } => {
                let by = if hidden.is_empty() { String::new() } else { format!(": {hidden}") };
                against.push(format!("it would not run: nothing writable covers {}{by}", paths.join(", ")));
            }
            Coverage::Unknown(why) => open.push(why.clone()),
            Coverage::NotAsked | Coverage::Writable(_) | Coverage::Covered => {}
        }
        let immutable = match (against.is_empty(), open.is_empty()) {
            (false, _) => Some(false),
            (true, false) => None,
            (true, true) => Some(true),
        };
        against.extend(open);
        Self { immutable, voided_by: against }
    }
}

fn against(pod: &Pod, container: &Container) -> Vec<String> {
    let mut against = Vec::new();
    let void = match container.read_only_root {
        Some((true, _)) => "the read-only root is void: ",
        Some((false, _)) => {
            against.push("its root file system is writable: readOnlyRootFilesystem is false".to_owned());
            ""
        }
        None if container.root_unclear => "",
        None => {
            against.push("its root file system is writable: readOnlyRootFilesystem is not set".to_owned());
            ""
        }
    };
    if container.is_privileged() {
        against.push(format!("{void}{}", proc_sys(pod, "privileged")));
    }
    if container.has_proc_unmasked() {
        against.push(format!("{void}{}", proc_sys(pod, "procMount: Unmasked")));
    }
    for mount in &container.mounts {
        if let Some(told) = proc_or_sys(pod, mount) {
            against.push(format!("{void}{told}"));
            continue;
        }
        let (why, at) = (mount.is_read_only_in_vain(pod), &mount.path);
        if let Some(path) = mount.host_path(pod).filter(|_| mount.is_writable(pod) || why.is_some()) {
            let why = why.map_or(String::new(), |why| format!(": {why}"));
            against.push(format!("{void}it can write to the node's {path}, mounted at {at}{why}"));
        }
    }
    for (capability, _) in &container.added {
        if MOUNTING.contains(&capability.as_str()) {
            against.push(format!("{void}the capability {capability} lets it mount its root anew, writable"));
        }
    }
    against
}

/// What a container can do whose runtime leaves /proc/sys writable, and by what. Where its users are not the node's,
/// the kernel keeps the node's own parameters from it.
pub fn proc_sys(pod: &Pod, by: &str) -> String {
    match pod.host_users {
        true => format!("{by} makes /proc/sys writable, and vm.* is the node's"),
        false => format!("{by} makes /proc/sys writable; hostUsers: false keeps what is the node's from it"),
    }
}

/// What is wrong with a mount that shows the node's /proc or /sys writable, or takes the place of the container's own.
pub fn proc_or_sys(pod: &Pod, mount: &Mount) -> Option<String> {
    let kernel = |path: &str| ["/proc", "/sys"].iter().any(|folder| is_within(path, folder));
    let Mount { path, .. } = mount;
    match mount.host_path(pod) {
        Some(shown) if kernel(shown) => {
            mount.is_writable(pod).then(|| format!("the node's {shown} is mounted writable, at {path}"))
        }
        _ if kernel(path) => Some(format!(
            "a volume at {path} takes the place of what the runtime masks and makes read-only there"
        )),
        _ => None,
    }
}
