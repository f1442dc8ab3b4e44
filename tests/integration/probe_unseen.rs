//! What the probe says of upgrades where it cannot see what might stop them: never that nothing does. Stubs stand in for
//! the tools, and files for what the kernel tells.

use crate::probe_upgrade::answer;

/// A folder with these files in it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn an_interrupted_dpkg_is_told_by_its_journal() {
    for (file, told) in [("0001", "interrupted\n"), ("tmp.i", ""), ("12~", "")] {
        let updates = folder(&[(file, "")]);
        assert_eq!(answer(&format!("apt_interrupted {}", updates.path().display()), &[]), told, "{file}");
    }
}

#[test]
fn a_kernel_that_tells_no_locks_is_said() {
    for locks in ["/nowhere", "/dev/null"] {
        assert_eq!(
            answer(&format!("LOCKS={locks}; locks_of /nowhere /etc/passwd"), &[]),
            format!("cannot\tfailed\t{locks} does not tell who holds a lock\n")
        );
    }
    assert_eq!(answer("LOCKS=/nowhere; locks_of /nowhere", &[]), "", "what is not there nobody holds");
    assert_eq!(answer("locks_of /etc/passwd", &[]), "");
}

#[test]
fn a_df_that_fails_or_hangs_is_said_once() {
    let failing = [("df", "#!/bin/sh\nexit 1\n")];
    let told = "cannot\tfailed\tdf does not tell what is free\n";
    assert_eq!(answer("space_of /usr /var /", &failing), told);
    let short = [("df", "#!/bin/sh\nprintf 'head\\n/dev/sda 9 1 8 1%% /\\n'\n")];
    assert_eq!(answer("space_of /usr /", &short), format!("space\t/usr\t/\t8\n{told}"));
    let hanging = [("df", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n")];
    let begun = std::time::Instant::now();
    assert_eq!(
        answer("deadline=$(($(date +%s) + 2)); space_of /usr /var /", &hanging),
        "cannot\ttimed-out\tdf, which tells what is free\n"
    );
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
}

#[test]
fn what_is_mounted_read_only_is_said() {
    let mounts = folder(&[(
        "mounts",
        "root / ext4 rw,errors=remount-ro 0 0\nusr /usr ext4 ro,noatime 0 0\nlib /var/lib ext4 ro 0 0\nlib /var/lib ext4 rw 0 0\n",
    )]);
    let run = format!("MOUNTS={}/mounts; sealed /usr/bin /usr /var/lib /etc", mounts.path().display());
    assert_eq!(answer(&run, &[]), "cannot\tfailed\t/usr is mounted read-only\n");
    assert_eq!(answer("MOUNTS=/nowhere; sealed /usr", &[]), "cannot\tfailed\t/nowhere cannot be read\n");
}

#[test]
fn dpkg_reads_files_of_some_names_only() {
    for (file, told) in
        [("dpkg.cfg", "option\tconfold\n"), ("dpkg.cfg.d/a", "option\tconfold\n"), ("dpkg.cfg.d/a.bak", "")]
    {
        let config = folder(&[(file, "force-confold\n")]);
        assert_eq!(answer(&format!("apt_option {}", config.path().display()), &[]), told, "{file}");
    }
}

#[test]
fn edited_files_that_cannot_be_compared_are_said() {
    let query = "#!/bin/sh\nprintf 'webd\\n /etc/passwd d41d8cd98f00b204e9800998ecf8427e\\n'\n";
    let told = "cannot\tfailed\twhether /etc/passwd was edited: md5sum does not tell\n";
    assert_eq!(answer("apt_edited webd", &[("dpkg-query", query), ("md5sum", "#!/bin/sh\nexit 1\n")]), told);
    assert_eq!(answer("apt_edited webd", &[("dpkg-query", query)]), "edited\twebd\t/etc/passwd\n");
    let plain = [("dpkg-query", "#!/bin/sh\necho webd\n"), ("md5sum", "#!/bin/sh\nexit 1\n")];
    assert_eq!(answer("apt_edited webd", &plain), "", "there is nothing to compare");
}

#[test]
fn a_source_of_which_it_is_not_known_whether_it_is_authenticated_is_said() {
    let said = |indextargets: &str| {
        let cache = "#!/bin/sh\ncat >/dev/null\ncase \"$*\" in\n*show*) printf 'Package: webd\\nVersion: 2\\nArchitecture: all\\nSize: 5\\n\\n' ;;\n\
            *policy*) printf 'webd:\\n  Version table:\\n     2 500\\n        500 https://repo.corp stable/main all Packages\\n' ;;\nesac\n";
        let get = format!("#!/bin/sh\ncat >/dev/null\n{indextargets}\n");
        let query = "#!/bin/sh\nexit 1\n";
        answer(
            "apt_user=self; asked='inst\twebd\tall\t2\t-\n'; apt_files",
            &[("apt-cache", cache), ("apt-get", &get), ("dpkg-query", query)],
        )
    };
    let source = "https://repo.corp stable/main all Packages";
    assert_eq!(said(&format!("echo 'yes {source}'")), format!("file\twebd\tall\t2\t5\t-\tyes\t{source}\n"));
    let unknown = "cannot\tfailed\twhether the source of webd is authenticated is not known\n";
    assert!(said("echo 'yes another'").ends_with(unknown));
    let failed = said("exit 100");
    assert!(failed.contains("cannot\tfailed\tapt-get indextargets tells nothing"), "{failed}");
    assert!(failed.ends_with(unknown), "{failed}");
}

#[test]
fn an_error_of_apt_that_is_not_of_packages_is_no_refusal() {
    let refuses = |text: &str| {
        answer(&format!("printf '%s\\n' \"{text}\" | apt_refuses && echo refused"), &[]) == "refused\n"
    };
    for text in [
        " webd : Depends: libweb (>= 3) but it is not installable\nE: Unable to correct problems, you have held broken packages.",
        "E: Unmet dependencies. Try 'apt --fix-broken install' with no packages (or specify a solution).",
        "E: Unable to satisfy dependencies. Reached two conflicting assignments:",
        "E: Packages were downgraded and -y was used without --allow-downgrades.",
    ] {
        assert!(refuses(text), "{text}");
    }
    for text in [
        "E: Can't call external solver 'aspcud' as it is not in a configured directory!",
        " webd : Depends: libweb\nE: Unable to correct problems, you have held broken packages.\nE: Could not read /var/lib/dpkg/status",
        "E: Malformed line 1 in source list",
        "",
    ] {
        assert!(!refuses(text), "{text}");
    }
}

#[test]
fn what_pacman_complains_of_is_said() {
    for (error, reason) in [
        ("could not open file /var/lib/pacman/sync/lab.db: Permission denied", "needs-privilege"),
        ("could not open file /var/lib/pacman/sync/lab.db: Unrecognized archive format", "failed"),
        ("lab: missing required signature", "failed"),
    ] {
        let stub = format!(
            "#!/bin/sh\ncase \"$*\" in\n*-Q*) echo 'webd 1.0-1' ;;\n*-Si*) echo 'error: {error}' >&2; echo \"error: package 'webd' was not found\" >&2; exit 1 ;;\nesac\n"
        );
        let said = answer("upgrade_pacman", &[("pacman", &stub)]);
        assert!(said.ends_with(&format!("cannot\t{reason}\tpacman: {error}\n")), "{said}");
    }
    assert_eq!(answer("pacman_fails 1 \"error: package 'webd' was not found\" || echo fine", &[]), "fine\n");
}

#[test]
fn no_secret_of_an_address_leaves_the_host() {
    let apk = "#!/bin/sh\ncase \"$*\" in\n*policy*) printf 'webd policy:\\n  2.0-r0:\\n    https://user:s3cret@repo.corp/main?token=s3cret\\n' ;;\n\
        *add*) echo 'ERROR: https://user:s3cret@repo.corp/main?token=s3cret: broken' >&2; exit 99 ;;\n*) echo 'apk-tools 2.14.4, x' ;;\nesac\n";
    let said = answer("manager_of() { echo apk; }; section_upgrade", &[("apk", apk)]);
    assert!(said.contains("offer\twebd\t2.0-r0\thttps://repo.corp/main\n"), "{said}");
    assert!(said.contains("cannot\tfailed\tapk: ERROR: https://repo.corp/main broken\n"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    let apt = "#!/bin/sh\nprintf 'webd:\\n        500 https://user:s3cret@repo.corp/apt?s3cret stable/main\\nW: https://s3cret@repo.corp\\n'\nexit 3\n";
    let said = answer("{ ask_apt webd; echo $?; } 2>&1", &[("apt-cache", apt)]);
    assert_eq!(said, "W: https://repo.corp\nwebd:\n        500 https://repo.corp/apt stable/main\n3\n");
}

#[test]
fn the_package_manager_of_the_distribution_is_asked() {
    let there = [
        ("apt-get", "#!/bin/sh\n"),
        ("dnf", "#!/bin/sh\n"),
        ("pacman", "#!/bin/sh\n"),
        ("apk", "#!/bin/sh\n"),
    ];
    for (ids, manager) in [
        ("arch", "pacman"),
        ("rocky rhel centos fedora", "dnf"),
        ("odd ubuntu debian", "apt"),
        ("alpine", "apk"),
    ] {
        assert_eq!(answer(&format!("manager_of {ids}"), &there), format!("{manager}\n"), "{ids}");
    }
    let with = "has_packages() { [ $1 = pacman ]; }; manager_of moon";
    assert_eq!(answer(with, &there), "pacman\n", "the one that has packages");
}

#[test]
fn what_ignores_its_end_is_killed_and_nothing_begins_after_the_time_of_the_section() {
    let begun = std::time::Instant::now();
    let said = answer("within 1 sh -c \"trap '' TERM; while :; do sleep 1; done\"; echo $?", &[]);
    assert_eq!(said, "124\n");
    assert!(begun.elapsed().as_secs() < 6, "{:?}", begun.elapsed());
    assert_eq!(answer("deadline=$(($(date +%s) - 1)); in_time 30 echo begun; echo $?", &[]), "124\n");
    assert_eq!(answer("in_time 30 false; echo $?", &[]), "1\n");
}

#[test]
fn a_request_for_too_many_upgrades_is_refused() {
    let wanted = "WANTED=$(seq 51 | sed 's/.*/upgrade p& candidate/'); section_upgrade; echo $?";
    assert_eq!(answer(wanted, &[]), "64\n");
}
