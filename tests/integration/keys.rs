//! Keys that cannot be used: each a clear error for the hosts that need it, and for no other.

use driftless::simulate::Behaviour;

use crate::fleet::{Fleet, answers};
use crate::harness::field;

/// A fleet in which `odd` has a setting of its own, and three hosts are well.
fn with_odd(setting: &str) -> Fleet {
    let good = (1..=3).map(|nth| (format!("web-0{nth}"), answers(&["nginx=1"])));
    let fleet = Fleet::new(good.chain([("odd".to_owned(), answers(&["nginx=1"]))]));
    let inventory = std::fs::read_to_string(fleet.room.path("inventory.toml")).unwrap();
    fleet.room.write(
        "inventory.toml",
        inventory.replace("[hosts.\"odd\"]\n", &format!("[hosts.\"odd\"]\n{setting}\n")),
    );
    fleet
}

#[track_caller]
fn refused(fleet: &Fleet, words: &str) {
    let run = fleet.audit(&["-F", "none", "-o", "json"]);
    let report = run.json();
    assert_eq!(report["summary"]["audited"], 3, "{report:#}");
    let error = field(&report, "hosts", "odd", "error");
    assert_eq!(error["phase"], "authenticate", "{error}");
    assert!(error["message"].as_str().unwrap().contains(words), "`{words}` is missing: {error}");
    assert!(!error["hint"].as_str().unwrap().is_empty());
    assert_eq!(run.status, 3);
}

#[test]
fn a_missing_key_is_named() {
    refused(&with_odd("identity = \"nowhere\""), "nowhere: cannot be read: No such file");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let fleet = with_odd("identity = \"open\"");
    fleet.room.write("open", std::fs::read(fleet.room.path("key")).unwrap());
    std::fs::set_permissions(fleet.room.path("open"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .unwrap();
    refused(&fleet, "open: may be read by others (mode 0644)");
}

#[test]
fn a_password_in_a_vault_is_missed_only_where_no_key_opens() {
    let fleet =
        Fleet::new([("a".to_owned(), answers(&["nginx=1"])), ("b".to_owned(), Behaviour::RefusesKey)]);
    let vault =
        "all:\n  vars:\n    ansible_password: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      6162\n";
    fleet.room.write("vault.yml", vault);
    let report = fleet.audit(&["-i", "vault.yml", "-F", "none", "-o", "json"]).json();
    assert_eq!(field(&report, "hosts", "a", "status"), "audited");
    let error = field(&report, "hosts", "b", "error");
    let words = "its variable `ansible_password` is encrypted by ansible-vault";
    assert!(error["message"].as_str().unwrap().contains(words), "{error}");
}

#[test]
fn an_agent_that_is_gone_is_named_only_where_it_is_needed() {
    let fleet =
        Fleet::new([("a".to_owned(), answers(&["nginx=1"])), ("b".to_owned(), Behaviour::RefusesKey)]);
    let mut command = fleet.command(&["-F", "none", "-o", "json"]);
    let run = crate::harness::wait(command.env("SSH_AUTH_SOCK", fleet.room.path("gone")).spawn().unwrap());
    assert_eq!(field(&run.json(), "hosts", "a", "status"), "audited", "its key is in a file");
    let inventory = std::fs::read_to_string(fleet.room.path("inventory.toml")).unwrap();
    fleet.room.write("inventory.toml", inventory.replace("identity = \"key\"\n", ""));
    let mut command = fleet.command(&["-F", "none", "-o", "json"]);
    let run = crate::harness::wait(command.env("SSH_AUTH_SOCK", fleet.room.path("gone")).spawn().unwrap());
    let report = run.json();
    let error = field(&report, "hosts", "a", "error");
    assert!(error["message"].as_str().unwrap().contains("gone cannot be asked"), "{error}");
}
