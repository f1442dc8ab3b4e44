//! Which paths a service must be able to write, from the evidence of a host that runs it.
//!
//! Nothing here knows a product. A path counts where something says that the service writes it: what it has open,
//! its unit and tmpfiles.d, its configuration, what it was built with, what changed. Each keeps who said so.

use std::collections::{BTreeMap, BTreeSet};

use super::class::{Class, by_place, is_passing, is_passing_place};
use super::granted::{directives, stands};
use super::words::label;
use crate::immutability::{is_within, normalise};
use crate::snapshot::{Place, PlaceKind, Serving, Trace, User, Writing};

/// Folders that belong to no service; what lies in them are the services' own.
pub(super) const SHARED: [&str; 9] =
    ["/run", "/run/lock", "/tmp", "/var/tmp", "/var/log", "/var/cache", "/var/spool", "/var/lib", "/srv"];

/// Folders that no volume may hide: an image keeps its programs and its database of packages there.
pub(super) const NEVER: [&str; 14] = [
    "/", "/bin", "/boot", "/etc", "/home", "/lib", "/opt", "/root", "/sbin", "/usr", "/usr/bin", "/usr/lib",
    "/var", "/var/lib",
];

/// So many reasons are told of a path.
const MOST_REASONS: usize = 4;

/// A path that a service must be able to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The folder; or the file, of a log that is linked to standard output.
    pub path: String,
    /// How long what is written there must last.
    pub class: Class,
    /// Who says that it is written, the strongest first.
    pub reasons: Vec<String>,
    /// Whom it belongs to on the host, and its permissions; `None` where it is not there.
    pub owner: Option<(User, u32)>,
    /// Whether packages bring files along that a volume would hide.
    pub holds_files: bool,
    /// The name of its volume, of lower-case letters, digits and dashes, which no other has.
    pub volume: String,
}

/// What was derived for a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// What it must be able to write, by path.
    pub paths: Vec<Need>,
    /// Files that are only ever appended to: they are linked to standard output.
    pub logs: Vec<Need>,
    /// Places that it may write and shall not be able to: its configuration.
    pub configuration: Vec<Need>,
    /// What no volume can be made for, and why.
    pub left: Vec<(String, String)>,
}

/// A folder that somebody speaks of.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) folder: String,
    pub(super) class: Class,
    /// Whether somebody says so, beside the place alone.
    pub(super) told: bool,
    pub(super) reason: String,
    /// How much it says: what is open says most, what merely changed says least.
    pub(super) weight: u8,
}

/// Derives what a service writes. `others` are the other daemons of the same host, whose paths are theirs.
pub fn needs(service: &Serving, others: &[&Serving]) -> Needs {
    let mut needs = Needs::default();
    let mut claims = directives(service);
    let mut logs: BTreeMap<String, String> = BTreeMap::new();
    for (path, trace) in &service.traces {
        let path = normalise(path);
        if let Some(reason) = log(service, &path, trace) {
            logs.entry(path).or_insert(reason);
            continue;
        }
        claims.extend(claim(service, &path, trace));
    }
    claims.extend(stands(service));
    claims.retain(|claim| claim.weight > 1 || !is_anothers(others, &claim.folder));
    // What lies among logs and is a log is linked, so that its folder need not be writable.
    claims.retain(|claim| {
        claim.class != Class::Log && claim.weight > 1 || !explains(&logs, &claim.folder, service)
    });
    claims.sort_by(|a, b| a.folder.cmp(&b.folder).then(b.weight.cmp(&a.weight)));
    let mut found: BTreeMap<String, Need> = BTreeMap::new();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for claim in claims {
        // What separates the parts of a mount cannot be part of its path.
        if NEVER.contains(&claim.folder.as_str()) || claim.folder.contains([':', ',', '$', '%', '{', '}']) {
            needs.left.push((claim.folder, claim.reason));
            continue;
        }
        let need = found.entry(claim.folder).or_insert_with_key(|folder| Need {
            path: folder.clone(),
            class: claim.class,
            reasons: Vec::new(),
            owner: owner(service, folder),
            holds_files: holds_files(service, folder),
            volume: String::new(),
        });
        match (claim.told, told.contains(&need.path)) {
            (true, false) => need.class = claim.class,
            (false, true) => {}
            _ => need.class = need.class.max(claim.class),
        }
        if claim.told {
            told.insert(need.path.clone());
        }
        if need.reasons.len() < MOST_REASONS && !need.reasons.contains(&claim.reason) {
            need.reasons.push(claim.reason);
        }
    }
    let mut paths = inwards(found);
    siblings(&mut paths, service);
    guarded(&mut paths, service);
    let (configuration, paths) =
        paths.into_values().partition(|need: &Need| need.class == Class::Configuration);
    (needs.configuration, needs.paths) = (configuration, paths);
    name_volumes(&mut needs.paths);
    let within = |path: &str| needs.paths.iter().any(|need| is_within(path, &need.path));
    needs.logs = logs
        .into_iter()
        .filter(|(path, _)| !within(path))
        .map(|(path, reason)| Need {
            owner: owner(service, &path),
            path,
            class: Class::Log,
            reasons: vec![reason],
            holds_files: false,
            volume: String::new(),
        })
        .collect();
    needs
}

