//! How a service is run in a container: in the foreground, by whom, and with what it may do.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::hidden::without_secrets;
use super::words::words;
use crate::snapshot::{Scope, Serving, Trace, User};

/// What is known of servers that go to the background; a file that does not parse is missing, which a test does not
/// let pass.
static FOREGROUND: LazyLock<BTreeMap<String, Foreground>> =
    LazyLock::new(|| toml::from_str(include_str!("foreground.toml")).unwrap_or_default());

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Foreground {
    /// Words, or several that follow each other, that are left out.
    without: Vec<String>,
    /// Words that are added.
    with: Vec<String>,
    /// Where that is written.
    why: String,
}

/// How a service is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Where that comes from, a line each.
    pub reasons: Vec<String>,
    /// Why it is not certain that it stays in the foreground; `None` if it is.
    pub unproven: Option<String>,
    /// The user; `None` is root, which drops of itself what it does not need.
    pub user: Option<User>,
    /// Why it is that user.
    pub user_reason: String,
    /// What root must still be able to do, by the names of capabilities(7) without `CAP_`.
    pub capabilities: Vec<(&'static str, String)>,
    /// The variables that its configuration uses, that are no secrets.
    pub variables: Vec<(String, String)>,
    /// Those whose values were withheld: they must be given.
    pub secrets: Vec<String>,
    /// Options of its command whose values were withheld, each with the name that stands for it.
    pub hidden: Vec<(String, String)>,
    /// The folder that it begins in, and who says so.
    pub folder: Option<(String, String)>,
    /// The signal that ends it in good order, where its unit says which.
    pub stop_signal: Option<String>,
}

impl Run {
    /// What is derived of a service.
    pub fn of(service: &Serving) -> Self {
        let (command, mut reasons, from_unit) = command(service);
        let program = command.first().map_or("", |program| base(program)).to_owned();
        let (command, unproven) = if let Some(known) = known(&program) {
            reasons.push(format!("in the foreground: {}", known.why));
            (known.applied(command), None)
        } else {
            let stays = stays(service, &program);
            reasons.extend(stays.is_ok().then(|| "in the foreground, as its unit runs it".to_owned()));
            (command, stays.err())
        };
        let unproven = unproven.or_else(|| {
            let from_title = !from_unit && is_title(service);
            from_title.then(|| format!("{program} shows a title in place of its command, and no unit has it"))
        });
        let accounts: Vec<&str> = service
            .users
            .iter()
            .flat_map(|user| [user.name.as_deref(), user.group.as_deref()])
            .flatten()
            .collect();
        let (command, hidden) = without_secrets(command, &accounts);
        let (user, user_reason) = user(service);
        let capabilities = if user.is_none() { capabilities(service) } else { Vec::new() };
        // What a value itself betrays counts as withheld: an address with a password, a token that its issuer marks.
        let open = |name: &str, value: &Option<String>| {
            let value = value.as_ref()?;
            let secrets = super::secrets::without_secrets(&format!("{name}={value}\n"), 0, false).1;
            secrets.is_empty().then(|| value.clone())
        };
        let variables: Vec<(String, Option<String>)> =
            service.variables.iter().map(|(name, value)| (name.clone(), open(name, value))).collect();
        let variables = variables.iter();
        let signal = service.directive("KillSignal").map(|directive| directive.value.clone());
        let is_signal = |name: &String| {
            name.starts_with("SIG") && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+')
        };
        Self {
            hidden,
            folder: folder(service),
            stop_signal: signal.filter(is_signal),
            command,
            reasons,
            unproven,
            capabilities,
            user,
            user_reason,
            secrets: variables
                .clone()
                .filter(|(_, value)| value.is_none())
                .map(|(name, _)| name.clone())
                .collect(),
            variables: variables.filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect(),
        }
    }
}

/// What is known of a program, under its name without the version that it may end with: `php-fpm8.2`.
fn known(program: &str) -> Option<&'static Foreground> {
    let bare = program.trim_end_matches(|last: char| last.is_ascii_digit() || last == '.');
    FOREGROUND.get(program).or_else(|| FOREGROUND.get(bare))
}

/// Whether a program that no table knows stays in the foreground, by its unit's word; otherwise what is not known.
fn stays(service: &Serving, program: &str) -> Result<(), String> {
    let kind = service.directive("Type").map(|directive| directive.value.as_str());
    match kind {
        Some("simple" | "exec" | "notify" | "notify-reload") => Ok(()),
        // A unit without a type is a simple one.
        None if !service.directives.is_empty() => Ok(()),
        Some("forking") => Err(format!(
            "{program} goes to the background of itself (Type=forking): give it the option that keeps it in the foreground"
        )),
        _ => Err(format!("whether {program} stays in the foreground is not known: no unit says so")),
    }
}

