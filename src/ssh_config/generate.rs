//! Odd configurations, and random ones that a seed repeats, for the comparison with `ssh -G`.

use std::path::Path;

use super::Directive;

/// Configurations that once were, or could be, read wrongly. `DIR` has `a.inc` and `b.inc`.
pub(super) const ODD: &[&str] = &[
    "",
    "Host web\n HostName=%h.Example\nPort = 2222\nUser \"bob s\"\n",
    "Host Web\nPort 3\nMatch host WEB\nUser m\n",
    "Host * !web\nPort 4\n",
    "Host !web\nPort 4\n",
    "Host !web *\nPort 4\nHost \"db web\" web,db\nUser x\n",
    "Host web # db.example.net\nPort 4 # x\n",
    "Match all\nPort 1\nMatch !all\nUser x\n",
    "Match host web all\nPort 4\nMatch user=root\nUser y\n",
    "Match !host db* !user nobody\nPort 4\n",
    "Match host web,!web\nPort 5\nMatch originalhost WEB\nPort 6\n",
    "Match final\nPort 3\nMatch all\nPort 4\n",
    "Match final all\nPort 3\n",
    "Match canonical\nPort 3\nMatch final host zed\nPort 9\nHost *\nHostName Zed\n",
    "HostName Zed\nHost zed\nPort 7\nMatch final\nUser u\n",
    "HostName Zed\nMatch final\nHostName foo\n",
    "Host nobody\nMatch final\nPort 3\nHost *\nUser a\nHost zed\nUser b\n",
    "User first\nMatch user first\nPort 7\nUser second\nMatch user second\nPort 8\n",
    "Match user nobody\nPort 9\nMatch localuser *\nUser nobody\nMatch user nobody\nPort 10\n",
    "ProxyJump none\nProxyCommand nc %h %p\n",
    "ProxyCommand none\nProxyJump a\n",
    "ProxyJump none\nProxyJump a\n",
    "ProxyJump a,u@b:33 # c\n",
    "ProxyJump=ssh://u@b:33/\nProxyCommand x\n",
    "ProxyJump [::1]:33\n",
    "ProxyJump 192.0.2.7\n",
    "ProxyJump a b\n",
    "ProxyCommand = nc -x \"a b\" %h %p # no comment\nProxyJump a\n",
    "ConnectTimeout none\nConnectTimeout 5m\nServerAliveInterval 1h30m2\nServerAliveCountMax +4\n",
    "ConnectionAttempts 010\nPort ssh\nSetupTimeOut 9\n",
    "IdentitiesOnly True\nIdentitiesOnly no\nHashKnownHosts YES\nStrictHostKeyChecking off\n",
    "StrictHostKeyChecking accept-new\nPubkeyAuthentication host-bound\nDSAAuthentication no\n",
    "ChallengeResponseAuthentication no\nPasswordAuthentication FALSE\nKeepAlive no\n",
    "IdentityFile none\nIdentityFile a\nIdentityFile \"a\"\nIdentityFile ~/b%d\nCertificateFile c\n",
    "UserKnownHostsFile none\nGlobalKnownHostsFile NONE\n",
    "UserKnownHostsFile a a\nUserKnownHostsFile b\nGlobalKnownHostsFile /x \"/y z\"\n",
    "HostKeyAlias Al\nUserKnownHostsFile ~/x%h \"b c\" /%C/%d/%h/%i/%k/%L/%l/%n/%p/%r/%u${PATH}/%%\n",
    "HostName X%%%h\nUserKnownHostsFile /%k/%n/%h\n",
    "IdentityAgent ~/%h\n",
    "IdentityAgent none\n",
    "IdentityAgent SSH_AUTH_SOCK\n",
    "IdentityAgent $NOWHERE\n",
    "IdentityAgent ${PATH}/x\n",
    "IgnoreUnknown use*,BAR\nUseKeychain yes\nbar a b\n",
    "Protocol 2\nRSAAuthentication yes\nUseRoaming no\nCipher 3des\nPort 8\n",
    "Ciphers +3des-cbc,aes128-ctr\nMACs -hmac-sha1*,umac-*\nKexAlgorithms ^curve25519-sha256\n",
    "HostKeyAlgorithms ssh*\nPubkeyAcceptedKeyTypes ^ssh-rsa*\nCASignatureAlgorithms +ssh-rsa\n",
    "HostKeyAlgorithms -ssh*,!ssh-ed25519\nPubkeyAcceptedAlgorithms +ssh-rsa,ssh-rsa\nCiphers aes256-ctr\n",
    "Include DIR/a.inc\nPort 22\nUser after\n",
    "Host web\nInclude DIR/*.inc\nHost *\nPort 22\n",
    "Host other\nInclude DIR/a.inc DIR/b.inc\nUser x\n",
    "Host db*\nInclude \"DIR/a.inc\" DIR/missing DIR/none*\nUser still-db\nHost *\nUser x\n",
    "Host web\n\tUser a\\ b\nHost *\n  User 'x\"y'\r\n",
    "HostName FE80::A%%Eth0\nMatch final host fe80*\nPort 7\nHost FE80*\nPort 8\n",
    "RequiredRSASize 2048\nAddressFamily INET6\nBindAddress 192.0.2.9\nPreferredAuthentications a,b\n",
];

