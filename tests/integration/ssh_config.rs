//! OpenSSH's client configuration: what is wrong in it is shown, what it says is done.

use crate::fleet::Fleet;
use crate::harness::{Room, field, wait};

#[test]
fn a_broken_configuration_is_shown_and_nothing_is_run() {
    let room = Room::new();
    std::fs::create_dir(room.path(".ssh")).unwrap();
    room.write(".ssh/config", "Host web\n  Prot 22\n");
    room.write("good", "Port 1\n");
    room.write("bad", "Include \"inner\nStrictHostKeyChecking mabye\n");
    let home = room.path(".ssh/config");
    let home = format!("--> {}:2:3\n", home.display());
    for (arguments, words) in [
        (&["audit", "web"][..], &[home.as_str(), "  Prot 22", "did you mean `Port`?"][..]),
        (
            &["audit", "-F", "bad", "web"],
            &["--> bad:1:9\n", "not closed", "--> bad:2:23\n", "`mabye`", "help: "],
        ),
        (&["audit", "-F", "missing", "web"], &["missing", "No such file", "-F none"]),
    ] {
        let run = room.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
        for word in words {
            assert!(run.stderr.contains(word), "without `{word}`:\n{}", run.stderr);
        }
    }
    // Another file, or none, and the one at home does not matter.
    for arguments in [&["-F", "good"][..], &["-F", "none"]] {
        let run = room.run(&[&["audit", "host.invalid"], arguments].concat());
        assert!(!run.stderr.contains("Prot"), "{}", run.stderr);
    }
    let run = wait(room.command(&["audit", "web"]).env("DRIFTLESS_SSH_CONFIG", "bad").spawn().unwrap());
    assert!(run.stderr.contains("--> bad:1:9\n"), "{}", run.stderr);
}

#[test]
fn hosts_are_reached_as_the_configuration_says() {
    let fleet = Fleet::of_equals(2);
    let (one, other) = (fleet.address("web-01"), fleet.address("web-02"));
    std::fs::create_dir(fleet.room.path(".ssh")).unwrap();
    let common =
        "Host near far\n  HostName 127.0.0.1\n  IdentityFile ~/%n-key\n  UserKnownHostsFile ~/known_hosts\n";
    let config = format!(
        "Include ports\nHost *\n  Include missing\n{common}Match originalhost far user nobody\n  Port 1\n"
    );
    fleet.room.write(".ssh/config", config);
    let ports =
        format!("Host near\nPort {}\nMatch originalhost FAR\nPort={} # two\n", one.port(), other.port());
    fleet.room.write(".ssh/ports", ports);
    for name in ["near-key", "far-key"] {
        std::fs::copy(fleet.room.path("key"), fleet.room.path(name)).unwrap();
    }
    let run = fleet.room.run(&["audit", "near", "far", "-o", "json"]);
    let report = run.json();
    for host in ["near", "far"] {
        assert_eq!(field(&report, "hosts", host, "status"), "audited", "{report:#}");
    }
}

#[test]
fn a_configuration_is_an_inventory_of_the_hosts_that_it_names() {
    let room = Room::new();
    std::fs::create_dir(room.path(".ssh")).unwrap();
    let config = "Host web-01 web-02\n  User deploy\nHost db\n  HostName 192.0.2.7\n  Port 2222\nHost *.lan !x\nHost *\n  User audit\n";
    room.write(".ssh/config", config);
    room.write("other", config.replace("audit", "other"));
    let usual = room.run(&["hosts", "-i", ".ssh/config"]).stdout;
    for words in ["3 hosts", "deploy@web-01:22", "audit@192.0.2.7:2222"] {
        assert!(usual.contains(words), "{words} is not in\n{usual}");
    }
    room.write("refused", "Host x\n  PKCS11Provider /usr/lib/opensc.so\n");
    let refused = room.run(&["hosts", "-i", "refused"]).stdout;
    assert!(
        refused.contains("by --transport openssh alone") && refused.contains("`pkcs11provider /usr/lib"),
        "{refused}"
    );
    let other = room.run(&["hosts", "-i", "other"]).stdout;
    assert!(other.contains("other@192.0.2.7:2222"), "what it says of its hosts holds:\n{other}");
}
