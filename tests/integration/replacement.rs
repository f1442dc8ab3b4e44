//! What `driftless replace` writes, for real: after six running servers of the lab, its images are built without a
//! network, its manifests and quadlets are run by podman, and each service is used over its port.
//!
//! Everything made here carries the name `driftless-yard`.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::harness::{Outcome, Room, project, wait};
use crate::lab::key;
use crate::yard::{Running, done, podman, words};

const BASE: &str = "localhost/driftless-yard/base";

/// A release as it is published, with an archive that needs no network: the lab's own root has servers already.
const RECIPE: &str = r"FROM localhost/driftless-lab/bookworm
COPY --from=localhost/driftless-lab/services /archive /archive
RUN SUDO_FORCE_REMOVE=yes apt-get purge -qq -y --auto-remove 'nginx*' openssh-server sudo dropbear-bin >/dev/null; rm -rf /etc/apt/sources.list /etc/apt/sources.list.d /etc/nginx; echo 'deb [trusted=yes] file:/archive ./' >/etc/apt/sources.list
";

/// One server of the lab, and how it is used.
pub(crate) struct Server {
    pub(crate) host: &'static str,
    pub(crate) cluster: &'static str,
    pub(crate) baked: &'static [&'static str],
    pub(crate) port: u16,
    pub(crate) ask: &'static [u8],
    pub(crate) answer: &'static str,
    /// The exit status of writing it: 3 where something is to be looked at first.
    pub(crate) status: i32,
}

impl Server {
    pub(crate) fn nth(&self) -> u8 {
        self.host.rsplit_once('-').unwrap().1.parse().unwrap()
    }
}

pub(crate) const NGINX: Server = Server {
    host: "srv-01",
    cluster: "nginx",
    baked: &["/etc/nginx/nginx.conf"],
    port: 80,
    ask: b"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx",
    answer: "405 Not Allowed",
    status: 0,
};
const REDIS: Server = Server {
    host: "srv-02",
    cluster: "redis",
    baked: &["/etc/redis/redis.conf"],
    port: 6379,
    ask: b"SET a hello\r\nSAVE\r\nGET a\r\n",
    answer: "+OK\r\n+OK\r\n$5\r\nhello",
    status: 0,
};
const APACHE: Server = Server {
    host: "srv-03",
    cluster: "apache",
    baked: &["/etc/apache2/apache2.conf"],
    port: 80,
    ask: b"GET / HTTP/1.0\r\n\r\n",
    answer: "200 OK",
    status: 0,
};
const HAPROXY: Server = Server {
    host: "srv-04",
    cluster: "haproxy",
    baked: &["/etc/haproxy/haproxy.cfg"],
    port: 8082,
    ask: b"GET / HTTP/1.0\r\n\r\n",
    answer: "hello",
    // It logs to /dev/log.
    status: 3,
};
const MEMCACHED: Server = Server {
    host: "srv-05",
    cluster: "memcached",
    baked: &["/etc/memcached.conf"],
    port: 11211,
    ask: b"set a 0 0 5\r\nhello\r\nget a\r\n",
    answer: "STORED\r\nVALUE a 0 5\r\nhello",
    status: 0,
};
const POSTGRESQL: Server = Server {
    host: "srv-06",
    cluster: "postgresql",
    baked: &[
        "/etc/postgresql/15/main/postgresql.conf",
        "/etc/postgresql/15/main/pg_hba.conf",
        "/etc/postgresql/15/main/pg_ident.conf",
    ],
    port: 5432,
    // A start of protocol 3.0 as the user postgres; trust is answered by AuthenticationOk.
    ask: b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0",
    answer: "server_version",
    status: 0,
};
const MOVED: Server = Server { host: "srv-07", cluster: "moved", ..NGINX };

/// The image that all images here are made from.
struct Yard;

static YARD: Mutex<Weak<Yard>> = Mutex::new(Weak::new());

impl Yard {
    fn open() -> Arc<Self> {
        let mut known = YARD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(yard) = known.upgrade() {
            return yard;
        }
        let room = Room::new();
        room.write("Containerfile", RECIPE);
        let folder = room.path(".").display().to_string();
        done(&["build", "-q", "--network=none", "--pull=never", "--layers=false", "-t", BASE, &folder]);
        let yard = Arc::new(Self);
        *known = Arc::downgrade(&yard);
        yard
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        podman(&["rmi", "-f", BASE]);
    }
}

/// A replacement that was written, and its image.
pub(crate) struct Made {
    room: Room,
    image: String,
    _yard: Arc<Yard>,
}

