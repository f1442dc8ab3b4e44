//! Completions in real shells, and manual pages under the eyes of those who format them.

use std::process::Command;

use crate::harness::Room;

/// The folder with the completions of a shell, and the program where the shell finds it.
fn room(shell: &str) -> Room {
    let room = Room::new();
    let outcome = room.run(&["completions", shell]);
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    room.write("completions", outcome.stdout);
    room
}

/// What a tool prints that must be content.
#[track_caller]
fn told(room: &Room, tool: &[&str]) -> String {
    let (name, arguments) = tool.split_first().unwrap();
    let folder = room.path("");
    let output =
        Command::new(name).args(arguments).current_dir(&folder).env("HOME", &folder).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{tool:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let room = room("bash");
    told(&room, &["bash", "-n", "completions"]);
    let complete = |words: &[&str]| {
        let script = "source ./completions; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                      _driftless driftless \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; \
                      printf '%s\\n' \"${COMPREPLY[@]}\"";
        told(&room, &[&["bash", "--norc", "-c", script, "bash"], words].concat())
    };
    assert_eq!(complete(&["driftless", "rep"]), "replace\nreport\n");
    assert_eq!(complete(&["driftless", "audit", "--fail"]), "--fail-on\n");
    assert_eq!(complete(&["driftless", "audit", "--fail-on", "cr"]), "critical\n");
    assert_eq!(complete(&["driftless", "explain", "package-v"]), "package-version\n");
    assert_eq!(complete(&["driftless", "audit", "--host-key", "st"]), "strict\n");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn fish_and_zsh_complete_them_too() {
    let fish = room("fish");
    told(&fish, &["fish", "--no-config", "-n", "completions"]);
    let rules = told(
        &fish,
        &["fish", "--no-config", "-c", "source completions; complete -C 'driftless explain package-v'"],
    );
    assert!(rules.starts_with("package-version"), "{rules}");
    let zsh = room("zsh");
    told(&zsh, &["zsh", "-f", "-n", "completions"]);
    // zsh completes on a terminal alone; that it takes the function is what can be seen from here.
    let taken = "autoload -Uz compinit; compinit -D; fpath=(. $fpath); cp completions _driftless; autoload -Uz _driftless; \
                 autoload +X _driftless; source ./completions; print ${_comps[driftless]}";
    assert_eq!(told(&zsh, &["zsh", "-f", "-c", taken]), "_driftless\n");
}

#[test]
fn a_page_is_printed_or_all_of_them_are_written() {
    let room = Room::new();
    let outcome = room.run(&["man", "history", "prune"]);
    assert!(outcome.stdout.contains(".TH DRIFTLESS-HISTORY-PRUNE 1"), "{}", outcome.stdout);
    for section in
        ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"]
    {
        let heading = [format!(".SH {section}\n"), format!(".SH \"{section}\"\n")];
        assert!(
            heading.iter().any(|heading| outcome.stdout.contains(heading)),
            "{section}: {}",
            outcome.stdout
        );
    }
    assert_eq!(room.run(&["man", "--out", "pages"]).status, 0);
    let pages = std::fs::read_dir(room.path("pages")).unwrap().count();
    assert!(pages > 15, "{pages}");
    let audit = std::fs::read_to_string(room.path("pages/driftless-audit.1")).unwrap();
    assert!(audit.contains("DRIFTLESS_FAIL_ON") && !audit.contains("May also be specified"), "{audit}");
    let outcome = room.run(&["man", "audti"]);
    assert_eq!(outcome.status, 1);
    assert!(outcome.stderr.contains("did you mean `audit`?"), "{}", outcome.stderr);
    // Settings have no say: a shell that starts in somebody else's folder must not fail.
    room.write("driftless.toml", "nonsense");
    assert_eq!(room.run(&["completions", "bash"]).status, 0);
    assert_eq!(room.run(&["man"]).status, 0);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn pages_are_well_formed() {
    let room = Room::new();
    assert_eq!(room.run(&["man", "--out", "pages"]).status, 0);
    for page in std::fs::read_dir(room.path("pages")).unwrap() {
        let page = page.unwrap().path();
        let page = page.to_str().unwrap();
        let formatted = told(&room, &["man", "--warnings", "-E", "UTF-8", "-l", page]);
        assert!(formatted.contains("EXIT STATUS"), "{formatted}");
        // A page without a date is a page that is the same whenever it is built.
        let lint = Command::new("mandoc").args(["-T", "lint", "-W", "warning", page]).output().unwrap();
        let lint = String::from_utf8(lint.stdout).unwrap();
        let complaints: Vec<&str> = lint.lines().filter(|line| !line.contains("missing date")).collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}
