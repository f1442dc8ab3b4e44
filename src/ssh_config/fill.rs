//! Makes settings of what was found: tokens expanded, defaults filled in, refusals named.

use std::path::PathBuf;
use std::time::Duration;

use super::keywords::{ALL, Class};
use super::resolve::Found;
use super::settings::{
    AddressFamily, AgentChoice, Algorithms, Directive, HostKeyChecking, JumpHost, Proxy, Settings,
};
use super::tokens::{self, PROXY, Tokens, USER};
use super::{Me, value};

/// What an audit can authenticate with.
const METHODS: [(&str, &str); 3] = [
    ("publickey", "PubkeyAuthentication"),
    ("password", "PasswordAuthentication"),
    ("keyboard-interactive", "KbdInteractiveAuthentication"),
];

/// The settings for one destination.
pub(super) fn settings(me: &Me, destination: &str, host: &str, mut found: Found<'_>) -> Settings {
    let mut refused = refused(&found);
    if found.word("HostName").is_some_and(|name| tokens::host_name(name, destination).is_err()) {
        refused.extend(found.directive("HostName").cloned());
    }
    let mut fill =
        Fill { tokens: tokens(me, destination, host, &found), found: &found, refused: &mut refused };
    fill.user();
    let mut settings = Settings {
        host_name: fill.tokens.host.clone(),
        port: fill.tokens.port,
        user: fill.tokens.user.clone(),
        identity_files: found.directive("IdentityFile").map(|_| fill.paths("IdentityFile")),
        identities_only: flag(&found, "IdentitiesOnly", false),
        identity_agent: fill.agent(),
        certificate_files: fill.paths("CertificateFile"),
        user_known_hosts_files: fill.user_known_hosts(),
        global_known_hosts_files: fill.global_known_hosts(),
        host_key_alias: fill.tokens.alias.clone(),
        strict_host_key_checking: found.word("StrictHostKeyChecking").map(checking),
        hash_known_hosts: flag(&found, "HashKnownHosts", false),
        proxy: fill.proxy(),
        connect_timeout: found.word("ConnectTimeout").and_then(value::seconds),
        connection_attempts: number(&found, "ConnectionAttempts", 1),
        server_alive_interval: found
            .word("ServerAliveInterval")
            .and_then(value::seconds)
            .unwrap_or(Duration::ZERO),
        server_alive_count_max: number(&found, "ServerAliveCountMax", 3),
        address_family: found.word("AddressFamily").map_or(AddressFamily::Any, family),
        bind_address: text(&found, "BindAddress"),
        pubkey_authentication: flag(&found, "PubkeyAuthentication", true),
        password_authentication: flag(&found, "PasswordAuthentication", true),
        kbd_interactive_authentication: flag(&found, "KbdInteractiveAuthentication", true),
        gssapi_authentication: flag(&found, "GSSAPIAuthentication", false),
        preferred_authentications: found
            .word("PreferredAuthentications")
            .map(|list| list.split(',').map(str::to_owned).collect()),
        required_rsa_size: number(&found, "RequiredRSASize", 1024),
        algorithms: algorithms(&found),
        unhonoured: Vec::new(),
    };
    refused.extend(no_method(&found, &settings).cloned());
    found.unhonoured.extend(refused);
    settings.unhonoured = found.unhonoured;
    settings
}

/// Directives that hold and that are refused as such.
fn refused(found: &Found<'_>) -> Vec<Directive> {
    let refused = ALL.iter().filter_map(|keyword| {
        let Class::Refused(unless) = keyword.class else { return None };
        let directive = found.directive(keyword.name)?;
        let value = directive.arguments.first()?;
        (!unless.iter().any(|harmless| harmless.eq_ignore_ascii_case(value))).then(|| directive.clone())
    });
    refused.collect()
}

/// The directive that leaves no method of authentication but those that are not used here.
fn no_method<'c>(found: &Found<'c>, settings: &Settings) -> Option<&'c Directive> {
    let preferred = settings.preferred_authentications.as_ref();
    let usable = |(method, keyword): &(&str, &str)| {
        flag(found, keyword, true)
            && preferred.is_none_or(|list| list.iter().any(|preferred| preferred == method))
    };
    if METHODS.iter().any(usable) {
        return None;
    }
    ["PreferredAuthentications", "PubkeyAuthentication"].into_iter().find_map(|name| found.directive(name))
}

fn tokens<'m>(me: &'m Me, destination: &str, host: &str, found: &Found<'_>) -> Tokens<'m> {
    let jump = found.word("ProxyJump").filter(|jump| !value::is_none(jump));
    Tokens {
        me,
        original: destination.to_owned(),
        host: tokens::lowered(host),
        port: found.word("Port").and_then(value::port).unwrap_or(22),
        user: text(found, "User").unwrap_or_else(|| me.login.clone()),
        alias: found.word("HostKeyAlias").map(str::to_lowercase),
        jump: jump.unwrap_or_default().to_owned(),
    }
}

struct Fill<'f, 'c> {
    tokens: Tokens<'f>,
    found: &'f Found<'c>,
    refused: &'f mut Vec<Directive>,
}

impl Fill<'_, '_> {
    /// What an expansion gives; a directive that cannot be expanded is refused.
    fn or_refuse<T>(&mut self, directive: &Directive, expanded: Result<T, String>) -> Option<T> {
        if expanded.is_err() && !self.refused.contains(directive) {
            self.refused.push(directive.clone());
        }
        expanded.ok()
    }

