//! Whether a container can be changed while it runs, in one word, and what voids it, in words.

use super::coverage::Coverage;
use super::manifest::{Container, Mount, Pod, shows_processes};
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

/// Capabilities with which a container changes its root or its node, what they let it do, and when. Others open parts
/// of the kernel too, and leave both as they are: BPF alone writes nothing, MKNOD makes devices that the runtime's
/// cgroup keeps closed, NET_ADMIN and SYS_TIME set what no file system holds.
const POWERS: [(&str, When, &str); 8] = [
    ("ALL", When::Always, "lets it mount its root anew, writable"),
    ("SYS_ADMIN", When::Always, "lets it mount its root anew, writable"),
    ("SYS_MODULE", When::AsNode, "lets it load modules into the node's kernel"),
    (
        "DAC_READ_SEARCH",
        When::AsNode,
        "lets it open any file of the node's disk by its handle, past every mount",
    ),
    ("SYS_PTRACE", When::AmongProcesses, "and hostPID let it run its own code in the node's processes"),
    (
        "SYS_PTRACE",
        When::ShownProcesses,
        "lets it write to the node by way of the node's /proc, which is mounted: /proc/1/root is the node's root",
    ),
    ("SYS_BOOT", When::AmongProcesses, "and hostPID let it start the node with another kernel"),
    ("SYS_RAWIO", When::WithDevices, "lets it write to the node's devices, which are mounted"),
];

/// When a capability counts.
#[derive(Debug, Clone, Copy)]
enum When {
    /// In a user namespace of its own, too.
    Always,
    /// Where its users are the node's.
    AsNode,
    /// Where it sees the node's processes, too.
    AmongProcesses,
    /// Where the node's processes are shown by a mount, too, read-only or not.
    ShownProcesses,
    /// Where devices of the node are mounted, too.
    WithDevices,
}

/// What a capability lets a container do to its root or its node, if anything.
pub fn power(pod: &Pod, container: &Container, capability: &str) -> Option<&'static str> {
    let shows = |what: &dyn Fn(&str) -> bool| {
        let mut paths = container.mounts.iter().filter_map(|mount| mount.host_path(pod));
        pod.host_users && paths.any(what)
    };
    let counts = |when: When| match when {
        When::Always => true,
        When::AsNode => pod.host_users,
        When::AmongProcesses => {
            pod.host_users && pod.host_namespaces.iter().any(|(name, _)| *name == "hostPID")
        }
        When::ShownProcesses => shows(&shows_processes),
        When::WithDevices => shows(&|path| is_within(path, "/dev")),
    };
    let power = POWERS.iter().find(|(name, when, _)| *name == capability && counts(*when))?;
    Some(power.2)
}

/// What nobody can tell of a container's mounts of its node.
pub fn untold_mounts(pod: &Pod, container: &Container) -> Vec<String> {
    let untold = container.mounts.iter().filter_map(|mount| {
        let path = mount.may_be_writable_below(pod).filter(|_| proc_or_sys(pod, mount).is_none())?;
        Some(format!(
            "whether others are mounted below the node's {path} is not known, and readOnly of the mount at {} stops at them: recursiveReadOnly: Enabled stops at none",
            mount.path
        ))
    });
    untold.collect()
}

