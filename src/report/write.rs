//! Where reports go: standard output, or a file that is replaced as a whole or not at all.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::Format;
use super::ascii::{Spelling, is_utf8_locale};

/// A format of a kind of report.
pub trait Form: Copy + FromStr<Err = String> {
    /// Whether it is a folder of files, and not one text.
    fn is_folder(self) -> bool {
        false
    }

    /// The mode of a new file, where it is not what the user's umask leaves.
    fn mode(self) -> Option<u32> {
        None
    }
}

/// So much is gathered before it is written.
const AT_ONCE: usize = 64 << 10;

/// One report that was asked for: `FORMAT`, or `FORMAT=PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output<F = Format> {
    /// In which form.
    pub format: F,
    /// Into which file; `None` is standard output.
    pub path: Option<PathBuf>,
}

impl<F: Form> FromStr for Output<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = text.split_once('=').map_or((text, None), |(format, path)| (format, Some(path)));
        let path = match path {
            Some("") => return Err(format!("`{text}` names no file: FORMAT=PATH")),
            Some("-" | "/dev/stdout") | None => None,
            Some(path) => Some(PathBuf::from(path)),
        };
        let parsed: F = format.parse()?;
        if parsed.is_folder() && path.is_none() {
            return Err(format!("`{format}` is a file for each host: name a folder, {format}=FOLDER"));
        }
        Ok(Self { format: parsed, path })
    }
}

impl<F: Form> Output<F> {
    /// Whether the file can be written, before any host is asked.
    ///
    /// # Errors
    /// The file, and why it cannot.
    pub fn check(&self) -> Result<(), (PathBuf, io::Error)> {
        let Some(path) = &self.path else { return Ok(()) };
        let checked = if self.format.is_folder() {
            // One that is not there is made when there is something to put into it.
            let folder = path.ancestors().find(|folder| folder.exists() || folder.as_os_str().is_empty());
            beside(&folder.unwrap_or(path).join("new")).map(drop)
        } else if is_stream(path) {
            Ok(())
        } else if path.is_dir() {
            Err(io::ErrorKind::IsADirectory.into())
        } else if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            Ok(())
        } else {
            real(path).and_then(|path| beside(&path)).map(drop)
        };
        checked.map_err(|error| (path.clone(), error))
    }
}

/// What became of a report on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It was written to its end.
    Whole,
    /// The reader had seen enough and left, which is no error.
    ReaderLeft,
}

/// Writes to standard output.
pub fn to_stdout(text: &str) -> io::Result<Heard> {
    into_stdout(|out| out.write_all(text.as_bytes()))
}

/// Writes to standard output what is made while it is written.
pub fn into_stdout(make: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<Heard> {
    let stdout = io::stdout().lock();
    let spelt = stdout.is_terminal() && !is_utf8_locale();
    let mut stdout = BufWriter::with_capacity(AT_ONCE, stdout);
    let made = if spelt { make(&mut Spelling::new(&mut stdout)) } else { make(&mut stdout) };
    match made.and_then(|()| stdout.flush()) {
        Ok(()) => Ok(Heard::Whole),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Heard::ReaderLeft),
        Err(error) => Err(error),
    }
}

/// Replaces a file in one step: whoever reads it sees the old report or the new one, never half of one.
/// A file that was there keeps its mode; a link keeps leading to it. A device or a pipe is written to as
/// it is.
pub fn to_file(path: &Path, text: &str) -> io::Result<()> {
    into_file(path, None, |out| out.write_all(text.as_bytes()))
}

/// The same with what is made while it is written, and with the mode that a new file has.
pub fn into_file(
    path: &Path,
    mode: Option<u32>,
    make: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let all = |file: &mut std::fs::File| {
        let mut out = BufWriter::with_capacity(AT_ONCE, file);
        make(&mut out).and_then(|()| out.flush())
    };
    if is_stream(path) {
        // Whatever else writes there, and wrote there before, is not ours to take away.
        return all(&mut std::fs::File::options().append(true).open(path)?);
    }
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return all(&mut std::fs::File::options().write(true).truncate(true).open(path)?);
    }
    let path = real(path)?;
    let mut file = beside(&path)?;
    all(file.as_file_mut())?;
    if let Ok(before) = path.metadata() {
        // Only root may give a file away: whoever else writes it has it from then on.
        let _ = std::os::unix::fs::fchown(file.as_file(), Some(before.uid()), Some(before.gid()));
        file.as_file().set_permissions(before.permissions())?;
    } else if let Some(mode) = mode {
        file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Writes a file that must not be there yet, whole or not at all.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if there is one, or a link; whatever else prevents it.
pub fn to_new_file(path: &Path, text: &str) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    Ok(())
}

/// Whether a path stands for something that this process has open, perhaps into a file.
fn is_stream(path: &Path) -> bool {
    ["/dev/stderr", "/dev/fd", "/proc/self/fd"].iter().any(|stream| path.starts_with(stream))
}

/// How many links a path may lead through.
const MOST_LINKS: usize = 40;

/// Where a path leads, if it is a link; nothing need be there yet.
fn real(path: &Path) -> io::Result<PathBuf> {
    let mut at = path.to_owned();
    for _ in 0..MOST_LINKS {
        match at.read_link() {
            Ok(target) => at = at.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(at),
        }
    }
    Err(io::Error::other("it is a link that leads back to itself"))
}

/// A new file in the folder of another, with the mode that the user's umask leaves.
fn beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    let made = tempfile::Builder::new().prefix(".driftless-").permissions(mode).tempfile_in(folder);
    // The new file's own name would only puzzle whoever reads the error.
    made.map_err(|error| error.kind().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Shape;

    #[test]
    fn a_new_file_takes_the_place_of_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        to_new_file(&path, "one\n").unwrap();
        assert_eq!(to_new_file(&path, "two\n").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        to_file(&path, "old").unwrap();
        to_file(&path, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(to_file(&folder.path().join("none/report.json"), "x").is_err());
        to_file(Path::new("/dev/null"), "x").unwrap();
    }

    #[test]
    fn a_link_keeps_leading_to_its_file_even_where_that_is_not_there_yet() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("later", at("link")).unwrap();
        to_file(&at("link"), "x").unwrap();
        assert!(at("link").is_symlink() && at("later").is_file());
        std::os::unix::fs::symlink("round", at("round")).unwrap();
        assert!(to_file(&at("round"), "x").unwrap_err().to_string().contains("leads back"));
    }

    #[test]
    fn an_output_is_a_format_and_perhaps_a_path() {
        assert_eq!("json".parse(), Ok(Output { format: Format::Text(Shape::Json), path: None }));
        assert_eq!(
            "hosts=a=b".parse(),
            Ok(Output { format: Format::Text(Shape::Hosts), path: Some("a=b".into()) })
        );
        assert!("json=".parse::<Output>().is_err());
        assert!("cyclonedx".parse::<Output>().is_err_and(|error| error.contains("cyclonedx=FOLDER")));
        assert!("jsn".parse::<Output>().is_err_and(|error| error.contains("did you mean `json`")));
    }
}
