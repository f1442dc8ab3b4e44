//! The one script that runs on audited hosts, and the request that it is sent.
//!
//! The script is constant; what a run wants travels behind it as data, in an alphabet that no
//! shell can take for code. This module makes the bytes and reads the frames that come back; it
//! does not send them and does not know what a section means.

mod frame;
mod pinned;
mod request;
mod section;

pub use frame::{Frame, Frames, Status, stderr_of};
pub use pinned::{Pinning, sudoers};
pub use request::{FileKey, Request, Wanted};
pub use section::Section;

/// The script, without the line that starts it: what it always asks, room by room, and the part that
/// serves a request.
const SCRIPT: &str = concat!(
    include_str!("script/host.sh"),
    include_str!("script/packages.sh"),
    include_str!("script/containers.sh"),
    include_str!("script/origins.sh"),
    include_str!("script/upgrade/upgrade.sh"),
    include_str!("script/upgrade/apt.sh"),
    include_str!("script/upgrade/apt_records.sh"),
    include_str!("script/upgrade/dnf.sh"),
    include_str!("script/upgrade/apk.sh"),
    include_str!("script/upgrade/pacman.sh"),
    include_str!("script/configuration.sh"),
    include_str!("script/running.sh"),
    include_str!("script/evidence/evidence.sh"),
    include_str!("script/evidence/traces.sh"),
    include_str!("script/evidence/named.sh"),
    include_str!("script/evidence/parts.sh"),
    include_str!("script/main.sh")
);

/// The newest protocol that the script speaks and [`Frames`] reads.
pub const PROTOCOL: u32 = 2;

/// What the command that runs on the host is called with: the script comes on standard input.
pub const COMMAND: &str = "/bin/sh -s";

/// The script as it is published: for review, and to be pinned on a host as a forced command.
pub fn published() -> String {
    format!("{SCRIPT}\nprobe \"$@\"\n")
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
        let request = Request::new([7; 16], Wanted::default());
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
        let request = Request::new([9; 16], Wanted::default());
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
    fn what_is_wanted_is_text_and_no_quote_ends_it() {
        let mut wanted = Wanted::default();
        wanted.add("file", "/etc/$(id)/`id`/*.conf");
        wanted.add("file", "/etc/'; id; '");
        wanted.add("file", "/etc/caf\u{e9}");
        assert_eq!(wanted.of("file").collect::<Vec<_>>(), ["/etc/$(id)/`id`/*.conf"]);
        let request = Request::new([5; 16], wanted);
        let (stdout, status) = run(&["/bin/sh", "-s"], request.stdin());
        assert_eq!(status, Some(0));
        assert!(!String::from_utf8_lossy(&stdout).contains("uid="));
        let stdin = format!("{SCRIPT}\nREQUEST='\nnonce 00\n'\nWANTED='\nfile /etc/caf\u{e9}\n'\nprobe\n");
        assert_eq!(run(&["/bin/sh", "-s"], stdin.as_bytes()).1, Some(64));
    }

    /// Whether a pinned probe serves what is wanted at all.
    fn serves(wanted: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let pinned = folder.path().join("probe");
        std::fs::write(&pinned, published()).unwrap();
        let stdin = format!("REQUEST='\nnonce ab\nsection hostname\n'\nWANTED='\n{wanted}\n'\nprobe\n");
        let (stdout, status) = run(&["/bin/sh", pinned.to_str().unwrap()], stdin.as_bytes());
        let frames = Frames::read(&stdout, "ab");
        assert_eq!(frames.done(), status == Some(0), "{wanted}");
        frames.done()
    }

    #[test]
    fn names_that_are_options_patterns_or_ways_out_of_a_folder_are_refused() {
        for wanted in [
            "upgrade --pipe=id candidate",
            "upgrade nginx newest",
            "upgrade nginx exact -o",
            "upgrade nginx exact 1 2",
            "upgrade nginx prefix *",
            "upgrade nginx range x -",
            "package --pipe=id",
            "package -l",
            "package ../../tmp/evil",
            "package *",
            "service --help",
            "service ngin?",
            "sysctl kernel/.?/.?/etc/passwd",
            "sysctl kernel/../../../etc/passwd",
            "sysctl -w",
            "sysctl */x",
            "file etc/passwd",
            "key zz",
            "show x yes",
            "normalise x .*",
        ] {
            assert!(!serves(wanted), "{wanted}");
        }
        let fine = [
            "upgrade g++-12 candidate",
            "upgrade nginx exact 1:1.26.3-3+deb13u1~bpo1",
            "upgrade nginx prefix 1.26",
            "upgrade nginx range 1.26.0 1.27.0",
            "upgrade nginx range 1.26.0 -",
            "package g++-12",
            "service getty@tty1.service",
            "sysctl net/ipv4/conf/eth0.100/rp_filter",
            "moon full",
        ];
        assert!(fine.into_iter().all(serves));
    }

    #[test]
    fn too_many_sections_are_refused() {
        let sections = "section hostname\n".repeat(200);
        let stdin = format!("{SCRIPT}\nREQUEST='\nnonce 00\n{sections}'\nprobe\n");
        assert_eq!(run(&["/bin/sh", "-s"], stdin.as_bytes()).1, Some(64));
    }

    #[test]
    fn a_section_that_the_script_lacks_is_said_to_be_unknown() {
        let stdin = format!("{SCRIPT}\nREQUEST='\nnonce 00\nsection moon-phase\n'\nprobe\n");
        let (stdout, _) = run(&["/bin/sh", "-s"], stdin.as_bytes());
        let frames = Frames::read(&stdout, "00");
        assert_eq!(frames.get("moon-phase").map(Frame::status), Some(Status::Unknown));
    }
}
