//! Paths of a node, and what of them `readOnly` does not stop: it stops at what is mounted below a path, and stops
//! nobody from talking to a socket.

use crate::immutability::path::is_within;

/// Folders of a node below which others are mounted, writable: tmpfs, cgroups, volumes, other containers' roots.
const MOUNTED_BELOW: [&str; 34] = [
    "/",
    "/boot",
    "/dev",
    "/home",
    "/media",
    "/mnt",
    "/proc",
    "/proc/sys",
    "/proc/sys/fs",
    "/run",
    "/run/containerd",
    "/run/docker",
    "/run/k3s",
    "/run/user",
    "/sys",
    "/sys/firmware",
    "/sys/firmware/efi",
    "/sys/fs",
    "/sys/fs/cgroup",
    "/sys/kernel",
    "/sys/kernel/debug",
    "/var",
    "/var/lib",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/containers/storage",
    "/var/lib/containers/storage/overlay",
    "/var/lib/docker",
    "/var/lib/docker/overlay2",
    "/var/lib/kubelet",
    "/var/lib/kubelet/pods",
    "/var/lib/rancher",
    "/var/lib/rancher/k3s",
    "/var/snap",
];

/// Folders of a node that hold the sockets of those who rule it: container runtimes, systemd.
const SOCKETS: [&str; 27] = [
    "/",
    "/dev/log",
    "/run",
    "/run/buildkit",
    "/run/containerd",
    "/run/crio",
    "/run/dbus",
    "/run/docker",
    "/run/k0s",
    "/run/k3s",
    "/run/k3s/containerd",
    "/run/libvirt",
    "/run/nri",
    "/run/podman",
    "/run/spire",
    "/run/systemd",
    "/run/systemd/private",
    "/run/user",
    "/var",
    "/var/lib",
    "/var/lib/kubelet",
    "/var/lib/kubelet/device-plugins",
    "/var/lib/kubelet/plugins",
    "/var/lib/kubelet/pods",
    "/var/snap",
    "/var/snap/microk8s/common",
    "/var/snap/microk8s/common/run",
];

/// Folders of a node in which nobody mounts anything but files: whatever is in them.
const PLAIN: [&str; 14] = [
    "/bin",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/run/log",
    "/run/udev",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/kubelet/pod-resources",
    "/var/log",
    "/var/spool",
];

/// What is known of the mounts below a path of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Below {
    /// There are none.
    None,
    /// There are some.
    Some,
    /// Nobody knows.
    Untold,
}

/// What is mounted below a path.
pub(super) fn below(path: &str) -> Below {
    let path = real(path);
    match () {
        () if MOUNTED_BELOW.contains(&path) => Below::Some,
        () if PLAIN.iter().any(|plain| is_within(path, plain)) => Below::None,
        () => Below::Untold,
    }
}

/// Whether a folder has sockets in it by which its node is ruled.
pub(super) fn has_sockets(path: &str) -> bool {
    let path = real(path);
    let user = path.strip_prefix("/run/user/").unwrap_or("/");
    SOCKETS.contains(&path) || !user.contains('/')
}

/// A path without the way by a process's own root or folder, `/proc/1/root`, `/proc/1/task/1/cwd`: the node's processes
/// have the node's.
fn real(path: &str) -> &str {
    let Some(process) = path.strip_prefix("/proc/") else { return path };
    let links = ["/root", "/cwd"].into_iter().filter_map(|link| {
        let (at, _) = process.match_indices(link).find(|(at, _)| {
            let rest = process.get(at + link.len()..).unwrap_or_default();
            rest.is_empty() || rest.starts_with('/')
        })?;
        Some((at, process.get(at + link.len()..)?))
    });
    match links.min() {
        Some((_, "")) => "/",
        Some((_, inside)) => real(inside),
        None => path,
    }
}

/// Whether a path shows the processes of the node, whose `root` leads to the node's.
pub(in crate::immutability) fn shows_processes(path: &str) -> bool {
    let process = path.strip_prefix("/proc/").is_some_and(|rest| {
        let first = rest.split('/').next().unwrap_or_default();
        first.bytes().all(|byte| byte.is_ascii_digit()) || first.ends_with("self")
    });
    process || path == "/proc" || path == "/"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mounted_below_a_path_is_known_or_not() {
        for (path, told) in [
            ("/proc", Below::Some),
            ("/proc/1/root", Below::Some),
            ("/proc/1/root/var/lib", Below::Some),
            ("/proc/1/root/etc", Below::None),
            ("/proc/1/cwd", Below::Some),
            ("/proc/1/task/1/root/home", Below::Some),
            ("/proc/1/root/proc/1/root", Below::Some),
            ("/proc/1/rootfs", Below::None),
            ("/proc/meminfo", Below::None),
            ("/sys/fs/cgroup", Below::Some),
            ("/sys/class/net", Below::None),
            ("/var/lib/docker/overlay2", Below::Some),
            ("/var/lib/docker/containers", Below::Untold),
            ("/home", Below::Some),
            ("/home/a", Below::Untold),
            ("/srv", Below::Untold),
            ("/etc", Below::None),
            ("/etc/ssl/certs", Below::None),
            ("/usr/share/zoneinfo", Below::None),
            ("/var/log", Below::None),
            ("/var/log/pods", Below::None),
            ("/lib/modules", Below::None),
            ("/dev/mem", Below::None),
        ] {
            assert_eq!(below(path), told, "{path}");
        }
    }

    #[test]
    fn sockets_are_where_runtimes_keep_them() {
        for (path, has) in [
            ("/run/user/1000", true),
            ("/run/user", true),
            ("/run/user/1000/x", false),
            ("/run/k3s", true),
            ("/proc/1/root/run", true),
            ("/run/udev", false),
            ("/etc", false),
        ] {
            assert_eq!(has_sockets(path), has, "{path}");
        }
        assert!(shows_processes("/proc/1/root") && shows_processes("/proc") && shows_processes("/"));
        assert!(!shows_processes("/proc/sys") && !shows_processes("/srv"));
    }
}