/// Whether a path is a log, and who says so: a file that is only appended to, or that the configuration names, and that
/// lies among logs or is called one by its directive. A file that is appended to anywhere else may be a ledger.
fn log(service: &Serving, path: &str, trace: &Trace) -> Option<String> {
    let among =
        by_place(path) == Class::Log || matches!(parent(path).rsplit('/').next(), Some("log" | "logs"));
    match trace {
        Trace::Open(Writing::Append) if among || is_called_log(service, path) => {
            Some(format!("{} has it open for appending", service.name))
        }
        Trace::Named { file, line, directive } if among || says_log(directive) => {
            let is_file = known(service, path).is_some_and(|place| place.kind == PlaceKind::File);
            (is_file && written(service, path).is_some())
                .then(|| format!("{directive} {path} in {file}:{line}"))
        }
        _ => None,
    }
}

/// Whether a line of the configuration calls a path a log: `access_log`, `ErrorLog`.
fn is_called_log(service: &Serving, path: &str) -> bool {
    service.traces.iter().any(|(other, trace)| match trace {
        Trace::Named { directive, .. } => says_log(directive) && normalise(other) == path,
        _ => false,
    })
}

fn says_log(directive: &str) -> bool {
    let word = directive.to_ascii_lowercase();
    ["log", "logs", "logfile", "log_file", "log-file"].iter().any(|end| word.ends_with(end))
}

fn claim(service: &Serving, path: &str, trace: &Trace) -> Option<Claim> {
    let exe = &service.executable;
    let (folder, reason, weight, hint) = match trace {
        Trace::Open(writing) => {
            let how = if *writing == Writing::Deleted { "as a temporary file" } else { "for writing" };
            (parent(path), format!("{} has {path} open {how}", service.name), 5, None)
        }
        Trace::Socket => (parent(path), format!("its socket {path} lies there"), 5, None),
        Trace::TmpFiles { file, kind } => {
            let folder =
                if kind.starts_with(['d', 'D', 'v', 'q', 'Q', 'e']) { path.to_owned() } else { parent(path) };
            (folder, format!("a line of {file} makes it at each boot"), 4, None)
        }
        Trace::Named { file, line, directive } => {
            let folder = written(service, path)?;
            (folder, format!("{directive} {path} in {file}:{line}"), 3, Some(directive.as_str()))
        }
        Trace::Variable(name) => {
            (written(service, path)?, format!("{name}={path} in its environment"), 3, Some(name.as_str()))
        }
        Trace::Word => (written(service, path)?, format!("{path} stands in its command"), 3, None),
        Trace::Compiled(option) => {
            if option.as_deref().is_some_and(|option| is_overridden(service, path, option)) {
                return None;
            }
            let reason = match option {
                Some(option) => format!("{exe} was built with --{option}={path}"),
                None => format!("{path} stands in {exe}"),
            };
            (written(service, path)?, reason, 2, option.as_deref())
        }
        Trace::Changed(count) => {
            let files = if *count == 1 { "a file".to_owned() } else { format!("{count} files") };
            (path.to_owned(), format!("{files} of its user changed there since it started"), 1, None)
        }
        Trace::Shipped(package) => {
            let place = service.place(path).filter(|place| place.kind == PlaceKind::Folder)?;
            let user = service.users.iter().find(|user| user.uid != 0 && user.uid == place.owner.uid)?;
            let name = user.name.clone().unwrap_or_else(|| user.uid.to_string());
            (path.to_owned(), format!("{package} made it for {name}"), 2, None)
        }
    };
    let named = hint.is_some_and(is_passing) || is_passing_place(&folder);
    let passing = named || matches!(trace, Trace::Open(Writing::Deleted));
    let class = match by_place(&folder) {
        Class::Persistent if passing => Class::Ephemeral,
        class => class,
    };
    Some(Claim { folder, class, told: passing, reason, weight })
}