impl Foreground {
    fn applied(&self, command: Vec<String>) -> Vec<String> {
        let mut command = command;
        for phrase in &self.without {
            let parts: Vec<&str> = match phrase.split_once(' ') {
                Some((option, value)) => vec![option, value],
                None => vec![phrase],
            };
            while let Some(at) = command.windows(parts.len()).position(|window| window == parts.as_slice()) {
                command.drain(at..at + parts.len());
            }
        }
        command.extend(self.with.iter().cloned());
        command
    }
}

/// The words that start it, where they come from, and whether its unit has them.
fn command(service: &Serving) -> (Vec<String>, Vec<String>, bool) {
    let is_own = |word: &str| base(word) == service.name || base(word) == base(&service.executable);
    if !is_title(service) {
        let mut words = service.command.clone();
        if let Some(first) = words.first_mut().filter(|first| !first.starts_with('/') && is_own(first)) {
            first.clone_from(&service.executable);
        }
        return (words, vec![format!("the command of its process {}", service.process)], false);
    }
    let started = service.directive("ExecStart").filter(|start| !start.value.contains(['$', '%']));
    if let Some(start) = started {
        let value = start.value.trim_start_matches(['@', '-', ':', '+', '!']);
        if let Some(words) =
            words(value).filter(|words| words.first().is_some_and(|word| word.starts_with('/')))
        {
            return (words, vec![format!("ExecStart in {}", start.file)], true);
        }
    }
    // `nginx: master process /usr/sbin/nginx -c /etc/nginx/other.conf`
    let title = service.command.first().map_or("", String::as_str);
    let own = title.split_once(" process ").map_or("", |(_, rest)| rest);
    let mut words: Vec<String> = own.split_whitespace().map(str::to_owned).collect();
    match words.first_mut() {
        Some(first) if base(first) == base(&service.executable) => first.clone_from(&service.executable),
        _ => words = vec![program(service)],
    }
    (words, vec![format!("the title of its process {}", service.process)], false)
}

/// The name under which it was called, where that is a link to its executable.
fn program(service: &Serving) -> String {
    let first = service.command.first().and_then(|title| title.split_whitespace().next());
    first.filter(|first| first.starts_with('/')).map_or_else(|| service.executable.clone(), str::to_owned)
}

/// Whether the process has put a title in its command's place: then there are no words, or no program among them.
fn is_title(service: &Serving) -> bool {
    match service.command.as_slice() {
        [] => true,
        // `$0 = "name"` of a script: neither its interpreter's name nor a path.
        [only] => only.contains(' ') || !only.starts_with('/') && base(only) != base(&service.executable),
        _ => false,
    }
}

/// The folder that its unit lets it begin in.
fn folder(service: &Serving) -> Option<(String, String)> {
    let unit = service.directive("WorkingDirectory")?;
    let path = unit.value.trim_start_matches('-');
    let plain = path.starts_with('/') && !path.contains(['%', '"', '\'', '$', ' ', '\\']);
    plain.then(|| (path.to_owned(), format!("WorkingDirectory={path} in {}", unit.file)))
}

/// The user that may start it. It may be another one that it runs as: what has dropped root needs it to begin.
fn user(service: &Serving) -> (Option<User>, String) {
    let Some(main) = service.users.first() else {
        return (None, "its user is not known".to_owned());
    };
    if main.uid == 0 {
        return (None, "its main process is root's".to_owned());
    }
    let named = main.name.clone().unwrap_or_else(|| main.uid.to_string());
    if let Some(directive) =
        service.directive("User").filter(|directive| Some(&directive.value) == main.name.as_ref())
    {
        return (Some(main.clone()), format!("User={named} in {}", directive.file));
    }
    if let Some(low) = service.listens.iter().find(|listening| listening.port < 1024) {
        return (None, format!("it listens on port {}, which is root's to open", low.port));
    }
    if let Some(early) = service.listens.iter().find(|listening| listening.uid != main.uid) {
        return (None, format!("port {} was opened before it became {named}", early.port));
    }
    (Some(main.clone()), format!("{named} opened every port that it listens on"))
}

/// What root needs to begin, by what was seen of it. Nothing else is granted.
fn capabilities(service: &Serving) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut add = |name: &'static str, why: String| found.push((name, why));
    let other = service.users.iter().find(|user| user.uid != 0);
    if let Some(other) = other {
        let name = other.name.clone().unwrap_or_else(|| other.uid.to_string());
        add("SETGID", format!("it becomes {name}"));
        add("SETUID", format!("it becomes {name}"));
        add("CHOWN", format!("it gives to {name} what it makes as root"));
        add("DAC_OVERRIDE", format!("as root it writes among what is {name}'s"));
    }
    if let Some(low) = service.listens.iter().find(|listening| listening.port < 1024) {
        add("NET_BIND_SERVICE", format!("it listens on port {}", low.port));
    }
    let jail = service.traces.iter().find_map(|(path, trace)| match trace {
        Trace::Named { file, line, directive } if directive.eq_ignore_ascii_case("chroot") => {
            Some(format!("chroot {path} in {file}:{line}"))
        }
        _ => None,
    });
    if let Some(jail) = jail {
        add("SYS_CHROOT", jail);
    }
    if other.is_some() {
        add("KILL", "it signals its workers".to_owned());
    }
    found
}

