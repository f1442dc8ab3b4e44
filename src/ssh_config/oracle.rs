//! What the real `ssh -G` says of odd and of random configurations, and whether we say the same.
//!
//! Written against OpenSSH 9.2. `ssh -G` shows the paths of keys as they are written, so they are compared
//! before they are expanded; `ssh -v` shows what becomes of them, and has a test of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::generate::{self, Random};
use super::keywords::{ALIASES, ALL};
use super::resolve::Found;
use super::settings::{AddressFamily, AgentChoice, HostKeyChecking, Proxy};
use super::{Config, Directive, Files, Me, Settings, apply_among, value};

/// Keywords in lower case, and the lines that `ssh -G` has for each.
type Shown = BTreeMap<String, Vec<String>>;

/// What `ssh -G` calls what [`super::Settings`] has.
const COMPARED: &[&str] = &[
    "hostname",
    "port",
    "user",
    "identityfile",
    "certificatefile",
    "identitiesonly",
    "identityagent",
    "userknownhostsfile",
    "globalknownhostsfile",
    "hostkeyalias",
    "stricthostkeychecking",
    "hashknownhosts",
    "proxyjump",
    "proxycommand",
    "connecttimeout",
    "connectionattempts",
    "serveraliveinterval",
    "serveralivecountmax",
    "addressfamily",
    "bindaddress",
    "pubkeyauthentication",
    "passwordauthentication",
    "kbdinteractiveauthentication",
    "gssapiauthentication",
    "preferredauthentications",
    "requiredrsasize",
    "ciphers",
    "macs",
    "kexalgorithms",
    "hostkeyalgorithms",
    "pubkeyacceptedalgorithms",
    "casignaturealgorithms",
];

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Who runs the tests, as ssh sees it: the home folder is that of the password database, whatever HOME says.
fn me() -> Me {
    let line = |arguments: &[&str]| output(arguments[0], &arguments[1..]).trim().to_owned();
    let login = line(&["id", "-un"]);
    let home = line(&["getent", "passwd", &login]).split(':').nth(5).unwrap().to_owned();
    Me {
        home: Some(PathBuf::from(home)),
        uid: line(&["id", "-u"]).parse().unwrap(),
        host: std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned(),
        environment: std::env::vars().collect(),
        login,
    }
}

/// `ssh -G`, or what it complains about.
fn asked(arguments: &[&str], host: &str) -> Result<Shown, String> {
    let run = Command::new("ssh")
        .arg("-G")
        .args(arguments)
        .args(["--", host])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if !run.status.success() {
        return Err(String::from_utf8_lossy(&run.stderr).into_owned());
    }
    let mut shown = Shown::new();
    for line in String::from_utf8(run.stdout).unwrap().lines() {
        let (keyword, value) = line.split_once(' ').unwrap_or((line, ""));
        if COMPARED.contains(&keyword) {
            shown.entry(keyword.to_owned()).or_default().push(value.to_owned());
        }
    }
    Ok(shown)
}

/// What holds without any configuration, and what there is to choose from.
struct Defaults {
    me: Me,
    shown: Shown,
    algorithms: BTreeMap<&'static str, Vec<String>>,
}

impl Defaults {
    fn ask() -> Self {
        let of = |query: &str| output("ssh", &["-Q", query]).lines().map(str::to_owned).collect();
        let queries = [
            ("ciphers", "cipher"),
            ("macs", "mac"),
            ("kexalgorithms", "kex"),
            ("hostkeyalgorithms", "HostKeyAlgorithms"),
            ("pubkeyacceptedalgorithms", "PubkeyAcceptedAlgorithms"),
            ("casignaturealgorithms", "HostKeyAlgorithms"),
        ];
        Self {
            me: me(),
            shown: asked(&["-F", "none"], "h").unwrap(),
            algorithms: queries.map(|(keyword, query)| (keyword, of(query))).into_iter().collect(),
        }
    }

    fn line(&self, keyword: &str) -> &str {
        &self.shown[keyword][0]
    }

