//! What runs on a host, beside what is installed on it: services, daemons older than their files, kernels, and
//! what asks for a boot.
//!
//! What can be told depends on who asks and on what manages services there. What cannot be told of a service
//! that the playbook names is a gap; of all others it is told beside, once.

mod daemons;
mod kernels;
mod named;
mod services;

use jiff::Timestamp;

pub use daemons::{Daemon, Stale};
pub use kernels::{InstalledKernel, Kernels, Reboot};
pub use services::{Enabled, Manager, Service, ServiceState, Services};

use super::gap::{Gap, Reason, quote};
use super::listing::lines;
use super::parse::Answer;
use super::{Strings, Symbol};
use crate::probe::Section;

/// What runs on a host. What is `None` was not collected, which a gap tells, or is not there to be told of.
#[derive(Debug, Default)]
pub struct Running {
    /// Services, by what manages them.
    pub services: Option<Services>,
    /// What every daemon is called, by its program, by the kernel and by its unit, in order; `None` where not all
    /// could be seen.
    /// Those of containers are not among them.
    pub daemons: Option<Vec<Symbol>>,
    /// Daemons that run something else than what is installed; of no other one more than its names is kept.
    pub stale: Option<Vec<Daemon>>,
    /// Kernels that are installed.
    pub kernels: Option<Kernels>,
    /// What asks for a boot of the host, if anything does.
    pub reboot: Option<Reboot>,
}

/// Reads all of it.
pub(super) fn running(
    answer: &Answer<'_>,
    strings: &mut Strings,
    gaps: &mut Vec<Gap>,
    beside: &mut Vec<Gap>,
) -> Running {
    let names: Vec<&str> = answer.wanted.of("service").collect();
    // Where a service is named, these two are missed also where there is no such thing.
    let named = !names.is_empty();
    let asked = if named { &mut *gaps } else { &mut *beside };
    let mut payload = |section| {
        if named { answer.payload(section, asked) } else { answer.optional(section, asked) }
    };
    let (listed, seen) = (payload(Section::Services), payload(Section::Processes));
    let listed = listed.map(|payload| read(Section::Services, payload, asked, services::Listed::line));
    let seen = seen.map(|payload| read(Section::Processes, payload, asked, daemons::Seen::line));
    let whole = seen.as_ref().is_some_and(daemons::Seen::is_whole);
    if seen.as_ref().is_some_and(daemons::Seen::is_partial) {
        let detail = "what others' processes still use of files that an upgrade replaced: it takes root";
        beside.push(Gap {
            probe: Section::Processes.name().to_owned(),
            reason: Reason::NeedsPrivilege,
            detail: detail.to_owned(),
        });
    }
    let daemons = seen.map(daemons::Seen::finish);
    let called = daemons.as_deref().filter(|_| whole).map(|daemons| called(daemons, strings));
    let services = listed.map(|listed| named::assemble(listed, &names, daemons.as_deref(), gaps));
    let kernels = answer.optional(Section::Kernels, beside);
    let kernels = kernels.map(|payload| read(Section::Kernels, payload, beside, kernels::Files::line));
    let reboot = answer.optional(Section::Reboot, beside);
    let reboot = reboot.map(|payload| read(Section::Reboot, payload, beside, kernels::Flag::line));
    Running {
        services,
        daemons: called,
        stale: daemons.map(|daemons| daemons.into_iter().filter(|daemon| daemon.stale.is_some()).collect()),
        kernels: kernels.map(kernels::Files::finish),
        reboot: reboot.and_then(kernels::Flag::finish),
    }
}

fn called(daemons: &[Daemon], strings: &mut Strings) -> Vec<Symbol> {
    let names = daemons.iter().flat_map(|daemon| {
        let unit = daemon.unit.as_deref().map(|unit| unit.strip_suffix(".service").unwrap_or(unit));
        [Some(daemon.program()), Some(daemon.name.as_str()), unit].into_iter().flatten()
    });
    let mut called: Vec<Symbol> = names.map(|name| strings.intern(name)).collect();
    called.sort_unstable();
    called.dedup();
    called
}

/// Reads every line of a section. Those that make no sense become one gap that quotes the first of them.
fn read<T: Default>(
    section: Section,
    payload: &[u8],
    gaps: &mut Vec<Gap>,
    line: fn(&mut T, &str) -> Option<()>,
) -> T {
    let mut read = T::default();
    let (mut odd, mut count, mut first) = (0, 0, None);
    for bytes in lines(payload) {
        count += 1;
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= LONGEST_LINE);
        if text.and_then(|text| line(&mut read, text)).is_none() {
            odd += 1;
            first = first.or(Some(bytes));
        }
    }
    if let Some(first) = first {
        let detail = format!("{odd} of {count} lines make no sense: `{}`", quote(first));
        gaps.push(Gap { probe: section.name().to_owned(), reason: Reason::Unparsable, detail });
    }
    read
}