/// What it may reach by way of other processes: `/proc/PID/root` of one that runs as its user, with no more capabilities,
/// is open to it; whether there is one, nobody can tell.
fn reaches(pod: &Pod, container: &Container) -> Option<String> {
    let sees_node = pod.host_namespaces.iter().any(|(name, _)| *name == "hostPID");
    let shown = container.mounts.iter().filter_map(|mount| mount.host_path(pod)).any(shows_processes);
    if pod.host_users && (sees_node || shown) {
        let by = if sees_node { "hostPID" } else { "the node's /proc" };
        return Some(format!(
            "by {by} it sees the node's processes, and of those that run as its user it may reach the root: /proc/PID/root"
        ));
    }
    let is_changeable = |other: &Container| {
        !std::ptr::eq(other, container) && (!other.has_read_only_root() || other.is_privileged())
    };
    let other = pod.containers.iter().find(|other| pod.shares_processes && is_changeable(other))?;
    Some(format!(
        "shareProcessNamespace: it sees the processes of {}, which can be changed, and may reach its root: /proc/PID/root",
        other.name
    ))
}

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
            open.push("a field of it cannot be read, or Kubernetes refuses it: it stands among what was not audited".to_owned());
        }
        match &container.coverage {
            Coverage::Uncovered { paths, hidden, starts } => {
                let by = if hidden.is_empty() { String::new() } else { format!(": {hidden}") };
                let fails = if *starts { "may" } else { "would" };
                against.push(format!("it {fails} not run: nothing writable covers {}{by}", paths.join(", ")));
            }
            Coverage::Unknown(why) | Coverage::Partly { why, .. } => open.push(why.clone()),
            Coverage::NotAsked | Coverage::Writable(_) | Coverage::Covered => {}
        }
        open.extend(untold_mounts(pod, container));
        open.extend(reaches(pod, container));
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
        if let Some(does) = power(pod, container, capability) {
            against.push(format!("{void}the capability {capability} {does}"));
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
        Some(shown) if kernel(shown) && (mount.is_writable(pod) || !kernel(path)) => {
            mount.is_writable(pod).then(|| format!("the node's {shown} is mounted writable, at {path}"))
        }
        _ if kernel(path) => Some(format!(
            "a volume at {path} takes the place of what the runtime masks and makes read-only there"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::immutability::fixture::{manifest, pod};

    /// The verdict on a container of an image that is known to write nothing, with a read-only root.
    fn verdict(add: &str, mount: &str, spec: &str) -> (Option<bool>, String) {
        let lines = format!(
            "image: memcached\nsecurityContext: {{readOnlyRootFilesystem: true, capabilities: {{add: [{add}]}}}}\nvolumeMounts: [{mount}]"
        );
        let pod = pod(&manifest(&lines, spec));
        let Verdict { immutable, voided_by } = Verdict::of(&pod, &pod.containers[0]);
        (immutable, voided_by.join("; "))
    }

    const ALL_OF_IT: &str = "{name: v, mountPath: /m, readOnly: true, recursiveReadOnly: Enabled}";
    const PROC: &str = "volumes: [{name: v, hostPath: {path: /proc}}]";

    #[test]
    fn what_may_be_mounted_below_is_not_known() {
        let volumes = "volumes: [{name: v, hostPath: {path: /srv/data}}]";
        let (immutable, why) = verdict("", "{name: v, mountPath: /m, readOnly: true}", volumes);
        assert!(immutable.is_none() && why.contains("below the node's /srv/data is not known"), "{why}");
        assert_eq!(verdict("", ALL_OF_IT, volumes), (Some(true), String::new()));
    }

    #[test]
    fn what_stands_in_place_of_proc_is_told_even_read_only() {
        for at in ["/proc", "/proc/sys"] {
            let (immutable, why) = verdict("", &ALL_OF_IT.replace("/m", at), PROC);
            assert!(immutable == Some(false) && why.contains("takes the place"), "{at}: {why}");
        }
    }

    #[test]
    fn a_capability_voids_where_it_reaches_root_or_node() {
        let devices = "volumes: [{name: v, hostPath: {path: /dev/mem}}]";
        let device = "{name: v, mountPath: /m, readOnly: true}";
        for (add, mount, spec, told) in [
            ("SYS_ADMIN", "", "hostUsers: false", Some("mount its root anew")),
            ("all", "", "", Some("capability ALL lets it mount")),
            ("CAP_SYS_MODULE", "", "", Some("load modules")),
            ("SYS_MODULE", "", "hostUsers: false", None),
            ("DAC_READ_SEARCH", "", "", Some("by its handle")),
            ("SYS_PTRACE", "", "", None),
            ("SYS_PTRACE", ALL_OF_IT, PROC, Some("by way of the node's /proc")),
            (
                "SYS_PTRACE",
                ALL_OF_IT,
                "hostUsers: false\nvolumes: [{name: v, hostPath: {path: /proc}}]",
                None,
            ),
            ("NET_RAW", "", "", None),
            ("SYS_PTRACE", "", "hostPID: true", Some("run its own code in the node's processes")),
            ("SYS_BOOT", "", "hostPID: true", Some("another kernel")),
            ("SYS_RAWIO", "", "", None),
            ("SYS_RAWIO", device, devices, Some("the node's devices")),
            ("NET_ADMIN", device, devices, None),
            ("BPF, MKNOD, SYS_TIME, NET_RAW", "", "", None),
        ] {
            let (immutable, why) = verdict(add, mount, spec);
            assert_eq!(immutable, Some(told.is_none()), "{add} {spec}: {why}");
            assert!(why.contains(told.unwrap_or_default()), "{why}");
            assert!(
                told.is_none() || why.starts_with("the read-only root is void: the capability "),
                "{why}"
            );
        }
    }

    #[test]
    fn what_is_reached_by_way_of_processes_is_not_known() {
        for (mount, spec) in [("", "hostPID: true"), (ALL_OF_IT, PROC)] {
            let (immutable, why) = verdict("NET_RAW", mount, spec);
            assert!(immutable.is_none() && why.contains("/proc/PID/root"), "{spec}: {why}");
        }
        let other = |root: bool| {
            format!(
                "shareProcessNamespace: true\nephemeralContainers: [{{name: b, image: memcached, securityContext: {{readOnlyRootFilesystem: {root}, allowPrivilegeEscalation: false}}}}]"
            )
        };
        assert_eq!(verdict("NET_RAW", "", &other(true)).0, Some(true));
        let (immutable, why) = verdict("NET_RAW", "", &other(false));
        assert!(immutable.is_none() && why.contains("the processes of b"), "{why}");
    }

    #[test]
    fn a_read_only_socket_can_be_talked_to() {
        let mount = "{name: v, mountPath: /x, readOnly: true}";
        for (volume, told) in [
            ("path: /var/run/docker.sock", Some("a socket")),
            ("path: /run/containerd/containerd.sock", Some("a socket")),
            ("path: /run/dbus/system_bus_socket", Some("a socket")),
            ("path: /srv/api, type: Socket", Some("a socket")),
            ("path: /var/run/containerd/", Some("the sockets in it")),
            ("path: /run/systemd", Some("the sockets in it")),
            ("path: /run", Some("stops at what is mounted below")),
            ("path: /proc", Some("stops at what is mounted below")),
            ("path: /var/lib/kubelet/pods", Some("stops at what is mounted below")),
            ("path: /proc/1/root", Some("the sockets in it")),
            ("path: /run/user/1000", Some("the sockets in it")),
            ("path: /var/snap/microk8s/common/run", Some("the sockets in it")),
            ("path: /etc/hassock", None),
            ("path: /run/udev, type: Directory", None),
            ("path: /var/log", None),
            ("path: /srv/a.key, type: File", None),
        ] {
            let (immutable, why) =
                verdict("", mount, &format!("volumes: [{{name: v, hostPath: {{{volume}}}}}]"));
            assert_eq!(immutable, Some(told.is_none()), "{volume}: {why}");
            assert!(why.contains(told.unwrap_or_default()), "{why}");
        }
    }
}