/// Runs `driftless replace` for servers of the lab.
fn replace(room: &Room, servers: &[&Server], cluster: &str, arguments: &[&str]) -> Outcome {
    let mut inventory = format!(
        "[defaults]\nuser = \"root\"\nidentity = {:?}\nknown_hosts = {:?}\n",
        key("id_ed25519"),
        key("known_hosts")
    );
    let mut playbook = "name = \"yard\"\n".to_owned();
    for server in servers {
        inventory.push_str(&format!(
            "[groups.driftless-yard-{}]\nhosts = [\"{}\"]\n[hosts.{}]\naddress = \"127.77.0.{}\"\n",
            server.cluster,
            server.host,
            server.host,
            100 + server.nth()
        ));
        for path in server.baked {
            let hosts = format!("hosts = \"{}\"", server.host);
            playbook.push_str(&format!("[[file]]\npath = \"{path}\"\nbake = true\n{hosts}\n"));
        }
    }
    room.write("inventory.toml", inventory);
    room.write("playbook.toml", playbook);
    let (cluster, out) = (format!("driftless-yard-{cluster}"), room.path("out").display().to_string());
    let usual =
        ["replace", "-i", "inventory.toml", "-p", "playbook.toml", "--cluster", &cluster, "--out", &out];
    wait(room.command(&[&usual[..], arguments].concat()).spawn().unwrap())
}

impl Made {
    pub(crate) fn of(server: &Server) -> Self {
        let yard = Yard::open();
        let room = Room::new();
        let run = replace(&room, &[server], server.cluster, &["--to", "kubernetes", "--to", "quadlet"]);
        assert_eq!(run.status, server.status, "{}{}", run.stdout, run.stderr);
        let recipe = std::fs::read_to_string(room.path("out/Containerfile")).unwrap();
        let image = recipe.lines().find_map(|line| line.strip_prefix("#     podman build -t ")).unwrap();
        let image = image.strip_suffix(" .").unwrap().to_owned();
        let (folder, base) = (room.path("out").display().to_string(), format!("BASE={BASE}"));
        done(&[
            "build",
            "-q",
            "--network=none",
            "--pull=never",
            "--layers=false",
            "--build-arg",
            &base,
            "-t",
            &image,
            &folder,
        ]);
        Self { room, image, _yard: yard }
    }

    pub(crate) fn read(&self, ending: &str) -> String {
        let folder = self.room.path("out");
        let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let found = names.into_iter().find(|path| path.to_str().unwrap().ends_with(ending));
        std::fs::read_to_string(found.unwrap_or_else(|| panic!("no {ending}"))).unwrap()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        podman(&["rmi", "-f", &self.image]);
    }
}

