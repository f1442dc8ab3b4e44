//! The keyring by what it offers.

use russh::keys::ssh_key::{Algorithm, LineEnding};

use super::*;

fn route(identity: &Path) -> SshRoute {
    SshRoute::to("h", &[("identityfile", &identity.display().to_string())])
}

fn write_key(path: &Path, passphrase: Option<&str>) {
    let mut rng = russh::keys::key::safe_rng();
    let mut key = PrivateKey::random(&mut rng, Algorithm::Ed25519).unwrap();
    if let Some(passphrase) = passphrase {
        key = key.encrypt(&mut rng, passphrase).unwrap();
    }
    key.write_openssh_file(path, LineEnding::LF).unwrap();
}

#[tokio::test]
async fn a_passphrase_is_asked_for_once_and_three_times_if_it_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    write_key(&path, Some("right"));
    let mut answers = vec!["right", "wrong"];
    let mut ask = |_: &Path, _| answers.pop().map(|answer| Zeroizing::new(answer.to_owned()));
    let route = route(&path);
    let keyring = Keyring::load([&route, &route], None, None, &mut ask).await;
    assert_eq!(keyring.candidates(&route).len(), 1);
    assert!(answers.is_empty());
}

#[tokio::test]
async fn without_a_terminal_an_encrypted_key_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    write_key(&path, Some("right"));
    let route = route(&path);
    let keyring = Keyring::load([&route], None, None, &mut |_, _| None).await;
    assert!(keyring.candidates(&route).is_empty());
    assert!(keyring.why_none(&route).contains("no terminal"));
}

#[tokio::test]
async fn default_files_are_found_below_home() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    write_key(&home.path().join(".ssh/id_ed25519"), None);
    let keyring = Keyring::load([&SshRoute::to("h", &[])], Some(home.path()), None, &mut |_, _| None).await;
    let names: Vec<String> =
        keyring.candidates(&SshRoute::to("h", &[])).into_iter().map(|candidate| candidate.name).collect();
    assert_eq!(names, ["~/.ssh/id_ed25519"]);
}

#[tokio::test]
async fn nobody_is_asked_for_a_key_that_no_host_needs_and_a_locked_one_is_told() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    write_key(&home.path().join(".ssh/id_ed25519"), Some("right"));
    let mut asked = 0;
    let mut ask = |_: &Path, _| {
        asked += 1;
        None
    };
    Keyring::load([], Some(home.path()), None, &mut ask).await;
    assert_eq!(asked, 0);
    write_key(&home.path().join(".ssh/id_rsa"), None);
    let route = SshRoute::to("h", &[]);
    let keyring = Keyring::load([&route], Some(home.path()), None, &mut |_, _| None).await;
    assert_eq!(keyring.candidates(&route).len(), 1);
    assert!(
        keyring.why_not_default(&route).is_some_and(|why| why.starts_with("~/.ssh/id_ed25519 is encrypted"))
    );
}

#[tokio::test]
async fn the_key_that_let_us_in_is_offered_first_next_time() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    for name in ["id_ed25519", "id_rsa"] {
        write_key(&home.path().join(".ssh").join(name), None);
    }
    let keyring = Keyring::load([&SshRoute::to("h", &[])], Some(home.path()), None, &mut |_, _| None).await;
    let route = SshRoute::to("h", &[]);
    let second = keyring.candidates(&route).pop().unwrap();
    keyring.let_in(&route.settings.user, &second);
    assert_eq!(keyring.candidates(&route)[0].name, second.name);
}

#[tokio::test]
async fn an_agent_that_is_gone_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent");
    let keyring =
        Keyring::load([&SshRoute::to("h", &[])], None, Some(socket.clone()), &mut |_, _| None).await;
    let why = keyring.why_none(&SshRoute::to("h", &[]));
    assert!(why.contains(&socket.display().to_string()), "{why}");
}

/// A certificate of a key, made by a new authority.
fn certify(key: &PrivateKey, valid: std::ops::Range<u64>) -> Certificate {
    let authority = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap();
    let mut builder = russh::keys::ssh_key::certificate::Builder::new_with_random_nonce(
        &mut russh::keys::key::safe_rng(),
        key.public_key().key_data().clone(),
        valid.start,
        valid.end,
    )
    .unwrap();
    builder.cert_type(russh::keys::ssh_key::certificate::CertType::User).unwrap();
    builder.valid_principal("audit").unwrap();
    builder.sign(&authority).unwrap()
}

#[tokio::test]
async fn a_certificate_beside_its_key_comes_first_and_an_expired_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    write_key(&path, None);
    let key = PrivateKey::read_openssh_file(&path).unwrap();
    let cert_path = folder.path().join("key-cert.pub");
    for (valid, names) in
        [(0..u64::MAX >> 1, &["key with its certificate", "key"][..]), (0..1_000_000_000, &["key"][..])]
    {
        certify(&key, valid).write_file(&cert_path).unwrap();
        let route = route(&path);
        let keyring = Keyring::load([&route], Some(folder.path()), None, &mut |_, _| None).await;
        let offered: Vec<String> =
            keyring.candidates(&route).into_iter().map(|candidate| candidate.name).collect();
        assert_eq!(offered, names.iter().map(|name| format!("~/{name}")).collect::<Vec<_>>());
        assert_eq!(
            keyring.why_not_named(&route).is_some_and(|why| why.contains("expired on 2001-09-09")),
            names.len() == 1
        );
    }
}
