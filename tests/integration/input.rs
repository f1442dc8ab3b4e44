//! Wrong input: the file, the line, the column, the line itself, what to do, and exit status 1.

use crate::harness::{Outcome, Room};

/// What a run says of a wrong file.
struct Case {
    text: &'static str,
    /// `line:column`; empty for a file that is wrong as a whole.
    place: &'static str,
    words: &'static [&'static str],
}

const INVENTORIES: &[Case] = &[
    Case {
        text: "[groups.web]\nhost = [\"web-01\"]\n",
        place: "2:1",
        words: &["unknown", "`host`", "did you mean `hosts`?"],
    },
    Case { text: "[group.web]\nhosts = []\n", place: "1:2", words: &["did you mean `groups`?"] },
    Case { text: "[defaults]\nuser = 7\n", place: "2:8", words: &["expected a string"] },
    Case {
        text: "[groups.web]\nhosts = [\"web-[20:01]\"]\n",
        place: "2:15",
        words: &["web-[20:01]", "a range is [01:20]"],
    },
    Case { text: "[groups.web]\nhosts = [\"web-[01:\"]\n", place: "2:15", words: &["not closed"] },
    Case {
        text: "[groups.a]\nchildren = [\"b\"]\n[groups.b]\nchildren = [\"a\"]\n",
        place: "2:13",
        words: &["cycle"],
    },
    Case {
        text: "[groups.web]\nchildren = [\"wbe\"]\n[groups.web2]\nhosts = [\"a\"]\n",
        place: "2:13",
        words: &["wbe", "did you mean `web`?"],
    },
    Case {
        text: "[hosts.\"web-[01:02]\"]\nport = 1\n[hosts.web-02]\nport = 2\n",
        place: "3:8",
        words: &["web-02", "twice"],
    },
    Case { text: "[hosts.a]\nport = 70000\n", place: "2:8", words: &["port"] },
    Case { text: "[hosts.a]\nconnection = \"winrm\"\n", place: "2:14", words: &["local", "ssh"] },
    Case { text: "[hosts.web-03.example.net]\n", place: "1:15", words: &["in quotes"] },
    Case { text: "[groups]\nweb = [\"a\"]\n", place: "2:7", words: &["is a table"] },
    Case { text: "[hosts.a\n", place: "1:9", words: &["]"] },
    Case {
        text: "[groups.web]\nhosts = [\"web-01:22\"]\n",
        place: "2:10",
        words: &["no host name", "a port stands in"],
    },
    Case { text: "[hosts.a]\nmaintenance = \"\"\n", place: "2:15", words: &["empty `maintenance`"] },
    Case { text: "[defaults]\nidentity = \" \"\n", place: "2:12", words: &["empty `identity`"] },
    Case {
        text: "[defaults]\ncap = { rack = 0 }\n",
        place: "2:16",
        words: &["no cap for `rack`", "cap = { rack = 4 }"],
    },
];

const PLAYBOOKS: &[Case] = &[
    Case {
        text: "[[package]]\nname = \"nginx\"\nversion = \">=1.x.y\"\n",
        place: "3:11",
        words: &["requirement"],
    },
    Case {
        text: "[[waiver]]\nrule = \"package-version\"\nuntil = 2027-01-01\n",
        place: "1:1",
        words: &["justification"],
    },
    Case {
        text: "[[waiver]]\nrule = \"package-versoin\"\njustification = \"x\"\nuntil = 2027-01-01\n",
        place: "2:8",
        words: &["did you mean `package-version`?"],
    },
    Case { text: "[[package]]\nname = \"nginx\"\nbaseline = \"run:42\"\n", place: "3:12", words: &["run:"] },
    Case { text: "[[package]]\nname = \"nginx\"\nhosts = \"web:~(\"\n", place: "3:14", words: &["web:~("] },
];

#[track_caller]
fn refused(run: &Outcome, file: &str, case: &Case) {
    let shown = &run.stderr;
    assert_eq!(run.status, 1, "{shown}");
    assert_eq!(run.stdout, "");
    if !case.place.is_empty() {
        assert!(shown.contains(&format!("--> {file}:{}\n", case.place)), "not at {}:\n{shown}", case.place);
        let line: usize = case.place.split_once(':').unwrap().0.parse().unwrap();
        assert!(shown.contains(case.text.lines().nth(line - 1).unwrap()), "the line is missing:\n{shown}");
    }
    assert!(shown.contains("help: "), "no cure:\n{shown}");
    for word in case.words {
        assert!(shown.contains(word), "`{word}` is missing:\n{shown}");
    }
}

#[test]
fn wrong_inventories_are_shown() {
    for case in INVENTORIES {
        let room = Room::new();
        room.write("hosts.toml", case.text);
        refused(&room.run(&["audit", "-i", "hosts.toml"]), "hosts.toml", case);
    }
}

