//! What six servers of a real Debian 12 told, and what a hostile one might.

use super::*;
use crate::probe::{Request, Wanted};
use crate::snapshot::{Reader, Reason, Snapshot};

/// nginx, redis, apache2, haproxy, memcached and PostgreSQL of one host, as the probe told of them.
const BOOKWORM: &str = include_str!("bookworm.txt");

/// The lines of one of these servers alone, and every package that it uses.
pub(crate) fn lines_of(name: &str) -> (String, Vec<String>) {
    let number = BOOKWORM.lines().find_map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        (fields[0] == "service" && fields[5] == name).then(|| fields[1].to_owned())
    });
    let number = number.unwrap();
    let own: Vec<&str> = BOOKWORM.lines().filter(|line| line.split('\t').nth(1) == Some(&number)).collect();
    let packages = own.iter().filter_map(|line| match line.split('\t').collect::<Vec<_>>().as_slice() {
        ["uses", _, package, _] | ["package", _, package] | ["etc", _, _, package] => {
            Some((*package).to_owned())
        }
        _ => None,
    });
    (own.join("\n"), packages.collect())
}

/// The same, read.
pub(crate) fn bookworm() -> Vec<Serving> {
    serving(BOOKWORM)
}

fn snapshot(payload: &str) -> Snapshot {
    let mut wanted = Wanted::default();
    wanted.add("evidence", "any");
    let request = Request::framed("ab", wanted);
    let answer =
        format!("\n@ab driftless 2\n\n@ab begin evidence\n{payload}\n@ab end evidence 0\n\n@ab done\n");
    Reader::default().read(answer.as_bytes(), b"", &request).unwrap()
}

fn serving(payload: &str) -> Vec<Serving> {
    let snapshot = snapshot(payload);
    snapshot.serving.unwrap_or_else(|| panic!("{:?}", snapshot.gaps))
}

fn named(name: &str) -> Serving {
    serving(BOOKWORM).into_iter().find(|service| service.name == name).unwrap()
}

#[test]
fn every_daemon_that_listens_is_there() {
    let services = serving(BOOKWORM);
    let mut names: Vec<&str> = services.iter().map(Serving::called).collect();
    names.sort_unstable();
    assert_eq!(names, ["apache2", "haproxy", "memcached", "nginx", "postgres", "redis-server"]);
    let packages: Vec<_> = services.iter().filter_map(|service| service.package.as_deref()).collect();
    assert_eq!(packages, ["haproxy", "memcached", "postgresql-15", "nginx", "redis-server", "apache2-bin"]);
}

#[test]
fn who_listens_where_and_as_whom() {
    let haproxy = named("haproxy");
    let root = Listening { udp: false, port: 8082, scope: Scope::Any, uid: 0 };
    assert_eq!(haproxy.listens, [root]);
    assert!(!haproxy.is_root(), "it has dropped root");
    let redis = named("redis-server");
    assert!(
        redis.listens.iter().all(|listening| listening.scope == Scope::Loopback && listening.port == 6379)
    );
    assert_eq!(redis.listens.len(), 1, "one for IPv4 and IPv6: {:?}", redis.listens);
    assert_eq!(redis.users[0].name.as_deref(), Some("redis"));
}

#[test]
fn what_speaks_of_a_path() {
    let nginx = named("nginx");
    let body: Vec<&Trace> = nginx
        .traces
        .iter()
        .filter(|(path, _)| path == "/var/lib/nginx/body")
        .map(|(_, trace)| trace)
        .collect();
    assert!(body.contains(&&Trace::Compiled(Some("http-client-body-temp-path".to_owned()))), "{body:?}");
    assert!(body.contains(&&Trace::Changed(1)), "{body:?}");
    assert_eq!(nginx.place("/var/lib/nginx/body").unwrap().owner.name.as_deref(), Some("www-data"));
    assert!(nginx.configuration.contains(&("/etc/nginx/sites-enabled/default".to_owned(), Config::Read)));
    let postgres = named("postgres");
    assert!(postgres.traces.contains(&("/var/lib/postgresql/15/main".to_owned(), Trace::Word)));
}

