//! Whether a file of settings may be believed: it decides which hosts are asked, by which key, and where reports go.
//!
//! Whoever can write it could have us do so in their place. As Ansible does, such a file is refused; unlike there it is
//! not passed by in silence.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Why a file is not believed, and what to do about it; `opened` is what was opened under that path.
pub(super) fn doubt(path: &Path, opened: &Metadata, me: u32) -> Option<(String, String)> {
    let shown = path.display();
    if let Some(who) = stranger(opened, me) {
        return Some((
            format!("the file belongs to {who}, who is neither root nor the user that runs this"),
            format!(
                "make it yours (`chown`), name another by --config, or take none: --config none ({shown})"
            ),
        ));
    }
    // Pipes, as of a shell's <(…), stand in no folder that counts.
    if !opened.is_file() {
        return None;
    }
    if opened.mode() & OTHERS_WRITE != 0 {
        return Some(("everybody may write to the file".to_owned(), format!("chmod o-w {shown}")));
    }
    // The place where it was found, and where that leads.
    let link = path.symlink_metadata().ok().filter(Metadata::is_symlink);
    if let Some(who) = link.as_ref().and_then(|link| stranger(link, me)) {
        return Some((
            format!("it is a link that belongs to {who}, who is neither root nor the user that runs this"),
            "remove the link, name another file by --config, or take none: --config none".to_owned(),
        ));
    }
    let led = link.and_then(|_| path.canonicalize().ok());
    [Some(path.to_owned()), led].into_iter().flatten().find_map(|place| {
        let folder = folder(&place);
        let metadata = folder.metadata().ok()?;
        let shown = folder.display();
        if metadata.mode() & OTHERS_WRITE != 0 && metadata.mode() & STICKY == 0 {
            return Some((
                format!("everybody may put a file in its place: its folder {shown} is writable by all"),
                format!("chmod o-w {shown}, or run this elsewhere, or take no file: --config none"),
            ));
        }
        None
    })
}

/// The owner, unless that is root or the user.
fn stranger(metadata: &Metadata, me: u32) -> Option<String> {
    let owner = metadata.uid();
    (owner != 0 && owner != me).then(|| format!("user {owner}"))
}

fn folder(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs::{File, Permissions, create_dir, set_permissions, write};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn of(path: &Path, me: u32) -> Option<String> {
        doubt(path, &File::open(path).unwrap().metadata().unwrap(), me).map(|(why, _)| why)
    }

    #[test]
    fn files_that_others_could_have_written_are_refused() {
        let room = tempfile::tempdir().unwrap();
        let inner = room.path().join("inner");
        create_dir(&inner).unwrap();
        let path = inner.join("driftless.toml");
        write(&path, "").unwrap();
        let owner = path.metadata().unwrap().uid();
        let mode = |path: &Path, mode| set_permissions(path, Permissions::from_mode(mode)).unwrap();
        mode(&path, 0o644);
        assert_eq!(of(&path, owner), None);
        mode(&path, 0o666);
        assert!(of(&path, owner).unwrap().contains("everybody may write"));
        mode(&path, 0o644);
        mode(&inner, 0o777);
        assert!(of(&path, owner).unwrap().contains("everybody may put"));
        // As /tmp is: nobody can take away another's file there.
        mode(&inner, 0o1777);
        assert_eq!(of(&path, owner), None);
        // A link elsewhere does not hide where it leads.
        mode(&inner, 0o777);
        let link = room.path().join("driftless.toml");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(of(&link, owner).unwrap().contains("everybody may put"));
    }

    #[test]
    fn files_of_strangers_are_refused() {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("driftless.toml");
        write(&path, "").unwrap();
        let owner = path.metadata().unwrap().uid();
        // Root's files are everybody's to read; those of another are not believed.
        assert_eq!(of(&path, owner + 7).is_some(), owner != 0);
        if owner == 0 {
            std::os::unix::fs::chown(&path, Some(4711), None).unwrap();
            assert!(of(&path, 0).unwrap().contains("belongs to user 4711"));
        }
    }
}
