//! The loop closes: once a replacement runs, an audit takes its container for the cluster's new server, and the old
//! server for one that was replaced.

use crate::harness::{Outcome, Room, wait};
use crate::lab::key;
use crate::replacement::{Made, NGINX, Server};
use crate::truth_hosts::Clone;
use crate::yard::Running;

/// What the replacement is made after, and how its container is called and used.
const MODEL: Server = Server { cluster: "loop", ..NGINX };
const NEW: Server = Server { host: "loop-31", ..MODEL };

/// The cluster, with a server that shall be replaced and this machine, which will run the container.
fn audit(format: &str) -> Outcome {
    let room = Room::new();
    let [identity, known, authority] = ["id_ed25519", "known_hosts", "known_authority"].map(key);
    room.write(
        "inventory.toml",
        format!(
            "[defaults]\nuser = \"root\"\nidentity = {identity:?}\nknown_hosts = {known:?}\n\
             [groups.driftless-yard-loop]\nhosts = [\"srv-01\", \"srv-07\", \"loop-30\", \"here\"]\n\
             [hosts.srv-01]\naddress = \"127.77.0.101\"\n[hosts.srv-07]\naddress = \"127.77.0.107\"\n\
             [hosts.loop-30]\naddress = \"127.77.5.90\"\nknown_hosts = {authority:?}\n\
             [hosts.here]\nconnection = \"local\"\n"
        ),
    );
    // The lab's own containers run here too, and what else this machine is does not matter.
    let off = ["root-writable", "privileged", "container-changed", "sysctl-runtime", "sources"];
    let off: String = off.iter().map(|rule| format!("{rule} = \"off\"\n")).collect();
    room.write("playbook.toml", format!("name = \"loop\"\n[[package]]\nname = \"nginx\"\n[rules]\n{off}"));
    wait(
        room.command(&["audit", "-i", "inventory.toml", "-p", "playbook.toml", "-o", format])
            .spawn()
            .unwrap(),
    )
}

/// A field of a host of a report.
fn of<'a>(report: &'a serde_json::Value, host: &str, field: &str) -> &'a serde_json::Value {
    let hosts = report["hosts"].as_array().unwrap();
    &hosts.iter().find(|known| known["name"] == host).unwrap()[field]
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn an_audit_takes_the_container_for_the_new_server_and_the_old_one_for_replaced() {
    let old = Clone::of("srv-01", "loop-30", "127.77.5.90", &[]);
    let made = Made::of(&MODEL);
    // Before: the old server is down, and this machine has no nginx.
    old.make("nginx -s stop && while pgrep nginx; do sleep 0.1; done");
    let before = audit("json").json();
    let drift = |report: &serde_json::Value, host: &str| {
        let findings = report["findings"].as_array().unwrap().clone();
        let own = findings.into_iter().filter(|one| one["host"] == host && one["severity"] != "info");
        own.map(|one| one["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(drift(&before, "here"), ["package-missing/driftless-yard-loop/here/nginx"]);
    assert_ne!(of(&before, "loop-30", "verdict"), "replaced", "one that is down was not replaced");
    let new = Running::quadlet(&made, &NEW);
    new.is_immutable_and_serves(&NEW);
    let (status, said) = old.run("DEBIAN_FRONTEND=noninteractive apt-get purge -y 'nginx*' 'libnginx*' 2>&1");
    assert_eq!(status, 0, "{said}");
    let after = audit("json").json();
    let stands_in = of(&after, "here", "stands_in");
    assert_eq!(
        (stands_in[0]["immutable"].as_bool(), &stands_in[0]["refused"]),
        (Some(true), &serde_json::Value::Null)
    );
    assert_eq!(of(&after, "loop-30", "verdict"), "replaced", "{:#}", of(&after, "loop-30", "reasons"));
    for host in ["here", "srv-01", "srv-07", "loop-30"] {
        assert_eq!(drift(&after, host), [""; 0], "{host}");
    }
    assert_eq!(
        (of(&after, "here", "verdict").as_str(), &after["summary"]["replaced"]),
        (Some("in-sync"), &1.into())
    );
    let table = audit("table").stdout;
    assert!(table.contains("immutable   here") && table.contains("replaced    loop-30"), "{table}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_host_that_is_to_be_replaced_tells_where_its_services_write_in_the_next_audit() {
    let room = Room::new();
    let [identity, known] = ["id_ed25519", "known_hosts"].map(key);
    room.write(
        "inventory.toml",
        format!(
            "[defaults]\nuser = \"root\"\nidentity = {identity:?}\nknown_hosts = {known:?}\n\
             [groups.web]\nhosts = [\"web-01\", \"web-02\", \"web-03\", \"srv-01\"]\n\
             [hosts.web-01]\naddress = \"127.77.0.1\"\n[hosts.web-02]\naddress = \"127.77.0.2\"\n\
             [hosts.web-03]\naddress = \"127.77.0.3\"\n[hosts.srv-01]\naddress = \"127.77.0.101\"\n"
        ),
    );
    room.write("playbook.toml", "name = \"web\"\n[[package]]\nname = \"nginx\"\n");
    let audit = || {
        room.run(&["audit", "-i", "inventory.toml", "-p", "playbook.toml", "-o", "json", "-o", "table=table"])
    };
    let first = audit().json();
    assert_eq!(of(&first, "srv-01", "verdict"), "replace");
    assert!(of(&first, "srv-01", "writes").is_null(), "nobody looked yet");
    let second = audit().json();
    let writes = of(&second, "srv-01", "writes").as_array().expect("it was looked into");
    let temporary = |one: &&serde_json::Value| one["path"].as_str().unwrap().starts_with("/var/lib/nginx");
    let nginx = writes.iter().find(temporary).unwrap_or_else(|| panic!("{writes:?}"));
    assert!(nginx["service"] == "nginx" && nginx["class"].is_string(), "{nginx}");
    assert!(!nginx["evidence"].as_array().unwrap().is_empty());
    assert!(of(&second, "web-01", "writes").is_null(), "only where it is to be replaced");
    let table = std::fs::read_to_string(room.path("table")).unwrap();
    assert!(table.contains("nginx writes"), "{table}");
}
