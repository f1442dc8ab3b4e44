//! Simulated hosts for the program to audit: the SSH is real, the machines are not.

use std::net::SocketAddr;
use std::sync::Arc;

use driftless::simulate::{Behaviour, Host, Recording, Simulation};
use tokio::runtime::Runtime;

use crate::harness::{Outcome, Room, wait};

pub(crate) const TRIXIE: &str =
    "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\nID=debian\n";

/// The answer of a trixie host that has these packages, `name=version` each, all installed on purpose.
pub(crate) fn host_with(packages: &[&str]) -> Recording {
    let listed: String = packages
        .iter()
        .map(|package| package.split_once('=').unwrap())
        .map(|(name, version)| format!("{name}\tamd64\t{version}\tii \n"))
        .collect();
    recorded(TRIXIE, &listed)
}

/// The answer of a host with that os-release and those lines of dpkg-query.
pub(crate) fn recorded(os_release: &str, dpkg: &str) -> Recording {
    Recording::default()
        .with("os-release", os_release.as_bytes())
        .with("kernel", b"Linux 6.12.48+deb13-amd64 x86_64\n")
        .with("boot", b"btime 1790000000\n")
        .with("dpkg", dpkg.as_bytes())
        .with("apt-marks", b"")
}

/// A host that answers as it should.
pub(crate) fn answers(packages: &[&str]) -> Behaviour {
    Behaviour::Answers(Arc::new(host_with(packages)))
}

/// A running fleet, and a room with its inventory, known_hosts and key.
pub(crate) struct Fleet {
    pub(crate) room: Room,
    simulation: Simulation,
    _runtime: Runtime,
}

impl Fleet {
    /// Hosts by name and behaviour, all in the group `web`.
    pub(crate) fn new(hosts: impl IntoIterator<Item = (String, Behaviour)>) -> Self {
        Self::in_groups(hosts.into_iter().map(|(name, behaviour)| (name, &["web"][..], behaviour)))
    }

    /// Hosts by name, groups and behaviour. A host without a group stands in the inventory all the same.
    pub(crate) fn in_groups<'g>(hosts: impl IntoIterator<Item = (String, &'g [&'g str], Behaviour)>) -> Self {
        let owned = |groups: &[&str]| groups.iter().map(|group| (*group).to_owned()).collect();
        let hosts = hosts.into_iter().map(|(name, groups, behaviour)| Host {
            name,
            groups: owned(groups),
            behaviour,
        });
        Self::of(hosts.collect())
    }

    /// Hosts as they are.
    pub(crate) fn of(hosts: Vec<Host>) -> Self {
        let runtime = Runtime::new().unwrap();
        let simulation = runtime.block_on(Simulation::start(hosts)).unwrap();
        let room = Room::new();
        let settings = "[defaults]\nidentity = \"key\"\nknown_hosts = \"known_hosts\"\n";
        room.write("inventory.toml", simulation.inventory().replace("[defaults]\n", settings));
        room.write("known_hosts", simulation.known_hosts());
        room.write_private("key", simulation.key_file());
        Self { room, simulation, _runtime: runtime }
    }

    /// `n` hosts `web-01`, … that agree.
    pub(crate) fn of_equals(count: usize) -> Self {
        Self::new((1..=count).map(|nth| (format!("web-{nth:02}"), answers(&["nginx=1.26.3-3"]))))
    }

    pub(crate) fn address(&self, host: &str) -> SocketAddr {
        self.simulation.address(host).unwrap()
    }

    /// `driftless audit -i inventory.toml …`
    #[track_caller]
    pub(crate) fn audit(&self, arguments: &[&str]) -> Outcome {
        wait(self.command(arguments).spawn().unwrap())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> std::process::Command {
        self.room.command(&[&["audit", "-i", "inventory.toml"], arguments].concat())
    }
}
