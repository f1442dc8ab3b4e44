//! A real sshd of this machine, with settings of its own: what simulated hosts do not show.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::harness::{Room, field};

/// An sshd on a free port of 127.0.0.1, and a room with an inventory of hosts that all are it.
struct Sshd {
    room: Room,
    port: u16,
    child: Child,
}

impl Sshd {
    /// Starts one that lets in the keys in `authorized`.
    fn start(settings: &[&str]) -> Self {
        let room = Room::new();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        keygen(&room, "host", &["-t", "ed25519"]);
        keygen(&room, "key", &["-t", "ed25519"]);
        std::fs::copy(room.path("key.pub"), room.path("authorized")).unwrap();
        let _ = std::fs::create_dir("/run/sshd");
        let mut command = Command::new("/usr/sbin/sshd");
        command.args(["-D", "-e", "-f", "/dev/null", "-o"]).arg(format!("ListenAddress=127.0.0.1:{port}"));
        let file = |option: &str, name: &str| format!("{option}={}", room.path(name).display());
        for option in [file("HostKey", "host"), file("AuthorizedKeysFile", "authorized")] {
            command.args(["-o", &option]);
        }
        for option in ["StrictModes=no", "UsePAM=no", "PidFile=none", "UseDNS=no", "MaxStartups=500"] {
            if !settings.iter().any(|own| own.split('=').next() == option.split('=').next()) {
                command.args(["-o", option]);
            }
        }
        for option in settings {
            command.args(["-o", option]);
        }
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(10), "sshd does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        let public = std::fs::read_to_string(room.path("host.pub")).unwrap();
        let words: Vec<&str> = public.split_whitespace().take(2).collect();
        room.write("known", format!("* {}\n", words.join(" ")));
        Self { room, port, child }
    }

    /// An inventory of so many names for it.
    fn inventory(&self, hosts: usize, more: &str) {
        let names: String = (1..=hosts)
            .map(|nth| format!("[hosts.h{nth}]\naddress = \"127.0.0.1\"\nport = {}\n", self.port))
            .collect();
        let defaults = "[defaults]\nuser = \"root\"\nknown_hosts = \"known\"\n";
        self.room.write("hosts.toml", format!("{defaults}{more}{names}"));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.room.command(&[&["audit", "-i", "hosts.toml", "-F", "none", "-o", "json"], arguments].concat())
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keygen(room: &Room, name: &str, arguments: &[&str]) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-N", "", "-C", name, "-f"]).arg(room.path(name)).args(arguments);
    assert!(command.stdin(Stdio::null()).status().unwrap().success());
}

/// An ssh-agent that ends with the test.
struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    fn start(room: &Room) -> Self {
        let socket = room.path("agent");
        let child = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn();
        let agent = Self { child: child.unwrap(), socket };
        while UnixStream::connect(&agent.socket).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        agent
    }

