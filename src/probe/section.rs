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
    /// What manages services, those that failed, and the state of those that the playbook names.
    Services,
    /// Daemons: when each started, what it executes, and when that was changed.
    Processes,
    /// Kernels that are installed, and since when.
    Kernels,
    /// `/run/reboot-required` and its like.
    Reboot,
}

impl Section {
    /// Every section that every host is asked for, in that order.
    pub const ALL: [Self; 16] = [
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
        Self::Services,
        Self::Processes,
        Self::Kernels,
        Self::Reboot,
    ];

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
            Self::Services => "services",
            Self::Processes => "processes",
            Self::Kernels => "kernels",
            Self::Reboot => "reboot",
        }
    }
}
