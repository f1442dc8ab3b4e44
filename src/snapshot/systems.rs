//! Which package system a host has, and what it says.
//!
//! Every system is asked for. One that is not there is no gap as long as another is; on a host with two,
//! os-release says which of them it is made of.

use super::gap::{Gap, Reason, quote};
use super::listing::{self, Format, Seen};
use super::parse::Answer;
use super::{Os, Packages, Strings, apk, dpkg, pacman, rpm};
use crate::probe::{Section, Status};

/// The systems, each with what tells purposes and holds on it, as [`Section::PACKAGES`] has them.
const FORMATS: [&Format; 4] = [&dpkg::FORMAT, &rpm::FORMAT, &apk::FORMAT, &pacman::FORMAT];

/// How long a list of purposes or holds may be; real ones have some kilobytes. apt's marks are read a
/// paragraph at a time and need no limit of their own.
const LONGEST_LIST: usize = 1 << 20;

/// What was read before on other hosts of the fleet.
#[derive(Debug, Default)]
pub(super) struct Known {
    seen: Seen,
    marks: dpkg::Marks,
}

/// The packages of a host; `None` if there is a gap instead.
pub(super) fn packages(
    answer: &Answer<'_>,
    os: Option<&Os>,
    known: &mut Known,
    strings: &mut Strings,
    gaps: &mut Vec<Gap>,
) -> Option<Packages> {
    let format = choose(answer, os);
    let payload = answer.payload(format.section, gaps)?;
    let errors = errors(answer, format);
    let mut packages = listing::parse(format, payload, &errors, strings, &mut known.seen, gaps)?;
    if !errors.is_empty() {
        packages.complete = false;
        gaps.push(Gap { probe: format.section.name().to_owned(), reason: Reason::Failed, detail: errors });
    }
    if format.section == Section::Dpkg {
        packages.native = dpkg::own_arch(&packages, strings);
    }
    mark(answer, format.section, &mut packages, known, strings, gaps);
    gaps.extend(cut_off(answer, format.section));
    Some(packages)
}

/// The system that os-release names if it is there, or else the first that is there and lists anything.
/// Where none is, the one that should be.
fn choose(answer: &Answer<'_>, os: Option<&Os>) -> &'static Format {
    let own = os.and_then(of_os);
    let present = |format: &&Format| answer.status(format.section) != Some(Status::Exit(127));
    let lists = |format: &&Format| {
        answer.frames.get(format.section.name()).is_some_and(|frame| !frame.payload().is_empty())
    };
    let there = || FORMATS.into_iter().filter(present);
    let first = own.filter(present).or_else(|| there().find(lists)).or_else(|| there().next());
    first.or(own).unwrap_or(&dpkg::FORMAT)
}

/// The system of a distribution, by its own name or by those that it is like.
fn of_os(os: &Os) -> Option<&'static Format> {
    let names = std::iter::once(os.id.as_str()).chain(os.like.iter().map(String::as_str));
    names.into_iter().find_map(|name| match name {
        "debian" | "ubuntu" => Some(&dpkg::FORMAT),
        "rhel" | "fedora" | "centos" | "rocky" | "almalinux" | "ol" | "amzn" | "suse" | "opensuse"
        | "sles" | "mageia" | "openeuler" | "azurelinux" | "mariner" | "photon" => Some(&rpm::FORMAT),
        "alpine" | "wolfi" | "chainguard" | "postmarketos" => Some(&apk::FORMAT),
        "arch" | "archlinux" | "manjaro" => Some(&pacman::FORMAT),
        _ => None,
    })
}

/// What rpm complained of, though it ended well: a damaged database may list a part of what it holds.
fn errors(answer: &Answer<'_>, format: &Format) -> String {
    if format.section != Section::Rpm {
        return String::new();
    }
    let errors = listing::lines(answer.stderr_of(Section::Rpm)).filter(|line| line.starts_with(b"error:"));
    quote(&errors.collect::<Vec<_>>().join(&b'\n'))
}