/// The folder that is written if a path is: a folder that it may write to, or that of a file that it has written.
fn written(service: &Serving, path: &str) -> Option<String> {
    let Some(place) = known(service, path) else {
        // What is not there yet is made in its folder, where that may be written.
        let folder = parent(path);
        let may = service.paths.contains_key(path)
            && known(service, &folder)
                .is_some_and(|place| place.kind == PlaceKind::Folder && may_write(service, place));
        return may.then_some(folder);
    };
    match place.kind {
        PlaceKind::Folder => may_write(service, place).then(|| path.to_owned()),
        PlaceKind::Special => None,
        PlaceKind::File | PlaceKind::Socket => {
            let own = service.users.iter().any(|user| user.uid != 0 && user.uid == place.owner.uid);
            // A start is known by the second.
            let since = place.changed.as_second() + 1 >= service.started.as_second();
            let apart = !["/usr/", "/etc/", "/opt/", "/bin/", "/sbin/", "/lib"]
                .iter()
                .any(|base| path.starts_with(base));
            ((own || since) && apart).then(|| parent(path))
        }
    }
}

/// A place, under whichever of its names the host told of it.
pub(super) fn known<'s>(service: &'s Serving, path: &str) -> Option<&'s Place> {
    service.place(path).or_else(|| {
        let told = service.paths.iter().find(|(told, _)| normalise(told) == path)?;
        told.1.as_ref()
    })
}

/// Whether one of its users that is not root may write there, by mode and owner; of a daemon that is root alone, what
/// was changed since it started.
fn may_write(service: &Serving, place: &Place) -> bool {
    let mut users = service.users.iter().filter(|user| user.uid != 0).peekable();
    if users.peek().is_none() {
        return place.changed.as_second() + 1 >= service.started.as_second();
    }
    users.any(|user| {
        user.uid == place.owner.uid && place.mode & 0o200 != 0
            || user.gid == place.owner.gid && place.mode & 0o020 != 0
            || place.mode & 0o002 != 0
    })
}

/// Whether the configuration has a word for what an executable was built with, and another path: `client_body_temp_path`
/// for `--http-client-body-temp-path`.
fn is_overridden(service: &Serving, path: &str, option: &str) -> bool {
    let option = option.replace('-', "_");
    service.traces.iter().any(|(other, trace)| match trace {
        Trace::Named { directive, .. } => {
            let word = directive.to_ascii_lowercase();
            word.len() >= 3
                && normalise(other) != path
                && (option.ends_with(&word) || option.starts_with(&word))
        }
        _ => false,
    })
}

/// Whether another daemon of the host has better reasons to call a folder its own.
fn is_anothers(others: &[&Serving], folder: &str) -> bool {
    others.iter().any(|other| {
        let called = folder.split('/').any(|part| part == other.name || part == other.called());
        let apart = |path: &str| !SHARED.contains(&path) && !NEVER.contains(&path);
        let covers = |path: &str| apart(path) && is_within(folder, path);
        let granted = directives(other).into_iter().chain(stands(other)).any(|claim| covers(&claim.folder));
        let named = other.traces.iter().any(|(path, trace)| match trace {
            Trace::Changed(_) => false,
            Trace::Open(_) | Trace::Socket => covers(&parent(&normalise(path))),
            _ => covers(&normalise(path)),
        });
        called || granted || named
    })
}

/// Whether the logs that are open in a folder are all that it is written for.
fn explains(logs: &BTreeMap<String, String>, folder: &str, service: &Serving) -> bool {
    let open = logs.keys().filter(|log| parent(log) == folder).count();
    let changed = service.traces.iter().find_map(|(path, trace)| match trace {
        Trace::Changed(count) if normalise(path) == folder => usize::try_from(*count).ok(),
        _ => None,
    });
    // The folder itself changes with the files in it.
    open > 0 && changed.is_none_or(|changed| changed <= open + 1)
}

/// What lies in a folder that is needed anyway is not told apart, except in folders that services share: what is
/// made there at each boot must be there.
fn inwards(found: BTreeMap<String, Need>) -> BTreeMap<String, Need> {
    let mut kept: BTreeMap<String, Need> = BTreeMap::new();
    for (path, need) in found {
        let over = kept
            .values_mut()
            .filter(|over| !SHARED.contains(&over.path.as_str()))
            .find(|over| is_within(&path, &over.path));
        match over {
            Some(over) => {
                over.class = over.class.max(need.class);
                over.holds_files |= need.holds_files;
            }
            None => {
                kept.insert(path, need);
            }
        }
    }
    kept
}

