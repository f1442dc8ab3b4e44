//! Judgements of host keys under each policy.

use std::path::Path;

use russh::keys::PrivateKey;
use russh::keys::ssh_key::Algorithm;

use super::*;

fn key() -> PublicKey {
    PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap().public_key().clone()
}

fn load(policy: Policy, path: &Path) -> (Trust, SshRoute) {
    let file = path.display().to_string();
    let given = [("port", "2222"), ("userknownhostsfile", &file), ("globalknownhostsfile", "none")];
    let route = SshRoute::to("web-01", &given);
    (Trust::load(Some(policy), [&route]), route)
}

#[test]
fn strict_refuses_what_it_does_not_know_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (trust, route) = load(Policy::Strict, &folder.path().join("known_hosts"));
    let fault = trust.judge(&route, &key()).unwrap_err();
    assert_eq!(fault.phase, Phase::HostKey);
    assert!(fault.hint.contains("--host-key accept-new"), "{}", fault.hint);
}

#[test]
fn accept_new_remembers_a_key_once_and_refuses_another_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/known_hosts");
    let (trust, way) = load(Policy::AcceptNew, &path);
    let first = key();
    trust.judge(&way, &first).unwrap();
    trust.judge(&way, &first).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    assert!(trust.judge(&way, &key()).is_err());
    let (again, way) = load(Policy::AcceptNew, &path);
    again.judge(&way, &first).unwrap();
    let fault = again.judge(&way, &key()).unwrap_err();
    assert!(fault.message.contains("changed"), "{fault}");
}

#[test]
fn a_line_left_open_is_not_spoilt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_hosts");
    std::fs::write(&path, "# no newline").unwrap();
    let (trust, way) = load(Policy::AcceptNew, &path);
    trust.judge(&way, &key()).unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("# no newline\n[web-01]:2222 ssh-ed25519 "));
}

#[test]
fn a_revoked_key_is_refused_even_when_nothing_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_hosts");
    let key = key();
    std::fs::write(&path, format!("@revoked * {}\n", key.to_openssh().unwrap())).unwrap();
    for policy in [Policy::Strict, Policy::AcceptNew, Policy::Insecure] {
        let (trust, way) = load(policy, &path);
        assert!(trust.judge(&way, &key).unwrap_err().message.contains("@revoked"));
    }
}

#[test]
fn a_short_rsa_key_is_believed_by_no_policy() {
    let rsa = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Rsa { hash: None }).unwrap();
    let route = SshRoute::to("web-01", &[("requiredrsasize", "8192")]);
    let fault = Trust::of("").judge(&route, rsa.public_key()).unwrap_err();
    assert!(fault.message.contains("too short"), "{fault}");
    let fault = Trust::of("").judge(&SshRoute::to("web-01", &[]), rsa.public_key()).unwrap_err();
    assert!(!fault.message.contains("too short"), "{fault}");
}

#[test]
fn a_changed_key_that_nobody_checks_is_shown_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("known_hosts");
    std::fs::write(&path, format!("[web-01]:2222 {}\n", key().to_openssh().unwrap())).unwrap();
    let (trust, route) = load(Policy::Insecure, &path);
    assert_eq!(trust.judge(&route, &key()).unwrap(), Faith::NoPassword);
}

#[test]
fn insecure_takes_any_other_key() {
    let folder = tempfile::tempdir().unwrap();
    let (trust, route) = load(Policy::Insecure, &folder.path().join("known_hosts"));
    trust.judge(&route, &key()).unwrap();
    assert!(!folder.path().join("known_hosts").exists());
}
