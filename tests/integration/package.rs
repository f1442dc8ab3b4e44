//! The Debian package: built, looked over by lintian, installed in a root of its own, used there, and taken away again.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::project;

/// Runs a command to its end; what it printed.
#[track_caller]
fn ran(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

fn build() -> (PathBuf, Vec<u8>) {
    let told = ran(Command::new(project().join("scripts/package")).args(["--profile", "dev"]));
    let path = PathBuf::from(told.trim().lines().last().unwrap());
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

/// A root of the lab's systemd hosts, unpacked for this test alone, and taken away at its end.
struct Root(PathBuf);

impl Root {
    fn new() -> Self {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.unwrap_or_else(|| Path::new(&std::env::var_os("HOME").unwrap()).join(".cache"));
        let archives = std::fs::read_dir(cache.join("driftless-lab")).expect("the lab keeps its roots");
        let mut archives: Vec<PathBuf> = archives.map(|entry| entry.unwrap().path()).collect();
        archives.retain(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("systemd-") && name.ends_with(".tar")
        });
        // Older ones were made of another list of packages.
        archives.sort_by_key(|path| path.metadata().unwrap().modified().unwrap());
        let root = Self(project().join("target/package-root"));
        let _ = std::fs::remove_dir_all(&root.0);
        std::fs::create_dir_all(&root.0).unwrap();
        ran(Command::new("tar").arg("-xpf").arg(archives.last().unwrap()).arg("-C").arg(&root.0));
        root
    }

    /// A command in the root, as on a machine: with its own /proc, and processes that end with it.
    #[track_caller]
    fn run(&self, script: &str) -> String {
        let inside = "mount -t proc proc \"$0/proc\" && exec chroot \"$0\" /bin/sh -ec \"$1\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", inside]);
        command.arg(&self.0).arg(script).env_clear();
        ran(command
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", "/root")
            .env("LC_ALL", "C.UTF-8"))
    }

    /// Every file of the root, but those that change by themselves.
    fn files(&self) -> Vec<String> {
        let listed = ran(Command::new("find").arg(&self.0).args(["-xdev", "-printf", "%P %m %u\n"]));
        let passing = [
            "run/",
            "var/lib/dpkg",
            "var/log",
            "var/cache",
            "etc/passwd-",
            "etc/shadow-",
            "etc/group-",
            "etc/gshadow-",
        ];
        let stays =
            |line: &&str| !passing.iter().any(|start| line.starts_with(start)) && !line.contains(".lock");
        let mut files: Vec<String> = listed.lines().filter(stays).map(str::to_owned).collect();
        files.sort();
        files
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn it_is_built_installed_used_and_taken_away() {
    let (package, bytes) = build();
    // From the same commit the same bytes.
    assert!(build().1 == bytes, "two builds differ");
    let complaints = Command::new("lintian").arg(&package).output().unwrap();
    let complaints = String::from_utf8(complaints.stdout).unwrap();
    assert!(!complaints.lines().any(|line| line.starts_with("E:")), "{complaints}");

    let root = Root::new();
    let before = root.files();
    std::fs::copy(&package, root.0.join("driftless.deb")).unwrap();
    root.run("dpkg -i /driftless.deb");
    std::fs::remove_file(root.0.join("driftless.deb")).unwrap();
    assert_eq!(root.run("driftless --version").trim(), concat!("driftless ", env!("CARGO_PKG_VERSION")));
    assert!(root.run("ip link set lo up 2>/dev/null; driftless demo --no-progress").contains("21 hosts"));
    assert!(root.run("getent passwd driftless").contains("/var/lib/driftless:"));
    assert_eq!(root.run("systemd-analyze verify --man=no driftless-audit.service driftless-audit.timer"), "");
    // The timer waits for somebody who says which hosts there are.
    assert_eq!(root.run("systemctl is-enabled driftless-audit.timer || :").trim(), "disabled");
    let audit = root.run("driftless --config /etc/driftless/driftless.toml audit 2>&1 || :");
    assert!(audit.contains("no host is named"), "{audit}");
    let page = root.0.join("usr/share/man/man1/driftless-audit.1.gz");
    let page = ran(Command::new("man").args(["-E", "UTF-8", "-l"]).arg(page).env("MANWIDTH", "100"));
    assert!(page.contains("EXIT STATUS"), "{page}");
    assert!(
        root.run("bash -c '. /usr/share/bash-completion/completions/driftless; complete -p driftless'")
            .contains("_driftless")
    );

    // Settings of the administrator outlive a removal; a timer that was enabled leaves no link.
    root.run("systemctl enable driftless-audit.timer; echo '# mine' >>/etc/driftless/driftless.toml");
    root.run("mkdir -p /var/lib/driftless; dpkg -r driftless");
    let left = root.files();
    let left: Vec<&String> = left.iter().filter(|file| file.contains("driftless")).collect();
    let kept =
        ["etc/driftless 755 root", "etc/driftless/driftless.toml 644 root", "var/lib/driftless 755 root"];
    assert_eq!(left, kept, "{left:?}");
    root.run("dpkg -P driftless");
    let after = root.files();
    let new: Vec<&String> = after.iter().filter(|file| !before.contains(file)).collect();
    let gone: Vec<&String> = before.iter().filter(|file| !after.contains(file)).collect();
    assert!(new.is_empty() && gone.is_empty(), "new: {new:?}, gone: {gone:?}");
    assert_eq!(root.run("getent passwd driftless || echo nobody").trim(), "nobody");
}
