//! The real script, run by the shell of this machine on files of its own, and what is read of its answer.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use super::super::parse::Reader;
use super::super::{Snapshot, Strings};
use super::{File, Is};
use crate::probe::{FileKey, Request, Wanted};

/// What this machine answers to what is wanted, as bytes and as facts.
struct Asked {
    stdout: Vec<u8>,
    snapshot: Snapshot,
    strings: Strings,
}

fn ask(shell: &[&str], key: u8, wanted: &[(&'static str, String)]) -> Asked {
    let mut all = Wanted::default();
    for (keyword, text) in wanted {
        assert!(Wanted::can_say(text), "{text}");
        all.add(keyword, text);
    }
    let request = Request::new([3; 16], all.keyed(&FileKey::new([key; 32])));
    let mut child = Command::new(shell[0])
        .args(&shell[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.stdin()).unwrap();
    let output = child.wait_with_output().unwrap();
    let mut reader = Reader::default();
    let snapshot = reader.read(&output.stdout, &output.stderr, &request).unwrap();
    Asked { stdout: output.stdout, snapshot, strings: reader.into_strings() }
}

const SH: &[&str] = &["/bin/sh", "-s"];

impl Asked {
    #[track_caller]
    fn file(&self, entry: &str, path: &str) -> Option<File> {
        let (entry, path) = (self.strings.find(entry).unwrap(), self.strings.find(path)?);
        self.snapshot.configuration.files.as_ref().unwrap().get(entry, path)
    }

    #[track_caller]
    fn hash(&self, path: &str) -> String {
        match self.file(path, path).unwrap().is {
            Is::Content(hash) => self.strings.text(hash).to_owned(),
            other => panic!("{path} is {other:?}"),
        }
    }

    /// The gaps about files.
    fn gaps(&self) -> Vec<String> {
        let gaps = self.snapshot.gaps.iter().filter(|gap| gap.probe.starts_with("file"));
        gaps.map(|gap| format!("{}: {}", gap.reason, gap.detail)).collect()
    }

    fn says(&self, bytes: &[u8]) -> bool {
        self.stdout.windows(bytes.len()).any(|window| window == bytes)
    }
}

/// A folder, and the path of a name in it.
fn folder() -> (tempfile::TempDir, impl Fn(&str) -> String) {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().to_owned();
    (folder, move |name: &str| base.join(name).display().to_string())
}

fn file(path: String) -> (&'static str, String) {
    ("file", path)
}

/// What a pipe into the system's `sha256sum` gives.
fn sha256sum(bytes: &[u8]) -> String {
    let mut tool = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    tool.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = tool.wait_with_output().unwrap().stdout;
    String::from_utf8(output).unwrap().split(' ').next().unwrap().to_owned()
}

#[test]
fn a_hash_is_of_the_key_and_the_content_and_nothing_else_leaves() {
    let (_folder, path) = folder();
    let secret = "password = open-sesame-42\nhost = web-01\n";
    std::fs::write(path("a.conf"), secret).unwrap();
    std::fs::set_permissions(path("a.conf"), std::fs::Permissions::from_mode(0o640)).unwrap();
    let asked = ask(SH, 7, &[file(path("a.conf"))]);
    let key = "07".repeat(32);
    assert_eq!(asked.hash(&path("a.conf")), sha256sum(format!("{key}{secret}").as_bytes()));
    assert!(!asked.says(b"sesame") && !asked.says(key.as_bytes()), "content or key left the host");
    assert!(!asked.says(sha256sum(secret.as_bytes()).as_bytes()), "anybody could look this up");
    let told = asked.file(&path("a.conf"), &path("a.conf")).unwrap();
    assert_eq!((told.size, told.mode.map(|mode| asked.strings.text(mode))), (40, Some("640")));
    let other = ask(SH, 8, &[file(path("a.conf"))]);
    assert_ne!(other.hash(&path("a.conf")), asked.hash(&path("a.conf")));
}

#[test]
fn only_what_may_be_shown_is_shown_and_lines_that_may_differ_are_left_out() {
    let (_folder, path) = folder();
    std::fs::write(path("a"), "server_name web-01;\nlisten 80;\n\tindented  \nno end").unwrap();
    std::fs::write(path("b"), "listen 80;\n\tindented  \nserver_name web-02;\nno end\n").unwrap();
    let without =
        |path: String, nth: usize| [("normalise", format!("{nth} ^server_name [^;]*;$")), file(path)];
    let mut wanted = without(path("a"), 1).to_vec();
    wanted.extend([("show", "2 yes".to_owned())]);
    wanted.extend(without(path("b"), 2));
    let asked = ask(SH, 7, &wanted);
    assert_eq!(asked.hash(&path("a")), asked.hash(&path("b")));
    let content = |name: &str| asked.file(&path(name), &path(name)).unwrap().content;
    assert_eq!(content("a"), None);
    assert_eq!(content("b").map(|text| asked.strings.text(text)), Some("listen 80;\n\tindented  \nno end\n"));
    assert!(!asked.says(b"server_name web-01"), "a line that does not count left the host");
}

#[test]
fn a_file_of_which_nothing_is_left_is_one() {
    let (_folder, path) = folder();
    std::fs::write(path("a"), "# one\n# two\n").unwrap();
    let asked = ask(SH, 7, &[("normalise", "1 ^#".to_owned()), file(path("a"))]);
    assert_eq!(asked.hash(&path("a")), sha256sum("07".repeat(32).as_bytes()));
}

#[test]
fn what_is_at_a_path_is_told_apart() {
    let (_folder, path) = folder();
    std::fs::create_dir(path("folder")).unwrap();
    std::fs::write(path("file"), "x").unwrap();
    symlink(path("file"), path("link")).unwrap();
    symlink(path("nowhere"), path("dangling")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
    let names = ["folder", "file", "link", "dangling", "socket", "nothing"];
    let asked = ask(SH, 7, &names.map(|name| file(path(name))));
    let is = |name: &str| asked.file(&path(name), &path(name)).unwrap();
    assert_eq!(is("folder").is, Is::Directory);
    assert_eq!(
        (is("dangling").is, is("socket").is, is("nothing").is),
        (Is::Dangling, Is::Special, Is::Absent)
    );
    assert_eq!((is("link").is, is("link").link, is("file").link), (is("file").is, true, false));
    assert_eq!(asked.gaps(), [""; 0]);
}

#[test]
fn globs_are_the_shells_and_what_is_odd_or_too_much_is_a_gap() {
    let (_folder, path) = folder();
    for name in ["a b.conf", "$(id).conf", "c.txt", ".hidden.conf"] {
        std::fs::write(path(name), "x").unwrap();
    }
    std::fs::create_dir(path("sub")).unwrap();
    std::fs::write(path("sub/d.conf"), "x").unwrap();
    let glob = path("*.conf");
    let asked = ask(SH, 7, &[file(glob.clone())]);
    for (name, there) in
        [("a b.conf", true), ("$(id).conf", true), ("sub/d.conf", false), (".hidden.conf", false)]
    {
        assert_eq!(asked.file(&glob, &path(name)).is_some_and(|file| file.is != Is::Absent), there, "{name}");
    }
    assert!(!asked.says(b"uid="));
    std::fs::write(path("new\nline \x1b[2J'.conf"), "x").unwrap();
    let asked = ask(SH, 7, &[file(glob.clone())]);
    let odd = path("new?line ?[2J'.conf");
    assert_eq!(asked.gaps(), [format!("unparsable: {odd}: a name that cannot be told in a line")]);
    assert!(asked.file(&glob, &path("a b.conf")).is_some(), "the others are kept");
    std::fs::write(path("c.txt"), vec![b'x'; (1 << 20) + 1]).unwrap();
    (0..201).for_each(|nth| std::fs::write(path(&format!("{nth}.many")), "").unwrap());
    let asked = ask(SH, 7, &[file(path("c.txt")), file(path("*.many"))]);
    let large = format!("over-limit: {}: larger than 1 MiB", path("c.txt"));
    assert_eq!(asked.gaps(), [large, "over-limit: 201 files; no more than 200 are compared".to_owned()]);
}

#[test]
#[ignore = "needs root, setpriv and busybox: scripts/test"]
fn without_privilege_it_is_told_which_files_need_it() {
    let (folder, path) = folder();
    let mode = |name: &str, mode: u32| {
        std::fs::set_permissions(path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(path("secret"), "x").unwrap();
    mode("secret", 0o600);
    for (name, bits) in [("closed", 0o700), ("unlisted", 0o711)] {
        std::fs::create_dir(path(name)).unwrap();
        std::fs::write(path(&format!("{name}/a.conf")), "x").unwrap();
        mode(name, bits);
    }
    let wanted =
        ["secret", "closed/a.conf", "closed/*.conf", "unlisted/a.conf", "unlisted/*.conf", "*/a.conf"];
    for shell in [&["dash", "-s"][..], &["busybox", "sh", "-s"], &["bash", "--posix", "-s"]] {
        let user = [&["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"], shell].concat();
        let asked = ask(&user, 7, &wanted.map(|name| file(path(name))));
        let told = |name: &str, words: &str| format!("needs-privilege: {}: {words} this user", path(name));
        assert_eq!(
            asked.gaps(),
            [
                told("secret", "not readable for"),
                told("closed/", "may not be searched by"),
                told("closed/", "may not be searched by"),
                told("unlisted/", "may not be searched by"),
                told("closed/", "may not be searched by"),
            ]
        );
        assert!(matches!(
            asked.file(&path("unlisted/a.conf"), &path("unlisted/a.conf")).unwrap().is,
            Is::Content(_)
        ));
    }
}

#[test]
#[ignore = "needs busybox: scripts/test"]
fn busybox_makes_the_same_hashes() {
    let (_folder, path) = folder();
    std::fs::write(path("a"), b"host web-01\nbin\x00ary \xff\n  last").unwrap();
    let wanted = [("normalise", "1 ^host [a-z0-9-]{1,9}$".to_owned()), file(path("a")), file(path("no"))];
    let hashes = [SH, &["busybox", "sh", "-s"], &["bash", "--posix", "-s"]]
        .map(|shell| ask(shell, 7, &wanted).hash(&path("a")));
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
    let left = b"bin\x00ary \xff\n  last\n";
    assert_eq!(hashes[0], sha256sum(&[&b"07".repeat(32), &left[..]].concat()));
}

#[test]
fn what_runs_is_what_the_kernel_says() {
    let keys = ["kernel.ostype", "vm/swappiness", "kernel.nonesuch"];
    let asked = ask(SH, 7, &keys.map(|key| ("sysctl", key.to_owned())));
    let sysctls = asked.snapshot.configuration.sysctls.as_ref().unwrap();
    let running = |key: &str| asked.strings.find(key).map(|key| sysctls.running(key));
    let read =
        |path: &str| std::fs::read_to_string(Path::new("/proc/sys").join(path)).unwrap().trim().to_owned();
    for (key, path) in [("kernel.ostype", "kernel/ostype"), ("vm.swappiness", "vm/swappiness")] {
        let value = asked.strings.find(&read(path)).unwrap();
        assert_eq!(running(key), Some(super::Parameter::Value(value)), "{key}");
    }
    assert_eq!(running("kernel.nonesuch"), None);
    assert_eq!(asked.snapshot.gaps.iter().filter(|gap| gap.probe.starts_with("sysctl")).count(), 0);
}

/// Files in which every rule of precedence has its case, in a mount namespace of their own. What stands for
/// /proc/sys there are plain files, into which the real tool writes as it would into the kernel.
const PRECEDENCE: &str = r"
    set -e
    for folder in /run /usr/local/lib /etc/sysctl.d /usr/lib/sysctl.d; do mount -t tmpfs none $folder; done
    mkdir /run/sysctl.d /usr/local/lib/sysctl.d
    [ $2 = sysctl ] || mkdir -p /run/systemd/system
    mount --bind $1/last /etc/sysctl.conf
    printf 'vm.a = 31\nvm.b = 32\n' >/usr/local/lib/sysctl.d/70-a.conf
    printf 'vm.a = 33\n' >/run/sysctl.d/70-a.conf
    printf '# a comment\n;another\nvm/b = 34\n-vm.c = 35\n' >/etc/sysctl.d/65-b.conf
    printf 'vm.c=36\nvm.d =  37\n' >/run/sysctl.d/71-c.conf
    ln -s /dev/null /etc/sysctl.d/71-c.conf
    printf 'vm.e = 38\nvm.f = 1\nvm.absent = 1\n' >/usr/lib/sysctl.d/80-d.conf
    printf 'net.conf.*.x = 9\nnet.conf.lo.x = 8\nnet.conf.e*.x = 7\n' >/etc/sysctl.d/90-e.conf
    printf '%s\n' -net.conf.all.x 'net.r = 4096   131072\t6291456' 'net/conf/e.1/y = 5' >/usr/lib/sysctl.d/91-f.conf
    mount --bind $1/kernel /proc/sys
    [ -e /proc/sys/kernel/none ]
    case $2 in sysctl) sysctl --system ;; *) $2 ;; esac >$1/told 2>&1 || [ $2 = sysctl ]
    exec sh -s";

/// What the real tool leaves is what the files are read to say.
#[track_caller]
fn is_as_configured_by(tool: &str) {
    let (_folder, path) = folder();
    std::fs::write(path("setup"), PRECEDENCE).unwrap();
    std::fs::write(path("last"), "vm.e = 39\n").unwrap();
    let keys = [
        "vm/a",
        "vm/b",
        "vm/c",
        "vm/d",
        "vm/e",
        "vm/f",
        "net/r",
        "net/conf/all/x",
        "net/conf/lo/x",
        "net/conf/eth0/x",
        "net/conf/veth/x",
        "net/conf/e.1/x",
        "net/conf/e.1/y",
        "kernel/none",
    ];
    for key in keys {
        let file = path(&format!("kernel/{key}"));
        std::fs::create_dir_all(Path::new(&file).parent().unwrap()).unwrap();
        std::fs::write(file, "-\n").unwrap();
    }
    let asked = ask(&["unshare", "-m", "sh", &path("setup"), &path(""), tool], 7, &[]);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let left = keys
        .iter()
        .map(|key| (*key, words(&std::fs::read_to_string(path(&format!("kernel/{key}"))).unwrap())));
    let real: BTreeMap<String, String> =
        left.filter(|(_, value)| value != "-").map(|(key, value)| (super::dotted(key), value)).collect();
    assert!(real.len() >= 9, "{real:?} {}", std::fs::read_to_string(path("told")).unwrap());
    let text = |symbol| asked.strings.text(symbol).to_owned();
    let settings = asked.snapshot.configuration.sysctls.as_ref().unwrap().configured.iter();
    let mut ours: BTreeMap<_, _> = settings.map(|one| (text(one.key), text(one.value))).collect();
    assert_eq!(ours.remove("vm.absent").as_deref(), Some("1"), "no kernel has it");
    assert_eq!(ours, real, "{tool}");
}

#[test]
#[ignore = "needs root, unshare and procps: scripts/test"]
fn precedence_is_that_of_sysctl() {
    is_as_configured_by("sysctl");
}

#[test]
#[ignore = "needs root, unshare and systemd: scripts/test"]
fn precedence_is_that_of_systemd() {
    is_as_configured_by("/usr/lib/systemd/systemd-sysctl");
}