    fn algorithms(&self, keyword: &str, list: Option<&String>) -> String {
        let Some(list) = list else { return self.line(keyword).to_owned() };
        let defaults: Vec<&str> = self.line(keyword).split(',').collect();
        let all: Vec<&str> = self.algorithms[keyword].iter().map(String::as_str).collect();
        apply_among(list, &defaults, &all).join(",")
    }
}

/// Our answer in the words of `ssh -G`.
fn answered(config: &Config, host: &str, given: &[Directive], defaults: &Defaults) -> Shown {
    let settings = config.resolve(host, given);
    let search = config.search(host, given);
    // Some of them leave no method that we have.
    let allowed = ["preferredauthentications", "pubkeyauthentication"];
    assert!(settings.unhonoured.iter().all(|said| allowed.contains(&said.keyword.as_str())), "{settings:?}");
    let lines = where_to(&settings, &search.found)
        .into_iter()
        .chain(who_we_are(&settings, &search.found, defaults))
        .chain(who_they_are(&settings))
        .chain(algorithms(&settings, defaults));
    let mut shown = Shown::new();
    for (keyword, value) in lines {
        shown.entry(keyword.to_owned()).or_default().push(value);
    }
    shown
}

fn yes_no(on: bool) -> String {
    if on { "yes" } else { "no" }.to_owned()
}

fn where_to(settings: &Settings, found: &Found<'_>) -> Vec<(&'static str, String)> {
    let timeout = settings.connect_timeout.map(|time| time.as_secs().to_string());
    let family = match settings.address_family {
        AddressFamily::Any => "any",
        AddressFamily::Inet => "inet",
        AddressFamily::Inet6 => "inet6",
    };
    let mut lines = vec![
        ("hostname", settings.host_name.clone()),
        ("port", settings.port.to_string()),
        ("user", settings.user.clone()),
        ("connecttimeout", timeout.unwrap_or_else(|| "none".to_owned())),
        ("connectionattempts", settings.connection_attempts.to_string()),
        ("serveraliveinterval", settings.server_alive_interval.as_secs().to_string()),
        ("serveralivecountmax", settings.server_alive_count_max.to_string()),
        ("addressfamily", family.to_owned()),
    ];
    lines.extend(settings.bind_address.iter().map(|address| ("bindaddress", address.clone())));
    lines.extend(match &settings.proxy {
        Proxy::None => None,
        Proxy::Jump(_) => Some(("proxyjump", jump(found.word("ProxyJump").unwrap()))),
        Proxy::Command(_) => Some(("proxycommand", found.word("ProxyCommand").unwrap().to_owned())),
    });
    lines
}

fn who_we_are(settings: &Settings, found: &Found<'_>, defaults: &Defaults) -> Vec<(&'static str, String)> {
    let pubkey = match found.word("PubkeyAuthentication") {
        Some(way @ ("unbound" | "host-bound")) => way.to_owned(),
        _ => settings.pubkey_authentication.to_string(),
    };
    // Without a configuration it is Debian's build that decides.
    let gssapi = found.directive("GSSAPIAuthentication").map(|_| yes_no(settings.gssapi_authentication));
    let gssapi = gssapi.unwrap_or_else(|| defaults.line("gssapiauthentication").to_owned());
    let mut lines = vec![
        ("identitiesonly", yes_no(settings.identities_only)),
        ("pubkeyauthentication", pubkey),
        ("passwordauthentication", yes_no(settings.password_authentication)),
        ("kbdinteractiveauthentication", yes_no(settings.kbd_interactive_authentication)),
        ("gssapiauthentication", gssapi),
    ];
    let preferred = settings.preferred_authentications.as_ref();
    lines.extend(preferred.map(|list| ("preferredauthentications", list.join(","))));
    if settings.identity_files.is_none() {
        lines.extend(defaults.shown["identityfile"].iter().map(|file| ("identityfile", file.clone())));
    }
    for (shown, keyword) in [("identityfile", "IdentityFile"), ("certificatefile", "CertificateFile")] {
        lines.extend(found.all(keyword).map(|file| (shown, file.arguments[0].clone())));
    }
    lines.extend(found.word("IdentityAgent").map(|written| match &settings.identity_agent {
        AgentChoice::Socket(socket) => ("identityagent", socket.display().to_string()),
        AgentChoice::None | AgentChoice::Environment => ("identityagent", written.to_owned()),
    }));
    lines
}

