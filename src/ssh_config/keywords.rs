//! Every keyword of ssh_config(5) up to OpenSSH 10, with Debian's: how it is written, and what becomes of it
//! here. A new keyword is one line of [`ALL`]; docs/ssh.md shows the same table.

use Class::{Harmless, Honoured, Refused, Structure};
use Kind::{Agent, Command, Count, Files, Flag, Jump, OneOf, Port, Size, Text, Time, Words};

/// How arguments are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One word.
    Text,
    /// `yes` or `no`.
    Flag,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A TCP port.
    Port,
    /// A whole number above zero.
    Count,
    /// A whole number.
    Size,
    /// `90`, `1h30m`, `none`.
    Time,
    /// The socket of an agent.
    Agent,
    /// One or more files, or `none`.
    Files,
    /// One or more words; they are not looked into.
    Words,
    /// The rest of the line.
    Command,
    /// Jump hosts.
    Jump,
}

/// What becomes of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// It does what it does for ssh.
    Honoured,
    /// It has no say in how an audit reaches a host.
    Harmless,
    /// It refuses the hosts it holds for, unless it says one of these.
    Refused(&'static [&'static str]),
    /// It says what other lines hold for.
    Structure,
}

/// One keyword.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Keyword {
    /// As the manual writes it.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) class: Class,
    /// Why it is harmless or refused, for the documents.
    pub(super) why: &'static str,
}

const fn honoured(name: &'static str, kind: Kind) -> Keyword {
    Keyword { name, kind, class: Honoured, why: "" }
}

const fn harmless(name: &'static str, kind: Kind, why: &'static str) -> Keyword {
    Keyword { name, kind, class: Harmless, why }
}

const fn refused(
    name: &'static str,
    kind: Kind,
    unless: &'static [&'static str],
    why: &'static str,
) -> Keyword {
    Keyword { name, kind, class: Refused(unless), why }
}

const fn structure(name: &'static str) -> Keyword {
    Keyword { name, kind: Words, class: Structure, why: "" }
}

const NO: &[&str] = &["no", "false"];
const NONE: &[&str] = &["none"];

const FORWARD: &str = "an audit forwards nothing";
const TERMINAL: &str = "an audit has no terminal, and starts its own command";
const SOCKET: &str = "an audit shares no connection";
const LOG: &str = "it is about messages";
const GSSAPI: &str = "it says how GSSAPI is used, and it is not used here";
const CANONICAL: &str = "it counts only with CanonicalizeHostname";
const HOSTBASED: &str = "host-based authentication is not used here";
const QUESTIONS: &str = "an audit has rules of its own for what it asks";
const WIRE: &str = "it changes how the connection is carried, not where it leads or whom it trusts";
const OBSOLETE: &str = "ssh itself passes over it";

/// What `yes` and `no` may be called.
pub(super) const FLAGS: &[&str] = &["yes", "no", "true", "false"];
const HOST_KEY: &[&str] = &["yes", "no", "true", "false", "off", "ask", "accept-new"];
const PUBKEY: &[&str] = &["yes", "no", "true", "false", "unbound", "host-bound"];
const ASK: &[&str] = &["yes", "no", "true", "false", "ask"];
const CANONICALIZE: &[&str] = &["yes", "no", "true", "false", "always"];

