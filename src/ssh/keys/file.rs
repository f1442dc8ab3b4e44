//! Key files and certificates as they lie on disk: read, and decrypted with a passphrase.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use russh::keys::ssh_key::Cipher;
use russh::keys::ssh_key::certificate::CertType;
use russh::keys::{Certificate, PrivateKey, PublicKey, decode_secret_key};
use zeroize::Zeroizing;

use super::{Attempt, Passphrase};
use crate::ssh::validity::holds_now;

/// How often a passphrase is asked for before the key is given up.
const PASSPHRASE_TRIES: usize = 3;

/// No key file is longer.
const LARGEST: u64 = 1 << 20;

/// A key file as it lies on disk.
pub(super) enum Key {
    Plain(Box<PrivateKey>),
    Encrypted(Zeroizing<String>, Option<PublicKey>),
}

/// Reads a private key; one that others may read is refused, as `ssh` does.
pub(super) fn read(path: &Path) -> Result<Key, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let metadata = std::fs::metadata(path).map_err(cannot)?;
    if metadata.len() > LARGEST {
        return Err("is no private key: it is larger than 1 MiB".to_owned());
    }
    if metadata.mode() & 0o077 != 0 && Some(metadata.uid()) == own_uid() {
        let mode = metadata.mode() & 0o777;
        return Err(format!(
            "may be read by others (mode {mode:04o}): chmod 600 it, and ask whether it leaked"
        ));
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(cannot)?);
    if let Ok(key) = PrivateKey::from_openssh(text.as_str()) {
        // OpenSSH's format leaves the public half in the clear.
        return Ok(if key.is_encrypted() {
            let public = key.public_key().clone();
            Key::Encrypted(text, Some(public))
        } else {
            Key::Plain(Box::new(key))
        });
    }
    if text.contains("ENCRYPTED") {
        return Ok(Key::Encrypted(text, None));
    }
    decode_secret_key(&text, None)
        .map(|key| Key::Plain(Box::new(key)))
        .map_err(|_| "is no private key that can be used".to_owned())
}

/// The user that this program runs as.
fn own_uid() -> Option<u32> {
    std::fs::metadata("/proc/self").ok().map(|metadata| metadata.uid())
}

/// Opens a key with the passphrase that the user gives.
pub(super) fn decrypt(path: &Path, text: &str, ask: &mut Passphrase<'_>) -> Result<PrivateKey, String> {
    if !is_readable(text) {
        return Err("is encrypted in a way that is not read here: `ssh-keygen -p -f` writes it in today's format, or load it with ssh-add".to_owned());
    }
    let mut attempt = Attempt::First;
    for _ in 0..PASSPHRASE_TRIES {
        let Some(passphrase) = ask(path, attempt) else {
            return Err("is encrypted, and there is no terminal to ask for its passphrase".to_owned());
        };
        if let Ok(key) = decode_secret_key(text, Some(&passphrase)) {
            return Ok(key);
        }
        attempt = Attempt::Again;
    }
    Err("is encrypted, and the passphrase was wrong".to_owned())
}

/// Whether the cipher of an encrypted key is one that the library opens: all but old ones.
fn is_readable(text: &str) -> bool {
    if let Ok(key) = PrivateKey::from_openssh(text) {
        return key.cipher() != Cipher::TdesCbc;
    }
    let old = text.lines().find_map(|line| line.strip_prefix("DEK-Info:")).map(str::trim_start);
    let rsa = text.contains("BEGIN RSA PRIVATE KEY");
    old.is_none_or(|cipher| rsa && cipher.starts_with("AES-128-CBC"))
}

/// Reads a user certificate, ssh-keygen(1) under CERTIFICATES. One that does not hold now is refused:
/// a server would only say that it does not like it.
pub(super) fn certificate(path: &Path) -> Result<Certificate, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    let certificate =
        Certificate::from_openssh(text.trim()).map_err(|_| "is no OpenSSH certificate".to_owned())?;
    if certificate.cert_type() != CertType::User {
        return Err("is a host's certificate, not a user's".to_owned());
    }
    holds_now(&certificate)?;
    Ok(certificate)
}

/// `key` and `-cert.pub`: where OpenSSH looks for what belongs to a key.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A path as messages show it, with `~` for the home folder.
pub(super) fn shown(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_said_to_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "rubbish").unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        assert!(read(&path).is_err_and(|why| why.contains("no private key")));
        assert!(read(&folder.path().join("missing")).is_err_and(|why| why.contains("cannot be read")));
        assert!(certificate(&path).is_err_and(|why| why.contains("no OpenSSH certificate")));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "rubbish").unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        assert!(read(&path).is_err_and(|why| why.contains("mode 0644")));
    }
}
