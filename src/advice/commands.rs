//! The commands of each package system that install, configure and let go of packages.
//!
//! Names and versions come from hosts; the snapshot lets only the alphabets of package systems in, so that
//! a command can be pasted into a shell. Nothing here decides what is to be done.

use std::borrow::Cow;

use super::Entry;
use crate::rules::{Evidence, Finding};
use crate::snapshot::Manager;
use crate::version::System;

/// One thing to do on a host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Command {
    /// What a person has to do before anything else.
    First(String),
    /// Lets a package follow its sources again.
    Unhold(System, String),
    /// `dpkg --configure -a`
    Configure,
    /// Installs a package, in a version if there is one to be named.
    Install { system: System, package: String, version: Option<String> },
    /// A command of the host's own, as the rule's advice has it.
    Run(String),
    /// A module of Ansible and its arguments.
    Task(String),
    /// What a person has to do, or to know.
    Say(String),
}

impl Command {
    /// What a rule's advice says of a finding. What speaks of systemctl is for hosts that systemd manages, or of
    /// which nobody knows.
    pub(super) fn of_entry(entry: &Entry, finding: &Finding, manager: Option<Manager>) -> Vec<Self> {
        let systemd = matches!(manager, None | Some(Manager::Systemd));
        let fits = |text: &&String| systemd || !text.contains("systemctl");
        let each = |subject: &str| {
            let run = entry.run.iter().filter(fits);
            let run = run
                .filter_map(|text| filled(text, subject, finding, |word| Some(shell_word(word))))
                .map(Self::Run);
            // A task stands between quotes of its own.
            let tasks = entry.ansible.iter();
            let tasks = tasks.filter_map(|text| filled(text, subject, finding, plain_word)).map(Self::Task);
            let say = entry.say.iter().filter(fits);
            let say = say
                .filter_map(|text| filled(text, subject, finding, |word| Some(shell_word(word))))
                .map(Self::Say);
            let first = entry.first.iter();
            let first =
                first.filter_map(|text| filled(text, subject, finding, |word| Some(shell_word(word))));
            first.map(Self::First).chain(run).chain(tasks).chain(say).collect::<Vec<_>>()
        };
        match &finding.evidence {
            // One finding may speak of several services.
            Evidence::Stale(services) => services.keys().flat_map(|service| each(service)).collect(),
            _ => each(&finding.subject),
        }
    }
}

/// A template with a subject and the finding's words in it, each made fit by `word`; `None` where one of them
/// does not fit.
fn filled<'f>(
    template: &str,
    subject: &'f str,
    finding: &'f Finding,
    word: impl Fn(Cow<'f, str>) -> Option<Cow<'f, str>>,
) -> Option<String> {
    let words = [
        ("{subject}", Some(subject)),
        ("{expected}", finding.expected.as_deref()),
        ("{observed}", finding.observed.as_deref()),
    ];
    let mut text = template.to_owned();
    for (name, value) in words.into_iter().filter(|(name, _)| template.contains(name)) {
        text = text.replace(name, &word(Cow::Borrowed(value?))?);
    }
    Some(text)
}

fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte))
}

fn plain_word(word: Cow<'_, str>) -> Option<Cow<'_, str>> {
    is_plain(&word).then_some(word)
}

/// A word as a shell takes it for one, whatever it holds.
pub(super) fn shell_word<'w>(word: impl Into<Cow<'w, str>>) -> Cow<'w, str> {
    let word = word.into();
    if is_plain(&word) { word } else { format!("'{}'", word.replace('\'', r"'\''")).into() }
}

/// The steps that a set of commands comes to, for hosts that Ansible calls by a pattern: first the host's
/// own commands, holds before packages, since a package manager would refuse to go on; then Ansible's.
pub(super) fn steps(commands: &[Command], pattern: &str) -> Vec<String> {
    let configure = commands.contains(&Command::Configure);
    let first = commands
        .iter()
        .filter_map(|command| if let Command::First(text) = command { Some(text) } else { None });
    let mut steps: Vec<String> = first.cloned().collect();
    if configure {
        steps.push("dpkg --configure -a".to_owned());
    }
    let systems = [System::Debian, System::Rpm, System::Apk, System::Pacman];
    let own = || systems.into_iter().map(|system| Own::of(system, commands));
    own().for_each(|own| steps.extend(own.shell()));
    let each = |pick: fn(&Command) -> Option<&String>| commands.iter().filter_map(pick).cloned();
    steps.extend(each(|command| if let Command::Run(text) = command { Some(text) } else { None }));
    if configure {
        steps.push(format!("ansible '{pattern}' -b -m command -a 'dpkg --configure -a'"));
    }
    let further = each(|command| if let Command::Task(text) = command { Some(text) } else { None });
    let tasks = own().flat_map(|own| own.ansible()).chain(further);
    steps.extend(tasks.map(|task| format!("ansible '{pattern}' -b -m {task}")));
    steps.extend(each(|command| if let Command::Say(text) = command { Some(text) } else { None }));
    steps
}

/// `nginx=1.26.3-3+deb13u1 curl`, as each package's system writes it.
pub(super) fn installs(commands: &[Command]) -> String {
    let wanted = commands.iter().filter_map(|command| match command {
        Command::Install { system, package, version } => Some(spec(*system, package, version.as_deref())),
        _ => None,
    });
    wanted.collect::<Vec<_>>().join(" ")
}

