//! Reads the section `upgrade`: lines of fields parted by tabs, the last of them `done`.
//!
//! One line that makes no sense makes the whole worthless: what was missed may have been the obstacle.

use jiff::Timestamp;

use super::{Fetched, Had, Lock, Offered, PackageChange, Record, Relation, Solve, Space, Upgrades};
use crate::probe::{Section, Status};
use crate::snapshot::gap::{Gap, Reason, quote};
use crate::snapshot::listing::lines;
use crate::snapshot::parse::Answer;
use crate::version::System;

/// How many lines an answer may have; real ones have some hundreds.
const MOST_LINES: usize = 20_000;

/// How long one field may be; lists of dependencies are the longest.
const LONGEST: usize = 32 << 10;

/// What the host's solver said, if it was asked; what could not be told is a gap.
pub(in crate::snapshot) fn upgrades(answer: &Answer<'_>, gaps: &mut Vec<Gap>) -> Option<Upgrades> {
    if !answer.wanted.has("upgrade") {
        return None;
    }
    let payload = match answer.status(Section::Upgrade) {
        Some(Status::Exit(0)) => answer.payload(Section::Upgrade, gaps)?,
        _ => return answer.payload(Section::Upgrade, gaps).and(None),
    };
    let told = read(payload);
    if let Err(detail) = &told {
        let probe = Section::Upgrade.name().to_owned();
        gaps.push(Gap { probe, reason: Reason::Unparsable, detail: detail.clone() });
    }
    told.ok()
}

/// Reads the payload.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(payload: &[u8]) -> Result<Upgrades, String> {
    let mut told: Option<Upgrades> = None;
    let mut done = false;
    for (nth, line) in lines(payload).filter(|line| !line.is_empty()).enumerate() {
        if nth == MOST_LINES {
            return Err(format!("more than {MOST_LINES} lines: this is no answer of a solver"));
        }
        let odd = || format!("`{}`", quote(line));
        if done {
            return Err(odd());
        }
        let text = std::str::from_utf8(line).map_err(|_| odd())?;
        let fields: Vec<&str> = text.split('\t').collect();
        if fields.iter().any(|field| field.len() > LONGEST) {
            return Err(odd());
        }
        match (fields.as_slice(), &mut told) {
            (["done"], Some(_)) => done = true,
            (["system", solver], None) => told = Some(begin(solver).ok_or_else(odd)?),
            (fields, Some(told)) => take(fields, told).ok_or_else(odd)?,
            _ => return Err(odd()),
        }
    }
    match told {
        Some(told) if done => Ok(told),
        Some(_) => Err("it ends before its end".to_owned()),
        None => Err("it is empty".to_owned()),
    }
}

fn begin(solver: &str) -> Option<Upgrades> {
    let system = match solver.split_whitespace().next()? {
        "apt" => System::Debian,
        "dnf" | "dnf5" | "yum" | "microdnf" | "zypper" => System::Rpm,
        "apk" => System::Apk,
        "pacman" => System::Pacman,
        _ => return None,
    };
    Some(Upgrades::begin(system, quote(solver.as_bytes())))
}