#[test]
fn ansibles_inventories_are_recognised() {
    let room = Room::new();
    for (file, text) in [
        ("hosts", "[web]\nweb-01 ansible_host=192.0.2.1\n"),
        ("hosts.yml", "web:\n  hosts:\n    web-01: {ansible_host: 192.0.2.1}\n"),
        ("hosts-yaml", "web:\n  hosts:\n    web-01: {ansible_host: 192.0.2.1}\n"),
        ("hosts.toml", "[groups.web]\nhosts = [\"web-01\"]\n[hosts.web-01]\naddress = \"192.0.2.1\"\n"),
        ("ours", "[groups.web]\nhosts = [\"web-01\"]\n[hosts.web-01]\naddress = \"192.0.2.1\"\n"),
    ] {
        room.write(file, text);
        let run = room.run(&["hosts", "-i", file, "--format", "json"]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{file}");
        let shown = run.json();
        assert_eq!(shown["web"]["hosts"][0], "web-01", "{file}: {shown:#}");
        assert_eq!(shown["_meta"]["hostvars"]["web-01"]["ansible_host"], "192.0.2.1", "{file}: {shown:#}");
    }
}

#[test]
fn wrong_playbooks_are_shown() {
    for case in PLAYBOOKS {
        let room = Room::new();
        room.write("hosts.toml", "[hosts.a]\n[groups.web]\nhosts = [\"a\"]\n");
        room.write("play.toml", case.text);
        refused(&room.run(&["audit", "-i", "hosts.toml", "-p", "play.toml"]), "play.toml", case);
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let room = Room::new();
    room.write("binary.toml", b"[hosts.a]\nuser = \"\xff\xfe\"\n");
    room.write("hosts.toml", "[hosts.a]\n");
    for (arguments, words) in [
        (vec!["-i", "missing.toml"], vec!["missing.toml", "no such file"]),
        (vec!["-i", "."], vec!["binary.toml:2", "UTF-8"]),
        (vec!["-i", "binary.toml"], vec!["binary.toml:2", "UTF-8"]),
        (vec!["-i", "hosts.toml", "-p", "missing.toml"], vec!["missing.toml", "no such file"]),
        (vec!["-i", "hosts.toml", "--accept", "missing.json"], vec!["missing.json", "no such file"]),
        (vec!["-i", "hosts.toml", "-l", "@missing"], vec!["missing", "no such file"]),
    ] {
        let run = room.run(&[&["audit"], arguments.as_slice()].concat());
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{arguments:?}: {}", run.stderr);
        for word in words {
            assert!(run.stderr.to_lowercase().contains(&word.to_lowercase()), "{word}: {}", run.stderr);
        }
    }
}

#[test]
fn wrong_arguments_are_exit_status_1() {
    let room = Room::new();
    room.write("hosts.toml", "[hosts.web-01]\n[groups.web]\nhosts = [\"web-01\"]\n");
    for (arguments, words) in [
        (vec!["audit"], "no host"),
        (vec!["audti"], "audit"),
        (vec!["audit", "--fork", "3"], "--forks"),
        (vec!["audit", "-i", "hosts.toml", "-f", "0"], "forks"),
        (vec!["audit", "-i", "hosts.toml", "-o", "jsn"], "did you mean `json`"),
        (vec!["audit", "-i", "hosts.toml", "--fail-on", "hihg"], "high"),
        (vec!["audit", "-i", "hosts.toml", "--timeout=-1"], "seconds"),
        (vec!["audit", "-i", "hosts.toml", "-l", "db"], "leaves no host"),
        (vec!["audit", "-i", "hosts.toml", "-l", "~("], "--limit"),
        (vec!["audit", "-i", "hosts.toml", "-l", "all:!@hosts.toml"], "not excluded"),
        (vec!["audit", "-i", "hosts.toml", "web"], "is a group"),
        (vec!["audit", "-i", "hosts.toml", "-l", "wbe"], "did you mean `web`?"),
        (vec!["audit", "web-01:99999"], "port"),
        (vec!["audit", "-i", "hosts.toml", "-J", "bastion:99999"], "names no jump host"),
        (vec!["audit", "-i", "hosts.toml", "--password-fd", "0"], "no password can be read"),
        (vec!["audit", "-i", "hosts.toml", "--password-fd", "1"], "is for output"),
        (vec!["audit", "-i", "hosts.toml", "-k", "--transport", "openssh"], "is given no password"),
        (vec!["audit", "-i", "hosts.toml", "-o", "json=r", "-o", "hosts=r"], "two reports"),
        (vec!["audit", "-i", "hosts.toml", "--accept", "hosts.toml"], "JSON"),
    ] {
        let run = room.run(&arguments);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{arguments:?} without `{words}`:\n{}", run.stderr);
    }
}

#[test]
fn help_and_version_are_no_failure() {
    let room = Room::new();
    for arguments in [&["--help"][..], &["audit", "--help"], &["--version"], &["demo", "--help"]] {
        let run = room.run(arguments);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(!run.stdout.is_empty());
    }
}

#[test]
fn the_examples_fit_each_other() {
    let room = Room::new();
    let mut command = room.command(&[
        "audit",
        "-i",
        "inventories/example.toml",
        "-p",
        "playbooks/example.toml",
        "-l",
        "localhost",
        "-o",
        "json",
    ]);
    let run = crate::harness::wait(command.current_dir(crate::harness::project()).spawn().unwrap());
    assert_eq!(run.stderr, "");
    assert_eq!(run.json()["summary"]["hosts"], 1);
}