fn who_they_are(settings: &Settings) -> Vec<(&'static str, String)> {
    let files = |files: &[PathBuf]| {
        let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(" ") }
    };
    let checking = match settings.strict_host_key_checking {
        Some(HostKeyChecking::Yes) => "true",
        Some(HostKeyChecking::No) => "false",
        Some(HostKeyChecking::AcceptNew) => "accept-new",
        Some(HostKeyChecking::Ask) | None => "ask",
    };
    let mut lines = vec![
        ("userknownhostsfile", files(&settings.user_known_hosts_files)),
        ("globalknownhostsfile", files(&settings.global_known_hosts_files)),
        ("stricthostkeychecking", checking.to_owned()),
        ("hashknownhosts", yes_no(settings.hash_known_hosts)),
        ("requiredrsasize", settings.required_rsa_size.to_string()),
    ];
    lines.extend(settings.host_key_alias.iter().map(|alias| ("hostkeyalias", alias.clone())));
    lines
}

fn algorithms(settings: &Settings, defaults: &Defaults) -> Vec<(&'static str, String)> {
    let lists = &settings.algorithms;
    [
        ("ciphers", &lists.ciphers),
        ("macs", &lists.macs),
        ("kexalgorithms", &lists.kex),
        ("hostkeyalgorithms", &lists.host_key),
        ("pubkeyacceptedalgorithms", &lists.pubkey_accepted),
        ("casignaturealgorithms", &lists.ca_signature),
    ]
    .map(|(keyword, list)| (keyword, defaults.algorithms(keyword, list.as_ref())))
    .to_vec()
}

/// `ssh -G` takes the last jump host apart and puts it together again.
fn jump(written: &str) -> String {
    let last = value::jump_hosts(written).unwrap().pop().unwrap();
    let before = written.rsplit_once(',').map(|(before, _)| format!("{before},")).unwrap_or_default();
    let user = last.user.map(|user| format!("{user}@")).unwrap_or_default();
    let numeric = last.host.contains(':') || last.host.chars().all(|c| c.is_ascii_digit() || c == '.');
    let host = if numeric { format!("[{}]", last.host) } else { last.host };
    let port = last.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{before}{user}{host}{port}")
}

/// Compares one configuration for one host; false where ssh refuses to go on, as we do elsewhere.
#[track_caller]
fn compare(path: &Path, host: &str, given: &[Directive], defaults: &Defaults, what: &str) -> bool {
    let config = Config::load(&Files::Only(path.to_owned()), defaults.me.clone())
        .unwrap_or_else(|error| panic!("{what}\n{error}"));
    let options = given.iter().map(|said| format!("{}={}", said.keyword, said.arguments.join(" ")));
    let options: Vec<String> = options.flat_map(|option| ["-o".to_owned(), option]).collect();
    let mut arguments = vec!["-F", path.to_str().unwrap()];
    arguments.extend(options.iter().map(String::as_str));
    match asked(&arguments, host) {
        // A host that is its own jump host: which hosts those are is known when they are linked.
        Err(error) if error.contains("jumphost loop") => false,
        Err(error) => panic!("{what}\nssh refuses {host}: {error}"),
        Ok(expected) => {
            let ours = answered(&config, host, given, defaults);
            for keyword in COMPARED {
                let (ours, expected) = (ours.get(*keyword), expected.get(*keyword));
                assert_eq!(ours, expected, "{what}\n{keyword} of {host}, given {given:?}: ours, and ssh's");
            }
            true
        }
    }
}