/// Whether what it serves can be reached by others; if not, its configuration must say where it listens.
pub(super) fn is_local(service: &Serving) -> bool {
    !service.listens.is_empty() && service.listens.iter().all(|listening| listening.scope == Scope::Loopback)
}

fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::bookworm;

    fn run(name: &str) -> Run {
        Run::of(bookworm().iter().find(|service| service.name == name).unwrap())
    }

    #[test]
    fn every_entry_of_the_table_is_read() {
        assert!(FOREGROUND.len() > 10);
    }

    #[test]
    fn each_server_is_run_in_the_foreground() {
        for (name, command) in [
            ("nginx", "/usr/sbin/nginx -g daemon off;"),
            ("apache2", "/usr/sbin/apache2 -D FOREGROUND"),
            ("redis-server", "/usr/bin/redis-server /etc/redis/redis.conf --daemonize no --supervised no"),
            ("haproxy", "/usr/sbin/haproxy -f /etc/haproxy/haproxy.cfg -p /var/run/haproxy.pid -W -db"),
            (
                "memcached",
                "/usr/bin/memcached -m 64 -p 11211 -u memcache -l 127.0.0.1 -P /var/run/memcached/memcached.pid",
            ),
            (
                "postgres",
                "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main -c config_file=/etc/postgresql/15/main/postgresql.conf",
            ),
        ] {
            let run = run(name);
            assert_eq!(run.command.join(" "), command, "{name}");
            assert_eq!(run.unproven, None, "{name}");
        }
    }

    #[test]
    fn who_may_start_it() {
        for (name, user) in [
            ("nginx", None),
            ("apache2", None),
            ("haproxy", None),
            ("redis-server", Some("redis")),
            ("memcached", Some("memcache")),
            ("postgres", Some("postgres")),
        ] {
            let run = run(name);
            assert_eq!(run.user.and_then(|user| user.name).as_deref(), user, "{name}: {}", run.user_reason);
        }
        let haproxy: Vec<&str> = run("haproxy").capabilities.iter().map(|(name, _)| *name).collect();
        assert_eq!(haproxy, ["SETGID", "SETUID", "CHOWN", "DAC_OVERRIDE", "SYS_CHROOT", "KILL"]);
        assert!(run("nginx").capabilities.iter().any(|(name, _)| *name == "NET_BIND_SERVICE"));
    }

    #[test]
    fn a_value_that_betrays_a_secret_is_withheld() {
        let mut service = bookworm().into_iter().find(|service| service.name == "memcached").unwrap();
        let told = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
        service.variables = vec![
            told("DB_URL", "postgres://u:hunter2@h/db"),
            told("LOG", "/var/log/x"),
            told("MODE", "fast"),
        ];
        let run = Run::of(&service);
        assert_eq!(run.secrets, ["DB_URL"]);
        assert_eq!(run.variables.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["LOG", "MODE"]);
    }

    #[test]
    fn a_title_without_blanks_is_no_command() {
        let mut service = bookworm().into_iter().find(|service| service.name == "memcached").unwrap();
        service.name = "udpd".to_owned();
        service.executable = "/usr/bin/perl".to_owned();
        service.command = vec!["udpd".to_owned()];
        service.directives.retain(|directive| directive.name != "ExecStart");
        assert!(Run::of(&service).unproven.unwrap().contains("shows a title"));
        service.directives.push(crate::snapshot::Directive {
            file: "/etc/systemd/system/udpd.service".to_owned(),
            name: "ExecStart".to_owned(),
            value: "/opt/app/bin/udpd --x".to_owned(),
        });
        let run = Run::of(&service);
        assert_eq!((run.command.join(" ").as_str(), run.unproven), ("/opt/app/bin/udpd --x", None));
    }

    #[test]
    fn a_server_that_no_table_knows_is_run_as_its_unit_runs_it_or_said_to_be_unproven() {
        let mut service = bookworm().into_iter().find(|service| service.name == "memcached").unwrap();
        service.name = "ownd".to_owned();
        service.command = vec!["/opt/own/ownd".to_owned(), "--port".to_owned(), "7000".to_owned()];
        assert_eq!(Run::of(&service).unproven, None, "its unit has no type: simple");
        service.directives.clear();
        assert!(Run::of(&service).unproven.unwrap().contains("not known"));
    }
}
