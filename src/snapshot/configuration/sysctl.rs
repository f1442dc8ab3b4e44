//! Kernel parameters of a host: what runs, and what its files configure.

use std::collections::BTreeMap;

use super::super::listing::lines;
use super::super::parse::Answer;
use super::super::{Gap, Reason, Strings, Symbol, quote};
use super::precedence::{Configured, path_of, swapped};
use super::{Odd, intern, is_path, plain, some_of};
use crate::probe::Section;

/// How many lines about them a host may send; the most that were seen are some hundreds.
const MOST_LINES: usize = 10_000;

/// How long a value may be; longer ones are cut, and only their beginnings compared.
const LONGEST_VALUE: usize = 2000;

/// The kernel parameters of one host that are configured there, or asked for by the playbook.
#[derive(Debug, Default)]
pub struct Sysctls {
    running: BTreeMap<Symbol, Parameter>,
    /// What its files configure, of what can be compared with what runs. Empty where it cannot be told.
    pub configured: Vec<Setting>,
}

/// What runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// This value, its blanks and line ends made one.
    Value(Symbol),
    /// It may not be read.
    Denied,
    /// The kernel does not have it.
    Absent,
}

/// A parameter as files configure it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name with dots.
    pub key: Symbol,
    /// What it shall be.
    pub value: Symbol,
    /// The file that says so.
    pub file: Symbol,
}

impl Sysctls {
    /// What runs of a parameter, by its name with dots.
    pub fn running(&self, key: Symbol) -> Parameter {
        self.running.get(&key).copied().unwrap_or(Parameter::Absent)
    }

    /// Every parameter that runs and could be read, with its value.
    pub fn each(&self) -> impl Iterator<Item = (Symbol, Symbol)> {
        self.running.iter().filter_map(|(key, parameter)| match parameter {
            Parameter::Value(value) => Some((*key, *value)),
            Parameter::Denied | Parameter::Absent => None,
        })
    }
}

/// A parameter's name as sysctl(8) prints it, however it is written: `net.ipv4.conf.eth0/100.rp_filter`.
pub fn dotted(key: &str) -> String {
    swapped(&path_of(key))
}

/// What the lines say.
#[derive(Default)]
struct Read<'a> {
    configured: Configured<'a>,
    /// Nothing of it is applied here: the host is a container that may not.
    read_only: bool,
    unreadable: Vec<&'a str>,
    running: BTreeMap<&'a str, Option<String>>,
}

/// Reads the section; `None` if it did not come.
pub(super) fn read(
    answer: &Answer<'_>,
    strings: &mut Strings,
    gaps: &mut Vec<Gap>,
    beside: &mut Vec<Gap>,
) -> Option<Sysctls> {
    let wanted: Vec<String> = answer.wanted.of("sysctl").map(dotted).collect();
    let payload = match wanted.is_empty() {
        true => answer.optional(Section::Sysctl, beside)?,
        false => answer.payload(Section::Sysctl, gaps)?,
    };
    let (mut read, mut odd) = (Read::default(), Odd::default());
    for (nth, line) in lines(payload).filter(|line| !line.is_empty()).enumerate() {
        if nth == MOST_LINES || read.line(line).is_err() {
            odd.add(line);
        }
        if nth == MOST_LINES {
            break;
        }
    }
    let sysctls = read.sysctls(strings, &wanted, beside);
    let denied =
        |key: &&String| strings.find(key).is_some_and(|key| sysctls.running(key) == Parameter::Denied);
    gaps.extend(wanted.iter().filter(denied).map(|key| Gap {
        probe: format!("sysctl:{key}"),
        reason: Reason::NeedsPrivilege,
        detail: "not readable for this user".to_owned(),
    }));
    beside.extend(odd.into_gap(Section::Sysctl));
    Some(sysctls)
}

impl<'a> Read<'a> {
    fn line(&mut self, line: &'a [u8]) -> Result<(), ()> {
        // A value may hold whatever a line can; it is made safe to print.
        if let Some(rest) = line.strip_prefix(b"value\t") {
            let at = rest.iter().position(|byte| *byte == b'\t').ok_or(())?;
            let (path, value) = rest.split_at(at);
            self.running.insert(parameter(plain(path)?)?, Some(value_of(value)));
            return Ok(());
        }
        let text = plain(line)?;
        match text.split_once('\t') {
            None if text == "systemd" => self.configured.systemd = true,
            None if text == "read-only" => self.read_only = true,
            Some(("file", path)) if is_path(path) => self.configured.files.push(path),
            Some(("unreadable", path)) if is_path(path) => self.unreadable.push(path),
            Some(("denied", path)) => drop(self.running.insert(parameter(path)?, None)),
            Some(("line", rest)) => {
                let (file, line) = rest.split_once('\t').filter(|(file, _)| is_path(file)).ok_or(())?;
                self.configured.lines.push((file, line));
            }
            _ => return Err(()),
        }
        Ok(())
    }

