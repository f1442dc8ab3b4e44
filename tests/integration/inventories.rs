//! Ansible's inventories through the binary: what is wrong is shown with its place, what hangs is ended, and
//! what cannot be reached is refused for the right hosts only.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use crate::harness::{Outcome, Room};

fn program(room: &Room, name: &str, text: &str) {
    room.write(name, text);
    std::fs::set_permissions(room.path(name), std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[track_caller]
fn refused(run: &Outcome, words: &[&str]) {
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    assert!(run.stderr.contains("help: "), "no cure:\n{}", run.stderr);
    for word in words {
        assert!(run.stderr.contains(word), "`{word}` is missing:\n{}", run.stderr);
    }
}

/// File, text, and what is said of it: the place first.
const BROKEN: &[(&str, &str, &[&str])] = &[
    ("hosts", "[web]\nweb-01 x\n", &["hosts:2:8", "web-01 x", "name=value"]),
    ("hosts", "[web]\nweb-01 x=1 ; why\n", &["hosts:2:12", "begins with `#`"]),
    ("hosts", "[web]\nweb-01 x=it's\n", &["hosts:2:12", "not closed"]),
    ("hosts", "[web]\nweb-[20:01]\n", &["hosts:2:5", "web-[20:01]", "[01:20]"]),
    ("hosts", "[web]\n\"web-[1:2\" x=1\n", &["hosts:2:1", "not closed"]),
    ("hosts", "[web]\nweb-[01:3]\n", &["hosts:2:5", "digits"]),
    ("hosts", "[web]\nweb:\n", &["hosts:2:4", "colon"]),
    ("hosts", "a\n[web:childen]\nb\n", &["hosts:2:6", "did you mean `children`?"]),
    ("hosts", "a\n[web:children]\ndb\n[bd]\nb\n", &["hosts:3:1", "no group `db`", "did you mean `bd`?"]),
    ("hosts", "a\n[web:vars]\nx=1\n[wbe]\nb\n", &["hosts:2:2", "did you mean `wbe`?"]),
    ("hosts", "a\n[web:vars]\nx\n[web]\nb\n", &["hosts:3:1", "name=value"]),
    ("hosts", "a\n[web ]\nb\n", &["hosts:2:1", "without blanks"]),
    ("hosts", "a\n[web:vars\nx=1\n", &["hosts:2:1", "no heading", "[group:vars]"]),
    ("hosts", "[a:children]\nb\n[b:children]\na\n[a]\nh\n", &["hosts:4:1", "cycle"]),
    ("hosts", "[a]\nh\n[a:vars]\nansible_group_priority=high\n", &["hosts:4:1", "priority"]),
    ("hosts", "# nothing\n", &["no host in it"]),
    ("hosts.yml", "web:\n  hosts: {a: }\n db: x\n", &["hosts.yml:3:", "no YAML"]),
    ("hosts.yml", "web:\n\thosts: {a: }\n", &["hosts.yml:2:2", "tabs"]),
    ("hosts.yml", "web:\n  hosts: [a]\n", &["hosts.yml:2:10", "mapping"]),
    ("hosts.yml", "web:\n  hosts:\n    a: 1\n", &["hosts.yml:3:8", "no mapping"]),
    ("hosts.yml", "web:\n  hosts:\n    12:\n", &["hosts.yml:3:5", "quotes"]),
    ("hosts.yml", "web:\n  hosts:\n    'w[3:1]':\n", &["hosts.yml:3:5", "begins at 3"]),
    ("hosts.yml", "web:\n  children:\n    db:\n      children:\n        web:\n", &["hosts.yml:3:5", "cycle"]),
    ("hosts.yml", "web:\n  hosts:\n    a: {x: !foo 1}\n", &["hosts.yml:3:", "!foo"]),
    ("hosts.yml", "web:\n  hosts:\n    a: {x: *nope}\n", &["hosts.yml:3:", "nope"]),
    ("hosts.yml", "web:\n  hosts:\n    a: {x: &x [*x]}\n", &["hosts.yml:3:", "part of"]),
    ("hosts.yml", "web: {hosts: {a: }}\n---\ndb: {hosts: {b: }}\n", &["hosts.yml:2:1", "second document"]),
    ("hosts.yml", "plugin: aws_ec2\n", &["hosts.yml:1:1", "ansible-inventory --list --yaml"]),
    ("hosts.yml", "- a\n", &["hosts.yml:1:1", "mapping of groups"]),
    ("hosts.yml", "$ANSIBLE_VAULT;1.1;AES256\n6162\n", &["encrypted"]),
];

#[test]
fn broken_files_are_shown_with_their_place() {
    for (file, text, words) in BROKEN {
        let room = Room::new();
        room.write(file, text);
        refused(&room.run(&["audit", "-i", file]), words);
    }
}

#[test]
fn broken_variables_beside_an_inventory_are_shown() {
    for (text, words) in
        [("x: [\n", ["group_vars/web.yml:", "no YAML"]), ("- x\n", ["web.yml:1:1", "mapping"])]
    {
        let room = Room::new();
        room.write("hosts", "[web]\nweb-01\n");
        std::fs::create_dir(room.path("group_vars")).unwrap();
        room.write("group_vars/web.yml", text);
        room.write("group_vars/other.yml", "x: [\n");
        refused(&room.run(&["hosts", "-i", "hosts"]), &words);
    }
}

#[test]
fn scripts_that_fail_are_named() {
    for (text, words) in [
        ("#!/bin/sh\necho 'no database' >&2\nexit 3\n", ["./hosts --list", "exit status: 3", "no database"]),
        ("#!/bin/sh\necho 'hello'\n", ["./hosts --list:1:1", "no JSON", "hello"]),
        (
            "#!/bin/sh\necho '{\"web\": {\"hosts\": \"a\"}}'\n",
            ["./hosts --list", "`web.hosts`", "list of texts"],
        ),
        ("#!/bin/sh\necho '[1]'\n", ["./hosts --list:1:", "no JSON", "object of groups"]),
        ("#!/bin/sh\n", ["./hosts --list", "no JSON", "EOF"]),
        ("#!/nonexistent/interpreter\n", ["./hosts --list", "cannot be run", "#!"]),
        (
            "#!/bin/sh\n[ $1 = --list ] && echo '{\"web\": [\"a\"]}' || exit 4\n",
            ["./hosts --host a", "exit status: 4", ""],
        ),
        (
            "#!/bin/sh\necho '{\"a\": {\"children\": [\"b\"]}, \"b\": {\"children\": [\"a\"]}}'\n",
            ["./hosts --list", "cycle", ""],
        ),
        ("#!/bin/sh\nkill -9 $$\n", ["./hosts --list", "signal: 9", ""]),
    ] {
        let room = Room::new();
        program(&room, "hosts", text);
        refused(&room.run(&["hosts", "-i", "./hosts"]), &words);
    }
    let room = Room::new();
    room.write("hosts", "#!/bin/sh\necho '{}'\n");
    refused(&room.run(&["hosts", "-i", "hosts"]), &["not executable", "chmod +x"]);
}

#[test]
fn a_script_that_hangs_is_ended() {
    let room = Room::new();
    // The child keeps the pipes open when the script itself is killed.
    program(&room, "hosts", "#!/bin/sh\nsleep 20 &\nsleep 20\n");
    let started = Instant::now();
    let run = room.run(&["hosts", "-i", "hosts", "--inventory-timeout", "0.3"]);
    refused(&run, &["hosts --list", "did not end within 0.3 s", "--inventory-timeout"]);
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn a_script_that_prints_without_end_is_ended() {
    let room = Room::new();
    program(&room, "hosts", "#!/bin/sh\nexec yes\n");
    let run = room.run(&["hosts", "-i", "hosts"]);
    refused(&run, &["hosts --list", "more than 64 MiB"]);
    assert!(run.peak < 300 << 20, "{} bytes", run.peak);
}

#[test]
fn aliases_of_aliases_cost_nothing() {
    let mut bomb = "all:\n  vars:\n    a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, of) in "bcdefghijklm".chars().zip("abcdefghijkl".chars()) {
        let aliases = vec![format!("*{of}"); 9].join(", ");
        bomb.push_str(&format!("    {name}: &{name} [{aliases}]\n"));
    }
    bomb.push_str("  hosts: {h: }\n");
    let nested = format!("all:\n  vars:\n    a: {}\n  hosts: {{h: }}\n", "[".repeat(5000));
    for text in [bomb, nested] {
        let room = Room::new();
        room.write("hosts.yml", text);
        let started = Instant::now();
        let run = room.run(&["hosts", "-i", "hosts.yml"]);
        refused(&run, &["hosts.yml:"]);
        assert!(
            started.elapsed().as_secs() < 10 && run.peak < 200 << 20,
            "{:?} {}",
            started.elapsed(),
            run.peak
        );
    }
}

#[test]
fn a_host_that_cannot_be_reached_as_described_is_refused_alone() {
    let room = Room::new();
    let vault = "!vault \"$ANSIBLE_VAULT;1.1;AES256\\n6162\\n\"";
    room.write(
        "hosts.yml",
        format!(
            "all:\n  hosts:\n    plain:\n    sealed: {{ansible_host: {vault}, free: {vault}}}\n    asks: {{ansible_password: {vault}}}\n    kept: {{token: {vault}}}\n    windows: {{ansible_connection: winrm}}\n    template: {{ansible_port: \"{{{{ 22 + 1 }}}}\"}}\n    args: {{ansible_ssh_common_args: -F other}}\n    here: {{ansible_connection: local}}\n    named: {{ansible_host: \"{{{{ inventory_hostname }}}}.lan\", ansible_user: u, ansible_port: 23}}\n"
        ),
    );
    let run = room.run(&["hosts", "-i", "hosts.yml"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let (table, refused) = run.stdout.split_once("Not reached").unwrap();
    let line = |name: &str| {
        let of = |text: &str| -> String {
            let mut lines = text.lines().skip_while(|line| line.split_whitespace().next() != Some(name));
            lines.by_ref().take(2).collect::<Vec<_>>().join(" ")
        };
        format!("{} {}", of(table), of(refused))
    };
    for (host, words) in [
        ("plain", "tester@plain:22"),
        ("sealed", "`ansible_host` is encrypted by ansible-vault"),
        ("asks", "tester@asks:22"),
        ("kept", "tester@kept:22"),
        ("windows", "its connection is `winrm`"),
        ("template", "`ansible_port` is a template"),
        ("args", "`ansible_ssh_common_args` has the option -F"),
        ("here", "this machine"),
        ("named", "u@named.lan:23"),
    ] {
        assert!(line(host).contains(words), "{host} without `{words}`:\n{}", run.stdout);
    }
    let shown = room.run(&["hosts", "-i", "hosts.yml", "--format", "json"]).json();
    let sealed = &shown["_meta"]["hostvars"]["sealed"]["free"];
    assert_eq!(sealed["__ansible_vault"], "$ANSIBLE_VAULT;1.1;AES256\n6162\n");
}

#[test]
fn links_that_lead_back_are_no_way_round_and_round() {
    let room = Room::new();
    std::fs::create_dir_all(room.path("inv/group_vars/web")).unwrap();
    room.write("inv/hosts", "[web]\na\n");
    room.write("inv/group_vars/web/vars.yml", "v: 1\n");
    for link in ["inv/one", "inv/two", "inv/group_vars/web/one", "inv/group_vars/web/two"] {
        std::os::unix::fs::symlink(".", room.path(link)).unwrap();
    }
    let run = room.run(&["hosts", "-i", "inv", "--format", "json"]);
    assert_eq!(run.json()["_meta"]["hostvars"]["a"]["v"], 1, "{run:?}");
}

#[test]
fn a_name_that_a_shell_could_run_is_never_run() {
    let room = Room::new();
    room.write("config", "Host *\n  ProxyCommand echo %h %r >&2\n");
    let names = [
        "\"$(touch ran)\":",
        "b: {ansible_host: \"`touch ran`\"}",
        "c: {ansible_host: h, ansible_user: \"$(touch ran)\"}",
    ];
    room.write("hosts.yml", format!("all:\n  hosts:\n    {}\n", names.join("\n    ")));
    for transport in ["native", "openssh"] {
        let run =
            room.run(&["audit", "-i", "hosts.yml", "-F", "config", "-o", "json", "--transport", transport]);
        assert_eq!((run.status, run.json()["summary"]["unreachable"].as_u64()), (1, Some(3)), "{run:?}");
        assert!(run.stdout.contains("a shell could take for code"), "{}", run.stdout);
        assert!(!room.path("ran").exists(), "{transport}");
    }
}

#[test]
fn what_may_mean_something_else_is_warned_of() {
    let room = Room::new();
    room.write("hosts.yml", "web:\n  hosts: {web: , a: }\n  hots: {b: }\n  hosts: {web: }\ndb: x\n");
    std::fs::create_dir(room.path("group_vars")).unwrap();
    room.write("group_vars/web", "$ANSIBLE_VAULT;1.1;AES256\n6162\n");
    let run = room.run(&["hosts", "-i", "hosts.yml", "--format", "hosts"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "web\n"), "{}", run.stderr);
    for words in [
        "a group and a host",
        "`hots`",
        "`hosts` stands here again",
        "`db` is passed over",
        "encrypted as a whole",
    ] {
        assert!(run.stderr.contains(words), "`{words}` is missing:\n{}", run.stderr);
    }
    assert_eq!(room.run(&["hosts", "-i", "hosts.yml", "-q"]).stderr, "");
}

#[test]
fn the_list_is_for_people_and_its_json_is_for_ansible() {
    let room = Room::new();
    room.write(
        "hosts.toml",
        "[defaults]\nuser = \"audit\"\n[groups.web]\nhosts = [\"web-[01:02]\"]\nvars = { tier = \"front\" }\n[hosts.web-01]\naddress = \"192.0.2.1\"\nport = 2222\nmaintenance = \"disk swap\"\n",
    );
    let run = room.run(&["hosts", "-i", "hosts.toml"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    for words in ["2 hosts", "audit@192.0.2.1:2222", "audit@web-02:22", "maintenance: disk swap"] {
        assert!(run.stdout.contains(words), "`{words}` is missing:\n{}", run.stdout);
    }
    let shown = room.run(&["hosts", "-i", "hosts.toml", "--format", "json"]).json();
    let vars = serde_json::json!({
        "ansible_host": "192.0.2.1", "ansible_port": 2222, "ansible_user": "audit", "tier": "front"
    });
    assert_eq!(shown["_meta"]["hostvars"]["web-01"], vars);
    assert_eq!(shown["web"]["hosts"], serde_json::json!(["web-01", "web-02"]));
    assert_eq!(room.run(&["hosts", "-i", "hosts.toml", "-l", "*2", "--format", "hosts"]).stdout, "web-02\n");
    assert_eq!(room.run(&["hosts"]).status, 1);
}
