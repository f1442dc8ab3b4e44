//! Every command's table on terminals that are narrow, and on those that do not take UTF-8.

use std::process::{Command, Stdio};

use crate::fleet::{Fleet, answers};
use crate::harness::{Room, wait};

/// Commands that print tables, and need nobody.
const TABLES: [&str; 7] = [
    "demo",
    "demo ready",
    "hosts -i inventory.toml",
    "explain",
    "explain capability",
    "immutable pod.yaml",
    "man audit",
];

/// Commands that ask the fleet of a room, or look back on it, in this order.
const OF_FLEETS: [&str; 7] = [
    "audit -i inventory.toml",
    "ready -i inventory.toml --target nginx=1.27",
    "history",
    "history web-01",
    "compare web-01 web-04",
    "report latest",
    "collect -i inventory.toml",
];

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: pod\nspec:\n  containers:\n  - name: \"a\"\n    image: nginx:ä\n";

fn fleet() -> Fleet {
    let versions = ["1.26", "1.26", "1.26", "1.22"];
    let hosts = versions.iter().zip(1..).map(|(version, nth)| {
        (
            format!("web-{nth:02}"),
            answers(&[&format!("nginx={version}-1"), "openssh-server=1:9.2p1-2+deb12u7"]),
        )
    });
    let fleet = Fleet::new(hosts);
    fleet.room.write("pod.yaml", POD);
    fleet
}

/// What a program prints on a terminal of so many columns: util-linux's script(1) makes one.
fn shown(room: &Room, arguments: &str, columns: u16, variables: &[(&str, &str)]) -> Vec<u8> {
    let program = env!("CARGO_BIN_EXE_driftless");
    let mut command = Command::new("script");
    command.args(["-qec", &format!("stty cols {columns} rows 40; {program} {arguments}"), "/dev/null"]);
    command.current_dir(room.path(".")).env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "xterm");
    command.env("HOME", room.path(".")).envs(variables.iter().copied()).stdin(Stdio::null());
    command.output().unwrap().stdout
}

#[test]
fn twenty_columns_are_enough_for_every_table() {
    let fleet = fleet();
    for command in OF_FLEETS.iter().chain(&TABLES) {
        let text = String::from_utf8(shown(&fleet.room, command, 20, &[("LANG", "C.UTF-8")])).unwrap();
        assert!(!text.contains("panicked") && !text.trim().is_empty(), "{command}: {text}");
        if ["man", "collect"].iter().any(|other| command.starts_with(other)) {
            continue;
        }
        // Words and commands that are longer are the terminal's to break; no column is padded out.
        let report = text.lines().map(str::trim_end).filter(|line| !line.contains(['\r', '\u{1b}']));
        for line in report.filter(|line| !line.trim_start().starts_with("- ") && !line.contains(" = ")) {
            let words = line.split_whitespace().count();
            assert!(line.chars().count() <= 20 || words <= 2, "{command}: {line}\n{text}");
        }
    }
}

#[test]
fn a_terminal_that_does_not_take_utf8_gets_ascii() {
    let fleet = fleet();
    for variables in [&[("LC_ALL", "C")][..], &[("LANG", "de_DE.ISO-8859-1")], &[]] {
        for command in OF_FLEETS.iter().chain(&TABLES) {
            let bytes = shown(&fleet.room, command, 80, variables);
            let text = String::from_utf8_lossy(&bytes);
            assert!(bytes.is_ascii(), "{command} {variables:?}: {text}");
            assert!(!text.contains("panicked") && !text.trim().is_empty(), "{command}: {text}");
        }
    }
    // What is beyond it is spelt, and nothing of it is lost.
    let spelt = shown(&fleet.room, "immutable pod.yaml", 80, &[]);
    assert!(String::from_utf8(spelt).unwrap().contains("nginx:\\u00e4"));
    let whole = shown(&fleet.room, "immutable pod.yaml", 80, &[("LANG", "C.UTF-8")]);
    assert!(String::from_utf8(whole).unwrap().contains("nginx:ä"));
    // A pipe or a file takes bytes, whatever the terminal beside it.
    let mut piped = fleet.room.command(&["immutable", "pod.yaml"]);
    assert!(wait(piped.env("LC_ALL", "C").spawn().unwrap()).stdout.contains("nginx:ä"));
}
