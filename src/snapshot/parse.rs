//! Makes a snapshot of what one host sent.
//!
//! Every section of the request ends up as a fact or as a gap; there is no third way.

use jiff::Timestamp;

use super::configuration::Configuration;
use super::gap::{Gap, Reason, quote};
use super::{Kernel, Os, Snapshot, Strings, containers, evidence, origins, running, systems, upgrade};
use crate::probe::{Frame, Frames, PROTOCOL, Request, Section, Status, Wanted, stderr_of};

/// Why an answer could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// No probe answered.
    NoProbe,
    /// A probe answered that speaks another protocol.
    Protocol(u32),
}

/// Reads the answers of one fleet, and remembers the lines that its hosts have in common.
#[derive(Debug, Default)]
pub struct Reader {
    strings: Strings,
    known: systems::Known,
    files: origins::Known,
}

impl Reader {
    /// Reads the frames of the answer to a request.
    ///
    /// # Errors
    /// Nothing could be used.
    pub fn read(&mut self, stdout: &[u8], stderr: &[u8], request: &Request) -> Result<Snapshot, Unread> {
        let (nonce, wanted) = (request.nonce(), request.wanted());
        let frames = Frames::read(stdout, nonce);
        match frames.protocol() {
            Some(protocol) if !(1..=PROTOCOL).contains(&protocol) => Err(Unread::Protocol(protocol)),
            Some(_) if !frames.is_empty() => Ok(self.snapshot(&Answer { frames, stderr, nonce, wanted })),
            _ => Err(Unread::NoProbe),
        }
    }

    /// The texts behind the symbols of everything that was read.
    pub fn into_strings(self) -> Strings {
        self.strings
    }

    fn snapshot(&mut self, answer: &Answer<'_>) -> Snapshot {
        let Self { strings, known, files } = self;
        let mut snapshot = Snapshot::default();
        let gaps = &mut snapshot.gaps;
        snapshot.os = answer.fact(Section::OsRelease, gaps, Os::parse);
        snapshot.hostname = answer.fact(Section::Hostname, gaps, hostname);
        snapshot.kernel = answer.fact(Section::Kernel, gaps, kernel);
        snapshot.boot = answer.fact(Section::Boot, gaps, boot);
        if answer.wanted.has("sudo") {
            answer.payload(Section::Sudo, gaps);
        }
        snapshot.packages = systems::packages(answer, snapshot.os.as_ref(), known, strings, gaps);
        snapshot.containers = containers::containers(answer, strings, &mut snapshot.beside);
        let (os, beside) = (snapshot.os.as_ref(), &mut snapshot.beside);
        let codename = os.map_or("", |os| os.codename.as_str());
        snapshot.sources = origins::sources(answer, (os, strings.intern(codename)), files, beside);
        snapshot.candidates = origins::candidates(answer, codename, beside);
        snapshot.upgrades = upgrade::upgrades(answer, gaps);
        // Where an audit looks of itself, what it does not see leaves no host unaudited.
        let of_itself = answer.wanted.of("evidence").any(|why| why == "beside");
        let told = if of_itself { &mut snapshot.beside } else { &mut *gaps };
        snapshot.serving = evidence::evidence(answer, told);
        snapshot.configuration = Configuration::read(answer, strings, gaps, &mut snapshot.beside);
        snapshot.running = running::running(answer, strings, gaps, &mut snapshot.beside);
        if snapshot.gaps.is_empty() && !answer.frames.done() {
            let detail = "the probe did not come to its end".to_owned();
            snapshot.gaps.push(Gap { probe: "probe".to_owned(), reason: Reason::Truncated, detail });
        }
        snapshot
    }
}

/// One host's frames, and what belongs to them.
pub(super) struct Answer<'a> {
    pub(super) frames: Frames<'a>,
    stderr: &'a [u8],
    nonce: &'a str,
    /// What was wanted of the host beyond what every host is asked.
    pub(super) wanted: &'a Wanted,
}

impl<'a> Answer<'a> {
    /// How a section ended; `None` if it did not come, or not wholly.
    pub(super) fn status(&self, section: Section) -> Option<Status> {
        self.frames.get(section.name()).map(Frame::status)
    }

