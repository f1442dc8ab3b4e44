//! An answer of a host as named pieces, and an answer of such pieces again.
//!
//! Frames are written anew with a nonce that no host could foresee: what a host sent as the content of a section can
//! never be taken for a frame, now as little as then.

use serde::{Deserialize, Serialize};

use crate::probe::{Frames, Request, Status, Wanted, stderr_of};
use crate::snapshot::{Fault, Phase};

/// What is wanted of the host, beyond what every host is asked.
const WANTED: &str = "wanted";
/// The protocol that the probe speaks, and the section in which the answer ended, if it did in one.
const PROBE: &str = "probe";
/// What a section's tool said beside its answer.
const BESIDE: &str = "/stderr";
/// A status for sections that the probe on the host does not know.
const UNKNOWN: i32 = -1;

/// Sections that are never kept: they quote configuration, and are asked for to write a replacement alone.
const NEVER: [&str; 1] = ["evidence"];

/// A named piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The section, or another name.
    pub name: String,
    /// How the section ended.
    pub status: i32,
    /// What was sent.
    pub bytes: Vec<u8>,
}

impl Piece {
    fn new(name: impl Into<String>, status: i32, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), status, bytes: bytes.into() }
    }
}

/// The pieces of an answer, in the order in which the host sent them.
pub fn pieces(stdout: &[u8], stderr: &[u8], request: &Request) -> Vec<Piece> {
    let nonce = request.nonce();
    let frames = Frames::read(stdout, nonce);
    let mut pieces = vec![Piece::new(WANTED, 0, request.wanted().without(&NEVER).to_string())];
    let Some(protocol) = frames.protocol() else { return pieces };
    let open = frames.open().unwrap_or_default();
    pieces.push(Piece::new(PROBE, i32::from(frames.done()), format!("{protocol}\n{open}\n")));
    for (name, frame) in frames.iter().filter(|(name, _)| !NEVER.contains(name)) {
        let status = match frame.status() {
            Status::Exit(status) => i32::from(status),
            Status::Unknown => UNKNOWN,
        };
        pieces.push(Piece::new(name, status, frame.payload()));
        let beside = stderr_of(stderr, nonce, name);
        if !beside.is_empty() {
            pieces.push(Piece::new(format!("{name}{BESIDE}"), 0, beside));
        }
    }
    pieces
}

/// An answer as a probe would have sent it: standard output and standard error, framed by the nonce of a request
/// that wants what was wanted then.
#[derive(Debug)]
pub(super) struct Retold {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) wanted: Wanted,
}

impl Retold {
    /// Puts pieces together, each a name, a status and its bytes.
    pub(super) fn of<'p>(pieces: impl IntoIterator<Item = (&'p str, i32, &'p [u8])>, nonce: &str) -> Self {
        let mut retold = Self { stdout: Vec::new(), stderr: Vec::new(), wanted: Wanted::default() };
        let (mut tail, mut opened) = (String::new(), Vec::new());
        for (name, status, bytes) in pieces {
            if name == WANTED {
                retold.wanted = Wanted::read(&String::from_utf8_lossy(bytes));
            } else if name == PROBE {
                let text = String::from_utf8_lossy(bytes);
                let mut lines = text.lines();
                let protocol = lines.next().unwrap_or_default();
                retold.stdout.extend_from_slice(format!("\n@{nonce} driftless {protocol}\n").as_bytes());
                if let Some(open) = lines.next().filter(|open| !open.is_empty()) {
                    opened = format!("\n@{nonce} begin {open}\n").into_bytes();
                }
                if status == 1 {
                    tail = format!("\n@{nonce} done\n");
                }
            } else if let Some(section) = name.strip_suffix(BESIDE) {
                retold.stderr.extend_from_slice(format!("\n@{nonce} begin {section}\n").as_bytes());
                retold.stderr.extend_from_slice(bytes);
                retold.stderr.extend_from_slice(format!("\n@{nonce} end {section}\n").as_bytes());
            } else {
                retold.stdout.extend_from_slice(format!("\n@{nonce} begin {name}\n").as_bytes());
                retold.stdout.extend_from_slice(bytes);
                let status = if status == UNKNOWN { "unknown".to_owned() } else { status.to_string() };
                retold.stdout.extend_from_slice(format!("\n@{nonce} end {name} {status}\n").as_bytes());
            }
        }
        retold.stdout.extend_from_slice(&opened);
        retold.stdout.extend_from_slice(tail.as_bytes());
        retold
    }
}