#[test]
#[ignore = "needs ssh: scripts/test"]
fn ssh_knows_every_keyword_of_the_table() {
    // They came after OpenSSH 9.2.
    let newer = [
        "ChannelTimeout",
        "ObscureKeystrokeTiming",
        "RefuseConnection",
        "Tag",
        "VersionAddendum",
        "WarnWeakCrypto",
    ];
    let names = ALL.iter().map(|keyword| keyword.name).chain(ALIASES.iter().map(|(alias, _)| *alias));
    for name in names.filter(|name| !newer.contains(name)) {
        let option = format!("{name}=x");
        let run = Command::new("ssh").args(["-G", "-o", &option, "h"]).stdin(Stdio::null()).output().unwrap();
        let error = String::from_utf8(run.stderr).unwrap();
        assert!(!error.contains("Bad configuration option"), "{name}: {error}");
    }
}

#[test]
#[ignore = "needs ssh: scripts/test"]
fn odd_configurations_are_read_as_ssh_reads_them() {
    let defaults = Defaults::ask();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    for text in generate::ODD {
        let text = text.replace("DIR", folder.path().to_str().unwrap());
        std::fs::write(folder.path().join("a.inc"), "Port 11\nHost web\nUser of-web\n").unwrap();
        std::fs::write(folder.path().join("b.inc"), "Match final\nUser last\n").unwrap();
        std::fs::write(&path, &text).unwrap();
        for host in ["web", "Web", "db.example.net", "192.0.2.1"] {
            compare(&path, host, &[], &defaults, &text);
        }
    }
}

#[test]
#[ignore = "needs ssh: scripts/test"]
fn random_configurations_are_read_as_ssh_reads_them() {
    let defaults = Defaults::ask();
    let (mut agreed, mut refused) = (0, 0);
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let folder = tempfile::tempdir().unwrap();
        let text = generate::write(&mut random, folder.path());
        let given = generate::given(&mut random);
        for host in generate::hosts(&mut random) {
            let what = format!("seed {seed}\n{text}");
            match compare(&folder.path().join("config"), host, &given, &defaults, &what) {
                true => agreed += 1,
                false => refused += 1,
            }
        }
    }
    println!("seeds 0 to 399: {agreed} agree, in {refused} ssh finds a host to be its own jump host");
    assert!(agreed > 900, "{agreed}");
}

#[test]
#[ignore = "needs ssh: scripts/test"]
fn the_usual_files_are_those_of_ssh() {
    let defaults = Defaults::ask();
    let config = Config::load(&Files::Usual, defaults.me.clone()).unwrap();
    let ours = answered(&config, "web.example.net", &[], &defaults);
    assert_eq!(ours, asked(&[], "web.example.net").unwrap());
}

#[test]
#[ignore = "needs ssh: scripts/test"]
fn paths_of_keys_are_expanded_as_ssh_expands_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let text = "HostName %h.Example\nUser audit\nPort 2222\nHostKeyAlias Alias\nIdentityFile ~/k-%C\n\
                IdentityFile none\nIdentityFile /k/%%/%d/%h/%i/%k/%L/%l/%n/%p/%r/%u\nIdentityFile ${PATH}\n\
                CertificateFile /c/%k\nIdentityFile relative\n";
    std::fs::write(&path, text).unwrap();
    let config = Config::load(&Files::Only(path.clone()), me()).unwrap();
    let settings = config.resolve("Web", &[]);
    let run = Command::new("ssh")
        .args(["-v", "-F", path.to_str().unwrap(), "-o", "ProxyCommand=false", "Web", "true"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let log = String::from_utf8(run.stderr).unwrap();
    let paths = |prefix: &str| -> Vec<PathBuf> {
        let lines = log.lines().filter_map(|line| line.strip_prefix(prefix)?.split_once(" type"));
        // ssh also looks for a certificate beside each key.
        lines.map(|(path, _)| PathBuf::from(path)).filter(|path| !path.ends_with("-cert")).collect()
    };
    let identities = paths("debug1: identity file ");
    let plain = |path: &&PathBuf| !path.to_string_lossy().ends_with("-cert");
    assert_eq!(
        settings.identity_files.unwrap(),
        identities.iter().filter(plain).cloned().collect::<Vec<_>>()
    );
    assert_eq!(settings.certificate_files, paths("debug1: certificate file "));
}