/// Adds what was installed on purpose, and what is on hold.
fn mark(
    answer: &Answer<'_>,
    section: Section,
    packages: &mut Packages,
    known: &mut Known,
    strings: &mut Strings,
    gaps: &mut Vec<Gap>,
) {
    let marks = Section::PACKAGES.into_iter().find(|(system, _)| *system == section).map(|(_, marks)| marks);
    let Some((marks, payload)) = marks.and_then(|marks| Some((marks, answer.payload(marks, gaps)?))) else {
        return;
    };
    if section != Section::Dpkg && payload.len() > LONGEST_LIST {
        let detail = format!("{} bytes: this is no list of packages", payload.len());
        gaps.push(Gap { probe: marks.name().to_owned(), reason: Reason::Unparsable, detail });
        return;
    }
    match section {
        Section::Rpm => rpm::mark_locked(payload, packages, strings),
        Section::Apk => apk::mark_world(payload, packages, strings),
        Section::Pacman => pacman::mark_ignored(payload, packages, strings),
        _ => dpkg::mark_automatic(payload, packages, strings, &mut known.marks),
    }
}

/// The first section about other systems that did not come: the answer was cut off before it.
fn cut_off(answer: &Answer<'_>, own: Section) -> Option<Gap> {
    let others = Section::PACKAGES.into_iter().filter(|(system, _)| *system != own);
    let mut sections = others.flat_map(|(system, marks)| [system, marks]);
    let first = sections.find(|section| answer.status(*section).is_none())?;
    let mut gaps = Vec::new();
    answer.payload(first, &mut gaps);
    gaps.pop()
}

#[cfg(test)]
mod tests {
    use super::super::listing::fixture::told;
    use super::super::{Reader, Snapshot};
    use super::*;
    use crate::probe::{Request, Wanted};
    use crate::version::System;

    fn request() -> Request {
        Request::framed("ab", Wanted::default())
    }

    const DPKG: &str = "nginx\tamd64\t1.0-1\tii \n";
    const RPM: &str = "nginx\t(none)\t2.0\t1.el9\tx86_64\t(none)\n";
    const APK: &str = "nginx\tx86_64\t3.0-r0\n";
    const PACMAN: &str = "nginx\tx86_64\t4.0-1\t0\n";

    /// A host with an os-release, and sections that ended well; the others are not there.
    fn host(os: &str, there: &[(&str, &str)], stderr: &str) -> (Snapshot, Strings) {
        let facts = [
            ("os-release", os),
            ("hostname", "h"),
            ("kernel", "Linux 6 x86_64"),
            ("boot", "btime 1790000000"),
        ];
        let mut text = "\n@ab driftless 1\n".to_owned();
        for section in Section::ALL {
            let found = facts.iter().chain(there).find(|(name, _)| *name == section.name());
            let (payload, status) = found.map_or(("", 127), |(_, payload)| (*payload, 0));
            let name = section.name();
            text.push_str(&format!("\n@ab begin {name}\n{payload}\n@ab end {name} {status}\n"));
        }
        let mut reader = Reader::default();
        let snapshot =
            reader.read(format!("{text}\n@ab done\n").as_bytes(), stderr.as_bytes(), &request()).unwrap();
        (snapshot, reader.into_strings())
    }

    #[track_caller]
    fn listed(os: &str, there: &[(&str, &str)]) -> (System, Vec<String>) {
        let (snapshot, strings) = host(os, there, "");
        assert_eq!(snapshot.gaps, []);
        let packages = snapshot.packages.unwrap();
        (packages.system, told(&packages, &strings))
    }

    #[test]
    fn each_system_is_read_and_those_that_are_not_there_are_no_gaps() {
        let rocky =
            listed("ID=rocky\nID_LIKE=\"rhel centos fedora\"\n", &[("rpm", RPM), ("rpm-locks", "nginx\n")]);
        assert_eq!(rocky, (System::Rpm, vec!["nginx=2.0-1.el9 x86_64 held".to_owned()]));
        let alpine = listed("ID=alpine\n", &[("apk", APK), ("apk-world", "curl\n")]);
        assert_eq!(alpine, (System::Apk, vec!["nginx=3.0-r0 x86_64 dependency".to_owned()]));
        let arch = listed("ID=arch\n", &[("pacman", PACMAN), ("pacman-ignored", "")]);
        assert_eq!(arch, (System::Pacman, vec!["nginx=4.0-1 x86_64".to_owned()]));
    }

