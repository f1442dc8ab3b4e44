//! Daemons: what each executes, since when, and whether that is still what is installed.
//!
//! Whether a process is older than its executable is told by the kernel where it may be asked: the file that a
//! process executes is gone from its place. An ordinary user sees the times of the file that stands there now:
//! made after the process started, it is another. A file that was only changed then, in its mode or in its
//! owner, is the same; where nobody knows when it was made, the change is all that there is to go by.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::gap::quote;
use super::{is_unit, timestamp};

/// How exact a start is: a second of the clock's, and the time that the probe takes.
const SLACK: SignedDuration = SignedDuration::from_secs(3);

/// How many seconds ago a process began of which nobody could yet see what it executes.
const JUST_BEGUN: i64 = 10;

/// The most daemons that a host tells of; the probe ends its list at [`MOST_TOLD`].
const MOST_DAEMONS: usize = 1000;

/// Where the probe's list ends: there may be more.
const MOST_TOLD: usize = 500;

/// A process that runs beside what is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daemon {
    /// Its process id.
    pub process: u32,
    /// The systemd unit that it belongs to.
    pub unit: Option<String>,
    /// What the kernel calls it: up to 15 characters of the executable's name.
    pub name: String,
    /// Its executable, where that can be told.
    pub executable: Option<String>,
    /// When it was started.
    pub started: Timestamp,
    /// What it runs that is not installed any more; `None` if it is as it should be, or if nobody can tell.
    pub stale: Option<Stale>,
    /// Whether its executable is known to be the one that is installed, or known not to be.
    pub told: bool,
}

/// How a process is known to run something else than what is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    /// The kernel says that its executable is gone from its place.
    Deleted,
    /// The kernel says so of a library that it uses.
    Library(String),
    /// The file in its executable's place was made after it was started.
    Replaced(Timestamp),
    /// That file was changed after it was started; perhaps only in its mode or owner.
    Changed(Timestamp),
}

impl Stale {
    /// Whether the kernel itself says it.
    pub fn is_certain(&self) -> bool {
        matches!(self, Self::Deleted | Self::Library(_))
    }
}

impl Daemon {
    /// The last part of its executable's path, or what the kernel calls it.
    pub fn program(&self) -> &str {
        let own = self.executable.as_deref().and_then(|path| path.rsplit('/').next());
        own.filter(|own| !own.is_empty()).unwrap_or(&self.name)
    }
}

/// How the probe knows an executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Seen,
    Deleted,
    Titled,
    Memory,
    Unknown,
}

/// When a file was changed, and when it was made if the file system knows.
#[derive(Debug, Clone, Copy)]
struct Times {
    changed: Timestamp,
    made: Option<Timestamp>,
}

/// The section, as its lines come.
#[derive(Debug, Default)]
pub(super) struct Seen {
    now: Option<Timestamp>,
    privileged: bool,
    daemons: Vec<(Daemon, How)>,
    gone: BTreeMap<u32, String>,
    found: BTreeMap<String, String>,
    files: BTreeMap<String, Times>,
}

impl Seen {
    /// `daemon`, process, start, unit, name, how its executable is known, executable;
    /// `file`, its times, its path; `gone`, process, a library that is gone; `found`, a name, the
    /// command that it may be of.
    pub(super) fn line(&mut self, line: &str) -> Option<()> {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.as_slice() {
            [""] => {}
            ["clock", now] => self.now = Some(timestamp(now)?),
            ["privileged"] => self.privileged = true,
            ["daemon", process, start, unit, name, how, executable] => {
                let unit = known(unit);
                if self.daemons.len() >= MOST_DAEMONS || unit.is_some_and(|unit| !is_unit(unit)) {
                    return None;
                }
                let how = match *how {
                    "seen" => How::Seen,
                    "deleted" => How::Deleted,
                    "titled" => How::Titled,
                    "memory" => How::Memory,
                    "-" => How::Unknown,
                    _ => return None,
                };
                let daemon = Daemon {
                    process: process.parse().ok()?,
                    unit: unit.map(str::to_owned),
                    name: quote(name.as_bytes()),
                    executable: known(executable).map(|path| quote(path.as_bytes())),
                    started: timestamp(start)?,
                    stale: None,
                    told: false,
                };
                self.daemons.push((daemon, how));
            }
            ["found", name, path] if path.starts_with('/') => {
                self.found.insert(quote(name.as_bytes()), quote(path.as_bytes()));
            }
            ["gone", process, library] if self.gone.len() < MOST_DAEMONS => {
                self.gone.insert(process.parse().ok()?, quote(library.as_bytes()));
            }
            ["file", times, path] if path.starts_with('/') => {
                let (changed, made) = times.split_once(':')?;
                // 0, or a letter where stat does not know the question.
                let made = made.parse().ok().filter(|made| *made > 0);
                let made = made.and_then(|made| Timestamp::from_second(made).ok());
                let times = Times { changed: timestamp(changed)?, made };
                self.files.insert(quote(path.as_bytes()), times);
            }
            _ => return None,
        }
        Some(())
    }

    /// Whether there are daemons of which the kernel did not say what they execute.
    pub(super) fn is_partial(&self) -> bool {
        // What began while the probe looked runs what is installed.
        let began = |daemon: &Daemon| {
            self.now.is_some_and(|now| now.as_second() - daemon.started.as_second() < JUST_BEGUN)
        };
        let unseen = |daemon: &Daemon, how: How| matches!(how, How::Titled | How::Unknown) && !began(daemon);
        self.daemons.iter().any(|(daemon, how)| unseen(daemon, *how) || !self.privileged)
    }

    /// Whether there is no daemon that is not told of.
    pub(super) fn is_whole(&self) -> bool {
        self.daemons.len() < MOST_TOLD
    }