/// How long a line may be: systemd may have many names for one service.
const LONGEST_LINE: usize = 4096;

/// Seconds since the epoch.
fn timestamp(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.parse().ok()?).ok()
}

/// A unit's name as systemd.unit(5) lets it be, which no shell takes for anything else but for its backslashes.
fn is_unit(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte);
    !name.is_empty() && name.len() <= 255 && !name.starts_with('-') && name.bytes().all(plain)
}

#[cfg(test)]
pub(super) mod fixture {
    use super::super::{Reader, Snapshot};
    use super::*;
    use crate::probe::{Request, Wanted};

    /// A host that answers these sections, of which these services are wanted; all other facts are there.
    pub(in super::super) fn host(sections: &[(&str, &str, &str)], services: &[&str]) -> Snapshot {
        let mut wanted = Wanted::default();
        for name in services {
            wanted.add("service", name);
        }
        let facts = [
            ("os-release", "ID=debian\n", "0"),
            ("hostname", "h\n", "0"),
            ("kernel", "Linux 6 x86_64\n", "0"),
            ("boot", "btime 1790000000\n", "0"),
            ("dpkg", "nginx\tamd64\t1-1\tii \n", "0"),
            ("apt-marks", "", "0"),
        ];
        let mut text = "\n@ab driftless 2\n".to_owned();
        for section in Section::ALL {
            let name = section.name();
            let found = sections.iter().chain(&facts).find(|(known, ..)| *known == name);
            let (_, payload, status) = found.unwrap_or(&("", "", "127"));
            text.push_str(&format!("\n@ab begin {name}\n{payload}\n@ab end {name} {status}\n"));
        }
        text.push_str("\n@ab done\n");
        Reader::default().read(text.as_bytes(), b"", &Request::framed("ab", wanted)).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::fixture::host;
    use super::*;

    #[test]
    fn what_is_not_there_and_not_asked_for_is_no_gap() {
        let snapshot = host(&[], &[]);
        assert_eq!((snapshot.gaps, snapshot.beside), (vec![], vec![]));
    }

    #[test]
    fn what_could_not_be_told_is_a_gap_where_a_service_is_named_and_else_is_told_beside() {
        for (status, reason) in
            [("unknown", Reason::ProbeTooOld), ("126", Reason::NeedsPrivilege), ("124", Reason::TimedOut)]
        {
            let sections = [("services", "", status), ("processes", "", status)];
            let told =
                |gaps: &[Gap]| gaps.iter().map(|gap| (gap.probe.clone(), gap.reason)).collect::<Vec<_>>();
            let both = [("services".to_owned(), reason), ("processes".to_owned(), reason)];
            let named = host(&sections, &["nginx"]);
            assert_eq!((told(&named.gaps), named.beside), (both.to_vec(), vec![]));
            let plain = host(&sections, &[]);
            assert_eq!((plain.gaps, told(&plain.beside)), (vec![], both.to_vec()));
        }
        let absent = host(&[], &["nginx"]);
        assert_eq!(absent.gaps.len(), 2, "a named service is told of on every host: {:?}", absent.gaps);
    }

    #[test]
    fn an_odd_line_is_one_gap_that_quotes_it_and_the_rest_is_kept() {
        let kernels = "file\t1790000000\t/boot/vmlinuz-6.1.0-18-amd64\nfile\tsoon\t\x1b[2J\nnonsense\n";
        let snapshot = host(&[("kernels", kernels, "0")], &[]);
        assert_eq!(snapshot.running.kernels.unwrap().list.len(), 1);
        assert_eq!(snapshot.beside.len(), 1);
        assert_eq!(snapshot.beside[0].detail, "2 of 3 lines make no sense: `file soon \\u{1b}[2J`");
    }

    proptest! {
        #[test]
        fn nothing_that_a_host_sends_stops_the_reader(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            soup in proptest::collection::vec(
                "(daemon|file|gone|clock|privileged|pending|package|service|manager|failed|Id=|Names=|MainPID=|\
                 LoadState=|container|\t|-|9|nginx.service|/usr/sbin/nginx|seen|deleted|:|\n| ){1,12}",
                0..40,
            ),
        ) {
            let (noise, soup) = (String::from_utf8_lossy(&bytes).into_owned(), soup.join("\n"));
            for payload in [noise.as_str(), soup.as_str()] {
                let sections =
                    ["services", "processes", "kernels", "reboot"].map(|name| (name, payload, "0"));
                let snapshot = host(&sections, &["nginx", "a.timer"]);
                for gap in snapshot.gaps.iter().chain(&snapshot.beside) {
                    prop_assert!(!gap.detail.chars().any(char::is_control));
                }
                for service in &snapshot.running.services.unwrap().failed {
                    prop_assert!(is_unit(service));
                }
            }
        }
    }
}