    /// What a section's tool said beside its answer.
    pub(super) fn stderr_of(&self, section: Section) -> &'a [u8] {
        stderr_of(self.stderr, self.nonce, section.name())
    }

    /// The payload of a section that ended well; otherwise a gap.
    pub(super) fn payload(&self, section: Section, gaps: &mut Vec<Gap>) -> Option<&'a [u8]> {
        let name = section.name();
        let (reason, detail) = match self.frames.get(name) {
            Some(frame) => match frame.status() {
                Status::Exit(0) => return Some(frame.payload()),
                status => (reason_of(status), self.explain(frame, section)),
            },
            None if self.frames.cut_off(name) => {
                (Reason::Truncated, "the answer ended in the middle of it".to_owned())
            }
            None => (Reason::Truncated, "the answer ended before it".to_owned()),
        };
        gaps.push(Gap { probe: name.to_owned(), reason, detail });
        None
    }

    /// The payload of a section about something that not every host has: where it is not there, there is no
    /// gap.
    pub(super) fn optional(&self, section: Section, gaps: &mut Vec<Gap>) -> Option<&'a [u8]> {
        if self.status(section) == Some(Status::Exit(127)) {
            return None;
        }
        self.payload(section, gaps)
    }

    /// A fact made of a section's text; a text that makes no sense is a gap that quotes it.
    fn fact<T>(&self, section: Section, gaps: &mut Vec<Gap>, parse: fn(&str) -> Option<T>) -> Option<T> {
        let payload = self.payload(section, gaps)?;
        let fact = std::str::from_utf8(payload).ok().and_then(parse);
        if fact.is_none() {
            let (reason, detail) = if payload.trim_ascii().is_empty() {
                (Reason::Empty, "the answer is empty".to_owned())
            } else {
                (Reason::Unparsable, format!("`{}`", quote(payload)))
            };
            gaps.push(Gap { probe: section.name().to_owned(), reason, detail });
        }
        fact
    }

    /// Why a section failed, in the tool's own words where it had any.
    fn explain(&self, frame: &Frame<'_>, section: Section) -> String {
        let said = quote(self.stderr_of(section));
        match frame.status() {
            Status::Unknown => "the probe pinned on the host is older than this program".to_owned(),
            Status::Exit(status) if said.is_empty() => format!("exit status {status}"),
            Status::Exit(_) => said,
        }
    }
}

/// The shell's conventions for exit statuses, POSIX 2.8.2, and timeout(1)'s.
fn reason_of(status: Status) -> Reason {
    match status {
        Status::Unknown => Reason::ProbeTooOld,
        Status::Exit(124) => Reason::TimedOut,
        Status::Exit(126) => Reason::NeedsPrivilege,
        Status::Exit(127) => Reason::NotInstalled,
        Status::Exit(_) => Reason::Failed,
    }
}

fn hostname(text: &str) -> Option<String> {
    let name = text.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (!name.is_empty() && name.len() <= 255 && name.bytes().all(plain)).then(|| name.to_owned())
}

fn kernel(text: &str) -> Option<Kernel> {
    if !text.trim().bytes().all(|byte| (b' '..=b'~').contains(&byte)) || text.len() > 512 {
        return None;
    }
    let mut words = text.split_whitespace().map(str::to_owned);
    let (system, release, machine) = (words.next()?, words.next()?, words.next()?);
    words.next().is_none().then_some(Kernel { system, release, machine })
}