const HOSTS: [&str; 7] =
    ["web", "web1", "Web", "db.example.net", "gate", "192.0.2.1", "a-very-long.name.example.net"];

const PATTERNS: [&str; 13] = [
    "*",
    "web*",
    "?eb",
    "web",
    "Web",
    "!web1",
    "*.example.net",
    "!db*",
    "192.0.2.?",
    "*e*",
    "gate",
    "zed*",
    "a?*.name.*",
];

const USERS: [&str; 6] = ["root", "audit", "deploy", "*", "a*,d*", "!root,*"];

/// Lines of every keyword that settings have, arguments ready to be written.
const VALUES: &[(&str, &[&str])] = &[
    ("HostName", &["%h", "Zed", "zed.example.net", "%h.example.net", "192.0.2.99", "x%%y"]),
    ("Port", &["22", "2222", "+7", "ssh", "65535"]),
    ("User", &["root", "audit", "deploy", "\"a b\""]),
    ("IdentityFile", &["~/.ssh/a", "~/.ssh/b", "none", "/k/%h-%r", "\"/with blank\"", "relative", "${PATH}"]),
    ("CertificateFile", &["~/.ssh/a-cert.pub", "/c/%u", "c"]),
    ("IdentitiesOnly", &["yes", "no", "True"]),
    ("IdentityAgent", &["none", "SSH_AUTH_SOCK", "~/agent-%r", "$NOWHERE", "/run/%i/%l"]),
    ("UserKnownHostsFile", &["none", "~/.ssh/k1 /k2/%k", "/k/%d", "\"a b\" c", "/x/%n%L", "${PATH}/%p"]),
    ("GlobalKnownHostsFile", &["none", "/g1", "/g1 /g2", "\"/g 1\" /g%h"]),
    ("HostKeyAlias", &["alias", "Alias.%h", "db"]),
    ("StrictHostKeyChecking", &["yes", "no", "ask", "off", "accept-new", "True"]),
    ("HashKnownHosts", &["yes", "no"]),
    ("ProxyJump", &["none", "gate", "a,gate", "u@gate:2222", "[2001:db8::1]:5,b", "ssh://u@x:9", "%h-gate"]),
    ("ProxyCommand", &["none", "nc %h %p", "ssh -W \"[%h]:%p\" 'gate'", "nc -x a=b %n # %r"]),
    ("ConnectTimeout", &["none", "5", "1m", "1h1"]),
    ("ConnectionAttempts", &["1", "3", "+2"]),
    ("ServerAliveInterval", &["0", "30", "2m", "none"]),
    ("ServerAliveCountMax", &["0", "3", "5"]),
    ("AddressFamily", &["any", "inet", "inet6", "INET"]),
    ("BindAddress", &["192.0.2.3", "localhost"]),
    ("PubkeyAuthentication", &["yes", "no", "unbound", "host-bound"]),
    ("PasswordAuthentication", &["yes", "no"]),
    ("KbdInteractiveAuthentication", &["yes", "no"]),
    ("ChallengeResponseAuthentication", &["yes", "no"]),
    ("GSSAPIAuthentication", &["yes", "no"]),
    ("PreferredAuthentications", &["publickey", "password,publickey"]),
    ("RequiredRSASize", &["1024", "3072"]),
    ("Ciphers", &["aes256-ctr", "+3des-cbc", "-aes*", "^aes256-gcm@openssh.com,aes128-cbc"]),
    ("MACs", &["hmac-sha2-256,hmac-sha1", "-*-etm@*", "+hmac-md5", "^hmac-sha2-512"]),
    (
        "KexAlgorithms",
        &["curve25519-sha256", "-diffie*,*nistp*", "+diffie-hellman-group1-sha1", "^ecdh-sha2-nistp521"],
    ),
    ("HostKeyAlgorithms", &["ssh-ed25519,rsa*", "-*cert*", "+ssh-rsa,ssh-d*", "^rsa-sha2-512,ecdsa*"]),
    ("PubkeyAcceptedAlgorithms", &["*ed25519*", "-ecdsa*,sk-*", "^ssh-rsa"]),
    ("PubkeyAcceptedKeyTypes", &["+ssh-rsa", "ssh-ed25519"]),
    ("CASignatureAlgorithms", &["ssh-ed25519", "+ssh-rsa", "-ecdsa*", "^rsa-sha2-256"]),
    // Harmless ones, between the others.
    ("ForwardAgent", &["yes"]),
    ("ControlPath", &["~/.ssh/%C"]),
    ("LocalForward", &["8080 localhost:80"]),
    ("SendEnv", &["LANG LC_*"]),
    ("Compression", &["yes"]),
];