/// Takes one line; `None` if it makes no sense.
fn take(fields: &[&str], told: &mut Upgrades) -> Option<()> {
    match *fields {
        ["lists", count, changed] => {
            told.lists = Some(count.parse().ok()?);
            told.lists_changed = maybe(changed, |text| Timestamp::from_second(text.parse().ok()?).ok())?;
        }
        ["lock", file, pid, command] => told.locks.push(Lock {
            path: path(file)?,
            pid: maybe(pid, |text| text.parse().ok())?,
            command: maybe(command, |text| Some(quote(text.as_bytes())))?,
        }),
        ["option", "confold" | "confnew"] => told.settles_conffiles = true,
        ["space", folder, mount, free] => {
            told.space.push(Space { path: path(folder)?, mount: path(mount)?, free: free.parse().ok()? });
        }
        ["unknown", package] => {
            let package = name(package)?;
            told.targets.push(Offered {
                package,
                known: false,
                installed: None,
                candidate: None,
                chosen: None,
                offers: Vec::new(),
            });
        }
        ["target", package, installed, candidate, chosen] => told.targets.push(Offered {
            package: name(package)?,
            known: true,
            installed: maybe(installed, version)?,
            candidate: maybe(candidate, version)?,
            chosen: maybe(chosen, version)?,
            offers: Vec::new(),
        }),
        ["offer", package, offered, source] => {
            let target = told.targets.iter_mut().rev().find(|target| target.package == package)?;
            target.offers.push((version(offered)?, maybe(source, |text| Some(quote(text.as_bytes())))?));
        }
        ["ask", status, ref asked @ ..] if !asked.is_empty() => told.solves.push(Solve {
            asked: asked.iter().map(|asked| name(asked)).collect::<Option<_>>()?,
            status: status.parse().ok()?,
            installs: Vec::new(),
            removals: Vec::new(),
            said: Vec::new(),
        }),
        ["inst", package, arch, new, old] => {
            let change = PackageChange {
                package: name(package)?,
                arch: name(arch)?,
                from: maybe(old, version)?,
                to: Some(version(new)?),
            };
            told.solves.last_mut()?.installs.push(change);
        }
        ["remv", package, arch, old] => {
            let change = PackageChange {
                package: name(package)?,
                arch: name(arch)?,
                from: Some(version(old)?),
                to: None,
            };
            told.solves.last_mut()?.removals.push(change);
        }
        ["said", text] => told.solves.last_mut()?.said.push(quote(text.as_bytes())),
        ["file", package, arch, fetched, download, installed, checked, source] => told.files.push(Fetched {
            package: name(package)?,
            arch: name(arch)?,
            version: version(fetched)?,
            download: maybe(download, |text| text.parse().ok())?,
            installed: maybe(installed, |text| text.parse().ok())?,
            authenticated: maybe(checked, yes_or_no)?,
            source: maybe(source, |text| Some(quote(text.as_bytes())))?,
        }),
        ["had", package, arch, there, installed, flags] => told.had.push(Had {
            package: name(package)?,
            arch: name(arch)?,
            version: version(there)?,
            installed: maybe(installed, |text| text.parse().ok())?,
            essential: flags.split(',').any(|flag| flag == "essential"),
        }),
        ["edited", package, file] => told.edited.push((name(package)?, path(file)?)),
        ["cannot", reason, text] => told.cannot.push((reason_of(reason)?, quote(text.as_bytes()))),
        ["cut"] => told.records_cut = true,
        ["record" | "rel", ..] => record(fields, told)?,
        _ => return None,
    }
    Some(())
}

fn record(fields: &[&str], told: &mut Upgrades) -> Option<()> {
    match *fields {
        ["record", place, package, arch, there, flags, priority] => told.records.push(Record {
            installed: match place {
                "installed" => true,
                "offered" => false,
                _ => return None,
            },
            package: name(package)?,
            arch: name(arch)?,
            version: version(there)?,
            flags: maybe(flags, |flags| flags.split(',').map(name).collect::<Option<_>>())?
                .unwrap_or_default(),
            priority: maybe(priority, |text| text.parse().ok())?,
            relations: Vec::new(),
        }),
        ["rel", kind, text] => {
            let kind = match kind {
                "depends" => Relation::Depends,
                "pre-depends" => Relation::PreDepends,
                "conflicts" => Relation::Conflicts,
                "breaks" => Relation::Breaks,
                "provides" => Relation::Provides,
                "replaces" => Relation::Replaces,
                _ => return None,
            };
            let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            told.records.last_mut()?.relations.push((kind, plain.then(|| text.to_owned())?));
        }
        _ => return None,
    }
    Some(())
}

