//! `driftless.toml`, the environment and flags: which of them holds, and what is refused.

use std::os::unix::fs::PermissionsExt;

use crate::harness::{Room, wait};

const HOSTS: &str = "[groups.web]\nhosts = [\"web-[01:03]\"]\n";

/// The names that `driftless hosts` lists.
#[track_caller]
fn names(room: &Room, arguments: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
    let mut command = room.command(arguments);
    command.envs(variables.iter().copied());
    let outcome = wait(command.spawn().unwrap());
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    outcome.stdout.lines().map(str::to_owned).collect()
}

fn room(settings: &str) -> Room {
    let room = Room::new();
    room.write("hosts.toml", HOSTS);
    room.write("driftless.toml", settings);
    room
}

#[test]
fn flags_win_over_variables_over_the_commands_table_over_the_top_level() {
    let room = room(
        "inventory = [\"hosts.toml\"]\nlimit = \"web-01\"\nformat = \"hosts\"\n[hosts]\nlimit = \"web-02\"\n",
    );
    assert_eq!(names(&room, &["hosts"], &[]), ["web-02"]);
    assert_eq!(names(&room, &["hosts"], &[("DRIFTLESS_LIMIT", "web-03")]), ["web-03"]);
    assert_eq!(names(&room, &["hosts", "-l", "web-01"], &[("DRIFTLESS_LIMIT", "web-03")]), ["web-01"]);
    // Another command has no table: the top level holds for it. Nobody answers there.
    let outcome = room.run(&["audit", "-v", "--store", "none", "--connect-timeout", "0.1", "-o", "json"]);
    assert!(outcome.stderr.contains("settings from driftless.toml: "), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("limit = web-01 (line 2)"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("web-02"), "{}", outcome.stderr);
}

#[test]
fn the_file_is_that_of_the_folder_or_of_the_user_or_the_one_that_is_named() {
    let room = Room::new();
    std::fs::create_dir_all(room.path(".config/driftless")).unwrap();
    std::fs::create_dir_all(room.path("xdg/driftless")).unwrap();
    // Paths are taken from the file's own folder.
    let settings = "inventory = [\"hosts.toml\"]\nformat = \"hosts\"\n";
    for (folder, host) in [(".config/driftless", "home"), ("xdg/driftless", "xdg")] {
        room.write(&format!("{folder}/driftless.toml"), settings);
        room.write(&format!("{folder}/hosts.toml"), format!("[groups.web]\nhosts = [\"{host}\"]\n"));
    }
    let xdg = room.path("xdg");
    let xdg = [("XDG_CONFIG_HOME", xdg.to_str().unwrap())];
    assert_eq!(names(&room, &["hosts"], &[]), ["home"]);
    assert_eq!(names(&room, &["hosts"], &xdg), ["xdg"]);
    assert_eq!(names(&room, &["hosts", "--config", "xdg/driftless/driftless.toml"], &[]), ["xdg"]);
    let named = [("DRIFTLESS_CONFIG", "xdg/driftless/driftless.toml")];
    assert_eq!(names(&room, &["hosts"], &named), ["xdg"]);
    room.write("hosts.toml", "[groups.web]\nhosts = [\"here\"]\n");
    room.write("driftless.toml", settings);
    assert_eq!(names(&room, &["hosts"], &xdg), ["here"]);
    assert_eq!(
        names(&room, &["--config", "none", "hosts", "-i", "a,b,", "--format", "hosts"], &xdg),
        ["a", "b"]
    );
    // One that was named and is not there is a mistake.
    let outcome = room.run(&["hosts", "--config", "elsewhere.toml"]);
    assert_eq!(outcome.status, 1);
    assert!(outcome.stderr.contains("elsewhere.toml: the settings cannot be read"), "{}", outcome.stderr);
}

#[test]
fn what_conflicts_gives_way_to_what_was_typed_and_is_a_mistake_in_one_place() {
    let room = room("inventory = [\"hosts.toml\"]\nresume = true\n[audit]\noffline = true\n");
    // The nearer one holds: nobody is asked, and there is no store.
    let outcome = room.run(&["audit"]);
    assert!(outcome.stderr.contains("--offline") || outcome.stderr.contains("store"), "{}", outcome.stderr);
    let outcome = room.run(&["audit", "--resume"]);
    assert!(!outcome.stderr.contains("cannot be used with"), "{}", outcome.stderr);
    room.write("driftless.toml", "resume = true\noffline = true\n");
    let outcome = room.run(&["audit", "web-01"]);
    assert_eq!(outcome.status, 1);
    assert!(outcome.stderr.contains("cannot be set together"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("driftless.toml:"), "{}", outcome.stderr);
}

#[test]
fn what_is_required_may_stand_in_the_file_and_an_inventory_there_asks_nobody() {
    let room = room(
        "inventory = [\"hosts.toml\"]\n[replace]\ncluster = \"web\"\nto = [\"quadlet\"]\nout = \"new\"\n",
    );
    let outcome = room.run(&["replace", "--connect-timeout", "0.1"]);
    assert_eq!(outcome.status, 1);
    assert!(!outcome.stderr.contains("required"), "{}", outcome.stderr);
    room.write("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers: []\n");
    let outcome = room.run(&["immutable", "pod.yaml"]);
    assert!(!outcome.stderr.contains("--live"), "{}", outcome.stderr);
    let outcome = room.run(&["immutable", "pod.yaml", "-i", "hosts.toml"]);
    assert!(outcome.stderr.contains("--live"), "{}", outcome.stderr);
    for (arguments, said) in [
        (["init", "--force"], "--out"),
        (["probe", "--public-key=x"], "--install"),
        (["demo", "--out=x"], "demo replace"),
    ] {
        let outcome = room.run(&arguments);
        assert_eq!(outcome.status, 1);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    }
}

#[test]
fn a_mistake_is_told_with_its_place_and_what_is_near() {
    for (settings, said) in [
        ("fork = 3\n", &["driftless.toml:1:1", "unknown key `fork`", "did you mean `forks`?"][..]),
        ("forks = 0\n", &["driftless.toml:1:9", "`forks` does not take that value", "1..=65535"]),
        ("forks = \"many\"\n", &["driftless.toml:1:9", "invalid digit"]),
        ("\nready = \"yes\"\n", &["driftless.toml:2:9", "expected true or false, and this is a string"]),
        ("[audti]\n", &["driftless.toml:1:2", "no command `audti`", "did you mean `audit`?"]),
        ("[audit]\ntarget = [\"a=1\"]\n", &["driftless.toml:2:1", "`audit` has no such flag"]),
        ("[audit]\nfail-on = \"hihg\"\n", &["driftless.toml:2:11", "critical, high, medium, low or info"]),
        ("host-key = \"lax\"\n", &["driftless.toml:1:12", "strict, accept-new, insecure"]),
        ("output = [\"jsn\"]\n", &["driftless.toml:1:10", "jsn"]),
        ("forks = 3\nforks = 4\n", &["driftless.toml:2:1", "duplicate key"]),
        ("audit = 1\n", &["unknown key `audit`", "[audit]"]),
        ("inventory = [[\"a\"]]\n", &["driftless.toml:1:14", "expected a text in quotes"]),
        ("[history.prune]\nkeep = \"9x\"\n", &["driftless.toml:2:8", "90d"]),
    ] {
        let outcome = room(settings).run(&["hosts", "-i", "hosts.toml"]);
        assert_eq!(outcome.status, 1, "{settings}");
        for said in said {
            assert!(outcome.stderr.contains(said), "{settings}{}", outcome.stderr);
        }
    }
}

#[test]
fn a_file_that_others_may_write_is_refused_and_never_passed_by() {
    let room = room("inventory = [\"hosts.toml\"]\n");
    std::fs::set_permissions(room.path("driftless.toml"), PermissionsExt::from_mode(0o666)).unwrap();
    let outcome = room.run(&["hosts"]);
    assert_eq!(outcome.status, 1);
    assert!(outcome.stderr.contains("everybody may write to the file"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("chmod o-w driftless.toml"), "{}", outcome.stderr);
    // What says something else than a file of settings holds, and a shell that starts must not fail.
    assert_eq!(room.run(&["hosts", "--config", "none", "-i", "hosts.toml"]).status, 0);
    assert_eq!(room.run(&["--help"]).status, 0);
}

#[test]
fn every_rule_is_explained_and_a_slip_is_answered() {
    let room = Room::new();
    let outcome = room.run(&["explain"]);
    assert_eq!(outcome.status, 0);
    assert!(outcome.stdout.contains("  package-version       medium   "), "{}", outcome.stdout);
    let all = room.run(&["explain", "-o", "json"]).json();
    assert_eq!(all["schema"], "driftless/rules/v1");
    for rule in all["rules"].as_array().unwrap() {
        let one = room.run(&["explain", rule["id"].as_str().unwrap()]);
        assert_eq!(one.status, 0);
        assert!(one.stdout.contains("What to do instead"), "{}", one.stdout);
    }
    for (slip, near) in
        [("pakage-version", "package-version"), ("HELD", "held"), ("gap/web/web-01/dpkg", "gap")]
    {
        let outcome = room.run(&["explain", slip]);
        assert_eq!(outcome.status, 1);
        assert!(outcome.stderr.contains(&format!("did you mean `{near}`?")), "{}", outcome.stderr);
    }
}

#[test]
fn a_variable_that_is_empty_is_none() {
    let room = room("limit = \"web-01\"\ninventory = [\"hosts.toml\"]\n");
    let empty = [("DRIFTLESS_LIMIT", ""), ("DRIFTLESS_CONFIG", ""), ("DRIFTLESS_INVENTORY", "")];
    assert_eq!(names(&room, &["hosts", "--format", "hosts"], &empty), ["web-01"]);
}
