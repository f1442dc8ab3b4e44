//! What to do about an obstacle, in the words of the host's own package system.

use super::peers::Help;
use crate::readiness::{Kind, Obstacle};
use crate::snapshot::Observation;
use crate::version::System;

/// One line: a command, or what a person has to do on the host itself.
pub(super) fn remedy(obstacle: &Obstacle, help: &Help, host: Option<&Observation>) -> String {
    let system = host.and_then(Observation::packages).map_or(System::Debian, |packages| packages.system);
    let subject = &obstacle.subject;
    match obstacle.kind {
        Kind::TargetUnavailable | Kind::DependencyMissing | Kind::DependencyTooOld => lacking(obstacle, help, system),
        Kind::Conflict => format!("find out which of the two the host needs: {subject} cannot be beside the other"),
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
        Kind::ConffilePrompt => match system {
            System::Debian => "bring the edit into configuration management, or decide it: apt-get -o Dpkg::Options::=--force-confold"
                .to_owned(),
            System::Rpm | System::Apk | System::Pacman => "bring the edit into configuration management".to_owned(),
        },
        Kind::Unauthenticated => "have the source signed, and install its key".to_owned(),
        Kind::MetadataStale => refresh(system).to_owned(),
        Kind::RebootFirst => "drain the host and boot it first".to_owned(),
    }
}

/// What is done instead, where that would leave the cause in place. `target` is the package and what it shall come to.
pub(super) fn anew(target: &str) -> String {
    format!("build a new server from an image that has {target}, and let it take the place of the old one")
}

/// What brings what is lacking.
fn lacking(obstacle: &Obstacle, help: &Help, system: System) -> String {
    let needs = obstacle.needs.as_deref().unwrap_or(&obstacle.subject);
    match help {
        Help::NoLists => refresh(system).to_owned(),
        Help::Source { here: Some(true), .. } => format!("{}, and look for pins", refresh(system)),
        Help::Source { name, .. } => format!("add the source {name}, then: {}", refresh(system)),
        Help::Installed { version, .. } => {
            let subject = &obstacle.subject;
            format!("bring it here as it came to the others: {}", install(system, subject, version))
        }
        Help::None | Help::Unexplained { .. } => {
            format!("give the host a source that has {needs}, then: {}", refresh(system))
        }
    }
}

fn install(system: System, package: &str, version: &str) -> String {
    match system {
        System::Debian => format!("apt-get install {package}={version}"),
        System::Rpm => format!("dnf install {package}-{}", version.rsplit(':').next().unwrap_or(version)),
        System::Apk => format!("apk add {package}={version}"),
        System::Pacman => format!("pacman -S {package}"),
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