/// The whole way of one server: written, built, played, used; not without its volumes; and as a quadlet.
#[track_caller]
fn proven(server: &Server) -> Made {
    let made = Made::of(server);
    let manifest = made.room.path("out/kubernetes.yaml").display().to_string();
    let playbook = made.room.path("out/immutable.toml").display().to_string();
    let audit =
        wait(made.room.command(&["immutable", "-p", &playbook, &manifest, "-o", "json"]).spawn().unwrap());
    assert_eq!(audit.status, 0, "{}{}", audit.stdout, audit.stderr);
    let verdicts: Vec<_> =
        audit.json()["objects"].as_array().unwrap().iter().map(|one| one["immutable"].clone()).collect();
    assert_eq!(verdicts.last(), Some(&serde_json::Value::Bool(true)), "{verdicts:?}");
    Running::play(&made, server, "whole").is_immutable_and_serves(server);
    let bare = Running::play(&made, server, "bare");
    // memcached needs its folder for a file that it can do without; it says so.
    match server.cluster {
        "memcached" => {
            assert!(bare.serves(server, Duration::from_secs(10)), "{}", bare.said());
            let log = bare.said();
            assert!(log.contains("/run/memcached/memcached.pid"), "{log}");
        }
        _ => assert!(
            !bare.serves(server, Duration::from_secs(5)),
            "it needs none of {}",
            made.read("REPLACE.md")
        ),
    }
    drop(bare);
    Running::quadlet(&made, server).is_immutable_and_serves(server);
    made
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn nginx_is_replaced() {
    proven(&NGINX);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn redis_is_replaced() {
    let made = proven(&REDIS);
    let document = made.read("REPLACE.md");
    assert!(document.contains("## First: the data") && document.contains("`/var/lib/redis`"), "{document}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn apache_is_replaced() {
    proven(&APACHE);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn haproxy_is_replaced() {
    proven(&HAPROXY);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn memcached_is_replaced() {
    proven(&MEMCACHED);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn postgresql_is_replaced() {
    proven(&POSTGRESQL);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn moving_a_path_on_the_host_moves_the_volume() {
    let made = proven(&MOVED);
    let manifest = made.read("kubernetes.yaml");
    assert!(manifest.contains("mountPath: \"/srv/uploads\""), "{manifest}");
    assert!(manifest.contains("client_body_temp_path /srv/uploads in /etc/nginx/nginx.conf:"), "{manifest}");
    assert!(!manifest.contains("/var/lib/nginx/body"), "{manifest}");
}

/// What a tool that `scripts/test` unpacks says in the folder of a replacement.
#[track_caller]
fn accepted(room: &Room, program: &str, environment: (&str, &str), arguments: &[&str]) {
    let output = Command::new(project().join(program))
        .args(arguments)
        .env(environment.0, project().join(environment.1))
        .current_dir(room.path("out"))
        .stdin(Stdio::null())
        .output()
        .expect("scripts/test installs it");
    assert!(output.status.success(), "{}", words(&output));
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn whole_servers_and_machines_are_written_as_their_tools_take_them() {
    let _yard = Yard::open();
    let room = Room::new();
    let run = replace(&room, &[&REDIS], "redis", &["--to", "bootc", "--to", "packer"]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    let out = room.path("out");
    for line in [
        "ssh-keygen -q -t ed25519 -N '' -f build/key",
        "printf 'ssh_authorized_keys: [\"%s\"]\\n' \"$(cat build/key.pub)\" >>build/user-data",
    ] {
        let template =
            std::fs::read_to_string(out.join("driftless-yard-redis-redis-server.pkr.hcl")).unwrap();
        assert!(template.contains(line), "{template}");
        assert!(Command::new("sh").args(["-c", line]).current_dir(&out).status().unwrap().success());
    }
    let home = ("HOME", "target");
    let checksum = format!("source_checksum=sha256:{}", "0".repeat(64));
    let values = ["-var", "source_image=debian.qcow2", "-var", checksum.as_str()];
    let template = "driftless-yard-redis-redis-server.pkr.hcl";
    accepted(
        &room,
        "target/packer/usr/bin/packer",
        home,
        &[&["validate"], &values[..], &[template]].concat(),
    );
    for data in ["user-data", "build/user-data"] {
        let path = ("PYTHONPATH", "target/cloud-init/usr/lib/python3/dist-packages");
        let arguments = ["-m", "cloudinit.cmd.main", "schema", "--config-file", data];
        accepted(&room, "target/cloud-init/bin/python3", path, &arguments);
    }
    let (folder, base) = (out.display().to_string(), format!("BASE={BASE}"));
    let file = out.join("Containerfile.bootc").display().to_string();
    let image = "localhost/driftless-yard-bootc";
    let usual = ["build", "-q", "--network=none", "--pull=never", "--layers=false", "--build-arg"];
    done(&[&usual[..], &[&base, "-f", &file, "-t", image, &folder]].concat());
    let wanted = "/etc/systemd/system/multi-user.target.wants/redis-server.service";
    let told = done(&["run", "--rm", "--network=none", image, "readlink", "-e", wanted]);
    assert_eq!(told.trim(), "/usr/lib/systemd/system/redis-server.service");
    done(&["rmi", "-f", image]);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_host_that_hides_what_is_open_is_refused_with_what_to_do() {
    let room = Room::new();
    let lab = |file: &str| format!("{:?}", key(file));
    room.write(
        "inventory.toml",
        format!(
            "[defaults]\nuser = \"audit\"\nidentity = {}\nknown_hosts = {}\n[groups.web]\nhosts = [\"web-15\"]\n[hosts.web-15]\naddress = \"127.77.0.15\"\n",
            lab("id_ed25519"),
            lab("known_hosts")
        ),
    );
    let run =
        room.run(&["replace", "-i", "inventory.toml", "--cluster", "web", "--to", "quadlet", "--out", "out"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("is seen by root alone") && run.stderr.contains("--sudo"), "{}", run.stderr);
    assert!(!room.path("out").exists());
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn asking_where_services_write_changes_nothing_on_the_host() {
    let room = Room::new();
    let before = crate::lab::inside("srv-03", "date +%s.%N");
    let run = replace(&room, &[&APACHE], "apache", &["--to", "quadlet"]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    let find = format!(
        "find / -xdev -newerct '@{}' -not -path '/run*' -not -path '/var/log*' -not -path '/dev*' -print",
        before.trim()
    );
    assert_eq!(crate::lab::inside("srv-03", &find), "");
}