/// What a caller may say first; `-o` takes the same.
const GIVEN: &[(&str, &str)] = &[
    ("user", "audit"),
    ("port", "2022"),
    ("identityfile", "~/.ssh/a"),
    ("proxyjump", "u@gate,b:5"),
    ("proxycommand", "nc %h %p"),
    ("hostname", "zed"),
    ("userknownhostsfile", "/given"),
];

/// Numbers that a seed repeats: xorshift.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 16) % end as u64).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

/// Some hosts to ask for.
pub(super) fn hosts(random: &mut Random) -> Vec<&'static str> {
    (0..3).map(|_| random.of(&HOSTS)).collect()
}

/// Now and then something that comes before every file.
pub(super) fn given(random: &mut Random) -> Vec<Directive> {
    let count = if random.one_in(3) { 1 + random.below(3) } else { 0 };
    (0..count)
        .map(|_| GIVEN[random.below(GIVEN.len())])
        .map(|(keyword, value)| Directive::new(keyword, value, "-o"))
        .collect()
}

/// Writes a configuration with the files that it includes; gives all of it to show.
pub(super) fn write(random: &mut Random, folder: &Path) -> String {
    let mut shown = String::new();
    // Each file may include those before it, so that nothing goes round in circles.
    for (nth, name) in ["inc-a.conf", "inc-b.conf", "inc-c", "config"].into_iter().enumerate() {
        let text = file(random, folder, nth);
        shown.push_str(&format!("--- {name}\n{text}"));
        std::fs::write(folder.join(name), text).unwrap();
    }
    shown
}

fn file(random: &mut Random, folder: &Path, nth: usize) -> String {
    let mut text = String::new();
    for _ in 0..3 + random.below(14) {
        let line = match random.below(10) {
            0 | 1 => host_line(random),
            2 => match_line(random),
            3 if nth > 0 => include_line(random, folder, nth),
            4 if random.one_in(3) => ["# Port 1", "", "  \t", "#"][random.below(4)].to_owned(),
            _ => value_line(random),
        };
        text.push_str(random.of(&["", "", "  ", "\t"]));
        text.push_str(&line);
        text.push_str(random.of(&["\n", "\n", " \n", "\r\n"]));
    }
    text
}

fn host_line(random: &mut Random) -> String {
    let patterns: Vec<&str> = (0..=random.below(3)).map(|_| random.of(&PATTERNS)).collect();
    let comment = if random.one_in(6) { " # gate" } else { "" };
    format!("{} {}{comment}", cased(random, "Host"), patterns.join(" "))
}

fn match_line(random: &mut Random) -> String {
    if random.one_in(8) {
        return random
            .of(&["Match all", "Match final", "Match final all", "Match canonical", "match ALL"])
            .to_owned();
    }
    let mut line = cased(random, "Match");
    for _ in 0..=random.below(2) {
        let criterion = random.of(&["host", "originalhost", "user", "localuser", "Host", "final"]);
        line.push_str(if random.one_in(3) { " !" } else { " " });
        line.push_str(criterion);
        match criterion {
            "user" | "localuser" => line.push_str(&format!(" {}", random.of(&USERS))),
            "final" => {}
            _ => {
                let (one, other) = (random.of(&PATTERNS), random.of(&PATTERNS));
                line.push_str(&if random.one_in(2) {
                    format!(" {one}")
                } else {
                    format!(" \"{one},{other}\"")
                });
            }
        }
    }
    line
}

fn include_line(random: &mut Random, folder: &Path, nth: usize) -> String {
    let name = match nth {
        1 => "inc-a.conf",
        2 => random.of(&["inc-a.conf", "inc-b.conf", "*.conf", "inc-[ab].*"]),
        _ => random.of(&["inc-c", "inc-?.conf", "inc-b.conf", "missing*", "inc-c missing"]),
    };
    let names: Vec<String> = name.split(' ').map(|name| folder.join(name).display().to_string()).collect();
    format!("{} {}", cased(random, "Include"), names.join(" "))
}

fn value_line(random: &mut Random) -> String {
    let (keyword, values) = VALUES[random.below(VALUES.len())];
    let (keyword, value) = (cased(random, keyword), random.of(values));
    let between = random.of(&[" ", " ", "=", " = ", "\t", "  "]);
    let is_proxy = keyword.to_lowercase().starts_with("proxy");
    let quoted = random.one_in(5) && !value.contains(['"', ' ']) && !is_proxy;
    let value = if quoted { format!("\"{value}\"") } else { value.to_owned() };
    // To OpenSSH 9.2 `ProxyJump none # x` is a host named `none`; later ones drop the comment, as we do.
    let comment = if random.one_in(8) && !is_proxy { " # x" } else { "" };
    format!("{keyword}{between}{value}{comment}")
}

fn cased(random: &mut Random, keyword: &str) -> String {
    match random.below(4) {
        0 => keyword.to_lowercase(),
        1 => keyword.to_uppercase(),
        _ => keyword.to_owned(),
    }
}
