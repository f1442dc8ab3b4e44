//! Hosts for the tests that break a host and really upgrade it: clones of the lab's, with archives of their own.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::{Outcome, Room, project, wait};
use crate::lab::key;

/// What a shell on a clone knows beside the lab's own functions.
const SHELL: &str = include_str!("truth_hosts.sh");

/// What became of a real upgrade.
pub(crate) struct Upgraded {
    /// apt's exit status.
    pub(crate) status: i32,
    /// The version that is there in good order afterwards; nothing where there is none.
    pub(crate) version: String,
    /// All that apt said.
    pub(crate) said: String,
}

/// A clone of a host of the lab; it is removed when it is dropped.
pub(crate) struct Clone {
    pub(crate) name: &'static str,
    address: &'static str,
}

impl Clone {
    /// One more host like `host`.
    #[track_caller]
    pub(crate) fn of(host: &str, name: &'static str, address: &'static str, options: &[&str]) -> Self {
        lab(&["remove", name]);
        let (status, said) = lab(&[&["clone", host, name, address], options].concat());
        assert_eq!(status, 0, "{said}");
        Self { name, address }
    }

    /// Runs a script on it; its exit status, and all that it printed.
    pub(crate) fn run(&self, script: &str) -> (i32, String) {
        lab(&["shell", self.name, "sh", "-c", &format!("{SHELL}\n{script}")])
    }

    /// The same for a script that succeeds.
    #[track_caller]
    pub(crate) fn make(&self, script: &str) -> String {
        let (status, said) = self.run(script);
        assert_eq!(status, 0, "{}: {script}\n{said}", self.name);
        said
    }

    /// The upgrade that is foretold, for real, as automation does it: nobody answers a question.
    pub(crate) fn upgrade(&self, package: &str, version: &str) -> Upgraded {
        let (_, said) = self.run(&format!(
            "apt-get install -y {package}={version} </dev/null 2>&1; echo \"$?\"; inside {package}"
        ));
        let mut lines = said.trim_end().rsplitn(3, '\n');
        let version = lines.next().unwrap_or_default().trim_start_matches('=').to_owned();
        let status = lines.next().unwrap_or_default().parse().unwrap_or(-1);
        Upgraded { status, version, said: lines.next().unwrap_or_default().to_owned() }
    }

    /// What `driftless ready` says of it.
    pub(crate) fn ready(&self, user: &str, arguments: &[&str]) -> Outcome {
        self.ready_under("name = \"nothing\"\n", user, arguments)
    }

    /// The same under a playbook.
    pub(crate) fn ready_under(&self, playbook: &str, user: &str, arguments: &[&str]) -> Outcome {
        ready(&[self], playbook, user, arguments)
    }
}

/// What `driftless ready` says of clones that are one cluster.
pub(crate) fn ready(clones: &[&Clone], playbook: &str, user: &str, arguments: &[&str]) -> Outcome {
    let room = Room::new();
    let (identity, known) = (key("id_ed25519"), key("known_authority"));
    let mut inventory =
        format!("[defaults]\nuser = {user:?}\nidentity = {identity:?}\nknown_hosts = {known:?}\n");
    let names: Vec<&str> = clones.iter().map(|clone| clone.name).collect();
    inventory.push_str(&format!("[groups.truth]\nhosts = {names:?}\n"));
    for clone in clones {
        inventory.push_str(&format!("[hosts.{}]\naddress = {:?}\n", clone.name, clone.address));
    }
    room.write("hosts.toml", inventory);
    room.write("playbook.toml", playbook);
    let fixed = ["ready", "-i", "hosts.toml", "-p", "playbook.toml", "-o", "json"];
    wait(room.command(&[&fixed, arguments].concat()).spawn().unwrap())
}

impl Drop for Clone {
    fn drop(&mut self) {
        lab(&["remove", self.name]);
    }
}

/// The lab's own script: its exit status, and all that it printed.
fn lab(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(project().join("tests/lab/lab"));
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
}

/// What a report says of a package on the one host: `ready`, `unknown`, or rule and subject of what stops it.
#[track_caller]
pub(crate) fn verdict(report: &Value, package: &str) -> Vec<String> {
    let upgrades = report["upgrades"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    let upgrade = upgrades.iter().find(|upgrade| upgrade["package"] == package);
    let upgrade = upgrade.unwrap_or_else(|| panic!("nothing of {package}: {report:#}"));
    if !upgrade["ready"].as_array().unwrap().is_empty() {
        return vec!["ready".to_owned()];
    }
    if let Some(unknown) = upgrade["unknown"].as_array().unwrap().first() {
        return vec![format!("unknown: {}", unknown["reason"].as_str().unwrap())];
    }
    let inhibitors = upgrade["blocked"][0]["inhibitors"].as_array().unwrap();
    let word = |inhibitor: &Value, field: &str| inhibitor[field].as_str().unwrap_or_default().to_owned();
    inhibitors.iter().map(|one| format!("{} {}", word(one, "rule"), word(one, "subject"))).collect()
}
