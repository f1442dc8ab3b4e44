//! The same exchange through the system's `ssh`: for whatever it alone can do, such as GSSAPI, hardware
//! keys, `Match exec`, or a wrapper around it.
//!
//! It reads its own configuration; what the inventory and the command line say goes before that. It never
//! asks: `BatchMode` is on, and no connection is shared with others.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;

use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::session::{REFUSED_STARTS, back_off};
use super::{Answer, CONNECT, Ended, Limits, Policy, faults, names, process, session};
use crate::inventory::{SECRET, SshRoute, Via};
use crate::snapshot::{Fault, Phase, quote};
use crate::ssh_config::Directive;

/// What holds whatever the configuration says: nothing is asked, shared, forwarded or run beside.
const ALWAYS: [&str; 13] = [
    "BatchMode=yes",
    "ControlMaster=no",
    "ControlPath=none",
    "RequestTTY=no",
    "RemoteCommand=none",
    "PermitLocalCommand=no",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "LogLevel=INFO",
    // Names that an older `ssh` does not know; it has no such settings either.
    "IgnoreUnknown=SessionType,StdinNull,ForkAfterAuthentication",
    "SessionType=default",
    "StdinNull=no",
    "ForkAfterAuthentication=no",
];

/// The status with which `ssh` itself fails, ssh(1) under EXIT STATUS.
const SSH_FAILED: u32 = 255;

/// The system's `ssh`.
#[derive(Debug, Clone)]
pub struct OpenSsh {
    /// Time and size limits.
    pub limits: Limits,
    /// `None` is what its own configuration says.
    pub policy: Option<Policy>,
    /// In place of its own configuration files; `none` for none at all.
    pub config_file: Option<PathBuf>,
}

impl OpenSsh {
    pub(super) async fn exchange(
        &self,
        route: &SshRoute,
        command: &str,
        stdin: &[u8],
        nonce: &str,
    ) -> Answer {
        if let Err(fault) = names::check(route) {
            return Answer::failed(fault);
        }
        let started = Instant::now();
        let mut refused = 0;
        loop {
            let answer = self.once(route, command, (stdin, nonce)).await;
            let pause = back_off(refused, &route.name);
            let again = matches!(&answer.ended, Ended::Fault(fault) if fault.message == faults::BUSY)
                && refused < REFUSED_STARTS
                && started.elapsed() + pause < self.limits.connect.unwrap_or(CONNECT);
            if !again {
                return answer;
            }
            refused += 1;
            sleep(pause).await;
        }
    }

    async fn once(&self, route: &SshRoute, command: &str, (stdin, nonce): (&[u8], &str)) -> Answer {
        let mut ssh = Command::new("ssh");
        ssh.env_remove(SECRET);
        ssh.args(self.arguments(route)).arg("--").arg(&route.destination).arg(command);
        let mut answer = process::exchange(ssh, "ssh", (stdin, nonce), &self.limits).await;
        if answer.ended == Ended::Exit(SSH_FAILED) {
            answer.ended = Ended::Fault(explain(&answer.stderr, route));
        }
        answer
    }

    /// Everything before the destination.
    fn arguments(&self, route: &SshRoute) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = ["-T", "-x", "-a"].map(OsString::from).to_vec();
        if let Some(file) = &self.config_file {
            arguments.extend(["-F".into(), file.into()]);
        }
        let mut options: Vec<String> = ALWAYS.map(str::to_owned).to_vec();
        options.extend(self.checking().into_iter().map(str::to_owned));
        options.extend(self.connect_timeout(route));
        options.extend(route.given.iter().filter_map(|directive| self.option(directive, route)));
        for option in options {
            arguments.extend(["-o".into(), option.into()]);
        }
        arguments
    }

    fn checking(&self) -> Vec<&'static str> {
        match self.policy {
            None => Vec::new(),
            Some(Policy::Strict) => vec!["StrictHostKeyChecking=yes"],
            Some(Policy::AcceptNew) => vec!["StrictHostKeyChecking=accept-new"],
            Some(Policy::Insecure) => vec![
                "StrictHostKeyChecking=no",
                "UserKnownHostsFile=/dev/null",
                "GlobalKnownHostsFile=/dev/null",
            ],
        }
    }

    /// In whole seconds, as `ssh` counts them.
    fn connect_timeout(&self, route: &SshRoute) -> Option<String> {
        let said = route.settings.connect_timeout.is_some();
        let limit = self.limits.connect.or((!said).then_some(CONNECT))?;
        let seconds = limit.as_secs() + u64::from(limit.subsec_nanos() > 0);
        Some(format!("ConnectTimeout={}", seconds.max(1)))
    }

    /// A directive as `-o` takes it. Jump hosts have settings of their own in the inventory, which only a
    /// proxy command can carry.
    fn option(&self, directive: &Directive, route: &SshRoute) -> Option<String> {
        match (directive.keyword.as_str(), &route.via) {
            ("proxyjump", Via::Jump(hop)) => Some(format!("ProxyCommand={}", self.proxy_command(hop))),
            // `ssh` takes a command to the end of the line as it is.
            ("proxycommand", _) => Some(format!("ProxyCommand={}", directive.arguments.join(" "))),
            (keyword, _) => {
                let words: Vec<String> = directive.arguments.iter().map(|word| quoted(word)).collect();
                (!words.is_empty()).then(|| format!("{keyword}={}", words.join(" ")))
            }
        }
    }

    /// `ssh … -W [%h]:%p -- bastion`, for a shell, with the tokens of the outer `ssh`.
    fn proxy_command(&self, hop: &SshRoute) -> String {
        let words = self.arguments(hop).into_iter().map(|word| word.to_string_lossy().into_owned());
        let inner: Vec<String> = words.map(|word| shell_quoted(&word).replace('%', "%%")).collect();
        format!("ssh {} -W '[%h]:%p' -- {}", inner.join(" "), shell_quoted(&hop.destination))
    }
}

