//! Reads the probe's frames out of whatever a host printed.
//!
//! The bytes are hostile until parsed: only lines that open with the run's nonce count, a section
//! without its end line is not a section, and everything outside the frames is ignored. No copy is
//! made; a frame borrows the answer.

use memchr::memmem;

/// More sections than any request asks for.
const MOST_SECTIONS: usize = 64;

/// How a section ended, by its own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The exit status of what was run.
    Exit(u8),
    /// The probe does not have the section: it is older than this program.
    Unknown,
}

/// One complete section.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    name: &'a str,
    payload: &'a [u8],
    status: Status,
}

impl<'a> Frame<'a> {
    /// What the tool printed, to the byte.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// How it ended.
    pub fn status(&self) -> Status {
        self.status
    }
}

/// The sections found in one answer.
#[derive(Debug, Default)]
pub struct Frames<'a> {
    protocol: Option<u32>,
    frames: Vec<Frame<'a>>,
    open: Option<&'a str>,
    done: bool,
}

impl<'a> Frames<'a> {
    /// Reads every frame that carries `nonce`. A section that comes twice counts once, the first
    /// time; lines that carry the nonce and make no sense are ignored. No more sections are read than
    /// any request asks for.
    pub fn read(bytes: &'a [u8], nonce: &str) -> Self {
        let mut frames = Self::default();
        let marker = format!("\n@{nonce} ");
        let mut begun: Option<(&'a str, usize)> = None;
        for at in memmem::find_iter(bytes, marker.as_bytes()) {
            let start = at + marker.len();
            if frames.frames.len() == MOST_SECTIONS {
                break;
            }
            let Some(rest) = bytes.get(start..) else { break };
            // A line that was cut off says nothing.
            let Some(length) = memchr::memchr(b'\n', rest) else { break };
            let Some(line) = rest.get(..length).and_then(|line| std::str::from_utf8(line).ok()) else {
                continue;
            };
            let mut words = line.split(' ');
            match (words.next(), words.next(), words.next()) {
                (Some("driftless"), Some(protocol), None) => frames.protocol = protocol.parse().ok(),
                (Some("begin"), Some(name), None) => begun = Some((name, start + length + 1)),
                (Some("end"), Some(name), Some(status)) => {
                    let opened = begun.take().filter(|(begun, _)| *begun == name);
                    let payload = opened.and_then(|(_, from)| bytes.get(from..at.max(from)));
                    if let (Some(payload), Some(status)) = (payload, parse_status(status)) {
                        if frames.get(name).is_none() {
                            frames.frames.push(Frame { name, payload, status });
                        }
                    }
                }
                (Some("done"), None, None) => frames.done = true,
                _ => {}
            }
        }
        frames.open = begun.map(|(name, _)| name);
        frames
    }

    /// The protocol version that the probe said it speaks; `None` means that no probe answered.
    pub fn protocol(&self) -> Option<u32> {
        self.protocol
    }

    /// The section of that name, if it is complete.
    pub fn get(&self, name: &str) -> Option<&Frame<'a>> {
        self.frames.iter().find(|frame| frame.name == name)
    }

    /// Every complete section, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &Frame<'a>)> {
        self.frames.iter().map(|frame| (frame.name, frame))
    }

    /// The section that was begun and never ended, if there is one.
    pub fn open(&self) -> Option<&'a str> {
        self.open
    }

    /// Whether the section was begun and never ended.
    pub fn cut_off(&self, name: &str) -> bool {
        self.open == Some(name)
    }

    /// Whether the probe ran to its end.
    pub fn done(&self) -> bool {
        self.done
    }

    /// Whether nothing at all could be used.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}

fn parse_status(word: &str) -> Option<Status> {
    if word == "unknown" { Some(Status::Unknown) } else { word.parse().ok().map(Status::Exit) }
}

/// The part of standard error that belongs to a section, for a gap's detail.
pub fn stderr_of<'a>(stderr: &'a [u8], nonce: &str, section: &str) -> &'a [u8] {
    let begin = format!("\n@{nonce} begin {section}\n");
    let Some(from) = memmem::find(stderr, begin.as_bytes()).map(|at| at + begin.len()) else { return &[] };
    let rest = stderr.get(from..).unwrap_or_default();
    let end = memmem::find(rest, format!("\n@{nonce} ").as_bytes()).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ANSWER: &[u8] = b"Welcome to web-01!\n\n@ab driftless 1\n\n@ab begin dpkg\nnginx\nbash\n\n@ab end dpkg 0\n\n@ab begin boot\nbt";

    #[test]
    fn noise_before_the_frames_is_ignored_and_the_payload_is_exact() {
        let frames = Frames::read(ANSWER, "ab");
        assert_eq!(frames.protocol(), Some(1));
        assert_eq!(frames.get("dpkg").unwrap().payload(), b"nginx\nbash\n");
        assert_eq!(frames.get("dpkg").unwrap().status(), Status::Exit(0));
    }

    #[test]
    fn a_section_without_its_end_is_cut_off() {
        let frames = Frames::read(ANSWER, "ab");
        assert!(frames.get("boot").is_none());
        assert!(frames.cut_off("boot"));
        assert!(!frames.done());
    }

    #[test]
    fn another_runs_frames_do_not_count() {
        assert!(Frames::read(ANSWER, "cd").is_empty());
    }

    #[test]
    fn an_end_that_closes_another_section_closes_nothing() {
        let frames = Frames::read(b"\n@ab begin dpkg\nx\n@ab end boot 0\n\n@ab end dpkg 0\n", "ab");
        assert!(frames.is_empty());
    }

    #[test]
    fn an_empty_payload_is_a_section() {
        let frames = Frames::read(b"\n@ab begin dpkg\n\n@ab end dpkg 127\n", "ab");
        assert_eq!(frames.get("dpkg").unwrap().payload(), b"");
        assert_eq!(frames.get("dpkg").unwrap().status(), Status::Exit(127));
    }

    #[test]
    fn standard_error_is_told_apart_by_section() {
        let stderr =
            b"\n@ab begin os-release\n\n@ab end os-release 0\n\n@ab begin dpkg\nno db\n\n@ab end dpkg 2\n";
        assert_eq!(stderr_of(stderr, "ab", "dpkg"), b"no db\n");
        assert_eq!(stderr_of(stderr, "ab", "boot"), b"");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Frames::read(&bytes, "ab");
        }

        #[test]
        fn marker_soup_does_not_make_it_panic(words in proptest::collection::vec("\n?@ab (begin|end|done|driftless) ?(a|b)? ?[0-9]{0,3}\n?", 0..40)) {
            let soup = words.concat();
            let frames = Frames::read(soup.as_bytes(), "ab");
            prop_assert!(soup.contains("begin") || frames.is_empty());
        }
    }
}
