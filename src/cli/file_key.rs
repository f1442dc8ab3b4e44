//! The key that files are hashed with: 32 random bytes in the user's state folder, made when they are first
//! needed.
//!
//! It stands in no report and in no log. Hashes of different keys do not compare; whoever shares reports over
//! time keeps the file.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use driftless::probe::FileKey;

use super::failure::Failure;
use super::me::home;
use super::round::random;

/// The user's key, read or made.
pub(super) fn read() -> Result<FileKey, Failure> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    read_in(state.as_deref(), home().as_deref())
}

/// The same under a state folder, which is by default one of the home folder's; XDG base directories.
fn read_in(state: Option<&Path>, home: Option<&Path>) -> Result<FileKey, Failure> {
    let state = state.filter(|state| state.is_absolute()).map(Path::to_owned);
    let Some(state) = state.or_else(|| Some(home?.join(".local/state"))) else {
        return Err(Failure::new("there is no folder for the key that files are hashed with")
            .hint("set HOME, or XDG_STATE_HOME to an absolute path"));
    };
    let path = state.join("driftless/file-key");
    // A pipe would wait for somebody to write into it.
    if std::fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
        return Err(Failure::new(format!(
            "{}: the key that files are hashed with is no plain file",
            path.display()
        ))
        .hint("remove what stands there, and a new key is made"));
    }
    match std::fs::File::open(&path) {
        Ok(file) => known(file, &path),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make(&path)?;
            known(std::fs::File::open(&path).map_err(|error| unreadable(&path, &error))?, &path)
        }
        Err(error) => Err(unreadable(&path, &error)),
    }
}

fn known(mut file: std::fs::File, path: &Path) -> Result<FileKey, Failure> {
    let shown = path.display();
    let mode = file.metadata().map_err(|error| unreadable(path, &error))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Failure::new(format!(
            "{shown}: others may read the key that files are hashed with (mode {mode:o})"
        ))
        .hint(format!("if nobody did: chmod 600 {shown}; otherwise remove it, and a new one is made")));
    }
    let mut bytes = Vec::new();
    (&mut file).take(1024).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    let bytes: [u8; FileKey::LENGTH] = bytes.try_into().map_err(|bytes: Vec<u8>| {
        let (is, shall) = (bytes.len(), FileKey::LENGTH);
        Failure::new(format!("{shown} is no key: it has {is} bytes, and shall have {shall}"))
            .hint("put the file back from a copy, or remove it, and a new one is made")
    })?;
    Ok(FileKey::new(bytes))
}

/// Makes a key, whole or not at all. If another run was first, its key is the one.
fn make(path: &Path) -> Result<(), Failure> {
    let unmade = |error: &std::io::Error| {
        Failure::new(format!(
            "{}: the key that files are hashed with cannot be made: {error}",
            path.display()
        ))
        .hint("may this user write there? XDG_STATE_HOME names another folder")
    };
    let folder = path.parent().unwrap_or(path);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| unmade(&error))?;
    let bytes: [u8; FileKey::LENGTH] = random()?;
    // Only its owner may read a temporary file, tempfile(3).
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| unmade(&error))?;
    let written = file.write_all(&bytes).and_then(|()| file.as_file().sync_all());
    written.map_err(|error| unmade(&error))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(unmade(&error.error)),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: the key that files are hashed with cannot be read: {error}", path.display()))
        .hint("run as the user that it belongs to; XDG_STATE_HOME names another folder")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_made_once_for_the_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let keys: Vec<FileKey> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| read_in(Some(&state), None).ok().unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "two runs at once have one key");
        let path = state.join("driftless/file-key");
        assert_eq!(std::fs::read(&path).unwrap().len(), 32);
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        assert_eq!(
            std::fs::read_dir(state.join("driftless")).unwrap().count(),
            1,
            "nothing is left beside it"
        );
        let other = read_in(None, Some(folder.path())).ok().unwrap();
        assert_ne!(other, keys[0]);
        assert!(folder.path().join(".local/state/driftless/file-key").exists());
    }

    #[test]
    fn a_key_that_is_none_is_told_with_its_path_and_a_cure() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("driftless/file-key");
        let told = || read_in(Some(folder.path()), None).err().unwrap().to_string();
        read_in(Some(folder.path()), None).ok().unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(told().contains("file-key: others may read") && told().contains("chmod 600"), "{}", told());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, b"short").unwrap();
        assert!(told().contains("it has 5 bytes, and shall have 32"), "{}", told());
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(told().contains("file-key"), "{}", told());
        assert!(
            read_in(Some(Path::new("relative")), None).err().unwrap().to_string().contains("XDG_STATE_HOME")
        );
        let file = folder.path().join("file");
        std::fs::write(&file, b"").unwrap();
        assert!(read_in(Some(&file), None).err().unwrap().to_string().contains("file-key"));
    }
}
