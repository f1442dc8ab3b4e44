//! The parts of an answer, by the names that the request and the frames use.

/// A part of the answer, by the name that the request and the frames use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// `/etc/os-release`, as os-release(5) describes it.
    OsRelease,
    /// `uname -n`
    Hostname,
    /// `uname -srm`
    Kernel,
    /// The `btime` line of `/proc/stat`, proc(5).
    Boot,
    /// `dpkg-query -W`, or `/var/lib/dpkg/status.d`: name, architecture, version, status letters.
    Dpkg,
    /// `/var/lib/apt/extended_states`: what apt installed as a dependency.
    AptMarks,
    /// `rpm -qa`: name, epoch, version, release, architecture, modularity label.
    Rpm,
    /// The version locks of dnf and yum.
    RpmLocks,
    /// apk's database: name, architecture, version.
    Apk,
    /// `/etc/apk/world`: what was asked for.
    ApkWorld,
    /// pacman's database: name, architecture, version, reason.
    Pacman,
    /// `IgnorePkg` of `/etc/pacman.conf`.
    PacmanIgnored,
    /// Whether the pinned probe may be run as root, where that is asked for; it prints nothing.
    Sudo,
    /// What docker says of the containers that run.
    Docker,
    /// What podman says of those of the audit user.
    Podman,
    /// What crictl says of those of Kubernetes.
    Cri,
    /// The files that say where packages come from, and apt's pins.
    Sources,
    /// What is on offer of the packages that the playbook names, and when the lists of packages last changed.
    Candidates,
    /// What the host's own solver says of the upgrades that the playbook asks about.
    Upgrade,
    /// Kernel parameters: how they are configured, and what runs.
    Sysctl,
    /// What became of the configuration files of the packages that are named.
    Conffiles,
    /// The files that are named, as keyed hashes.
    Files,
    /// What manages services, those that failed, and the state of those that the playbook names.
    Services,
    /// Daemons: when each started, what it executes, and when that was changed.
    Processes,
    /// Kernels that are installed, and since when.
    Kernels,
    /// `/run/reboot-required` and its like.
    Reboot,
    /// Where the daemons that listen write, and what tells so; asked for where a replacement is wanted.
    Evidence,
}

impl Section {
    /// Every section that every host is asked for, in that order.
    pub const ALL: [Self; 27] = [
        Self::OsRelease,
        Self::Hostname,
        Self::Kernel,
        Self::Boot,
        Self::Dpkg,
        Self::AptMarks,
        Self::Rpm,
        Self::RpmLocks,
        Self::Apk,
        Self::ApkWorld,
        Self::Pacman,
        Self::PacmanIgnored,
        Self::Sudo,
        Self::Docker,
        Self::Podman,
        Self::Cri,
        Self::Sources,
        Self::Candidates,
        Self::Upgrade,
        Self::Sysctl,
        Self::Conffiles,
        Self::Files,
        Self::Services,
        Self::Processes,
        Self::Kernels,
        Self::Reboot,
        Self::Evidence,
    ];

    /// What sees more as root: what `sudo` is to let the pinned probe read.
    pub const BY_ROOT: [Self; 7] =
        [Self::Processes, Self::Docker, Self::Podman, Self::Cri, Self::Files, Self::Evidence, Self::Sudo];

    /// What every host has, and what nothing can be compared without.
    pub const FACTS: [Self; 4] = [Self::OsRelease, Self::Hostname, Self::Kernel, Self::Boot];

    /// The package systems, each with what tells purposes and holds on it.
    pub const PACKAGES: [(Self, Self); 4] = [
        (Self::Dpkg, Self::AptMarks),
        (Self::Rpm, Self::RpmLocks),
        (Self::Apk, Self::ApkWorld),
        (Self::Pacman, Self::PacmanIgnored),
    ];

    /// The name on the wire and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OsRelease => "os-release",
            Self::Hostname => "hostname",
            Self::Kernel => "kernel",
            Self::Boot => "boot",
            Self::Dpkg => "dpkg",
            Self::AptMarks => "apt-marks",
            Self::Rpm => "rpm",
            Self::RpmLocks => "rpm-locks",
            Self::Apk => "apk",
            Self::ApkWorld => "apk-world",
            Self::Pacman => "pacman",
            Self::PacmanIgnored => "pacman-ignored",
            Self::Sudo => "sudo",
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Cri => "cri",
            Self::Sources => "sources",
            Self::Candidates => "candidates",
            Self::Upgrade => "upgrade",
            Self::Sysctl => "sysctl",
            Self::Conffiles => "conffiles",
            Self::Files => "files",
            Self::Services => "services",
            Self::Processes => "processes",
            Self::Kernels => "kernels",
            Self::Reboot => "reboot",
            Self::Evidence => "evidence",
        }
    }
}