/// A fault as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptFault {
    phase: Phase,
    message: String,
    detail: Option<String>,
    hint: String,
}

/// A fault as text.
pub fn fault_text(fault: &Fault) -> String {
    let Fault { phase, message, detail, hint } = fault.clone();
    serde_json::to_string(&KeptFault { phase, message, detail, hint }).unwrap_or_default()
}

/// A fault of such a text.
pub fn fault_of(text: &[u8]) -> Option<Fault> {
    let KeptFault { phase, message, detail, hint } = serde_json::from_slice(text).ok()?;
    Some(Fault { phase, message, detail, hint })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::snapshot::Reader;

    fn retold(stdout: &[u8], stderr: &[u8], request: &Request) -> (Retold, Vec<Piece>) {
        let pieces = pieces(stdout, stderr, request);
        let told = pieces.iter().map(|piece| (piece.name.as_str(), piece.status, piece.bytes.as_slice()));
        (Retold::of(told, "cd"), pieces)
    }

    #[test]
    fn an_answer_is_read_back_as_it_was_read() {
        let mut wanted = Wanted::default();
        wanted.add("file", "/etc/nginx/nginx.conf");
        wanted.add("evidence", "any");
        let request = Request::framed("ab", wanted);
        let stdout = b"motd\n\n@ab driftless 2\n\n@ab begin hostname\nweb-01\n\n@ab end hostname 0\n\n@ab begin kernel\n\n@ab end kernel unknown\n\n@ab begin evidence\nsecret\n\n@ab end evidence 0\n\n@ab begin dpkg\nngi";
        let stderr = b"\n@ab begin kernel\nuname: no\n\n@ab end kernel\n";
        let (retold, pieces) = retold(stdout, stderr, &request);
        assert!(!pieces.iter().any(|piece| piece.bytes.windows(6).any(|bytes| bytes == b"secret")));
        assert!(retold.wanted.has("file") && !retold.wanted.has("evidence"));
        let again = Request::framed("cd", retold.wanted);
        let read = |stdout: &[u8], stderr: &[u8], request: &Request| {
            format!("{:?}", Reader::default().read(stdout, stderr, request).unwrap())
        };
        let first = Request::framed("ab", again.wanted().clone());
        assert_eq!(read(stdout, stderr, &first), read(&retold.stdout, &retold.stderr, &again));
    }

    #[test]
    fn what_no_probe_sent_is_kept_as_nothing() {
        let request = Request::framed("ab", Wanted::default());
        let (retold, pieces) = retold(b"This account is not available.\n", b"", &request);
        assert_eq!(pieces.len(), 1);
        assert!(Reader::default().read(&retold.stdout, b"", &Request::framed("cd", retold.wanted)).is_err());
    }

    #[test]
    fn a_fault_comes_back_as_it_was() {
        let fault = Fault::new(Phase::HostKey, "it is another").detail("SHA256:x").hint("look");
        assert_eq!(fault_of(fault_text(&fault).as_bytes()), Some(fault));
        assert_eq!(fault_of(b"{"), None);
    }

    proptest! {
        #[test]
        fn frames_come_back_whatever_is_in_them(
            payload in proptest::collection::vec(any::<u8>(), 0..80), status in 0..255_u8, done in any::<bool>(),
            inner in "(\n@cd end dpkg 0\n|\n@ab x\n|@|\n){0,4}",
        ) {
            let mut stdout = b"\n@ab driftless 2\n\n@ab begin dpkg\n".to_vec();
            stdout.extend_from_slice(&payload);
            stdout.extend_from_slice(inner.replace("@cd", "@00").as_bytes());
            stdout.extend_from_slice(format!("\n@ab end dpkg {status}\n").as_bytes());
            if done { stdout.extend_from_slice(b"\n@ab done\n"); }
            let request = Request::framed("ab", Wanted::default());
            let (retold, _) = retold(&stdout, b"", &request);
            let (before, after) = (Frames::read(&stdout, "ab"), Frames::read(&retold.stdout, "cd"));
            prop_assert_eq!(before.done(), after.done());
            let (before, after) = (before.get("dpkg"), after.get("dpkg"));
            prop_assert_eq!(before.map(|one| (one.payload(), one.status())), after.map(|one| (one.payload(), one.status())));
        }
    }
}