#[test]
fn nothing_is_asked_where_nothing_is_wanted() {
    let request = Request::framed("ab", Wanted::default());
    let answer = "\n@ab driftless 2\n\n@ab begin evidence\n\n@ab end evidence 0\n\n@ab done\n";
    let snapshot = Reader::default().read(answer.as_bytes(), b"", &request).unwrap();
    assert_eq!(snapshot.serving, None);
    assert!(!snapshot.gaps.iter().any(|gap| gap.probe == "evidence"));
}

#[test]
fn a_path_that_no_manifest_could_name_is_not_lost_in_silence() {
    let services =
        serving("service\t1\t2\t1\t-\tnginx\tseen\t/usr/sbin/nginx\nopen\t1\tappend\t/var/log/a b\n");
    let told = [("what it has open for writing".to_owned(), "/var/log/a b".to_owned())];
    assert_eq!((services[0].odd.as_slice(), &services[0].traces), (&told[..], &vec![]));
    let services = serving(
        "service\t1\t2\t1\t-\tnginx\tseen\t/usr/sbin/nginx\nodd\t1\t/etc/x:4 uwsgi_temp_path\t/srv/??\n",
    );
    assert_eq!(services[0].odd, [("uwsgi_temp_path in /etc/x:4".to_owned(), "/srv/??".to_owned())]);
}

#[test]
fn what_a_service_is_told_to_use_and_who_brought_it() {
    let service = &serving(
        "service\t1\t2\t1\t-\tnginx\tseen\t/usr/sbin/nginx\n\
         part\t1\t/etc/x:2 ssl_certificate\t/etc/a.pem\t-\tlink\n\
         part\t1\tcommand\t/usr/bin/x\tx-tools\tfile\n\
         part\t1\t-\t/etc/b\t~nginx-common\tfolder\n",
    )[0];
    let parts: Vec<_> =
        service.parts.iter().map(|part| (&part.named_by, &part.brought, part.is_folder)).collect();
    let line = NamedBy::Line("ssl_certificate in /etc/x:2".to_owned());
    assert_eq!(
        parts,
        [
            (&line, &Brought::Nobody, false),
            (&NamedBy::Command, &Brought::Package("x-tools".to_owned()), false),
            (&NamedBy::Configuration, &Brought::Script("nginx-common".to_owned()), true),
        ]
    );
    assert_eq!(service.cut, [""; 0]);
}

#[test]
fn what_listens_for_a_container_is_passed_by() {
    let services = serving(
        "service\t1\t10176\t1795858204\t-\trootlessport\t-\t-\nlisten\t1\ttcp\tany\t80\t0\n\
         service\t2\t2\t1\t-\tnginx\tseen\t/usr/sbin/nginx\n",
    );
    assert_eq!(services.iter().map(Serving::called).collect::<Vec<_>>(), ["nginx"]);
}

#[test]
fn what_cannot_be_read_of_a_daemon_is_told_and_takes_nothing_with_it() {
    for (line, kind) in [
        ("named\t1\t/etc/x:1 pid\trun/a", "named"),
        ("listen\t1\ttcp\tany\t99999\t0", "listen"),
        ("uses\t1\t-o x\t/lib/x", "uses"),
        ("config\t1\t/etc/a`b", "config"),
        ("env\t1\tA B=c", "env"),
    ] {
        let services = serving(&format!(
            "service\t1\t2\t1\t-\tnginx\tseen\t/usr/sbin/nginx\n{line}\npackage\t1\tnginx\n"
        ));
        assert_eq!(
            (services[0].cut.as_slice(), services[0].package.as_deref()),
            (&[kind.to_owned()][..], Some("nginx"))
        );
    }
}

#[test]
fn what_makes_no_sense_is_a_gap_that_quotes_it() {
    for line in [
        "service\t1\tx\t1\t-\tnginx\tseen\t/usr/sbin/nginx",
        "listen\t7\ttcp\tany\t80\t0",
        "service\t1\t2\t1\t-\tnginx\tseen\tnginx",
        "nothing",
    ] {
        let snapshot = snapshot(line);
        assert_eq!(snapshot.serving, None, "{line}");
        let gap = snapshot.gaps.iter().find(|gap| gap.probe == "evidence").unwrap();
        assert_eq!(gap.reason, Reason::Unparsable, "{line}");
    }
}