/// A word in double quotes where it needs them, as ssh_config(5) has it.
fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains([' ', '\t', '"', '#', '\'']) {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        word.to_owned()
    }
}

fn shell_quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_=+,./:@%^".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Why `ssh` failed, by its own words; the messages are those of the native transport where it has them.
fn explain(stderr: &[u8], route: &SshRoute) -> Fault {
    let text = String::from_utf8_lossy(stderr);
    let has = |words: &str| text.contains(words);
    let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let kinds = [
        ("Connection refused", ErrorKind::ConnectionRefused),
        ("Connection timed out", ErrorKind::TimedOut),
        ("timed out during banner", ErrorKind::TimedOut),
        ("No route to host", ErrorKind::HostUnreachable),
        ("Network is unreachable", ErrorKind::NetworkUnreachable),
        ("Connection reset", ErrorKind::ConnectionReset),
    ];
    let fault = if has("Could not resolve hostname") {
        Fault::new(Phase::Resolve, "its name does not resolve")
            .hint("check the name, or give the host an `address` in the inventory")
    } else if has("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        Fault::new(
            Phase::HostKey,
            "its host key has changed: the host was reinstalled, or someone is in between",
        )
        .hint("compare the fingerprint with the host's console; if it is right, `ssh-keygen -R` removes the old key")
    } else if has("revoked") && has("host key") {
        Fault::new(Phase::HostKey, "its host key is marked @revoked")
            .hint("the host must get a new host key before anyone logs in to it again")
    } else if has("Host key verification failed") {
        Fault::new(Phase::HostKey, "its host key is not in known_hosts")
            .hint("add the keys with ssh-keyscan and check their fingerprints, or trust what each host shows the first time with --host-key accept-new")
    } else if has("Permission denied") || has("Too many authentication failures") {
        let user = &route.settings.user;
        Fault::new(Phase::Authenticate, format!("the server refused {user}"))
            .hint(format!("does `ssh -o BatchMode=yes {}` log in?", route.destination))
    } else if let Some((_, kind)) = kinds.iter().find(|(words, _)| has(words)) {
        faults::connect(&(*kind).into())
    } else if has("Not allowed at this time") {
        faults::penalty()
    } else if let (true, Via::Jump(hop)) = (has("administratively prohibited"), &route.via) {
        session::not_forwarding(&hop.name)
    } else if has("Connection closed by") || has("kex_exchange_identification") {
        faults::busy()
    } else {
        Fault::new(Phase::Connect, "ssh failed").hint(format!("try `ssh -v {}`", route.destination))
    };
    if last.is_empty() { fault } else { fault.detail(quote(last.as_bytes())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssh() -> OpenSsh {
        OpenSsh { limits: Limits::default(), policy: None, config_file: None }
    }

    fn arguments(ssh: &OpenSsh, route: &SshRoute) -> String {
        let words = ssh.arguments(route);
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_given_comes_as_options_and_blanks_survive() {
        let route = SshRoute::to("web-01", &[("port", "2222"), ("identityfile", "/a b/key")]);
        let shown = arguments(&ssh(), &route);
        assert!(shown.contains("-o BatchMode=yes") && shown.contains("-o ConnectTimeout=10"), "{shown}");
        assert!(shown.ends_with("-o port=2222 -o identityfile=\"/a b/key\""), "{shown}");
    }

    #[test]
    fn words_of_ssh_have_their_phases() {
        let route = SshRoute::to("web-01", &[]);
        for (words, phase) in [
            ("ssh: Could not resolve hostname x: Name or service not known", Phase::Resolve),
            ("ssh: connect to host x port 22: Connection refused", Phase::Connect),
            ("Host key verification failed.", Phase::HostKey),
            ("audit@x: Permission denied (publickey).", Phase::Authenticate),
            ("kex_exchange_identification: Connection closed by remote host", Phase::Connect),
            ("something new", Phase::Connect),
        ] {
            let fault = explain(words.as_bytes(), &route);
            assert_eq!(fault.phase, phase, "{words}");
            assert_eq!(fault.detail.as_deref(), Some(words));
        }
    }
}