    fn add(&self, room: &Room, name: &str) {
        let mut command = Command::new("ssh-add");
        command.arg("-q").arg(room.path(name)).env("SSH_AUTH_SOCK", &self.socket);
        assert!(command.status().unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "needs openssh-server: scripts/test"]
fn starts_that_a_busy_server_refuses_are_tried_again() {
    // While one connection has not authenticated, every further one is refused.
    let sshd = Sshd::start(&["MaxStartups=1:100:1"]);
    sshd.inventory(6, "identity = \"key\"\n");
    let run = crate::harness::wait(sshd.command(&[]).spawn().unwrap());
    let report = run.json();
    assert!(report["summary"]["audited"].as_u64().unwrap() >= 3, "{report:#}");
    for host in report["hosts"].as_array().unwrap().iter().filter(|host| host["status"] != "audited") {
        assert!(host["error"]["hint"].as_str().unwrap().contains("MaxStartups"), "{}", host["error"]);
    }
}

#[test]
#[ignore = "needs openssh-server: scripts/test"]
fn an_agent_of_many_keys_gets_in_as_far_as_the_server_lets_it_try() {
    let sshd = Sshd::start(&["MaxAuthTries=6"]);
    let agent = Agent::start(&sshd.room);
    for nth in 1..=4 {
        keygen(&sshd.room, &format!("stranger{nth}"), &["-t", "ed25519"]);
        agent.add(&sshd.room, &format!("stranger{nth}"));
    }
    agent.add(&sshd.room, "key");
    sshd.inventory(2, "");
    let audited = || {
        let run = sshd.command(&[]).env("SSH_AUTH_SOCK", &agent.socket).spawn().unwrap();
        crate::harness::wait(run).json()
    };
    assert_eq!(audited()["summary"]["audited"], 2);
    // With more strangers than tries, the key that is named for the host still comes first.
    let other = Room::new();
    let crowd = Agent::start(&other);
    for nth in 1..=4 {
        crowd.add(&sshd.room, &format!("stranger{nth}"));
    }
    for nth in 5..=9 {
        keygen(&sshd.room, &format!("stranger{nth}"), &["-t", "ed25519"]);
        crowd.add(&sshd.room, &format!("stranger{nth}"));
    }
    crowd.add(&sshd.room, "key");
    let run = |sshd: &Sshd| {
        let run = sshd.command(&[]).env("SSH_AUTH_SOCK", &crowd.socket).spawn().unwrap();
        crate::harness::wait(run).json()
    };
    let report = run(&sshd);
    let error = field(&report, "hosts", "h1", "error");
    assert!(error["message"].as_str().unwrap().contains("could not be tried"), "{error}");
    sshd.inventory(2, "identity = \"key\"\n");
    assert_eq!(run(&sshd)["summary"]["audited"], 2);
}

#[test]
#[ignore = "needs openssh-server: scripts/test"]
fn an_agent_that_refuses_to_sign_costs_its_key_and_not_the_host() {
    let sshd = Sshd::start(&[]);
    let agent = Agent::start(&sshd.room);
    keygen(&sshd.room, "confirmed", &["-t", "ed25519"]);
    // The agent asks for a confirmation that nobody gives.
    let mut command = Command::new("ssh-add");
    command.args(["-q", "-c"]).arg(sshd.room.path("confirmed")).env("SSH_AUTH_SOCK", &agent.socket);
    assert!(command.status().unwrap().success());
    let both =
        ["confirmed.pub", "key.pub"].map(|name| std::fs::read_to_string(sshd.room.path(name)).unwrap());
    sshd.room.write("authorized", both.concat());
    std::fs::create_dir(sshd.room.path(".ssh")).unwrap();
    std::fs::copy(sshd.room.path("key"), sshd.room.path(".ssh/id_ed25519")).unwrap();
    sshd.inventory(1, "");
    let run = sshd.command(&[]).env("SSH_AUTH_SOCK", &agent.socket).spawn().unwrap();
    let report = crate::harness::wait(run).json();
    assert_eq!(report["summary"]["audited"], 1, "{}", report["hosts"][0]["error"]);
}

/// The kind of key that security keys hold.
const KIND: &[u8] = b"sk-ssh-ed25519@openssh.com";

/// An agent that holds one security key, made of software: the signature covers what the key's own counter
/// and flags say, PROTOCOL.u2f of OpenSSH.
fn security_key_agent(room: &Room) -> (PathBuf, String) {
    let document = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let blob = [string(KIND), string(pair.public_key().as_ref()), string(b"ssh:")].concat();
    let socket = room.path("security-key");
    let listener = UnixListener::bind(&socket).unwrap();
    let public = blob.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut length = [0; 4];
            while stream.read_exact(&mut length).is_ok() {
                let mut message = vec![0; u32::from_be_bytes(length) as usize];
                stream.read_exact(&mut message).unwrap();
                let answer = match message[0] {
                    11 => [&[12, 0, 0, 0, 1][..], &string(&blob), &string(b"security key")].concat(),
                    13 => {
                        let key = u32::from_be_bytes(message[1..5].try_into().unwrap()) as usize;
                        let data = &message[5 + key..];
                        let length = u32::from_be_bytes(data[..4].try_into().unwrap()) as usize;
                        let (flags, counter) = ([1_u8], 7_u32.to_be_bytes());
                        let signed = [
                            digest(&SHA256, b"ssh:").as_ref(),
                            &flags,
                            &counter,
                            digest(&SHA256, &data[4..4 + length]).as_ref(),
                        ]
                        .concat();
                        let raw = pair.sign(&signed);
                        let signature =
                            [string(KIND), string(raw.as_ref()), flags.to_vec(), counter.to_vec()];
                        [vec![14], string(&signature.concat())].concat()
                    }
                    _ => vec![5],
                };
                stream.write_all(&string(&answer)).unwrap();
            }
        }
    });
    let text = BASE64.encode(public);
    (socket, format!("{} {text} security key\n", String::from_utf8_lossy(KIND)))
}

#[test]
#[ignore = "needs openssh-server: scripts/test"]
fn a_security_key_signs_through_the_agent() {
    let sshd = Sshd::start(&[]);
    let (socket, public) = security_key_agent(&sshd.room);
    sshd.room.write("authorized", public);
    sshd.inventory(1, "");
    let run = sshd.command(&[]).env("SSH_AUTH_SOCK", &socket).spawn().unwrap();
    let report = crate::harness::wait(run).json();
    assert_eq!(report["summary"]["audited"], 1, "{}", report["hosts"][0]["error"]);
}

#[test]
#[ignore = "needs openssh-server: scripts/test"]
fn a_jump_host_that_dies_is_one_cause_for_all_behind_it() {
    let mut bastion = Sshd::start(&[]);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let behind = silent.local_addr().unwrap().port();
    let hosts: String = (1..=4)
        .map(|nth| format!("[hosts.b{nth}]\naddress = \"127.0.0.1\"\nport = {behind}\njump = \"h1\"\n"))
        .collect();
    bastion.inventory(1, "identity = \"key\"\n");
    let inventory = std::fs::read_to_string(bastion.room.path("hosts.toml")).unwrap();
    bastion.room.write("hosts.toml", inventory + &hosts);
    let child = bastion.command(&["-l", "b*", "--connect-timeout", "20"]).spawn().unwrap();
    // The hosts behind accept and say nothing; then the jump host is gone.
    for _ in 0..4 {
        std::mem::forget(silent.accept().unwrap());
    }
    let sessions = Command::new("pkill").args(["-P", &bastion.child.id().to_string()]).status().unwrap();
    assert!(sessions.success());
    bastion.child.kill().unwrap();
    let report = crate::harness::wait(child).json();
    for nth in 1..=4 {
        let error = field(&report, "hosts", &format!("b{nth}"), "error");
        assert_eq!(error["message"], "its jump host h1 closed the connection");
    }
}

#[test]
#[ignore = "needs openssh-server: scripts/test"]
fn a_channel_that_some_rc_file_holds_open_costs_no_time() {
    let sshd = Sshd::start(&["ForceCommand=sleep 30 & exec /bin/sh -s"]);
    sshd.inventory(1, "identity = \"key\"\n");
    let started = Instant::now();
    let report = crate::harness::wait(sshd.command(&[]).spawn().unwrap()).json();
    assert_eq!(report["summary"]["audited"], 1, "{}", report["hosts"][0]["error"]);
    assert!(started.elapsed() < Duration::from_secs(20));
}