/// What is to be done with one system.
struct Own<'a> {
    system: System,
    held: Vec<&'a str>,
    wanted: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Own<'a> {
    fn of(system: System, commands: &'a [Command]) -> Self {
        let mut own = Self { system, held: Vec::new(), wanted: Vec::new() };
        for command in commands {
            match command {
                Command::Unhold(of, name) if *of == system => own.held.push(name),
                Command::Install { system: of, package, version } if *of == system => {
                    own.wanted.push((package, version.as_deref()));
                }
                _ => {}
            }
        }
        own
    }

    fn specs(&self, separator: &str) -> Option<String> {
        let specs: Vec<String> =
            self.wanted.iter().map(|(name, version)| spec(self.system, name, *version)).collect();
        (!specs.is_empty()).then(|| specs.join(separator))
    }

    /// What apk's world is to forget the versions of: `apk add NAME=VERSION` pins what it installs.
    fn pinned(&self) -> Vec<&'a str> {
        let installed = self.wanted.iter().filter(|(_, version)| version.is_some()).map(|(name, _)| *name);
        let mut pinned: Vec<&str> = self.held.iter().copied().chain(installed).collect();
        pinned.sort_unstable();
        pinned.dedup();
        pinned
    }

    fn shell(&self) -> Vec<String> {
        let held = if self.system == System::Apk { self.pinned() } else { self.held.clone() };
        let names = held.join(" ");
        let unhold = (!held.is_empty()).then(|| match self.system {
            System::Debian => format!("apt-mark unhold {names}"),
            System::Rpm => format!("dnf versionlock delete {names}"),
            System::Apk => format!("apk add {names}"),
            System::Pacman => format!("take {names} out of IgnorePkg in /etc/pacman.conf"),
        });
        let install = self.specs(" ").map(|specs| match self.system {
            System::Debian => format!("apt-get install {specs}"),
            System::Rpm => format!("dnf install {specs}"),
            System::Apk => format!("apk add {specs}"),
            System::Pacman => format!("pacman -S {specs}"),
        });
        match self.system {
            // A new word of the world takes the place of the old one, and the version goes last.
            System::Apk => install.into_iter().chain(unhold).collect(),
            _ => unhold.into_iter().chain(install).collect(),
        }
    }

    /// Modules and their arguments.
    fn ansible(&self) -> Vec<String> {
        let each = |task: &dyn Fn(&str) -> String| self.held.iter().map(|name| task(name)).collect();
        let mut tasks: Vec<String> = match self.system {
            System::Debian => each(&|name| format!("dpkg_selections -a 'name={name} selection=install'")),
            System::Rpm => {
                each(&|name| format!("community.general.dnf_versionlock -a 'name={name} state=absent'"))
            }
            System::Apk | System::Pacman => Vec::new(),
        };
        tasks.extend(self.specs(",").map(|specs| match self.system {
            System::Debian => format!("apt -a 'name={specs}'"),
            System::Rpm => format!("dnf -a 'name={specs}'"),
            System::Apk => format!("community.general.apk -a 'name={specs}'"),
            System::Pacman => format!("community.general.pacman -a 'name={specs}'"),
        }));
        if self.system == System::Apk && !self.pinned().is_empty() {
            tasks.push(format!("command -a 'apk add {}'", self.pinned().join(" ")));
        }
        tasks
    }
}

/// A package in a version, as a system's own tool wants it named. A repository of pacman knows only its
/// newest version: none can be asked for.
fn spec(system: System, package: &str, version: Option<&str>) -> String {
    match (system, version) {
        (System::Debian | System::Apk, Some(version)) => format!("{package}={version}"),
        (System::Rpm, version) => {
            // A foreign architecture's package is `glibc:i686` in reports and `glibc.i686` to dnf.
            let (name, arch) = package.split_once(':').unwrap_or((package, ""));
            let version = version.map_or(String::new(), |version| format!("-{version}"));
            let arch = if arch.is_empty() { String::new() } else { format!(".{arch}") };
            format!("{name}{version}{arch}")
        }
        (_, None) | (System::Pacman, _) => package.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(system: System, version: &str) -> Vec<String> {
        let name = || "nginx".to_owned();
        let install = Command::Install { system, package: name(), version: Some(version.to_owned()) };
        steps(&[Command::Unhold(system, name()), install], "web-04")
    }

    #[test]
    fn each_system_has_commands_of_its_own() {
        assert_eq!(
            repaired(System::Rpm, "1:1.2-3.el9"),
            [
                "dnf versionlock delete nginx",
                "dnf install nginx-1:1.2-3.el9",
                "ansible 'web-04' -b -m community.general.dnf_versionlock -a 'name=nginx state=absent'",
                "ansible 'web-04' -b -m dnf -a 'name=nginx-1:1.2-3.el9'",
            ]
        );
        assert_eq!(
            repaired(System::Apk, "1.28.0-r3"),
            [
                "apk add nginx=1.28.0-r3",
                "apk add nginx",
                "ansible 'web-04' -b -m community.general.apk -a 'name=nginx=1.28.0-r3'",
                "ansible 'web-04' -b -m command -a 'apk add nginx'",
            ]
        );
        assert_eq!(
            repaired(System::Pacman, "1.28.0-1"),
            [
                "take nginx out of IgnorePkg in /etc/pacman.conf",
                "pacman -S nginx",
                "ansible 'web-04' -b -m community.general.pacman -a 'name=nginx'",
            ]
        );
    }

    #[test]
    fn a_foreign_architecture_is_named_as_the_system_names_it() {
        assert_eq!(spec(System::Debian, "libc6:i386", Some("2.41-1")), "libc6:i386=2.41-1");
        assert_eq!(spec(System::Rpm, "glibc:i686", Some("2.34-1.el9")), "glibc-2.34-1.el9.i686");
        assert_eq!(spec(System::Rpm, "glibc:i686", None), "glibc.i686");
    }
}
