//! What the probe says of upgrades where the package manager answers as none in the lab does: stubs stand in for it.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use driftless::probe::published;

/// What a function of the script prints, with these programs before all others on its path.
pub(crate) fn answer(function: &str, stubs: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, script) in stubs {
        let path = folder.path().join(name);
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let script = published();
    let script = script.strip_suffix("probe \"$@\"\n").unwrap();
    let run = format!(
        "{script}\nPATH={}:$PATH\nWANTED='\nupgrade webd candidate\n'\n{function}\n",
        folder.path().display()
    );
    // It is longer than an argument may be.
    let file = folder.path().join("run");
    std::fs::write(&file, run).unwrap();
    let output = Command::new("/bin/sh").arg(file).stdin(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// An apk that knows webd, and says this of an upgrade.
fn apk(says: &str) -> String {
    let policy = r"printf 'webd policy:\n  1.0-r0:\n    lib/apk/db/installed\n  2.0-r0:\n    https://mirror.example.net/main\n'";
    let stub = format!(
        "#!/bin/sh\ncase \"$*\" in\n*policy*) {policy} ;;\n'version -t '*) echo '<' ;;\n*add*) {says} ;;\n*) echo 'apk-tools 2.14.4, compiled for x86_64.' ;;\nesac\n"
    );
    answer("upgrade_apk", &[("apk", &stub)])
}

#[test]
fn apk_2_is_understood() {
    let said = apk(
        "printf '(1/2) Installing weblib@edge (1.0-r0)\\n(2/2) Upgrading webd (1.0-r0 -> 2.0-r0)\\nOK: 9 MiB in 9 packages\\n'",
    );
    assert!(said.starts_with("system\tapk 2.14.4\n"), "{said}");
    assert!(
        said.contains(
            "\ntarget\twebd\t1.0-r0\t2.0-r0\t2.0-r0\noffer\twebd\t2.0-r0\thttps://mirror.example.net/main\n"
        ),
        "{said}"
    );
    assert!(said.contains("\nask\t0\twebd\ninst\tweblib\t"), "{said}");
    assert!(said.contains("\t2.0-r0\t1.0-r0\nfile\t"), "{said}");
}

#[test]
fn an_apk_that_cannot_read_its_database_refuses_nothing() {
    let said = apk("echo 'ERROR: Unable to lock database: Permission denied' >&2; exit 99");
    assert!(
        said.ends_with("cannot\tfailed\tapk: ERROR: Unable to lock database: Permission denied\n"),
        "{said}"
    );
    assert!(!said.contains("\nask\t"), "{said}");
}

#[test]
fn what_only_dnf_4_can_be_asked_is_said_of_others() {
    for tool in ["dnf5", "dnf"] {
        let said = answer("upgrade_dnf", &[(tool, "\x7fELF is no script\n")]);
        let expected = format!(
            "system\t{tool}\ncannot\tnot-supported\t{tool} cannot be asked what an upgrade would do without writing; dnf 4 can\n"
        );
        assert_eq!(said, expected);
    }
}

#[test]
fn a_python_that_lacks_dnf_is_said() {
    // Whoever runs this may be root, and this machine may have dnf or not: there is an answer in any case.
    let said = answer("upgrade_dnf", &[("dnf", "#!/nowhere/python3\n")]);
    assert!(said.contains("cannot\tfailed\t/nowhere/python3, which runs dnf here, ended with "), "{said}");
}

#[test]
fn a_pacman_that_cannot_begin_refuses_nothing() {
    let stub = "#!/bin/sh\ncase \"$*\" in\n*-Q*) echo 'webd 1.0-1' ;;\n*-Si*) printf 'Repository : lab\\nName : webd\\nVersion : 2.0-1\\n' ;;\n\
        *-Sp*) echo 'error: failed to initialize alpm library' >&2; exit 1 ;;\nesac\n";
    let said = answer(
        "upgrade_pacman",
        &[("pacman", stub), ("vercmp", "#!/bin/sh\n[ $1 = 1.0-1 ] && echo -1 || echo 1\n")],
    );
    assert!(said.contains("\ntarget\twebd\t1.0-1\t2.0-1\t2.0-1\n"), "{said}");
    assert!(said.ends_with("cannot\tfailed\tpacman: error: failed to initialize alpm library\n"), "{said}");
}
