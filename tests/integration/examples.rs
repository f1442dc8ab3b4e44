//! What `examples/` offers: the units, the crontab and the programs, each tried by whoever would use it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::fleet::{Fleet, answers};
use crate::harness::{Room, project};

/// Runs a tool to its end; both of its outputs.
fn tried(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// The units, with the program where it was built.
fn units(room: &Room) -> [String; 2] {
    ["driftless-audit.service", "driftless-audit.timer"].map(|name| {
        let text = std::fs::read_to_string(project().join("examples/systemd").join(name)).unwrap();
        room.write(name, text.replace("/usr/bin/driftless", env!("CARGO_BIN_EXE_driftless")));
        room.path(name).display().to_string()
    })
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn systemd_takes_the_units_and_finds_them_hardened() {
    let room = Room::new();
    let [service, timer] = units(&room);
    let verify = |unit: &str| tried(Command::new("systemd-analyze").args(["verify", "--man=no", unit]));
    for unit in [&service, &timer] {
        assert_eq!(verify(unit), (true, String::new()));
    }
    // Of ten: what is left is that it may use the network.
    let security = ["security", "--offline=true", "--threshold=12", &service];
    let (passed, said) = tried(Command::new("systemd-analyze").args(security));
    assert!(passed, "{said}");
    // The tools look: they see what is wrong.
    let wrong =
        std::fs::read_to_string(&service).unwrap().replace("ProtectSystem=strict", "ProtectSystem=maybe");
    room.write("driftless-audit.service", wrong.replace("CapabilityBoundingSet=\n", ""));
    assert!(verify(&service).1.contains("maybe"));
    assert!(!tried(Command::new("systemd-analyze").args(security)).0);
}

/// Debian's crontab on a file, in a mount namespace in which it has a spool and a group: it is not installed here.
fn crontab(file: &Path) -> (bool, String) {
    let script = "mount -t tmpfs none /var/spool && mkdir -p /var/spool/cron/crontabs && cp /etc/group /var/spool/ && \
                  echo crontab:x:4711: >>/var/spool/group && mount --bind /var/spool/group /etc/group && exec \"$@\"";
    let program = project().join("target/cron/usr/bin/crontab");
    tried(Command::new("unshare").args(["-m", "sh", "-c", script, "sh"]).arg(program).arg("-n").arg(file))
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn cron_takes_the_crontab() {
    let file = project().join("examples/cron/crontab");
    let (taken, said) = crontab(&file);
    assert!(taken, "{said}");
    let room = Room::new();
    room.write("bad", std::fs::read_to_string(file).unwrap().replace("10 5 ", "99 5 "));
    assert!(!crontab(&room.path("bad")).0);
}

#[test]
fn the_commands_of_the_crontab_run() {
    let text = std::fs::read_to_string(project().join("examples/cron/crontab")).unwrap();
    let fleet = Fleet::of_equals(3);
    let settings =
        "inventory = [\"inventory.toml\"]\nstore = \"store.sqlite\"\n[ready]\ntarget = [\"nginx=1.26\"]\n";
    fleet.room.write("driftless.toml", settings);
    let folder = Path::new(env!("CARGO_BIN_EXE_driftless")).parent().unwrap();
    let lines = text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit()));
    let commands: Vec<String> =
        lines.map(|line| line.split_whitespace().skip(5).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(commands.len(), 3);
    for command in commands {
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]).current_dir(fleet.room.path("")).env_clear();
        shell.env("HOME", fleet.room.path("")).env("DRIFTLESS_CONFIG", "driftless.toml");
        shell.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        let (passed, said) = tried(&mut shell);
        assert!(passed && !said.contains("error:"), "{command}: {said}");
    }
}

/// Runs one of the programs; they are built with the tests.
#[track_caller]
fn example(name: &str, arguments: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--locked", "--offline", "--example", name, "--"]).args(arguments);
    // What cargo gave to this test would have it build some dependencies anew.
    for (variable, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| variable.to_string_lossy().starts_with(start))
        {
            cargo.env_remove(variable);
        }
    }
    let output = cargo.current_dir(project()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_library_orders_versions() {
    let told = example("order_versions", &["1.26.3-3+deb13u1", "1:1.18.0-6", "1.26.3~rc1-1"]);
    let order: Vec<&str> = told.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(order, ["1.26.3~rc1-1", "1.26.3-3+deb13u1", "1:1.18.0-6"]);
}

#[test]
fn the_library_judges_a_manifest() {
    let told = example("check_manifest", &["examples/manifests/4-nginx-privileged.yaml"]);
    assert!(told.starts_with("high     privileged: "), "{told}");
    assert!(
        !example("check_manifest", &["examples/manifests/3-nginx-immutable.yaml"]).contains("privileged")
    );
}

#[test]
fn the_library_audits_an_inventory() {
    let hosts = [("web-01", "1.26"), ("web-02", "1.26"), ("web-03", "1.26"), ("web-04", "1.22")];
    let hosts = hosts.map(|(name, version)| (name.to_owned(), answers(&[&format!("nginx={version}-1")])));
    let fleet = Fleet::new(hosts);
    let told = example("audit_inventory", &[fleet.room.path("inventory.toml").to_str().unwrap()]);
    let report: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(report["summary"]["audited"], 4, "{report:#}");
    assert_eq!(report["findings"][0]["key"], "package-version/web/web-04/nginx", "{report:#}");
}
