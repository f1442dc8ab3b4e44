//! The one script that runs on audited hosts, and the request that it is sent.
//!
//! The script is constant; what a run wants travels behind it as data, in an alphabet that no
//! shell can take for code. This module makes the bytes and reads the frames that come back; it
//! does not send them and does not know what a section means.

mod frame;

pub use frame::{Frame, Frames, Status, stderr_of};

use std::fmt::Write as _;

/// The script, without the line that starts it.
const SCRIPT: &str = include_str!("probe.sh");

/// The newest protocol that the script speaks and [`Frames`] reads.
pub const PROTOCOL: u32 = 1;

/// What the command that runs on the host is called with: the script comes on standard input.
pub const COMMAND: &str = "/bin/sh -s";

/// A part of the answer, by the name that the request and the frames use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// `/etc/os-release`, as os-release(5) describes it.
    OsRelease,
    /// `uname -n`
    Hostname,
    /// `uname -srm`
    Kernel,
    /// The `btime` line of `/proc/stat`, proc(5).
    Boot,
    /// `dpkg-query -W`, or `/var/lib/dpkg/status.d`: name, architecture, version, status letters.
    Dpkg,
    /// `/var/lib/apt/extended_states`: what apt installed as a dependency.
    AptMarks,
    /// `rpm -qa`: name, epoch, version, release, architecture, modularity label.
    Rpm,
    /// The version locks of dnf and yum.
    RpmLocks,
    /// apk's database: name, architecture, version.
    Apk,
    /// `/etc/apk/world`: what was asked for.
    ApkWorld,
    /// pacman's database: name, architecture, version, reason.
    Pacman,
    /// `IgnorePkg` of `/etc/pacman.conf`.
    PacmanIgnored,
}

impl Section {
    /// Every section, in the order in which it is asked for.
    pub const ALL: [Self; 12] = [
        Self::OsRelease,
        Self::Hostname,
        Self::Kernel,
        Self::Boot,
        Self::Dpkg,
        Self::AptMarks,
        Self::Rpm,
        Self::RpmLocks,
        Self::Apk,
        Self::ApkWorld,
        Self::Pacman,
        Self::PacmanIgnored,
    ];

    /// The package systems, each with what tells purposes and holds on it.
    pub const PACKAGES: [(Self, Self); 4] = [
        (Self::Dpkg, Self::AptMarks),
        (Self::Rpm, Self::RpmLocks),
        (Self::Apk, Self::ApkWorld),
        (Self::Pacman, Self::PacmanIgnored),
    ];

    /// The name on the wire and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OsRelease => "os-release",
            Self::Hostname => "hostname",
            Self::Kernel => "kernel",
            Self::Boot => "boot",
            Self::Dpkg => "dpkg",
            Self::AptMarks => "apt-marks",
            Self::Rpm => "rpm",
            Self::RpmLocks => "rpm-locks",
            Self::Apk => "apk",
            Self::ApkWorld => "apk-world",
            Self::Pacman => "pacman",
            Self::PacmanIgnored => "pacman-ignored",
        }
    }
}

/// What one run asks of every host.
#[derive(Debug, Clone)]
pub struct Request {
    nonce: String,
    stdin: Vec<u8>,
}

impl Request {
    /// A request for all sections, framed by `nonce`: random bytes that no host could foresee.
    pub fn new(nonce: [u8; 16]) -> Self {
        let nonce = nonce.iter().fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let mut text = format!("{SCRIPT}\nREQUEST='\nnonce {nonce}\n");
        for section in Section::ALL {
            let _ = writeln!(text, "section {}", section.name());
        }
        text.push_str("'\nprobe\n");
        Self { nonce, stdin: text.into_bytes() }
    }

    /// The bytes for the standard input of [`COMMAND`].
    pub fn stdin(&self) -> &[u8] {
        &self.stdin
    }

    /// The nonce, in hexadecimal.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }
}

/// The script as it is published: for review, and to be pinned on a host as a forced command.
pub fn published() -> String {
    format!("{SCRIPT}\nprobe\n")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    /// Runs a shell with `stdin` on its standard input; gives its standard output.
    fn run(argv: &[&str], stdin: &[u8]) -> (Vec<u8>, Option<i32>) {
        let mut child = Command::new(argv[0])
            .args(&argv[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.stdout, output.status.code())
    }

    fn answers_all(argv: &[&str]) {
        let request = Request::new([7; 16]);
        let (stdout, status) = run(argv, request.stdin());
        let frames = Frames::read(&stdout, request.nonce());
        assert_eq!(status, Some(0), "{argv:?}");
        assert!(frames.done(), "{argv:?}");
        assert_eq!(frames.protocol(), Some(PROTOCOL));
        for section in Section::ALL {
            assert!(frames.get(section.name()).is_some(), "{argv:?}: no {}", section.name());
        }
        assert_eq!(frames.get("hostname").map(Frame::status), Some(Status::Exit(0)));
    }

    #[test]
    fn the_script_answers_under_sh() {
        answers_all(&["/bin/sh", "-s"]);
    }

    #[test]
    #[ignore = "needs dash and busybox: scripts/test"]
    fn the_script_answers_under_dash_and_busybox() {
        answers_all(&["dash", "-s"]);
        answers_all(&["busybox", "sh", "-s"]);
        answers_all(&["bash", "--posix", "-s"]);
    }

    #[test]
    #[ignore = "needs shellcheck: scripts/test"]
    fn the_script_passes_shellcheck() {
        let (stdout, status) = run(&["shellcheck", "--shell=sh", "-"], published().as_bytes());
        assert_eq!(status, Some(0), "{}", String::from_utf8_lossy(&stdout));
    }

    #[test]
    fn pinned_as_a_forced_command_it_reads_the_same_bytes_as_data() {
        let folder = tempfile::tempdir().unwrap();
        let pinned = folder.path().join("probe");
        std::fs::write(&pinned, published()).unwrap();
        let witness = folder.path().join("witness");
        let request = Request::new([9; 16]);
        let mut stdin = format!("touch {}\n", witness.display()).into_bytes();
        stdin.extend_from_slice(request.stdin());
        let (stdout, _) = run(&["/bin/sh", pinned.to_str().unwrap()], &stdin);
        assert!(Frames::read(&stdout, request.nonce()).done());
        assert!(!witness.exists(), "a forced command ran what it was sent");
    }

    #[test]
    fn a_request_in_another_alphabet_is_refused() {
        let stdin = format!("{SCRIPT}\nREQUEST='\nnonce 00\nsection $(id)\n'\nprobe\n");
        let (stdout, status) = run(&["/bin/sh", "-s"], stdin.as_bytes());
        assert_eq!(status, Some(64));
        assert!(!String::from_utf8_lossy(&stdout).contains("uid="));
    }

    #[test]
    fn a_section_that_the_script_lacks_is_said_to_be_unknown() {
        let stdin = format!("{SCRIPT}\nREQUEST='\nnonce 00\nsection moon-phase\n'\nprobe\n");
        let (stdout, _) = run(&["/bin/sh", "-s"], stdin.as_bytes());
        let frames = Frames::read(&stdout, "00");
        assert_eq!(frames.get("moon-phase").map(Frame::status), Some(Status::Unknown));
    }
}
