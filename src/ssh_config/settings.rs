//! What ssh_config(5) says of one destination, resolved: every default filled in.

use std::path::PathBuf;
use std::time::Duration;

/// How one destination is reached, by the names that `ssh -G` has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "they are OpenSSH's own switches")]
pub struct Settings {
    /// `HostName`: the name or address to connect to.
    pub host_name: String,
    /// `Port`
    pub port: u16,
    /// `User`
    pub user: String,
    /// `IdentityFile`, in order, tokens expanded; `None` means the agent and then OpenSSH's default files.
    pub identity_files: Option<Vec<PathBuf>>,
    /// `IdentitiesOnly`: the agent's other keys are not offered.
    pub identities_only: bool,
    /// `IdentityAgent`
    pub identity_agent: AgentChoice,
    /// `CertificateFile`, in order.
    pub certificate_files: Vec<PathBuf>,
    /// `UserKnownHostsFile`; empty for `none`.
    pub user_known_hosts_files: Vec<PathBuf>,
    /// `GlobalKnownHostsFile`; empty for `none`.
    pub global_known_hosts_files: Vec<PathBuf>,
    /// `HostKeyAlias`: the name to look up in known_hosts, in place of the address.
    pub host_key_alias: Option<String>,
    /// `StrictHostKeyChecking`; `None` where nobody says anything.
    pub strict_host_key_checking: Option<HostKeyChecking>,
    /// `HashKnownHosts`: names that are added to known_hosts are hashed.
    pub hash_known_hosts: bool,
    /// `ProxyJump` or `ProxyCommand`, whichever comes first.
    pub proxy: Proxy,
    /// `ConnectTimeout`
    pub connect_timeout: Option<Duration>,
    /// `ConnectionAttempts`
    pub connection_attempts: u32,
    /// `ServerAliveInterval`; zero is never.
    pub server_alive_interval: Duration,
    /// `ServerAliveCountMax`
    pub server_alive_count_max: u32,
    /// `AddressFamily`
    pub address_family: AddressFamily,
    /// `BindAddress`
    pub bind_address: Option<String>,
    /// `PubkeyAuthentication`
    pub pubkey_authentication: bool,
    /// `PasswordAuthentication`
    pub password_authentication: bool,
    /// `KbdInteractiveAuthentication`
    pub kbd_interactive_authentication: bool,
    /// `GSSAPIAuthentication`: not used here; where a login fails, it may be what is missing.
    pub gssapi_authentication: bool,
    /// `PreferredAuthentications`, in order; `None` is OpenSSH's own order.
    pub preferred_authentications: Option<Vec<String>>,
    /// `RequiredRSASize`: RSA keys of fewer bits count as none, ours and the host's.
    pub required_rsa_size: u32,
    /// The lists of algorithms.
    pub algorithms: Algorithms,
    /// Directives that would change how the host is reached and that are not honoured here.
    pub unhonoured: Vec<Directive>,
}

/// The lists of algorithms, as they are written: `a,b`, `+a`, `-a*`, `^a`; `None` is the default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Algorithms {
    /// `Ciphers`
    pub ciphers: Option<String>,
    /// `MACs`
    pub macs: Option<String>,
    /// `KexAlgorithms`
    pub kex: Option<String>,
    /// `HostKeyAlgorithms`
    pub host_key: Option<String>,
    /// `PubkeyAcceptedAlgorithms`
    pub pubkey_accepted: Option<String>,
    /// `CASignatureAlgorithms`
    pub ca_signature: Option<String>,
}

/// `IdentityAgent`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AgentChoice {
    /// The one that `SSH_AUTH_SOCK` names.
    #[default]
    Environment,
    /// None.
    None,
    /// The one behind this socket.
    Socket(PathBuf),
}

/// `StrictHostKeyChecking`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKeyChecking {
    /// `yes`
    Yes,
    /// `accept-new`
    AcceptNew,
    /// `no`, `off`
    No,
    /// `ask`, which an audit cannot do.
    Ask,
}

/// What stands between this machine and a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Proxy {
    /// Nothing.
    #[default]
    None,
    /// `ProxyJump`: the nearest first.
    Jump(Vec<JumpHost>),
    /// `ProxyCommand`, tokens expanded.
    Command(String),
}

/// One host of a `ProxyJump`, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JumpHost {
    /// Login name, if it is said.
    pub user: Option<String>,
    /// The destination, which has settings of its own.
    pub host: String,
    /// Port, if it is said.
    pub port: Option<u16>,
}

/// `AddressFamily`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AddressFamily {
    /// `any`
    #[default]
    Any,
    /// `inet`
    Inet,
    /// `inet6`
    Inet6,
}

/// One setting as it is written: in a configuration file, or by whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Directive {
    /// The keyword in lower case: `proxyjump`.
    pub keyword: String,
    /// Its arguments, quotes taken off.
    pub arguments: Vec<String>,
    /// Where it stands, as messages show it: `FILE:LINE`, or `--user`.
    pub place: String,
}

impl Directive {
    /// A directive of one argument.
    pub fn new(keyword: &str, argument: impl Into<String>, place: impl Into<String>) -> Self {
        Self { keyword: keyword.to_owned(), arguments: vec![argument.into()], place: place.into() }
    }
}
