//! What configurations mean, where `ssh -G` cannot be asked: what is refused, what cannot be told, mistakes.

use std::path::PathBuf;

use super::keywords::{ALIASES, ALL, Class, find};
use super::{AgentChoice, Config, Directive, Files, Me, Proxy, Settings};

fn me(home: &std::path::Path) -> Me {
    Me {
        login: "me".into(),
        home: Some(home.to_owned()),
        uid: std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(home).unwrap()),
        host: "desk".into(),
        environment: [("SET".to_owned(), "/set".to_owned())].into_iter().collect(),
    }
}

/// A configuration in `~/.ssh/config`, with other files beside it; the system's is not read.
fn config_with(text: &str, files: &[(&str, &str)]) -> Result<Config, String> {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".ssh");
    std::fs::create_dir(&folder).unwrap();
    for (name, text) in files.iter().chain(&[("config", text)]) {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let shown = folder.display().to_string();
    Config::load(&Files::Only(folder.join("config")), me(home.path()))
        .map_err(|error| error.to_string().replace(&shown, "~/.ssh"))
}

fn config(text: &str) -> Config {
    config_with(text, &[]).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn resolve(text: &str) -> Settings {
    config(text).resolve("web", &[])
}

/// The keyword and line of what is not honoured.
fn unhonoured(text: &str) -> Vec<String> {
    let shown = |said: Directive| format!("{} {}", said.keyword, said.place.rsplit_once(':').unwrap().1);
    resolve(text).unhonoured.into_iter().map(shown).collect()
}

#[test]
fn what_would_lead_elsewhere_is_refused_unless_it_says_what_holds_anyway() {
    for (text, expected) in [
        ("BindInterface eth0\n", "bindinterface 1"),
        ("CanonicalizeHostname yes\n", "canonicalizehostname 1"),
        ("CanonicalizeHostname no\nCanonicalizeHostname yes\n", ""),
        ("Host db\nCheckHostIP yes\nHost web\nCheckHostIP yes\n", "checkhostip 4"),
        ("KnownHostsCommand /usr/bin/sss_ssh_knownhosts %H\n", "knownhostscommand 1"),
        ("KnownHostsCommand none\nPKCS11Provider NONE\nRevokedHostKeys none\n", ""),
        ("SmartcardDevice /lib/x.so\n", "smartcarddevice 1"),
        ("SecurityKeyProvider internal\nVerifyHostKeyDNS ask\nProxyUseFdpass no\n", ""),
        ("VerifyHostKeyDNS yes\n", "verifyhostkeydns 1"),
        ("RefuseConnection \"use the gate\"\n", "refuseconnection 1"),
        ("Tunnel yes\nCompression yes\nRemoteCommand x y\nControlMaster auto\n", ""),
    ] {
        assert_eq!(unhonoured(text).join(", "), expected, "{text}");
    }
}

#[test]
fn a_match_that_cannot_be_told_refuses_what_it_could_change() {
    for (text, expected) in [
        ("Match exec \"true\"\nUser x\nPort 7\n", "match 1"),
        ("Match exec \"true\"\nForwardAgent yes\n", ""),
        ("User y\nMatch exec true\nUser x\n", ""),
        ("Match exec true host db\nUser x\n", ""),
        ("Match host db exec true\nUser x\n", ""),
        ("Match !exec true\nHost *\nUser x\n", ""),
        ("Match localnetwork 10.0.0.0/8\nProxyJump gate\n", "match 1"),
        ("Match version OpenSSH_9.*\nIdentityFile x\n", "match 1"),
        ("Match exec true\nHost db\nUser x\n", ""),
    ] {
        assert_eq!(unhonoured(text).join(", "), expected, "{text}");
    }
    let settings = resolve("Match exec true\nUser x\n");
    assert_eq!(settings.user, "me");
    assert_eq!(settings.unhonoured[0].arguments, ["exec", "true"]);
    let inner = [("inner", "Host db\nPort 1\nHost web\nPort 2\n")];
    let settings = config_with("Match exec true\nInclude inner\n", &inner).unwrap().resolve("web", &[]);
    assert_eq!((settings.port, settings.unhonoured.len()), (22, 1));
    let settings = config_with("Match exec true\nInclude inner\n", &inner).unwrap().resolve("x", &[]);
    assert_eq!(settings.unhonoured, []);
}

#[test]
fn tags_and_the_session_type_are_known() {
    // OpenSSH 9.2 knows neither.
    let text = "Match tagged far\nPort 7\nHost web\nTag far\nMatch tagged f*\nPort 8\n";
    assert_eq!(resolve(text).port, 8);
    assert_eq!(resolve("Match sessiontype shell\nPort 7\nMatch sessiontype exec\nPort 8\n").port, 8);
}

#[test]
fn what_cannot_be_expanded_refuses_its_hosts_alone() {
    for (text, expected) in [
        ("HostName %q\n", "hostname 1"),
        ("IdentityFile ~other/key\n", "identityfile 1"),
        ("IdentityFile ${UNSET}\n", "identityfile 1"),
        ("CertificateFile a\nCertificateFile %z\n", "certificatefile 2"),
        ("ProxyCommand nc %d\n", "proxycommand 1"),
        ("Include x-%h\n", "include 1"),
        ("Host db\nInclude x-%h\nHostName %q\n", ""),
        ("PreferredAuthentications gssapi-with-mic,hostbased\n", "preferredauthentications 1"),
        (
            "PubkeyAuthentication no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
            "pubkeyauthentication 1",
        ),
        ("PubkeyAuthentication no\nGSSAPIAuthentication yes\n", ""),
    ] {
        assert_eq!(unhonoured(text).join(", "), expected, "{text}");
    }
}

#[test]
fn what_is_given_comes_first_and_is_held_to_the_same() {
    let config = config("User file\nPort 7\nIdentityFile f\nProxyCommand x\n");
    let given = [
        Directive::new("user", "given", "--user"),
        Directive::new("identityfile", "/g/100%%", "--identity"),
        Directive::new("proxyjump", "a,u@b:5", "--jump"),
        Directive::new("challengeresponseauthentication", "no", "x"),
    ];
    let settings = config.resolve("web", &given);
    assert_eq!((settings.user.as_str(), settings.port), ("given", 7));
    assert_eq!(settings.identity_files.unwrap(), ["/g/100%", "f"].map(PathBuf::from));
    assert!(matches!(&settings.proxy, Proxy::Jump(hops) if hops.len() == 2), "{:?}", settings.proxy);
    assert!(!settings.kbd_interactive_authentication);
    assert_eq!(settings.unhonoured, []);
    for wrong in [
        Directive::new("port", "x", "-o"),
        Directive::new("nonsense", "x", "-o"),
        Directive::new("match", "all", "-o"),
        Directive::new("proxyjump", "a b@", "-o"),
        Directive { keyword: "user".into(), arguments: Vec::new(), place: "-o".into() },
        Directive::new("canonicalizehostname", "yes", "-o"),
    ] {
        assert_eq!(config.resolve("web", std::slice::from_ref(&wrong)).unhonoured, [wrong]);
    }
}

#[test]
fn values_are_filled_in() {
    let settings = resolve("");
    let home = config("").me().home.clone().unwrap();
    assert_ne!(settings.user_known_hosts_files, [home.join(".ssh/known_hosts")]);
    assert_eq!(settings.user_known_hosts_files.len(), 2);
    assert_eq!(settings.identity_files, None);
    assert_eq!(resolve("IdentityFile none\n").identity_files, Some(Vec::new()));
    assert!(resolve("UserKnownHostsFile none\n").user_known_hosts_files.is_empty());
    assert_eq!(
        resolve("User %u-%n-%i\nHost x\nUser b\n").user.split('-').take(2).collect::<Vec<_>>(),
        ["me", "web"]
    );
    let agent = |text: &str| resolve(text).identity_agent;
    assert_eq!(agent("IdentityAgent $SET\n"), AgentChoice::Socket("/set".into()));
    assert_eq!(agent("IdentityAgent ${SET}/%n\n"), AgentChoice::Socket("/set/web".into()));
    assert_eq!(agent("IdentityAgent $UNSET\n"), AgentChoice::None);
    assert_eq!(agent("IdentityAgent none\n"), AgentChoice::None);
    assert_eq!(agent(""), AgentChoice::Environment);
    assert_eq!(resolve("ProxyCommand nc %h %p\nHostName x\n").proxy, Proxy::Command("nc x 22".into()));
    assert!(matches!(resolve("ProxyJump %n-gate\n").proxy, Proxy::Jump(hops) if hops[0].host == "web-gate"));
}

#[test]
fn mistakes_show_their_line_and_the_cure() {
    for (text, expected) in [
        ("\nHost web\n  Prot 22\n", &["~/.ssh/config:3:3", "Prot 22", "unknown keyword", "`Port`"][..]),
        ("Port 99999\n", &["config:1:6", "no port", "1 to 65535"]),
        ("Host db\nPort x\n", &["config:2:6", "no port"]),
        ("Port\n", &["config:1:1", "no argument"]),
        ("Port # x\n", &["config:1:1", "no argument"]),
        ("Port 22 23\n", &["config:1:9", "one argument"]),
        ("IdentitiesOnly maybe\n", &["config:1:16", "does not take `maybe`", "`yes`"]),
        ("StrictHostKeyChecking accept-nwe\n", &["1:23", "did you mean `accept-new`?"]),
        ("User \"bob\n", &["config:1:6", "a quote is not closed"]),
        ("Match hots web\n", &["config:1:7", "no criterion", "did you mean `host`?"]),
        ("Match host\n", &["config:1:7", "has no argument"]),
        ("Match all host x\n", &["config:1:7", "cannot be combined"]),
        ("Host a \"\"\n", &["config:1:8", "empty pattern"]),
        ("ConnectTimeout 5x\n", &["config:1:16", "no time"]),
        ("ServerAliveCountMax -1\n", &["1:21", "no whole number"]),
        ("ConnectionAttempts 0\n", &["1:20", "above zero"]),
        ("ProxyJump a,\n", &["1:11", "[USER@]HOST[:PORT]"]),
        ("UserKnownHostsFile a none\n", &["1:22", "`none`", "stands alone"]),
        ("IdentityAgent $1-x\n", &["1:15", "variable"]),
        ("Include ~other/x\n", &["1:9", "another user"]),
        ("Include ${UNSET}\n", &["1:9", "UNSET is not set"]),
        ("Foo 1\nIgnoreUnknown foo\nFoo 2\n", &["config:1:1", "IgnoreUnknown"]),
    ] {
        let error = config_with(text, &[]).unwrap_err();
        for words in expected {
            assert!(error.contains(words), "{text}without `{words}`:\n{error}");
        }
    }
    let error = config_with("Prot 1\nInclude a\nUsr x\n", &[("a", "\n\nHotsName x\n")]).unwrap_err();
    let twice = config_with("Include a\nHost web\nInclude a\n", &[("a", "Prot 1\n")]).unwrap_err();
    assert_eq!(twice.matches("error:").count(), 1, "{twice}");
    for words in ["config:1:1", "a:3:1", "config:3:1", "`HostName`"] {
        assert!(error.contains(words), "without `{words}`:\n{error}");
    }
}

#[test]
fn files_are_included_so_deep_and_no_deeper() {
    let error = config_with("Include config\n", &[]).unwrap_err();
    assert!(error.contains("more than 16 deep") && error.matches("error:").count() == 1, "{error}");
    let files: Vec<(String, String)> =
        (1..=16).map(|nth| (format!("f{nth}"), format!("Include f{}\nPort {nth}\n", nth + 1))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(config_with("Include f1\n", &files).unwrap().resolve("web", &[]).port, 16);
    let files = [&files[..], &[("f17", "Port 17\n")]].concat();
    assert!(config_with("Include f1\n", &files).unwrap_err().contains("f16:1:9"));
}

#[test]
fn what_others_may_write_is_not_believed() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".ssh");
    std::fs::create_dir(&folder).unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        std::fs::write(folder.join(name), text).unwrap();
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    write("config", "Port 7\n", 0o646);
    let error = Config::load(&Files::Usual, me(home.path())).unwrap_err().to_string();
    assert!(error.contains("others may write") && error.contains("go-w"), "{error}");
    // What -F names is taken as it is.
    assert_eq!(
        Config::load(&Files::Only(folder.join("config")), me(home.path())).unwrap().resolve("h", &[]).port,
        7
    );
    write("config", "Include inc\n", 0o600);
    write("inc", "Port 8\n", 0o602);
    let error = Config::load(&Files::Usual, me(home.path())).unwrap_err().to_string();
    assert!(error.contains("config:1:9") && error.contains("others may write"), "{error}");
    write("inc", "Port 8\n", 0o644);
    assert_eq!(Config::load(&Files::Usual, me(home.path())).unwrap().resolve("h", &[]).port, 8);
}

