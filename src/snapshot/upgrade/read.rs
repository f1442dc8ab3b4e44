//! Reads the section `upgrade`: lines of fields parted by tabs, the last of them `done`.
//!
//! One line that makes no sense makes the whole worthless: what was missed may have been the obstacle. More records
//! than are looked at are left out instead: what the solver would do is told without them, and only why it would not
//! is lost.

use jiff::Timestamp;

use super::{Fetched, Had, Lock, Offered, PackageChange, Record, Relation, Solve, Space, Upgrades};
use crate::probe::{Section, Status};
use crate::snapshot::gap::{Gap, Reason, quote};
use crate::snapshot::listing::lines;
use crate::snapshot::origins::without_tokens;
use crate::snapshot::parse::Answer;
use crate::version::System;

/// How many lines an answer may have; real ones have some hundreds.
const MOST_LINES: usize = 20_000;

/// How many records of packages are kept, and how many relations of all of them. For apt the probe tells of 600 and
/// 4,000 at most; for pacman of 600 that are installed, and besides of those that would come.
const MOST_RECORDS: usize = 1_200;
const MOST_RELATIONS: usize = 8_000;

/// How many flags a record may have, and how many lines of its own words a solver: the probe tells of 40.
const MOST_FLAGS: usize = 12;
const MOST_SAID: usize = 40;

/// How long one field may be; lists of dependencies are the longest.
const LONGEST: usize = 32 << 10;

/// How long a relation may be that speaks of one package.
const LONGEST_ALONE: usize = 1_000;

/// What the host's solver said, if it was asked; what could not be told is a gap.
pub(in crate::snapshot) fn upgrades(answer: &Answer<'_>, gaps: &mut Vec<Gap>) -> Option<Upgrades> {
    if !answer.wanted.has("upgrade") {
        return None;
    }
    let payload = match answer.status(Section::Upgrade) {
        Some(Status::Exit(0)) => answer.payload(Section::Upgrade, gaps)?,
        _ => return answer.payload(Section::Upgrade, gaps).and(None),
    };
    let asked = answer.wanted.of("upgrade").count();
    let told = if goes_beyond(payload, asked) {
        Err("it tells of more packages than it was asked about".to_owned())
    } else {
        read(payload)
    };
    if let Err(detail) = &told {
        let probe = Section::Upgrade.name().to_owned();
        gaps.push(Gap { probe, reason: Reason::Unparsable, detail: detail.clone() });
    }
    told.ok()
}

/// Whether an answer tells of more targets than so many, or asks its solver about more together, or more often than
/// together and each alone: each of them is looked for among all others.
fn goes_beyond(payload: &[u8], asked: usize) -> bool {
    let (mut targets, mut asks) = (0, 0);
    lines(payload).any(|line| {
        let mut fields = line.split(|byte| *byte == b'\t');
        match fields.next() {
            Some(b"target" | b"unknown") => targets += 1,
            Some(b"ask") => {
                asks += 1;
                if fields.skip(1).count() > asked {
                    return true;
                }
            }
            _ => {}
        }
        targets > asked || asks > asked + 1
    })
}

/// Reads the payload.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(payload: &[u8]) -> Result<Upgrades, String> {
    let mut told: Option<Upgrades> = None;
    let (mut done, mut relations) = (false, 0);
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
            (fields, Some(told)) => take(fields, told, &mut relations).ok_or_else(odd)?,
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
fn take(fields: &[&str], told: &mut Upgrades, relations: &mut usize) -> Option<()> {
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
        ["interrupted"] => told.interrupted = true,
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
            target.offers.push((version(offered)?, maybe(source, |text| Some(words(text)))?));
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
        ["said", text] => {
            let said = &mut told.solves.last_mut()?.said;
            if said.len() < MOST_SAID {
                said.push(words(text));
            }
        }
        ["file", package, arch, fetched, download, installed, checked, source] => told.files.push(Fetched {
            package: name(package)?,
            arch: name(arch)?,
            version: version(fetched)?,
            download: maybe(download, |text| text.parse().ok())?,
            installed: maybe(installed, |text| text.parse().ok())?,
            authenticated: maybe(checked, yes_or_no)?,
            source: maybe(source, |text| Some(words(text)))?,
        }),
        ["had", package, arch, there, installed, flags] => told.had.push(Had {
            package: name(package)?,
            arch: name(arch)?,
            version: version(there)?,
            installed: maybe(installed, |text| text.parse().ok())?,
            essential: flags.split(',').any(|flag| flag == "essential"),
        }),
        ["edited", package, file] => told.edited.push((name(package)?, path(file)?)),
        ["cannot", reason, text] => told.cannot.push((reason_of(reason)?, words(text))),
        ["cut"] => told.records_cut = true,
        ["record" | "rel", ..] => record(fields, told, relations)?,
        _ => return None,
    }
    Some(())
}

