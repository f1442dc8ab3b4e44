//! Reads what the probe tells of daemons and where they write.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::gap::{Gap, Reason, quote};
use super::super::parse::Answer;
use super::{
    Brought, Config, Directive, Listening, NamedBy, Part, Place, PlaceKind, Scope, Serving, Trace, User,
    Writing,
};
use crate::probe::Section;

/// The most daemons, and the most lines of each kind of evidence; the probe tells no more.
const MOST_DAEMONS: usize = 50;
const MOST_LINES: usize = 1000;

/// The daemons that listen on a host, if they were asked about.
pub(in crate::snapshot) fn evidence(answer: &Answer<'_>, gaps: &mut Vec<Gap>) -> Option<Vec<Serving>> {
    if !answer.wanted.has("evidence") {
        return None;
    }
    let payload = answer.payload(Section::Evidence, gaps)?;
    let mut seen = Seen::default();
    for line in payload.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let told = std::str::from_utf8(line).ok().and_then(|line| seen.line(line));
        if told.is_none() {
            let detail = format!("`{}`", quote(line));
            gaps.push(Gap { probe: Section::Evidence.name().to_owned(), reason: Reason::Unparsable, detail });
            return None;
        }
    }
    Some(seen.services.into_values().collect())
}

/// The section, as its lines come.
#[derive(Debug, Default)]
struct Seen {
    services: BTreeMap<u32, Serving>,
    /// What listens in place of a container, as podman's rootlessport does: the kernel tells no executable of it.
    passed: BTreeSet<u32>,
}

impl Seen {
    /// A line: its kind, the number of the daemon, and what its kind has.
    fn line(&mut self, line: &str) -> Option<()> {
        let fields: Vec<&str> = line.split('\t').collect();
        let (kind, number, fields) = match fields.as_slice() {
            [kind, number, fields @ ..] => (*kind, number.parse::<u32>().ok()?, fields),
            _ => return None,
        };
        if kind == "service" {
            let known = self.services.len();
            if known >= MOST_DAEMONS || self.services.contains_key(&number) {
                return None;
            }
            if matches!(fields, [_, _, _, _, _, "-"]) {
                self.passed.insert(number);
                return Some(());
            }
            self.services.insert(number, service(fields)?);
            return Some(());
        }
        if self.passed.contains(&number) {
            return Some(());
        }
        let service = self.services.get_mut(&number)?;
        if tell(service, kind, fields).is_none() {
            // A name that no manifest could have is lost alone, and it is told that it is.
            push(&mut service.cut, quote(kind.as_bytes()));
        }
        Some(())
    }
}

/// `service`: process, start, unit, name, how its executable is known, executable.
fn service(fields: &[&str]) -> Option<Serving> {
    let [process, started, unit, name, _, executable] = fields else { return None };
    Some(Serving {
        process: process.parse().ok()?,
        unit: known(unit).filter(|unit| is_name(unit)).map(str::to_owned),
        name: quote(name.as_bytes()),
        executable: path(executable)?,
        started: timestamp(started)?,
        command: Vec::new(),
        users: Vec::new(),
        groups: Vec::new(),
        capabilities: 0,
        folder: "/".to_owned(),
        listens: Vec::new(),
        package: None,
        uses: Vec::new(),
        directives: Vec::new(),
        traces: Vec::new(),
        paths: BTreeMap::new(),
        variables: Vec::new(),
        configuration: Vec::new(),
        shipped_configuration: Vec::new(),
        parts: Vec::new(),
        odd: Vec::new(),
        cut: Vec::new(),
    })
}