#[test]
fn comments_may_be_in_any_encoding_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, b"# gr\xfc\xdfe\nPort 7\n").unwrap();
    assert_eq!(Config::load(&Files::Only(path.clone()), Me::default()).unwrap().resolve("h", &[]).port, 7);
    std::fs::write(&path, b"Port 7\nUser m\xfcller\n").unwrap();
    let error = Config::load(&Files::Only(path), Me::default()).unwrap_err().to_string();
    assert!(error.contains(":2:7") && error.contains("UTF-8"), "{error}");
}

#[test]
fn the_environment_is_not_shown() {
    assert!(!format!("{:?}", config("")).contains("/set"));
}

#[test]
fn the_documents_have_the_table() {
    let names = |wanted: &dyn Fn(Class) -> bool| -> Vec<&str> {
        ALL.iter().filter(|keyword| wanted(keyword.class)).map(|keyword| keyword.name).collect()
    };
    let list = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    let document = include_str!("../../docs/ssh.md");
    let (honoured, rest) = document.split_once("## Harmless").unwrap();
    let (harmless, refused) = rest.split_once("## Refused").unwrap();
    for (part, class) in
        [(honoured, Class::Honoured), (honoured, Class::Structure), (harmless, Class::Harmless)]
    {
        for name in list(names(&|of| of == class)) {
            assert!(part.contains(&name), "docs/ssh.md does not have {name} where it belongs");
        }
    }
    for keyword in ALL {
        if let Class::Refused(unless) = keyword.class {
            let unless = list(unless.iter().copied().filter(|word| *word != "false").collect()).join(", ");
            let row = format!("| `{}` | {unless} | {} |", keyword.name, keyword.why);
            assert!(refused.contains(&row), "docs/ssh.md needs the row\n{row}");
        }
        if keyword.class == Class::Harmless {
            let mut rows = harmless.lines().filter(|row| row.contains(&format!("`{}`", keyword.name)));
            assert!(rows.any(|row| row.contains(keyword.why)), "{}: {}", keyword.name, keyword.why);
        }
    }
    let known = |name: &str| ALL.iter().any(|keyword| keyword.name == name);
    assert!(ALIASES.iter().all(|(alias, name)| !known(alias) && known(name) && find(alias).is_some()));
}