    fn sysctls(&self, strings: &mut Strings, wanted: &[String], beside: &mut Vec<Gap>) -> Sysctls {
        let mut beside = |detail| {
            let probe = Section::Sysctl.name().to_owned();
            beside.push(Gap { probe, reason: Reason::NeedsPrivilege, detail });
        };
        let mut sysctls = Sysctls::default();
        for (path, value) in &self.running {
            let Ok(key) = intern(&swapped(path), strings) else { continue };
            let value = value.as_ref().map(|value| intern(value, strings));
            let running = value.map_or(Ok(Parameter::Denied), |value| value.map(Parameter::Value));
            sysctls.running.extend(running.map(|running| (key, running)));
        }
        if !self.unreadable.is_empty() {
            let files = some_of(&self.unreadable);
            beside(format!("{files}: not readable for this user, so it is not known what is configured"));
            return sysctls;
        }
        let present: Vec<&str> = self.running.keys().copied().collect();
        let mut denied = Vec::new();
        for (path, assigned) in self.configured.resolve(&present) {
            // Where /proc/sys is read-only, what came with the system is meant for other machines.
            if self.read_only && assigned.is_vendors() {
                continue;
            }
            let key = swapped(&path);
            if self.running.get(path.as_str()) == Some(&None) && !wanted.contains(&key) {
                denied.push(key);
                continue;
            }
            let value = value_of(assigned.value.as_bytes());
            let setting = [key.as_str(), &value, assigned.file].map(|text| intern(text, strings));
            if let [Ok(key), Ok(value), Ok(file)] = setting {
                sysctls.configured.push(Setting { key, value, file });
            }
        }
        if !denied.is_empty() {
            let keys: Vec<&str> = denied.iter().map(String::as_str).collect();
            beside(format!("{}: not readable for this user", some_of(&keys)));
        }
        sysctls
    }
}

/// A path below /proc/sys.
fn parameter(path: &str) -> Result<&str, ()> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@+".contains(&byte);
    if !path.is_empty() && path.len() <= 300 && path.bytes().all(fits) { Ok(path) } else { Err(()) }
}

/// A value with its blanks made one: the kernel prints tabs where files have spaces.
fn value_of(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let words = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let is_plain = words.len() <= LONGEST_VALUE && words.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_plain { words } else { quote(words.as_bytes()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::snapshot;
    use super::*;
    use crate::snapshot::Snapshot;

    fn told((snapshot, strings): &(Snapshot, Strings)) -> Vec<String> {
        let text = |symbol| strings.text(symbol);
        let sysctls = snapshot.configuration.sysctls.as_ref().unwrap();
        let settings = sysctls.configured.iter();
        settings
            .map(|one| {
                let running = match sysctls.running(one.key) {
                    Parameter::Value(value) => text(value).to_owned(),
                    other => format!("{other:?}"),
                };
                format!("{} {} of {}, runs {running}", text(one.key), text(one.value), text(one.file))
            })
            .collect()
    }

    const FILES: &str = "file\t/etc/sysctl.d/a.conf\nfile\t/usr/lib/sysctl.d/b.conf\n\
        line\t/etc/sysctl.d/a.conf\tnet.ipv4.tcp_rmem = 4096 131072 6291456\n\
        line\t/usr/lib/sysctl.d/b.conf\tkernel.pid_max=4194304\n\
        value\tnet/ipv4/tcp_rmem\t4096\t131072   6291456\nvalue\tkernel/pid_max\t32768\n";

    #[test]
    fn what_runs_stands_beside_what_is_configured() {
        assert_eq!(
            told(&snapshot("sysctl", 0, FILES.as_bytes(), &[])),
            [
                "kernel.pid_max 4194304 of /usr/lib/sysctl.d/b.conf, runs 32768",
                "net.ipv4.tcp_rmem 4096 131072 6291456 of /etc/sysctl.d/a.conf, runs 4096 131072 6291456"
            ]
        );
    }

    #[test]
    fn in_a_container_what_came_with_the_system_does_not_count() {
        let read_only = snapshot("sysctl", 0, format!("read-only\n{FILES}").as_bytes(), &[]);
        assert_eq!(told(&read_only).len(), 1);
    }

    #[test]
    fn what_may_not_be_read_is_a_gap_where_it_was_asked_for() {
        let text = format!(
            "{FILES}line\t/etc/sysctl.d/a.conf\tvm.x=1\nline\t/etc/sysctl.d/a.conf\tvm.y=1\ndenied\tvm/x\ndenied\tvm/y\n"
        );
        let (snapshot, _) = snapshot("sysctl", 0, text.as_bytes(), &[("sysctl", "vm/x")]);
        let gap = |gap: &Gap| format!("{} {}", gap.probe, gap.detail);
        assert_eq!(
            snapshot.gaps.iter().map(gap).collect::<Vec<_>>(),
            ["sysctl:vm.x not readable for this user"]
        );
        assert_eq!(
            snapshot.beside.iter().map(gap).collect::<Vec<_>>(),
            ["sysctl vm.y: not readable for this user"]
        );
    }

    #[test]
    fn a_file_that_may_not_be_read_leaves_open_what_is_configured() {
        let text = format!("{FILES}unreadable\t/etc/sysctl.d/z.conf\n");
        let seen = snapshot("sysctl", 0, text.as_bytes(), &[]);
        assert_eq!(told(&seen), [""; 0]);
        assert!(
            seen.0.gaps.is_empty()
                && seen.0.beside[0].detail.starts_with("/etc/sysctl.d/z.conf: not readable")
        );
    }

    #[test]
    fn names_have_one_form() {
        for key in ["net.ipv4.conf.eth0/1.x", "net/ipv4/conf/eth0.1/x"] {
            assert_eq!(dotted(key), "net.ipv4.conf.eth0/1.x");
        }
        assert_eq!(dotted("vm.swappiness"), "vm.swappiness");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            snapshot("sysctl", 0, &bytes, &[("sysctl", "vm.x")]);
        }

        #[test]
        fn nor_does_line_soup(words in proptest::collection::vec("(file|line|value|denied|unreadable|read-only|/etc/[a-z]|vm[./][a-z*]=?1?|\u{1b})?[\t\n]", 0..60)) {
            snapshot("sysctl", 0, words.concat().as_bytes(), &[]);
        }
    }
}