/// The table.
pub(super) const ALL: &[Keyword] = &[
    structure("Host"),
    structure("Match"),
    structure("Include"),
    structure("IgnoreUnknown"),
    // Where to, and through what.
    honoured("HostName", Text),
    honoured("Port", Port),
    honoured("User", Text),
    honoured("Tag", Text),
    honoured("ProxyJump", Jump),
    honoured("ProxyCommand", Command),
    honoured("AddressFamily", OneOf(&["any", "inet", "inet6"])),
    honoured("BindAddress", Text),
    honoured("ConnectTimeout", Time),
    honoured("ConnectionAttempts", Count),
    honoured("ServerAliveInterval", Time),
    honoured("ServerAliveCountMax", Size),
    // Who we are.
    honoured("IdentityFile", Text),
    honoured("CertificateFile", Text),
    honoured("IdentitiesOnly", Flag),
    honoured("IdentityAgent", Agent),
    honoured("PubkeyAuthentication", OneOf(PUBKEY)),
    honoured("PasswordAuthentication", Flag),
    honoured("KbdInteractiveAuthentication", Flag),
    honoured("PreferredAuthentications", Text),
    honoured("GSSAPIAuthentication", Flag),
    honoured("HostbasedAuthentication", Flag),
    // Who they are.
    honoured("UserKnownHostsFile", Files),
    honoured("GlobalKnownHostsFile", Files),
    honoured("HostKeyAlias", Text),
    honoured("StrictHostKeyChecking", OneOf(HOST_KEY)),
    honoured("HashKnownHosts", Flag),
    // With which algorithms.
    honoured("Ciphers", Text),
    honoured("MACs", Text),
    honoured("KexAlgorithms", Text),
    honoured("HostKeyAlgorithms", Text),
    honoured("PubkeyAcceptedAlgorithms", Text),
    honoured("CASignatureAlgorithms", Text),
    honoured("RequiredRSASize", Size),
    // What we cannot do, and what would lead elsewhere, or trust somebody else, without it.
    refused("BindInterface", Text, &[], "the interface decides which network is used"),
    refused(
        "CanonicalizeHostname",
        OneOf(CANONICALIZE),
        NO,
        "the name is looked up under other domains first",
    ),
    refused("CanonicalizePermittedCNAMEs", Words, NONE, "the name follows aliases in DNS"),
    refused("CheckHostIP", Flag, NO, "the key is also checked by address"),
    refused("GSSAPIKeyExchange", Flag, NO, "Kerberos vouches for the host in place of its key"),
    refused("KnownHostsCommand", Command, NONE, "a command says which host keys are known"),
    refused("PKCS11Provider", Text, NONE, "the keys are on a token"),
    refused("ProxyUseFdpass", Flag, NO, "the proxy command hands over a socket"),
    refused("RefuseConnection", Text, &[], "the configuration forbids the connection"),
    refused("RevokedHostKeys", Text, NONE, "a list says which host keys are revoked"),
    refused(
        "SecurityKeyProvider",
        Text,
        &["internal", "none"],
        "a library of its own speaks to security keys",
    ),
    refused("VerifyHostKeyDNS", OneOf(ASK), &["no", "false", "ask"], "DNS vouches for host keys"),
    // What an audit does not do.
    harmless("AddKeysToAgent", Words, "no key is added to an agent"),
    harmless("BatchMode", Flag, QUESTIONS),
    harmless("CanonicalDomains", Words, CANONICAL),
    harmless("CanonicalizeFallbackLocal", Flag, CANONICAL),
    harmless("CanonicalizeMaxDots", Size, CANONICAL),
    harmless("ChannelTimeout", Words, "an audit has limits of its own"),
    harmless("ClearAllForwardings", Flag, FORWARD),
    harmless("Compression", Flag, WIRE),
    harmless("ControlMaster", Words, SOCKET),
    harmless("ControlPath", Text, SOCKET),
    harmless("ControlPersist", Words, SOCKET),
    harmless("DynamicForward", Words, FORWARD),
    harmless("EnableEscapeCommandline", Flag, TERMINAL),
    harmless("EnableSSHKeysign", Flag, HOSTBASED),
    harmless("EscapeChar", Text, TERMINAL),
    harmless("ExitOnForwardFailure", Flag, FORWARD),
    harmless("FingerprintHash", Text, LOG),
    harmless("ForkAfterAuthentication", Flag, TERMINAL),
    harmless("ForwardAgent", Text, FORWARD),
    harmless("ForwardX11", Flag, FORWARD),
    harmless("ForwardX11Timeout", Time, FORWARD),
    harmless("ForwardX11Trusted", Flag, FORWARD),
    harmless("GatewayPorts", Flag, FORWARD),
    harmless("GSSAPIClientIdentity", Text, GSSAPI),
    harmless("GSSAPIDelegateCredentials", Flag, GSSAPI),
    harmless("GSSAPIKexAlgorithms", Text, GSSAPI),
    harmless("GSSAPIRenewalForcesRekey", Flag, GSSAPI),
    harmless("GSSAPIServerIdentity", Text, GSSAPI),
    harmless("GSSAPITrustDns", Flag, GSSAPI),
    harmless("HostbasedAcceptedAlgorithms", Text, HOSTBASED),
    harmless("IPQoS", Words, WIRE),
    harmless("KbdInteractiveDevices", Text, QUESTIONS),
    harmless("LocalCommand", Command, "an audit runs nothing on this machine"),
    harmless("LocalForward", Words, FORWARD),
    harmless("LogLevel", Text, LOG),
    harmless("LogVerbose", Words, LOG),
    harmless("NoHostAuthenticationForLocalhost", Flag, "the key of this machine is checked like any other"),
    harmless("NumberOfPasswordPrompts", Size, QUESTIONS),
    harmless("ObscureKeystrokeTiming", Words, TERMINAL),
    harmless("PermitLocalCommand", Flag, "an audit runs nothing on this machine"),
    harmless("PermitRemoteOpen", Words, FORWARD),
    harmless("RekeyLimit", Words, WIRE),
    harmless("RemoteCommand", Command, TERMINAL),
    harmless("RemoteForward", Words, FORWARD),
    harmless("RequestTTY", Text, TERMINAL),
    harmless("SendEnv", Words, "an audit sends no variable"),
    harmless("SessionType", Text, TERMINAL),
    harmless("SetEnv", Words, "an audit sends no variable"),
    harmless("StdinNull", Flag, TERMINAL),
    harmless("StreamLocalBindMask", Text, FORWARD),
    harmless("StreamLocalBindUnlink", Flag, FORWARD),
    harmless("SyslogFacility", Text, LOG),
    harmless("TCPKeepAlive", Flag, WIRE),
    harmless("Tunnel", Text, FORWARD),
    harmless("TunnelDevice", Text, FORWARD),
    harmless("UpdateHostKeys", Text, "known_hosts learns no further keys of a host"),
    harmless("VersionAddendum", Command, WIRE),
    harmless("VisualHostKey", Flag, LOG),
    harmless("WarnWeakCrypto", Words, LOG),
    harmless("XAuthLocation", Text, FORWARD),
    harmless("AFSTokenPassing", Words, OBSOLETE),
    harmless("Cipher", Words, OBSOLETE),
    harmless("CompressionLevel", Words, OBSOLETE),
    harmless("FallbackToRsh", Words, OBSOLETE),
    harmless("GlobalKnownHostsFile2", Words, OBSOLETE),
    harmless("KerberosAuthentication", Words, OBSOLETE),
    harmless("KerberosTGTPassing", Words, OBSOLETE),
    harmless("Protocol", Words, OBSOLETE),
    harmless("RhostsAuthentication", Words, OBSOLETE),
    harmless("RhostsRSAAuthentication", Words, OBSOLETE),
    harmless("RSAAuthentication", Words, OBSOLETE),
    harmless("UsePrivilegedPort", Words, OBSOLETE),
    harmless("UseRoaming", Words, OBSOLETE),
    harmless("UseRsh", Words, OBSOLETE),
    harmless("UserKnownHostsFile2", Words, OBSOLETE),
];

/// Older names, and Debian's.
pub(super) const ALIASES: &[(&str, &str)] = &[
    ("ChallengeResponseAuthentication", "KbdInteractiveAuthentication"),
    ("SKeyAuthentication", "KbdInteractiveAuthentication"),
    ("TISAuthentication", "KbdInteractiveAuthentication"),
    ("DSAAuthentication", "PubkeyAuthentication"),
    ("HostbasedKeyTypes", "HostbasedAcceptedAlgorithms"),
    ("IdentityFile2", "IdentityFile"),
    ("KeepAlive", "TCPKeepAlive"),
    ("ProtocolKeepAlives", "ServerAliveInterval"),
    ("PubkeyAcceptedKeyTypes", "PubkeyAcceptedAlgorithms"),
    ("SetupTimeOut", "ServerAliveInterval"),
    ("SmartcardDevice", "PKCS11Provider"),
];

/// The keyword of that name, in any case.
pub(super) fn find(name: &str) -> Option<&'static Keyword> {
    let alias = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name));
    let name = alias.map_or(name, |(_, name)| *name);
    ALL.iter().find(|keyword| keyword.name.eq_ignore_ascii_case(name))
}