    /// Every daemon, judged.
    pub(super) fn finish(self) -> Vec<Daemon> {
        let Self { now, daemons, mut gone, found, files, .. } = self;
        let judged = daemons.into_iter().map(|(daemon, how)| {
            let library = gone.remove(&daemon.process);
            let by_name = || found.get(&daemon.name).filter(|_| how == How::Unknown).cloned();
            let executable = daemon.executable.clone().or_else(by_name);
            let times = executable.as_ref().and_then(|path| files.get(path));
            let (told, stale) = match (how, library) {
                (How::Deleted, _) => (true, Some(Stale::Deleted)),
                (_, Some(library)) => (true, Some(Stale::Library(library))),
                (How::Seen | How::Memory, None) => (true, None),
                (How::Titled | How::Unknown, None) => {
                    times.map_or((false, None), |times| times.since(daemon.started, now))
                }
            };
            Daemon { executable, stale, told, ..daemon }
        });
        judged.collect()
    }
}

impl Times {
    /// Whether it can be told by these times if a process was started from another file, and if it was.
    fn since(self, started: Timestamp, now: Option<Timestamp>) -> (bool, Option<Stale>) {
        let later = |time: Timestamp| time.duration_since(started) > SLACK;
        // Times to come are those of a clock that was wrong.
        if now.is_some_and(|now| self.changed.duration_since(now) > SLACK) {
            return (false, None);
        }
        match self.made {
            _ if !later(self.changed) => (true, None),
            Some(made) => (true, later(made).then_some(Stale::Replaced(made))),
            None => (true, Some(Stale::Changed(self.changed))),
        }
    }
}

/// A field that says something.
fn known<'a>(field: &&'a str) -> Option<&'a str> {
    Some(*field).filter(|field| !matches!(*field, "" | "-"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::host;
    use super::*;

    /// What is found of one nginx that was started at 1000, of an executable known in some way, whose file has
    /// these times, on a host whose clock says 9000.
    #[track_caller]
    fn judged(how: &str, library: &str, times: &str) -> Option<Stale> {
        let text = format!(
            "clock\t9000\nprivileged\ndaemon\t7\t1000\tnginx.service\tnginx\t{how}\t/usr/sbin/nginx\n\
             file\t{times}\t/usr/sbin/nginx\n{library}"
        );
        let snapshot = host(&[("processes", &text, "0")], &[]);
        assert_eq!(snapshot.gaps, []);
        let mut stale = snapshot.running.stale.unwrap();
        stale.pop().and_then(|daemon| daemon.stale)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_the_kernel_says_is_certain_and_needs_no_times() {
        assert_eq!(judged("deleted", "", "500:500"), Some(Stale::Deleted));
        let library = Some(Stale::Library("/usr/lib/libssl.so.3".to_owned()));
        assert_eq!(judged("seen", "gone\t7\t/usr/lib/libssl.so.3\n", "500:500"), library);
        assert_eq!(judged("seen", "", "2000:0"), None, "the file is the one that it executes");
    }

    #[test]
    fn a_file_that_was_made_after_the_start_is_another_and_one_that_was_only_changed_is_not() {
        assert_eq!(judged("titled", "", "2000:2000"), Some(Stale::Replaced(at(2000))));
        assert_eq!(judged("titled", "", "2000:500"), None, "chmod makes no other file");
        assert_eq!(judged("titled", "", "500:500"), None);
    }

    #[test]
    fn where_nobody_knows_when_it_was_made_the_change_tells() {
        for unknown in ["0", "-", "W", "?"] {
            assert_eq!(judged("titled", "", &format!("2000:{unknown}")), Some(Stale::Changed(at(2000))));
        }
    }

    #[test]
    fn a_process_that_hides_its_path_has_the_name_of_a_command() {
        let text = "clock\t9000\ndaemon\t7\t1000\t-\tnginx\t-\t-\nfound\tnginx\t/usr/sbin/nginx\n\
                    daemon\t8\t1000\t-\tagent\t-\t-\nfile\t2000:2000\t/usr/sbin/nginx\n";
        let stale = host(&[("processes", text, "0")], &[]).running.stale.unwrap();
        let told: Vec<_> =
            stale.iter().map(|daemon| (daemon.process, daemon.executable.as_deref())).collect();
        assert_eq!(told, [(7, Some("/usr/sbin/nginx"))]);
    }

    #[test]
    fn seconds_and_times_to_come_tell_nothing() {
        assert_eq!(judged("titled", "", "1003:1003"), None, "a start is exact to some seconds");
        assert!(judged("titled", "", "1004:1004").is_some());
        assert_eq!(judged("titled", "", "9500:9500"), None, "the clock was wrong");
    }

    #[test]
    fn what_began_while_the_probe_looked_is_not_missed() {
        let told = |started: u32| {
            let text = format!("clock\t9000\nprivileged\ndaemon\t8\t{started}\t-\tagent\t-\t-\n");
            host(&[("processes", &text, "0")], &[]).beside.len()
        };
        assert_eq!((told(8995), told(1000)), (0, 1));
    }

    #[test]
    fn what_a_user_cannot_see_is_told_once_and_beside() {
        let text = "clock\t9000\ndaemon\t7\t1000\t-\tnginx\ttitled\t/usr/sbin/nginx\nfile\t5:5\t/usr/sbin/nginx\n\
                    daemon\t8\t1000\t-\tagent\t-\t-\n";
        let snapshot = host(&[("processes", text, "0")], &[]);
        assert_eq!(snapshot.gaps, []);
        assert_eq!(snapshot.beside.len(), 1);
        assert_eq!(snapshot.beside[0].reason.as_str(), "needs-privilege");
        assert_eq!(snapshot.running.stale, Some(vec![]));
    }
}