fn tell(service: &mut Serving, kind: &str, fields: &[&str]) -> Option<()> {
    let trace = |service: &mut Serving, told: &str, trace: Trace| {
        match path(told) {
            Some(told) if service.traces.len() < MOST_LINES * 8 => service.traces.push((told, trace)),
            // Of a path that no manifest could name it is known that it is there, and no more.
            None if told.starts_with('/') => {
                push(&mut service.odd, (spoken(kind).to_owned(), quote(told.as_bytes())));
            }
            Some(_) => push(&mut service.cut, kind.to_owned()),
            _ => return None,
        }
        Some(())
    };
    match (kind, fields) {
        ("listen", ["unix", socket, ..]) => trace(service, socket, Trace::Socket)?,
        ("listen", [protocol, scope, port, uid]) => {
            let (port, uid) = (port.parse().ok()?, uid.parse().ok()?);
            let listening = Listening { udp: *protocol == "udp", port, scope: reached(scope)?, uid };
            push(&mut service.listens, listening);
        }
        ("word", [word]) => {
            push(&mut service.command, long(word));
            // `-D /data`, `config_file=/etc/x`: what stands before it is no part of the path.
            if let Some(at) = word.find('/').filter(|_| !word.contains("://")) {
                let told = word.get(at..).unwrap_or_default();
                if path(told).is_some() {
                    trace(service, told, Trace::Word)?;
                }
            }
        }
        ("user", [ids, name, group]) => {
            let (uid, gid) = ids.split_once(':')?;
            push(&mut service.users, user(uid, gid, name, group)?);
        }
        ("group", [gid, name]) => {
            let name = Some(*name).filter(|name| is_account(name)).map(str::to_owned);
            push(&mut service.groups, (gid.parse().ok()?, name));
        }
        ("caps", [bits]) => service.capabilities = u64::from_str_radix(bits, 16).ok()?,
        ("cwd", [folder]) => service.folder = path(folder)?,
        ("package", [package]) => service.package = Some(package_name(package)?),
        ("uses", [package, file]) => {
            push(&mut service.uses, (package_name(package)?, path(file)?));
        }
        ("unit", [file, directive]) => {
            let (name, value) = directive.split_once('=')?;
            let (name, value) = (quote(name.as_bytes()), long(value));
            push(&mut service.directives, Directive { file: path(file)?, name, value });
        }
        ("tmpfiles", [file, kind, told, ..]) => {
            let (file, kind) = (path(file)?, quote(kind.as_bytes()));
            trace(service, told, Trace::TmpFiles { file, kind })?;
        }
        ("open", [how, told]) => trace(service, told, Trace::Open(writing(how)?))?,
        ("named", [place, told]) => {
            let (place, directive) = place.split_once(' ')?;
            let (file, line) = place.rsplit_once(':')?;
            let (file, line) = (path(file)?, line.parse().ok()?);
            let directive = quote(directive.as_bytes());
            trace(service, told, Trace::Named { file, line, directive })?;
        }
        ("compiled", [told, option]) => {
            let option = known(option).map(|option| quote(option.as_bytes()));
            trace(service, told, Trace::Compiled(option))?;
        }
        ("changed", [told, count]) => trace(service, told, Trace::Changed(count.parse().ok()?))?,
        ("shipped", [told, package]) => trace(service, told, Trace::Shipped(package_name(package)?))?,
        ("etc", [told, package]) => {
            push(&mut service.shipped_configuration, (path(told)?, package_name(package)?));
        }
        ("env", [variable]) => {
            let (name, value) = variable.split_once('=')?;
            let name = Some(name).filter(|name| is_variable(name))?.to_owned();
            if value.starts_with('/') && path(value).is_some() {
                trace(service, value, Trace::Variable(name.clone()))?;
            }
            push(&mut service.variables, (name, Some(long(value))));
        }
        ("secret", [name]) => {
            let name = Some(*name).filter(|name| is_variable(name))?.to_owned();
            push(&mut service.variables, (name, None));
        }
        ("part" | "odd", _) => tell_named(service, kind, fields)?,
        ("config", [told]) => push(&mut service.configuration, (path(told)?, Config::Read)),
        ("refused", [told]) => push(&mut service.configuration, (path(told)?, Config::Refused)),
        ("unread", [told]) => push(&mut service.configuration, (path(told)?, Config::Unreadable)),
        ("path", [told, "absent"]) => {
            service.paths.insert(path(told)?, None);
        }
        ("path", [told, kind, mode, uid, gid, owner, group, changed]) => {
            let place = Place {
                kind: kind_of(kind),
                mode: u32::from_str_radix(mode, 8).ok()?,
                owner: user(uid, gid, owner, group)?,
                changed: timestamp(changed)?,
            };
            service.paths.insert(path(told)?, Some(place));
        }
        ("cut" | "late", [kind]) => push(&mut service.cut, quote(kind.as_bytes())),
        // What a later probe tells beside it.
        _ => {}
    }
    Some(())
}