/// Takes a line of a record. Past the most that are kept, none is, so that no relation comes to another's record.
fn record(fields: &[&str], told: &mut Upgrades, relations: &mut usize) -> Option<()> {
    match *fields {
        ["record", place, package, arch, there, flags, priority] => {
            let flags = maybe(flags, |flags| {
                let flags = flags.split(',').map(name);
                let flags = flags.take(MOST_FLAGS + 1).collect::<Option<Vec<String>>>()?;
                (flags.len() <= MOST_FLAGS).then_some(flags)
            });
            let record = Record {
                installed: match place {
                    "installed" => true,
                    "offered" => false,
                    _ => return None,
                },
                package: name(package)?,
                arch: name(arch)?,
                version: version(there)?,
                flags: flags?.unwrap_or_default(),
                priority: maybe(priority, |text| text.parse().ok())?,
                relations: Vec::new(),
            };
            if told.records.len() >= MOST_RECORDS {
                cut(told);
            } else if !told.records_cut {
                told.records.push(record);
            }
        }
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
            // Only apt has lists; others write one package a line.
            let is_long = told.system != System::Debian && text.len() > LONGEST_ALONE;
            let plain = !is_long && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            let text = plain.then(|| text.to_owned())?;
            *relations += 1;
            if *relations > MOST_RELATIONS {
                cut(told);
            }
            // The records of an answer that was cut explain nothing, and none of them need be there.
            if !told.records_cut {
                told.records.last_mut()?.relations.push((kind, text));
            }
        }
        _ => return None,
    }
    Some(())
}

/// Notes that there are more records than are kept. Conflicts that pacman does not look at are told by them alone:
/// then nobody knows whether it would go.
fn cut(told: &mut Upgrades) {
    if !told.records_cut && told.system == System::Pacman {
        let why = "it tells of more packages than are looked at".to_owned();
        told.cannot.push((Reason::Failed, why));
    }
    told.records_cut = true;
}

/// A field that may say nothing: the outer `None` is one that makes no sense.
#[allow(clippy::option_option, reason = "`?` takes the outer one, which ends the reading of a line")]
fn maybe<'t, T>(field: &'t str, read: impl FnOnce(&'t str) -> Option<T>) -> Option<Option<T>> {
    if field == "-" { Some(None) } else { read(field).map(Some) }
}