/// A field that may say nothing: the outer `None` is one that makes no sense.
#[allow(clippy::option_option, reason = "`?` takes the outer one, which ends the reading of a line")]
fn maybe<'t, T>(field: &'t str, read: impl FnOnce(&'t str) -> Option<T>) -> Option<Option<T>> {
    if field == "-" { Some(None) } else { read(field).map(Some) }
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// The name of a package, an architecture or a flag; it stands in commands of the advice.
fn name(text: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._@:".contains(&byte);
    let begins = |first: char| first.is_ascii_alphanumeric() || first == '_';
    (text.len() <= 200 && text.starts_with(begins) && text.bytes().all(fits)).then(|| text.to_owned())
}

fn version(text: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".+~:^_-".contains(&byte);
    let begins = |first: char| first.is_ascii_alphanumeric() || first == '_';
    (text.len() <= 200 && text.starts_with(begins) && text.bytes().all(fits)).then(|| text.to_owned())
}

fn path(text: &str) -> Option<String> {
    (text.starts_with('/') && text.len() <= 4096).then(|| quote(text.as_bytes()))
}

fn reason_of(word: &str) -> Option<Reason> {
    Some(match word {
        "needs-privilege" => Reason::NeedsPrivilege,
        "not-supported" => Reason::NotSupported,
        "failed" => Reason::Failed,
        "timed-out" => Reason::TimedOut,
        "not-installed" => Reason::NotInstalled,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: &str = "system\tapt 2.6.1\nlists\t4\t1790000000\nlock\t/var/lib/dpkg/lock-frontend\t12\tapt-get\n\
        option\tconfold\nspace\t/usr\t/\t123456\nunknown\tmoon\ntarget\tnginx\t1.22-1\t1.26-1\t1.26-1\n\
        offer\tnginx\t1.26-1\tdebian trixie\nask\t100\tnginx\topenssl\ninst\tnginx\tamd64\t1.26-1\t1.22-1\n\
        remv\told\tall\t1-1\nsaid\tE: no \x1b[31mway\nfile\tnginx\tamd64\t1.26-1\t1000\t2000\tyes\t-\n\
        had\tnginx\tamd64\t1.22-1\t1900\t-\nedited\tnginx\t/etc/nginx/nginx.conf\n\
        record\tinstalled\tnginx\tamd64\t1.22-1\tessential,held\t500\nrel\tdepends\tlibc6 (>= 2.34) | libc6.1\n\
        cut\ncannot\ttimed-out\tit took longer than a minute\ndone\n";

    #[test]
    fn every_line_is_kept() {
        let told = read(WHOLE.as_bytes()).unwrap();
        assert_eq!((told.system, told.lists, told.settles_conffiles), (System::Debian, Some(4), true));
        assert_eq!(told.locks[0].command.as_deref(), Some("apt-get"));
        assert!(!told.target("moon").unwrap().known);
        assert_eq!(told.target("nginx").unwrap().offers[0].1.as_deref(), Some("debian trixie"));
        let solve = told.whole().unwrap();
        assert_eq!(
            (solve.status, solve.asked.len(), solve.installs.len(), solve.removals.len()),
            (100, 2, 1, 1)
        );
        assert_eq!(solve.said, ["E: no \\u{1b}[31mway"]);
        assert_eq!(told.files[0].authenticated, Some(true));
        assert_eq!(told.records[0].flags, ["essential", "held"]);
        assert_eq!(told.records[0].relations.len(), 1);
        assert!(told.records_cut);
        assert_eq!(told.cannot[0].0, Reason::TimedOut);
    }

    #[test]
    fn a_line_that_makes_no_sense_makes_the_whole_worthless() {
        for wrong in [
            "",
            "system\tapt 2\n",
            "system\tport 2\ndone\n",
            "lists\t1\t-\nsystem\tapt 2\ndone\n",
            "system\tapt 2\nmoon\tfull\ndone\n",
            "system\tapt 2\ntarget\t-y\t-\t-\t-\ndone\n",
            "system\tapt 2\ntarget\tnginx\t$(id)\t-\t-\ndone\n",
            "system\tapt 2\noffer\tnginx\t1-1\t-\ndone\n",
            "system\tapt 2\ninst\tnginx\tamd64\t1-1\t-\ndone\n",
            "system\tapt 2\nlists\tmany\t-\ndone\n",
            "system\tapt 2\ndone\nlists\t1\t-\n",
            "system\tapt 2\nrel\tdepends\tlibc6\ndone\n",
        ] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_answer_that_was_cut_is_none() {
        let lines: Vec<&str> = WHOLE.lines().collect();
        for length in 0..lines.len() {
            assert!(read(lines[..length].join("\n").as_bytes()).is_err(), "{length} lines");
        }
    }

    proptest! {
        #[test]
        fn soup_does_not_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }
    }
}
