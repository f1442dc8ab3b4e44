//! `driftless immutable --fix` where it touches the machine: files in place, and the copying for real.

use std::process::Command;

use super::immutable::{POD, audit};
use crate::harness::Room;

#[test]
fn a_fix_in_place_writes_to_nothing_that_was_not_named() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    let room = Room::new();
    for file in ["out.yaml", "in/b.yaml", "in/hard.yaml", "in/shut.yaml", "in/real.yaml"] {
        std::fs::create_dir_all(room.path("in")).unwrap();
        room.write(file, POD);
    }
    symlink("../out.yaml", room.path("in/a.yaml")).unwrap();
    symlink("real.yaml", room.path("in/z.yaml")).unwrap();
    std::fs::hard_link(room.path("in/hard.yaml"), room.path("other")).unwrap();
    let shut = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(room.path("in/shut.yaml"), shut).unwrap();
    let text = |name: &str| std::fs::read_to_string(room.path(name)).unwrap();
    let run = audit(&room, &["in", "--fix", "--in-place"]);
    for told in [
        "in/a.yaml: it was left as it is: it is a link to ",
        "in/hard.yaml: it was left as it is: the file has 2 names",
        "in/shut.yaml: it was left as it is: it is read-only (mode 0444)",
        "in/b.yaml: 1 container put right",
        "in/real.yaml: 1 container put right",
    ] {
        assert!(run.stderr.contains(told), "{told} is missing: {}", run.stderr);
    }
    assert_eq!(run.status, 2, "what was left as it is, is still writable: {}", run.stderr);
    assert!(["out.yaml", "in/hard.yaml", "other", "in/shut.yaml"].iter().all(|name| text(name) == POD));
    assert!(["in/b.yaml", "in/z.yaml"].iter().all(|name| text(name).contains("readOnlyRoot")));

    let run = audit(&room, &["in/a.yaml", "--fix", "--in-place"]);
    assert!(run.stderr.contains("in/a.yaml -> ") && run.status == 0, "{}", run.stderr);
    assert!(room.path("in/a.yaml").is_symlink() && text("out.yaml").contains("readOnlyRoot"));
    if room.path("out.yaml").metadata().unwrap().uid() == 0 {
        room.write("owned.yaml", POD);
        std::os::unix::fs::chown(room.path("owned.yaml"), Some(65534), Some(65534)).unwrap();
        audit(&room, &["owned.yaml", "--fix", "--in-place"]);
        assert_eq!(room.path("owned.yaml").metadata().unwrap().uid(), 65534);
    }
}

/// Runs the copy of a plan for real, as nobody where that can be, into a folder that is another's.
#[test]
fn what_copies_can_do_so_as_nobody_and_again() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let room = Room::new();
    room.write("p.toml", "[[image]]\nmatch = \"corp/*\"\nwrites = [\"/etc/app\"]\nships = [\"/etc/app\"]\n");
    room.write("a.yaml", POD.replace("nginx:1.27", "corp/app"));
    let patch = audit(&room, &["a.yaml", "--fix=patch", "-p", "p.toml"]).stdout;
    let option =
        patch.split_once("command: [\"cp\", \"").and_then(|(_, rest)| rest.split_once('"')).unwrap().0;
    let path = |name: &str| room.path(name);
    let set = |name: &str, mode| {
        std::fs::set_permissions(path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set("", 0o755);
    std::fs::create_dir_all(path("from/d")).unwrap();
    std::fs::write(path("from/.shut"), "x").unwrap();
    std::fs::write(path("from/d/run"), "y").unwrap();
    symlink("d/run", path("from/link")).unwrap();
    set("from/.shut", 0o444);
    set("from/d/run", 0o755);
    let root = is_roots(&path("from"));
    for (nth, cp) in [&["cp"][..], &["busybox", "cp"]].into_iter().enumerate() {
        let to = format!("to{nth}");
        std::fs::create_dir(path(&to)).unwrap();
        set(&to, 0o777);
        for _ in 0..2 {
            let mut words: Vec<String> = Vec::new();
            if root {
                words.extend(
                    ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"].map(str::to_owned),
                );
            }
            words.extend(cp.iter().map(|word| (*word).to_owned()));
            words.extend([
                option.to_owned(),
                format!("{}/.", path("from").display()),
                format!("{}/", path(&to).display()),
            ]);
            let Ok(done) = Command::new(&words[0]).args(&words[1..]).output() else { continue };
            let told = String::from_utf8_lossy(&done.stderr).into_owned();
            if told.contains("busybox: No such file") || told.contains("failed to execute") {
                continue;
            }
            assert!(done.status.success(), "{words:?} {told}");
            assert_eq!(std::fs::read_link(path(&to).join("link")).unwrap().to_str(), Some("d/run"));
            let mode = path(&to).join("d/run").metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o755);
            assert_eq!(std::fs::read_to_string(path(&to).join(".shut")).unwrap(), "x");
        }
    }
}

/// Whether what this process makes is root's.
fn is_roots(path: &std::path::Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    path.metadata().unwrap().uid() == 0
}