/// Names the volumes of paths: two paths may differ in what no name can have.
fn name_volumes(paths: &mut [Need]) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for need in paths {
        let base = label(&need.path);
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let name = std::iter::once(base.clone()).chain(numbered).find(|name| !taken.contains(name));
        need.volume = name.unwrap_or(base);
        taken.insert(need.volume.clone());
    }
}

/// Several of a kind in one folder of the service's own are that folder.
fn siblings(paths: &mut BTreeMap<String, Need>, service: &Serving) {
    let mut families: BTreeMap<(String, Class), Vec<String>> = BTreeMap::new();
    for need in paths.values() {
        families.entry((parent(&need.path), need.class)).or_default().push(need.path.clone());
    }
    for ((folder, class), members) in families {
        let apart = SHARED.contains(&folder.as_str()) || NEVER.contains(&folder.as_str());
        let others = paths.keys().any(|path| !members.contains(path) && is_within(path, &folder));
        if members.len() < 2 || apart || others || folder.matches('/').count() < 2 {
            continue;
        }
        let gone: Vec<Need> = members.iter().filter_map(|path| paths.remove(path)).collect();
        let mut reasons: Vec<String> = gone.iter().filter_map(|need| need.reasons.first().cloned()).collect();
        reasons.truncate(MOST_REASONS + 2);
        let need = Need {
            class,
            reasons,
            owner: owner(service, &folder),
            holds_files: holds_files(service, &folder),
            volume: String::new(),
            path: folder.clone(),
        };
        paths.insert(folder, need);
    }
}

/// A folder that is for its owner alone is made by the service, not by whoever makes volumes: the one above it is
/// the volume, where that is the same user's.
fn guarded(paths: &mut BTreeMap<String, Need>, service: &Serving) {
    let strict: Vec<String> = paths
        .values()
        .filter(|need| need.class == Class::Persistent)
        .filter(|need| need.owner.as_ref().is_some_and(|(_, mode)| mode.trailing_zeros() >= 6))
        .map(|need| need.path.clone())
        .collect();
    for path in strict {
        let above = parent(&path);
        let same = |user: &User| {
            owner(service, &above).is_some_and(|(owner, _)| owner.uid == user.uid)
                && !SHARED.contains(&above.as_str())
                && !NEVER.contains(&above.as_str())
        };
        if !paths.get(&path).and_then(|need| need.owner.as_ref()).is_some_and(|(user, _)| same(user)) {
            continue;
        }
        if let Some(mut need) = paths.remove(&path) {
            need.reasons
                .push(format!("{path} is for its owner alone, so that the volume is the folder above it"));
            need.owner = owner(service, &above);
            need.path.clone_from(&above);
            paths.insert(above, need);
        }
    }
}

fn owner(service: &Serving, path: &str) -> Option<(User, u32)> {
    known(service, path).map(|place| (place.owner.clone(), place.mode))
}

fn holds_files(service: &Serving, folder: &str) -> bool {
    service.traces.iter().any(|(path, trace)| {
        let path = normalise(path);
        matches!(trace, Trace::Shipped(_))
            && path != folder
            && is_within(&path, folder)
            && known(service, &path).is_some_and(|place| place.kind == PlaceKind::File)
    })
}

/// The folder that a path lies in.
pub(super) fn parent(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::bookworm;

    /// What is derived for a server of the recorded host: its paths with their classes.
    fn derived(name: &str) -> (Vec<String>, Needs) {
        let all = bookworm();
        let service = all.iter().find(|service| service.name == name).unwrap();
        let others: Vec<&Serving> = all.iter().filter(|other| other.name != name).collect();
        let needs = needs(service, &others);
        let told = needs.paths.iter().map(|need| format!("{} {}", need.path, need.class.as_str())).collect();
        (told, needs)
    }

    #[test]
    fn six_servers_and_what_each_writes() {
        for (name, expected) in [
            ("nginx", vec!["/run ephemeral", "/var/lib/nginx ephemeral"]),
            (
                "apache2",
                vec![
                    "/run/apache2 ephemeral",
                    "/run/lock/apache2 ephemeral",
                    "/var/cache/apache2/mod_cache_disk ephemeral",
                ],
            ),
            ("redis-server", vec!["/run/redis ephemeral", "/var/lib/redis persistent"]),
            ("haproxy", vec!["/run ephemeral", "/run/haproxy ephemeral"]),
            ("memcached", vec!["/run/memcached ephemeral"]),
            ("postgres", vec!["/run/postgresql ephemeral", "/var/lib/postgresql persistent"]),
        ] {
            let (told, needs) = derived(name);
            assert_eq!(told, expected, "{name}: {needs:#?}");
        }
    }
}
