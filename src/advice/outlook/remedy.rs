//! What to do about an obstacle, in the words of the host's own package system.

use crate::readiness::{Kind, Obstacle};
use crate::snapshot::Observation;
use crate::version::System;

/// One line: a command, or what a person has to do.
pub(super) fn remedy(obstacle: &Obstacle, host: Option<&Observation>) -> String {
    let system = host.and_then(Observation::packages).map_or(System::Debian, |packages| packages.system);
    let subject = &obstacle.subject;
    match obstacle.kind {
        Kind::TargetUnavailable => format!("give the host a source that has it, and refresh its lists: {}", refresh(system)),
        Kind::DependencyMissing | Kind::DependencyTooOld => {
            let needs = obstacle.needs.as_deref().unwrap_or(subject);
            format!("give the host a source that has {needs}, as hosts that are ready have one")
        }
        Kind::Conflict => format!("decide between the two: {subject} cannot be there"),
        Kind::WouldRemove => format!("find out who needs {subject} here before anything is upgraded"),
        Kind::WouldDowngrade => format!("find out where the newer {subject} came from"),
        Kind::Held => match system {
            System::Debian => format!("find out why, then: apt-mark unhold {subject}"),
            System::Rpm => format!("find out why, then: dnf versionlock delete {subject}"),
            System::Apk => format!("find out why, then: apk add {subject}"),
            System::Pacman => format!("find out why, then take {subject} out of IgnorePkg in /etc/pacman.conf"),
        },
        Kind::BrokenState => match system {
            System::Debian => "dpkg --configure -a && apt-get --fix-broken install".to_owned(),
            System::Rpm => "dnf check".to_owned(),
            System::Apk => "apk fix".to_owned(),
            System::Pacman => "pacman -Dk".to_owned(),
        },
        Kind::Locked => "wait until it is done, and ask again".to_owned(),
        Kind::DiskSpace => format!("make room on {subject}, and ask again"),
        Kind::ConffilePrompt => {
            "bring the edit into configuration management, or decide it: apt-get -o Dpkg::Options::=--force-confold".to_owned()
        }
        Kind::Unauthenticated => "have the source signed, and install its key".to_owned(),
        Kind::MetadataStale => refresh(system).to_owned(),
        Kind::RebootFirst => "drain the host and boot it first".to_owned(),
    }
}

/// What brings the lists of packages up to date.
fn refresh(system: System) -> &'static str {
    match system {
        System::Debian => "apt-get update",
        System::Rpm => "dnf makecache",
        System::Apk => "apk update",
        System::Pacman => "pacman -Syu",
    }
}