/// `part` and `odd`: what its configuration and its command name.
fn tell_named(service: &mut Serving, kind: &str, fields: &[&str]) -> Option<()> {
    match (kind, fields) {
        ("part", [named, told, brought, what]) => {
            let part = Part {
                path: path(told)?,
                named_by: named_by(named)?,
                brought: match brought.strip_prefix('~') {
                    Some(package) => Brought::Script(package_name(package)?),
                    None if *brought == "-" => Brought::Nobody,
                    None => Brought::Package(package_name(brought)?),
                },
                is_folder: *what == "folder",
            };
            push(&mut service.parts, part);
        }
        ("odd", [named, told]) => {
            let NamedBy::Line(line) = named_by(named)? else { return None };
            push(&mut service.odd, (line, quote(told.as_bytes())));
        }
        _ => return None,
    }
    Some(())
}

/// Who names a path: `-`, `command`, `unit`, or `/etc/x.conf:2 directive`.
fn named_by(text: &str) -> Option<NamedBy> {
    Some(match text {
        "-" => NamedBy::Configuration,
        "command" => NamedBy::Command,
        "unit" => NamedBy::Unit,
        _ => {
            let (place, directive) = text.split_once(' ')?;
            let (file, line) = place.rsplit_once(':')?;
            let (file, line) = (path(file)?, line.parse::<u32>().ok()?);
            NamedBy::Line(format!("{} in {file}:{line}", quote(directive.as_bytes())))
        }
    })
}

/// What a kind of evidence says of a path.
fn spoken(kind: &str) -> &str {
    match kind {
        "open" => "what it has open for writing",
        "changed" => "what changed since it started",
        "listen" => "a socket of it",
        "shipped" => "what a package brought along",
        "compiled" => "what stands in its executable",
        "tmpfiles" => "what tmpfiles.d makes",
        "word" => "a word of its command",
        "env" => "a variable of its environment",
        _ => "what its configuration names",
    }
}

fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() < MOST_LINES {
        list.push(item);
    }
}

fn known(field: &str) -> Option<&str> {
    Some(field).filter(|field| !field.is_empty() && *field != "-")
}

fn timestamp(seconds: &str) -> Option<Timestamp> {
    Timestamp::from_second(seconds.parse().ok()?).ok()
}

/// An absolute path of printable ASCII, as it stands in no text of another kind; without a slash at its end.
fn path(text: &str) -> Option<String> {
    let plain = |byte: u8| (b'!'..=b'~').contains(&byte) && !matches!(byte, b'"' | b'\'' | b'`' | b'\\');
    let good = text.starts_with('/') && text.len() <= 1024 && text.bytes().all(plain);
    let trimmed = text.trim_end_matches('/');
    good.then(|| if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() })
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.@:\\+-".contains(&byte);
    !text.is_empty() && text.len() <= 255 && text.bytes().all(plain)
}

/// A user or a group, as useradd(8) takes their names.
fn is_account(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && text.len() <= 32
        && text.bytes().all(plain)
}

/// A variable that every shell knows as one.
fn is_variable(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.len() <= 255
        && text.bytes().all(plain)
}

fn package_name(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.+-@".contains(&byte);
    let good = text.len() <= 255 && text.bytes().all(plain);
    (good && text.starts_with(|first: char| first.is_ascii_alphanumeric())).then(|| text.to_owned())
}

/// A value that may be longer than what is quoted elsewhere.
fn long(text: &str) -> String {
    text.chars().filter(|character| (' '..='~').contains(character)).take(2000).collect()
}

fn user(uid: &str, gid: &str, name: &str, group: &str) -> Option<User> {
    let named =
        |name: &str| Some(name).filter(|name| is_account(name) && *name != "UNKNOWN").map(str::to_owned);
    Some(User { uid: uid.parse().ok()?, gid: gid.parse().ok()?, name: named(name), group: named(group) })
}

fn reached(scope: &str) -> Option<Scope> {
    Some(match scope {
        "any" => Scope::Any,
        "one" => Scope::One,
        "loopback" => Scope::Loopback,
        _ => return None,
    })
}

fn writing(how: &str) -> Option<Writing> {
    Some(match how {
        "append" => Writing::Append,
        "write" => Writing::Anywhere,
        "deleted" => Writing::Deleted,
        _ => return None,
    })
}

fn kind_of(kind: &str) -> PlaceKind {
    match kind {
        "directory" => PlaceKind::Folder,
        "regular file" | "regular empty file" => PlaceKind::File,
        "socket" => PlaceKind::Socket,
        _ => PlaceKind::Special,
    }
}
