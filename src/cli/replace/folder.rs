//! The folder of a replacement, filled as a whole or not at all.

use std::io;
use std::path::{Path, PathBuf};

use driftless::report::write;

use super::super::failure::Failure;

/// The folder that is filled as a whole or not at all.
pub(in crate::cli) struct Folder {
    pub(super) path: PathBuf,
    force: bool,
}

impl Folder {
    /// Whether it can be filled: it is empty, or not there, or may be written over.
    pub(in crate::cli) fn check(path: &Path, force: bool) -> Result<Self, Failure> {
        Self::check_or(
            path,
            force,
            "name another folder; --force replaces files of the same names and leaves others",
        )
    }

    /// The same, with what to do about one that is not empty.
    pub(in crate::cli) fn check_or(path: &Path, force: bool, instead: &str) -> Result<Self, Failure> {
        let shown = path.display();
        match path.read_dir() {
            Ok(mut entries) => {
                if entries.next().is_some() && !force {
                    return Err(Failure::new(format!("--out: {shown} is not empty")).hint(instead));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Self::failed(path, &error)),
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(parent) = parent.filter(|parent| !parent.exists()) {
            return Err(Failure::new(format!(
                "--out: {shown} cannot be made: {} is not there",
                parent.display()
            ))
            .hint(format!("make that folder first: mkdir -p {}", parent.display())));
        }
        // A link to a folder is the folder.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let folder = Self { path, force };
        // What cannot be written is known before a host is asked.
        folder.beside().map(drop)?;
        Ok(folder)
    }

    fn failed(path: &Path, error: &io::Error) -> Failure {
        Failure::new(format!("--out: {}: {error}", path.display()))
            .hint("name a folder that may be made, or that this user may write to")
    }

    /// A folder that takes the other's place once it is whole.
    fn beside(&self) -> Result<tempfile::TempDir, Failure> {
        let parent =
            self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let made = tempfile::Builder::new().prefix(".driftless-").tempdir_in(parent);
        made.map_err(|error| Self::failed(&self.path, &error.kind().into()))
    }

    /// Fills it.
    pub(super) fn fill(&self, files: &[(String, String)]) -> Result<(), Failure> {
        let failed = |error: io::Error| Self::failed(&self.path, &error);
        let staging = self.beside()?;
        for (name, text) in files {
            let path = staging.path().join(name.trim_start_matches('/'));
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(failed)?;
            }
            write::to_new_file(&path, text).map_err(failed)?;
        }
        if self.force && self.path.is_dir() {
            for (name, _) in files {
                self.check_links(name.trim_start_matches('/'))?;
            }
            // Each is whole already, and takes the place of its older one in a step.
            for (name, _) in files {
                let name = name.trim_start_matches('/');
                let path = self.path.join(name);
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).map_err(failed)?;
                }
                std::fs::rename(staging.path().join(name), path).map_err(failed)?;
            }
            return Ok(());
        }
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(staging.path(), mode).map_err(failed)?;
        // An empty folder gives way to a whole one; one that filled meanwhile does not.
        std::fs::rename(staging.path(), &self.path).map_err(failed)?;
        // It is gone from its place, and must not be removed from its new one.
        let _ = staging.keep();
        Ok(())
    }

    /// Whether no link in the folder leads a file elsewhere.
    fn check_links(&self, name: &str) -> Result<(), Failure> {
        let mut path = self.path.clone();
        for part in Path::new(name).components() {
            path.push(part);
            if path.symlink_metadata().is_ok_and(|found| found.file_type().is_symlink()) {
                return Err(Failure::new(format!(
                    "--out: {} is a link, and would lead elsewhere",
                    path.display()
                ))
                .hint("remove it, or name another folder"));
            }
        }
        Ok(())
    }
}
