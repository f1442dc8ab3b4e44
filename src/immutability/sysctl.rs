//! Which kernel parameters a pod may set without the node's permission: those that are its own and harm nobody else.
//!
//! "Using sysctls in a Kubernetes Cluster", <https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/>.

use std::fmt;
use std::str::FromStr;

/// Safe parameters, with the minor version of Kubernetes 1 that first let them be.
const SAFE: [(&str, u32); 12] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 18),
    ("net.ipv4.ip_unprivileged_port_start", 22),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

/// A version of Kubernetes, `1.32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kubernetes(u32);

impl Kubernetes {
    /// The newest version whose rules are known here.
    pub const NEWEST: Self = Self(35);

    /// Whether a pod may set a parameter without the node's permission.
    pub fn is_safe(self, sysctl: &str) -> bool {
        SAFE.iter().any(|(name, since)| *name == sysctl && self.0 >= *since)
    }

    /// The version since which a parameter is safe, if it is in any.
    pub fn safe_since(sysctl: &str) -> Option<Self> {
        SAFE.iter().find(|(name, _)| *name == sysctl).map(|(_, since)| Self(*since))
    }
}

impl fmt::Display for Kubernetes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

impl FromStr for Kubernetes {
    type Err = String;

    /// `1.32`, `v1.32.3`, `1.32.3-eks-1`: as `kubectl version` has it.
    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('v').unwrap_or(text);
        let minor = bare.strip_prefix("1.").and_then(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let tail = rest.get(digits.len()..)?;
            // The cloud's own builds have a `+` behind the number.
            (tail.is_empty() || tail.starts_with(['.', '-', '+'])).then(|| digits.parse().ok())?
        });
        minor
            .map(Self)
            .ok_or_else(|| format!("`{text}` is no version of Kubernetes: write 1.{}", Self::NEWEST.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_safe_depends_on_the_version() {
        let version = |text: &str| text.parse::<Kubernetes>().unwrap();
        for (sysctl, since) in [
            ("net.ipv4.tcp_rmem", 32),
            ("net.ipv4.tcp_fin_timeout", 29),
            ("net.ipv4.ip_local_reserved_ports", 27),
        ] {
            assert!(version(&format!("v1.{since}.4")).is_safe(sysctl));
            assert!(!version(&format!("1.{}", since - 1)).is_safe(sysctl));
        }
        assert!(
            Kubernetes::NEWEST.is_safe("net.ipv4.tcp_syncookies")
                && !Kubernetes::NEWEST.is_safe("vm.swappiness")
        );
    }

    #[test]
    fn versions_are_read_as_kubectl_writes_them() {
        assert_eq!("1.32".parse(), Ok(Kubernetes(32)));
        assert_eq!("v1.31.4-gke.1".parse(), Ok(Kubernetes(31)));
        assert_eq!("1.30+".parse(), Ok(Kubernetes(30)));
        for wrong in ["", "1", "1.", "2.0", "1.x", "1.3x", "32"] {
            assert!(wrong.parse::<Kubernetes>().is_err(), "{wrong}");
        }
    }
}