    #[test]
    fn a_host_with_two_systems_is_what_its_os_release_says() {
        let both = [("dpkg", DPKG), ("apt-marks", ""), ("rpm", RPM), ("rpm-locks", "")];
        assert_eq!(listed("ID=debian\n", &both).0, System::Debian);
        assert_eq!(listed("ID=neon\nID_LIKE=\"ubuntu debian\"\n", &both).0, System::Debian);
        assert_eq!(listed("ID=fedora\n", &both).0, System::Rpm);
        assert_eq!(listed("ID=own\n", &both).0, System::Debian, "the first that lists anything");
        let empty_rpm = [("dpkg", DPKG), ("apt-marks", ""), ("rpm", ""), ("rpm-locks", "")];
        assert_eq!(listed("ID=own\n", &empty_rpm).0, System::Debian);
        let empty_dpkg = [("dpkg", ""), ("apt-marks", ""), ("rpm", RPM), ("rpm-locks", "")];
        assert_eq!(listed("ID=own\n", &empty_dpkg).0, System::Rpm);
        let none = host("ID=rocky\n", &[("dpkg", ""), ("apt-marks", ""), ("rpm", ""), ("rpm-locks", "")], "");
        assert_eq!(none.0.gaps[0].probe, "rpm", "an empty database of the own system is a gap");
    }

    #[test]
    fn no_system_at_all_is_one_gap() {
        for (os, probe) in [("ID=debian\n", "dpkg"), ("ID=rocky\n", "rpm"), ("ID=own\n", "dpkg")] {
            let (snapshot, _) = host(os, &[], "");
            assert_eq!(snapshot.gaps.len(), 1, "{os}");
            assert_eq!(
                (snapshot.gaps[0].probe.as_str(), snapshot.gaps[0].reason),
                (probe, Reason::NotInstalled)
            );
        }
    }

    #[test]
    fn a_list_that_is_none_is_a_gap() {
        let long = "nginx\n".repeat(200_000);
        let (snapshot, _) = host("ID=alpine\n", &[("apk", APK), ("apk-world", &long)], "");
        assert_eq!(
            (snapshot.gaps[0].probe.as_str(), snapshot.gaps[0].reason),
            ("apk-world", Reason::Unparsable)
        );
        assert!(!snapshot.packages.unwrap().purpose_known);
    }

    #[test]
    fn an_older_probe_is_too_old_only_where_its_sections_do_not_do() {
        let older = |os: &str, dpkg: &str, status: u8| {
            let mut text = format!(
                "\n@ab driftless 1\n\n@ab begin os-release\n{os}\n@ab end os-release 0\n\n@ab begin dpkg\n{dpkg}\n@ab end dpkg {status}\n\n@ab begin apt-marks\n\n@ab end apt-marks {status}\n"
            );
            for (system, marks) in Section::PACKAGES.into_iter().skip(1) {
                for name in [system.name(), marks.name()] {
                    text.push_str(&format!("\n@ab begin {name}\n\n@ab end {name} unknown\n"));
                }
            }
            let snapshot =
                Reader::default().read(format!("{text}\n@ab done\n").as_bytes(), b"", &request()).unwrap();
            let about_packages = snapshot.gaps.into_iter().filter(Gap::is_about_packages);
            about_packages.map(|gap| (gap.probe, gap.reason)).collect::<Vec<_>>()
        };
        assert_eq!(older("ID=debian\n", DPKG, 0), []);
        assert_eq!(older("ID=rocky\n", "", 127), [("rpm".to_owned(), Reason::ProbeTooOld)]);
    }

    #[test]
    fn a_damaged_database_is_a_gap_in_rpms_words_however_rpm_ended() {
        let stderr =
            "\n@ab begin rpm\nerror: SELECT hnum: 11: database disk image is malformed\n\n@ab end rpm 0\n";
        for (listed, complete) in [("", None), (RPM, Some(false))] {
            let (snapshot, _) = host("ID=rocky\n", &[("rpm", listed), ("rpm-locks", "")], stderr);
            assert_eq!(snapshot.packages.map(|packages| packages.complete), complete);
            assert_eq!(snapshot.gaps.len(), 1);
            assert_eq!(snapshot.gaps[0].reason, Reason::Failed);
            assert!(snapshot.gaps[0].detail.contains("malformed"));
        }
    }
}