    /// As of OpenSSH 10 a user may have tokens.
    fn user(&mut self) {
        let Some(directive) = self.found.directive("User") else { return };
        let expanded = self.tokens.with_variables(&self.tokens.user, USER);
        if let Some(user) = self.or_refuse(directive, expanded) {
            self.tokens.user = user;
        }
    }

    /// Files, expanded, without `none`.
    fn paths(&mut self, keyword: &str) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        for directive in self.found.all(keyword) {
            for path in directive.arguments.iter().filter(|path| !value::is_none(path)) {
                let expanded = self.tokens.path(path);
                paths.extend(self.or_refuse(directive, expanded).map(PathBuf::from));
            }
        }
        paths
    }

    fn user_known_hosts(&mut self) -> Vec<PathBuf> {
        if self.found.directive("UserKnownHostsFile").is_some() {
            return self.paths("UserKnownHostsFile");
        }
        let home = self.tokens.me.home.as_deref();
        let files = home.map(|home| ["known_hosts", "known_hosts2"].map(|file| home.join(".ssh").join(file)));
        files.into_iter().flatten().collect()
    }

    /// These have `~`, and no tokens.
    fn global_known_hosts(&mut self) -> Vec<PathBuf> {
        let Some(directive) = self.found.directive("GlobalKnownHostsFile") else {
            return ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from).to_vec();
        };
        let named = directive.arguments.iter().filter(|path| !value::is_none(path));
        let expanded: Result<Vec<_>, _> =
            named.map(|path| self.tokens.me.tilde(path).map(PathBuf::from)).collect();
        self.or_refuse(directive, expanded).unwrap_or_default()
    }

    fn agent(&mut self) -> AgentChoice {
        let Some(directive) = self.found.directive("IdentityAgent") else { return AgentChoice::Environment };
        let text = directive.arguments.first().map(String::as_str).unwrap_or_default();
        match (text, text.strip_prefix('$').filter(|name| !name.starts_with('{'))) {
            ("none", _) => AgentChoice::None,
            ("SSH_AUTH_SOCK", _) => AgentChoice::Environment,
            (_, Some(name)) => match self.tokens.me.environment.get(name) {
                Some(socket) => AgentChoice::Socket(PathBuf::from(socket)),
                None => AgentChoice::None,
            },
            (path, None) => {
                let expanded = self.tokens.path(path);
                let socket = self.or_refuse(directive, expanded);
                socket.map_or(AgentChoice::None, |socket| AgentChoice::Socket(PathBuf::from(socket)))
            }
        }
    }

    /// `ProxyJump` where it holds and is not `none`, or else `ProxyCommand`.
    fn proxy(&mut self) -> Proxy {
        let jump = self.found.directive("ProxyJump");
        let hops = jump.and_then(|jump| value::jump_hosts(jump.arguments.first()?));
        if let (Some(directive), Some(hops)) = (jump, hops.filter(|hops| !hops.is_empty())) {
            let expanded: Result<Vec<JumpHost>, String> =
                hops.into_iter().map(|hop| hop_of(&self.tokens, hop)).collect();
            return self.or_refuse(directive, expanded).map_or(Proxy::None, Proxy::Jump);
        }
        let Some(directive) = self.found.directive("ProxyCommand") else { return Proxy::None };
        // A caller may give it in pieces.
        let command = directive.arguments.join(" ");
        if value::is_none(&command) {
            return Proxy::None;
        }
        let expanded = self.tokens.expand(&command, PROXY);
        self.or_refuse(directive, expanded).map_or(Proxy::None, Proxy::Command)
    }
}

fn hop_of(tokens: &Tokens<'_>, hop: JumpHost) -> Result<JumpHost, String> {
    let user = hop.user.map(|user| tokens.expand(&user, PROXY)).transpose()?;
    Ok(JumpHost { user, host: tokens.expand(&hop.host, PROXY)?, port: hop.port })
}

fn text(found: &Found<'_>, keyword: &str) -> Option<String> {
    found.word(keyword).map(str::to_owned)
}

/// A switch; what is neither on nor off, such as `host-bound`, is on.
fn flag(found: &Found<'_>, keyword: &str, default: bool) -> bool {
    found.word(keyword).map_or(default, |word| !value::is_no(word))
}

fn number(found: &Found<'_>, keyword: &str, default: u32) -> u32 {
    found.word(keyword).and_then(value::number).unwrap_or(default)
}

fn checking(word: &str) -> HostKeyChecking {
    match word.to_ascii_lowercase().as_str() {
        "accept-new" => HostKeyChecking::AcceptNew,
        "ask" => HostKeyChecking::Ask,
        "no" | "false" | "off" => HostKeyChecking::No,
        _ => HostKeyChecking::Yes,
    }
}

fn family(word: &str) -> AddressFamily {
    match word.to_ascii_lowercase().as_str() {
        "inet" => AddressFamily::Inet,
        "inet6" => AddressFamily::Inet6,
        _ => AddressFamily::Any,
    }
}

fn algorithms(found: &Found<'_>) -> Algorithms {
    Algorithms {
        ciphers: text(found, "Ciphers"),
        macs: text(found, "MACs"),
        kex: text(found, "KexAlgorithms"),
        host_key: text(found, "HostKeyAlgorithms"),
        pubkey_accepted: text(found, "PubkeyAcceptedAlgorithms"),
        ca_signature: text(found, "CASignatureAlgorithms"),
    }
}
