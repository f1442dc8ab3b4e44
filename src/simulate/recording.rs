//! What real tools printed on a real host, section by section, and its framing for a request.

use std::collections::BTreeMap;

use super::behaviour::{Ending, Reply};
use crate::probe::{PROTOCOL, Section};

/// The raw output of one host's tools.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    sections: BTreeMap<String, Recorded>,
}

/// One section.
#[derive(Debug, Clone, Default)]
struct Recorded {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    status: u8,
}

impl Recording {
    /// Adds what a section's tool printed.
    #[must_use]
    pub fn with(mut self, section: &str, stdout: &[u8]) -> Self {
        let recorded = Recorded { stdout: stdout.to_vec(), ..Recorded::default() };
        self.sections.insert(section.to_owned(), recorded);
        self
    }

    /// Lets a section fail with a status, and words on standard error.
    #[must_use]
    pub fn failing(mut self, section: &str, status: u8, stderr: &str) -> Self {
        let recorded = Recorded { stdout: Vec::new(), stderr: stderr.as_bytes().to_vec(), status };
        self.sections.insert(section.to_owned(), recorded);
        self
    }

    /// The answer to a request, framed as the probe frames it. The host's name is its own; of what was not
    /// recorded, the facts that every host has are sections that the probe does not have, all else is not there.
    pub(super) fn frame(&self, name: &str, request: &[u8]) -> Reply {
        let request = String::from_utf8_lossy(request);
        let lines = request.lines().skip_while(|line| *line != "REQUEST='").skip(1);
        let mut answer = Answer::default();
        for line in lines.take_while(|line| *line != "'") {
            match line.split_once(' ') {
                Some(("nonce", nonce)) => {
                    nonce.clone_into(&mut answer.nonce);
                    answer.mark(&format!("driftless {PROTOCOL}"));
                }
                Some(("section", section)) => self.answer(&mut answer, name, section),
                _ => {}
            }
        }
        answer.mark("done");
        Reply { stdout: answer.stdout, stderr: answer.stderr, ending: Ending::Exit(0) }
    }

    /// Whether a section is about something that the recorded host does not have.
    fn is_absent(&self, section: &str) -> bool {
        let recorded = |section: Section| self.sections.contains_key(section.name());
        let marks = Section::PACKAGES.into_iter().find(|(_, marks)| marks.name() == section);
        match marks {
            Some((system, _)) => !recorded(system),
            None => !Section::FACTS.iter().any(|fact| fact.name() == section),
        }
    }

    fn answer(&self, answer: &mut Answer, name: &str, section: &str) {
        answer.mark(&format!("begin {section}"));
        if section == Section::Hostname.name() {
            answer.stdout.extend_from_slice(format!("{name}\n").as_bytes());
            answer.mark("end hostname 0");
        } else if let Some(recorded) = self.sections.get(section) {
            answer.stdout.extend_from_slice(&recorded.stdout);
            answer.stderr.extend_from_slice(&recorded.stderr);
            answer.mark(&format!("end {section} {}", recorded.status));
        } else if self.is_absent(section) {
            answer.mark(&format!("end {section} 127"));
        } else {
            answer.mark(&format!("end {section} unknown"));
        }
    }
}

/// Both streams, as they grow.
#[derive(Default)]
struct Answer {
    nonce: String,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Answer {
    fn mark(&mut self, words: &str) {
        let line = format!("\n@{} {words}\n", self.nonce);
        self.stdout.extend_from_slice(line.as_bytes());
        self.stderr.extend_from_slice(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Frames, Request, Status, Wanted};

    #[test]
    fn a_recording_is_framed_as_the_probe_would() {
        let recording =
            Recording::default().with("kernel", b"Linux 6.1 x86_64\n").failing("dpkg", 126, "no\n");
        let request = Request::new([9; 16], Wanted::default());
        let reply = recording.frame("web-01", request.stdin());
        let frames = Frames::read(&reply.stdout, request.nonce());
        assert_eq!(frames.protocol(), Some(PROTOCOL));
        assert_eq!(frames.get("kernel").unwrap().payload(), b"Linux 6.1 x86_64\n");
        assert_eq!(frames.get("hostname").unwrap().payload(), b"web-01\n");
        assert_eq!(frames.get("dpkg").unwrap().status(), Status::Exit(126));
        assert_eq!(frames.get("boot").unwrap().status(), Status::Unknown);
        assert_eq!(frames.get("apt-marks").unwrap().status(), Status::Unknown, "dpkg was recorded");
        assert_eq!(frames.get("rpm").unwrap().status(), Status::Exit(127));
        assert!(frames.done());
    }
}