/// Words of the host's, safe to print, without what looks like a secret in addresses among them.
fn words(text: &str) -> String {
    quote(without_tokens(text).as_bytes())
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
        interrupted\noption\tconfold\nspace\t/usr\t/\t123456\nunknown\tmoon\ntarget\tnginx\t1.22-1\t1.26-1\t1.26-1\n\
        offer\tnginx\t1.26-1\tdebian trixie\nask\t100\tnginx\topenssl\ninst\tnginx\tamd64\t1.26-1\t1.22-1\n\
        remv\told\tall\t1-1\nsaid\tE: no \x1b[31mway\nfile\tnginx\tamd64\t1.26-1\t1000\t2000\tyes\t-\n\
        had\tnginx\tamd64\t1.22-1\t1900\t-\nedited\tnginx\t/etc/nginx/nginx.conf\n\
        record\tinstalled\tnginx\tamd64\t1.22-1\tessential,held\t500\nrel\tdepends\tlibc6 (>= 2.34) | libc6.1\n\
        cut\ncannot\ttimed-out\tit took longer than a minute\ndone\n";

    #[test]
    fn every_line_is_kept() {
        let told = read(WHOLE.as_bytes()).unwrap();
        assert_eq!((told.system, told.lists, told.settles_conffiles), (System::Debian, Some(4), true));
        assert!(told.interrupted);
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
    fn no_token_in_an_address_is_kept() {
        let told = read(
            b"system\tapt 2\ntarget\tweb\t-\t1\t1\noffer\tweb\t1\thttps://repo.corp/s3cretS3cretS3cret1/apt trixie/main\n\
              ask\t100\tweb\nsaid\tE: 'https://repo.corp/s3cretS3cretS3cret1' is odd, 'libs3cretS3cretS3cret1' is not\n\
              file\tweb\tall\t1\t1\t1\tyes\thttps://repo.corp/s3cretS3cretS3cret1/apt\n\
              cannot\tfailed\tdb https://repo.corp/s3cretS3cretS3cret1/x\ndone\n",
        )
        .unwrap();
        assert_eq!(told.targets[0].offers[0].1.as_deref(), Some("https://repo.corp/***/apt trixie/main"));
        assert_eq!(
            told.solves[0].said,
            ["E: 'https://repo.corp/*** is odd, 'libs3cretS3cretS3cret1' is not"]
        );
        assert_eq!(told.files[0].source.as_deref(), Some("https://repo.corp/***/apt"));
        assert_eq!(told.cannot[0].1, "db https://repo.corp/***/x");
    }

    #[test]
    fn more_records_than_are_kept_lose_the_explanation_and_nothing_else() {
        let record = |nth: usize| format!("record\toffered\tp{nth}\tamd64\t1-1\t-\t500\n");
        let answer = |system: &str, records: usize, relations: usize| {
            let lines: String = (0..records).map(record).collect();
            let lines = lines + &"rel\tdepends\tlibc6\n".repeat(relations);
            let ask = "ask\t100\tp0\nsaid\tE: no\n";
            read(format!("system\t{system}\ntarget\tp0\t-\t-\t1-1\n{ask}{lines}done\n").as_bytes()).unwrap()
        };
        let most = answer("apt 2", MOST_RECORDS, MOST_RELATIONS);
        assert!(!most.records_cut && most.records.len() == MOST_RECORDS);
        for (records, relations) in [(MOST_RECORDS + 1, 5), (1, MOST_RELATIONS + 1)] {
            let more = answer("apt 2", records, relations);
            assert!(more.records_cut && more.cannot.is_empty());
            assert!(more.records.len() <= MOST_RECORDS);
            assert!(
                more.records.iter().map(|record| record.relations.len()).sum::<usize>() <= MOST_RELATIONS
            );
            assert_eq!(more.whole().unwrap().said, ["E: no"]);
            let pacman = answer("pacman 7", records, relations);
            assert_eq!((pacman.records_cut, pacman.cannot.len()), (true, 1));
        }
        // What belongs to a record that was left out is not another's.
        let last = answer("apt 2", MOST_RECORDS + 1, 5).records.pop().unwrap();
        assert!(last.relations.is_empty());
    }

    #[test]
    fn an_answer_that_the_probe_cut_is_read_without_its_records() {
        let told = read(
            b"system\tapt 2\ntarget\tp\t-\t1\t1\nask\t100\tp\nsaid\tE: no\ncut\n\
              record\toffered\tp\tall\t1\t-\t500\nrel\tdepends\tq\ndone\n",
        )
        .unwrap();
        assert!(told.records_cut && told.records.is_empty());
        assert_eq!(told.whole().unwrap().said, ["E: no"]);
    }

    #[test]
    fn an_answer_about_more_than_was_asked_is_seen_before_it_is_read() {
        let asked = b"target\ta\t-\t-\t1\nunknown\tb\nask\t1\ta\tb\nask\t1\ta\nask\t1\tb\n";
        assert!(!goes_beyond(asked, 2) && goes_beyond(asked, 1));
        assert!(goes_beyond(b"ask\t1\ta\ta\ta\n", 2));
        assert!(goes_beyond(&b"ask\t1\ta\n".repeat(4), 2));
        assert!(goes_beyond(&b"target\ta\t-\t-\t1\n".repeat(3), 2));
    }

    #[test]
    fn what_no_probe_says_so_often_is_not_taken() {
        let flags = |count: usize| {
            let flags = vec!["held"; count].join(",");
            read(format!("system\tapt 2\nrecord\toffered\tp\tall\t1\t{flags}\t-\ndone\n").as_bytes())
        };
        assert!(flags(MOST_FLAGS).is_ok() && flags(MOST_FLAGS + 1).is_err());
        let said = "said\tE: no\n".repeat(MOST_SAID + 5);
        let told = read(format!("system\tapt 2\nask\t1\tp\n{said}done\n").as_bytes()).unwrap();
        assert_eq!(told.whole().unwrap().said.len(), MOST_SAID);
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