fn boot(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.trim().strip_prefix("btime ")?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request::framed("ab", Wanted::default())
    }

    /// The answer of a host, as the probe frames it; what not every host has is not there.
    fn framed(sections: &[(&str, &str, &str)]) -> Vec<u8> {
        let packages = Section::PACKAGES.into_iter().flat_map(|(system, marks)| [system, marks]);
        let usual: Vec<Section> = Section::FACTS.into_iter().chain(packages).collect();
        let others = Section::ALL.iter().filter(|section| !usual.contains(section));
        let others: Vec<_> = others.map(|section| (section.name(), "", "127")).collect();
        let mut text = "\n@ab driftless 2\n".to_owned();
        for (name, payload, status) in sections.iter().chain(&others) {
            text.push_str(&format!("\n@ab begin {name}\n{payload}\n@ab end {name} {status}\n"));
        }
        text.push_str("\n@ab done\n");
        text.into_bytes()
    }

    const WHOLE: [(&str, &str, &str); 12] = [
        ("os-release", "ID=debian\nVERSION_ID=13\n", "0"),
        ("hostname", "web-01\n", "0"),
        ("kernel", "Linux 6.1.0-18-amd64 x86_64\n", "0"),
        ("boot", "btime 1700000000\n", "0"),
        ("dpkg", "nginx\tamd64\t1.0\tii \n", "0"),
        ("apt-marks", "", "0"),
        ("rpm", "", "127"),
        ("rpm-locks", "", "127"),
        ("apk", "", "127"),
        ("apk-world", "", "127"),
        ("pacman", "", "127"),
        ("pacman-ignored", "", "127"),
    ];

    fn read(sections: &[(&str, &str, &str)]) -> Snapshot {
        Reader::default().read(&framed(sections), b"", &request()).unwrap()
    }

    #[test]
    fn a_whole_answer_has_every_fact_and_no_gap() {
        let snapshot = read(&WHOLE);
        assert_eq!(snapshot.gaps, []);
        assert_eq!(snapshot.hostname.as_deref(), Some("web-01"));
        assert_eq!(snapshot.kernel.unwrap().release, "6.1.0-18-amd64");
        assert_eq!(snapshot.boot, Timestamp::from_second(1_700_000_000).ok());
        assert!(snapshot.packages.unwrap().purpose_known);
    }

    #[test]
    fn what_every_host_has_is_a_fact_or_a_gap() {
        let packages = Section::PACKAGES.into_iter().flat_map(|(system, marks)| [system, marks]);
        for section in Section::FACTS.into_iter().chain(packages) {
            let without: Vec<_> =
                WHOLE.iter().filter(|(name, ..)| *name != section.name()).copied().collect();
            let gaps = read(&without).gaps;
            assert_eq!(gaps.len(), 1, "{section:?}");
            assert_eq!((gaps[0].probe.as_str(), gaps[0].reason), (section.name(), Reason::Truncated));
        }
    }

    #[test]
    fn statuses_have_their_reasons() {
        for (status, reason) in [
            ("127", Reason::NotInstalled),
            ("126", Reason::NeedsPrivilege),
            ("2", Reason::Failed),
            ("unknown", Reason::ProbeTooOld),
        ] {
            let mut sections = WHOLE;
            sections[4] = ("dpkg", "", status);
            let gaps = read(&sections).gaps;
            assert_eq!((gaps[0].probe.as_str(), gaps[0].reason), ("dpkg", reason));
        }
    }

    #[test]
    fn a_gap_quotes_what_the_tool_said() {
        let mut sections = WHOLE;
        sections[4] = ("dpkg", "", "2");
        let stderr = b"\n@ab begin dpkg\ndpkg-query: error: \x1b[2Jbroken\n\n@ab end dpkg 2\n";
        let snapshot = Reader::default().read(&framed(&sections), stderr, &request()).unwrap();
        assert_eq!(snapshot.gaps[0].detail, "dpkg-query: error: \\u{1b}[2Jbroken");
    }

    #[test]
    fn nonsense_is_a_gap_that_quotes_it() {
        let mut sections = WHOLE;
        sections[3] = ("boot", "btime soon\n", "0");
        let gaps = read(&sections).gaps;
        assert_eq!((gaps[0].reason, gaps[0].detail.as_str()), (Reason::Unparsable, "`btime soon`"));
    }

    #[test]
    fn an_answer_without_a_frame_is_no_snapshot() {
        let read = |text: &[u8]| Reader::default().read(text, b"", &request()).err();
        assert_eq!(read(b"This account is not available.\n"), Some(Unread::NoProbe));
        assert_eq!(read(b"\n@ab driftless 99\n\n@ab done\n"), Some(Unread::Protocol(99)));
    }
}
