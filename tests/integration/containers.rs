//! Containers that really run, by podman and by docker: what an audit of this machine tells of them, and that
//! neither tool is asked where asking would change anything.
//!
//! podman keeps all that it has in the test's own folder; docker's daemon is one of the test's own, too, unless
//! the machine has one that runs. Whatever is started is removed by its id.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use driftless::probe::{Request, Wanted};
use serde_json::Value;

use crate::harness::{Room, Swappiness, keys, project, wait};

/// What no report may hold.
const SECRET: &str = "hunter2";

/// A tool of containers, and where it keeps what it has.
pub(crate) struct Tool {
    program: &'static str,
    options: Vec<String>,
    pub(crate) environment: BTreeMap<&'static str, String>,
    pub(crate) started: Vec<String>,
    daemon: Option<Child>,
}

impl Tool {
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.args(&self.options).args(arguments).envs(&self.environment).stdin(Stdio::null());
        command
    }

    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        said(&self.command(arguments).output().unwrap())
    }

    /// Starts a container of the image `tiny`, which sleeps.
    #[track_caller]
    pub(crate) fn start(&mut self, name: &str, options: &[&str]) {
        let always = ["run", "-d", "--network=none", "--label", "driftless.test=1", "--name", name];
        let secret = format!("SECRET={SECRET}");
        let command = ["-e", &secret, "tiny:1", "/bin/sleep", "600"];
        let id = self.run(&[&always[..], options, &command[..]].concat());
        self.started.push(id.trim().to_owned());
    }

    /// What the probe says of this machine.
    fn answer(&self, room: &Room) -> String {
        room.write("request", Request::new([7; 16], Wanted::default()).stdin());
        let mut command = Command::new("sh");
        command.args(["-c", "sh -s <request 2>&1"]).current_dir(room.path(".")).envs(&self.environment);
        said(&command.output().unwrap())
    }

    /// The report of an audit of this machine.
    fn audit(&self, room: &Room) -> Value {
        room.write("inventory.toml", "[hosts.here]\nconnection = \"local\"\n");
        let mut command = room.command(&["audit", "-i", "inventory.toml", "-o", "json"]);
        command.envs(&self.environment);
        wait(command.spawn().unwrap()).json()
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        for id in &self.started {
            let _ = self.command(&["kill", id]).output();
            let _ = self.command(&["rm", "-f", id]).output();
        }
        if let Some(daemon) = &mut self.daemon {
            // Its containerd goes with it.
            let _ = Command::new("kill").arg(daemon.id().to_string()).status();
            let _ = daemon.wait();
        }
    }
}

#[track_caller]
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn shell(script: &str, folder: &Path) -> String {
    said(&Command::new("bash").args(["-ec", script]).current_dir(folder).output().unwrap())
}

/// The smallest root that runs something: busybox and its libraries, as `root.tar`.
fn make_root(room: &Room) {
    let script = r"
        mkdir -p root/bin root/etc root/proc root/tmp
        cp /usr/bin/busybox root/bin/ 2>/dev/null || cp /bin/busybox root/bin/
        for name in sh sleep touch cat; do ln -s busybox root/bin/$name; done
        for library in $(ldd root/bin/busybox | grep -o '/[^ ]*'); do
            mkdir -p root$(dirname $library)
            cp -L $library root$library
        done
        tar -C root -cf root.tar .";
    shell(script, &room.path("."));
}

/// podman with a storage of its own, and the image `tiny`.
pub(crate) fn podman(room: &Room) -> Tool {
    make_root(room);
    let at = |name: &str| room.path(name).display().to_string();
    room.write(
        "containers.conf",
        format!(
            "[containers]\ndefault_ulimits = [\"nofile=20000:20000\", \"nproc=4096:4096\"]\n\
             [engine]\nruntime = \"runc\"\ntmp_dir = \"{}\"\n",
            at("libpod")
        ),
    );
    room.write(
        "storage.conf",
        format!(
            "[storage]\ndriver = \"overlay\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n",
            at("graph"),
            at("run")
        ),
    );
    let environment = BTreeMap::from([
        ("CONTAINERS_CONF", at("containers.conf")),
        ("CONTAINERS_STORAGE_CONF", at("storage.conf")),
        ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
    ]);
    let tool =
        Tool { program: "podman", options: Vec::new(), environment, started: Vec::new(), daemon: None };
    tool.run(&["import", "-q", "--change", "ENV PATH=/bin", &at("root.tar"), "tiny:1"]);
    tool
}

/// The findings about one container, as `rule observed`.
fn about(report: &Value, name: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    let own = findings.iter().filter(|finding| finding["subject"] == name);
    let mut told: Vec<String> = own
        .map(|finding| {
            format!("{} {}", finding["rule"].as_str().unwrap(), finding["observed"].as_str().unwrap())
        })
        .collect();
    told.sort();
    told
}

#[track_caller]
fn evidence<'a>(report: &'a Value, rule: &str, name: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    let own = findings.iter().find(|finding| finding["rule"] == rule && finding["subject"] == name);
    &own.unwrap_or_else(|| panic!("no {rule} of {name}: {:?}", keys(report)))["evidence"]
}

/// Everything below folders with its times and sizes, and where file systems are mounted.
fn state(folders: &[&str], room: &Room) -> String {
    let folders = folders.join(" ");
    let script = format!(
        "find {folders} -xdev -printf '%p %T@ %C@ %s %i\\n' | sort; grep -F {folders} /proc/self/mountinfo || true"
    );
    shell(&script, &room.path("."))
}

/// A parameter of this machine, configured for as long as a test runs, and put back afterwards.
struct Configured {
    file: &'static str,
    _before: Swappiness,
}

impl Configured {
    /// As the last file of systemd-sysctl and procps alike; `/run` is gone with the next boot.
    fn now() -> Self {
        let before = Swappiness::kept();
        let file = "/run/sysctl.d/99-zz-driftless-test.conf";
        std::fs::create_dir_all("/run/sysctl.d").unwrap();
        std::fs::write(file, "vm.swappiness = 60\n").unwrap();
        Self { file, _before: before }
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.file);
    }
}

#[test]
#[ignore = "needs podman: scripts/test"]
fn a_privileged_container_with_a_read_only_root_changes_the_host_and_is_named() {
    let room = Room::new();
    let mut podman = podman(&room);
    podman.start("tuner", &["--privileged", "--read-only"]);
    let configured = Configured::now();
    let wrote = podman.run(&[
        "exec",
        "tuner",
        "sh",
        "-c",
        "touch /etc/x 2>/dev/null || echo 75 > /proc/sys/vm/swappiness; cat /proc/sys/vm/swappiness",
    ]);
    assert_eq!(wrote.trim(), "75", "the root is read-only, and the host's parameter is not");
    let report = podman.audit(&room);
    drop(configured);
    let key = "sysctl-runtime/ungrouped/here/vm.swappiness";
    let finding = report["findings"].as_array().unwrap().iter().find(|finding| finding["key"] == key);
    let finding = finding.unwrap_or_else(|| panic!("{:?}", keys(&report)));
    assert_eq!(
        finding["message"],
        "75 runs, and /run/sysctl.d/99-zz-driftless-test.conf configures 60; the privileged container tuner can have changed it"
    );
    assert_eq!(finding["evidence"]["privileged_containers"], serde_json::json!(["tuner"]));
    assert_eq!(about(&report, "tuner"), ["privileged privileged, with a read-only root"]);
}

#[test]
#[ignore = "needs podman: scripts/test"]
fn podmans_containers_are_audited_as_podman_describes_them_and_nothing_changes() {
    let room = Room::new();
    let mut podman = podman(&room);
    room.write("shared", "");
    let data = format!("{}:/srv/data:ro", room.path("shared").display());
    podman.start("fixed", &["--read-only", "--user", "1000"]);
    podman.start("changed", &["-v", &data, "--tmpfs", "/scratch", "--cap-add", "SYS_TIME"]);
    podman.start("untouched", &[]);
    podman.start("powerful", &["--privileged", "--read-only"]);
    podman.run(&["exec", "changed", "touch", "/etc/x"]);
    // A read-only root keeps nobody from the host's vm.*: what is there is written back, and nothing else.
    podman.run(&["exec", "powerful", "sh", "-c", "cat /proc/sys/vm/swappiness > /proc/sys/vm/swappiness"]);
    let kept = ["graph", "run", "libpod"];
    let before = state(&kept, &room);
    let report = podman.audit(&room);
    let answer = podman.answer(&room);
    assert!(answer.contains("\"name\":\"changed\"") && !answer.contains(SECRET), "a secret left the host");
    assert_eq!(state(&kept, &room), before, "asking podman changed something");

    assert_eq!(about(&report, "fixed"), [""; 0]);
    assert_eq!(about(&report, "changed"), ["container-changed 1 changed", "root-writable writable"]);
    assert_eq!(about(&report, "untouched"), ["root-writable writable"]);
    assert_eq!(about(&report, "powerful"), ["privileged privileged, with a read-only root"]);
    let changed = evidence(&report, "container-changed", "changed");
    assert_eq!(changed["changed"]["paths"], serde_json::json!(["A /etc/x"]));
    let inspected: Value = serde_json::from_str(&podman.run(&["container", "inspect", "changed"])).unwrap();
    let inspected = &inspected[0];
    assert!(inspected["Id"].as_str().unwrap().starts_with(changed["id"].as_str().unwrap()));
    assert_eq!(changed["image_id"], inspected["Image"]);
    assert_eq!(changed["image"], inspected["Config"]["Image"]);
    assert_eq!(changed["user"], inspected["Config"]["User"]);
    assert_eq!(changed["read_only_root"], inspected["HostConfig"]["ReadonlyRootfs"]);
    assert_eq!(changed["privileged"], inspected["HostConfig"]["Privileged"]);
    assert_eq!(changed["added_capabilities"], inspected["HostConfig"]["CapAdd"]);
    let mounts = [&changed["mounts"][0]["destination"], &changed["mounts"][1]["destination"]];
    assert_eq!(mounts, ["/srv/data", "/scratch"]);
    assert_eq!(changed["mounts"][0]["writable"], inspected["Mounts"][0]["RW"]);
    let digest = podman.run(&["image", "inspect", "--format", "{{index .RepoDigests 0}}", "tiny:1"]);
    assert_eq!(changed["digests"], serde_json::json!([digest.trim()]));
}

#[test]
#[ignore = "needs podman: scripts/test"]
fn podman_is_not_asked_where_it_would_make_its_folders() {
    let room = Room::new();
    room.write("request", Request::new([7; 16], Wanted::default()).stdin());
    let script = "
        for folder in /var/lib/containers /run/libpod /run/containers; do
            mkdir -p $folder
            mount -t tmpfs none $folder
        done
        count() { find /var/lib/containers /run/libpod /run/containers -mindepth 1 | wc -l; }
        sh -s <request >answer 2>/dev/null
        grep -a 'end podman' answer
        count
        podman ps -q
        [ $(count) -gt 0 ]";
    let alone = "unshare --mount --pid --fork --mount-proc bash -ec \"$SCRIPT\"";
    let mut command = Command::new("bash");
    command.args(["-ec", alone]).env("SCRIPT", script).current_dir(room.path("."));
    let told = said(&command.output().unwrap());
    let mut lines = told.lines();
    assert!(lines.next().unwrap().ends_with("end podman 127"), "{told}");
    assert_eq!(lines.next(), Some("0"), "the probe left something");
}

#[test]
#[ignore = "needs podman: scripts/test"]
fn an_ordinary_user_is_told_that_others_run_containers() {
    let room = Room::new();
    let mut podman = podman(&room);
    podman.start("someones", &[]);
    let request = Request::new([7; 16], Wanted::default());
    room.write("request", request.stdin());
    let script = "setpriv --reuid=65534 --regid=65534 --clear-groups sh -s <request 2>/dev/null";
    let answer = shell(script, &room.path("."));
    assert!(answer.contains("end podman 126"), "{answer}");
}

/// A docker daemon and its image `tiny`.
fn docker(room: &Room) -> Tool {
    make_root(room);
    let daemon = (!Path::new("/run/docker.sock").exists()).then(|| {
        let root = project().join("target/docker");
        let bin = |folder: &str| root.join(folder).display().to_string();
        let path = format!("{}:{}:/usr/sbin:/usr/bin:/sbin:/bin", bin("usr/sbin"), bin("usr/bin"));
        let at = |name: &str| room.path(name).display().to_string();
        let mut command = Command::new(root.join("usr/sbin/dockerd"));
        command.args([
            "--data-root",
            &at("data"),
            "--exec-root",
            &at("exec"),
            "--pidfile",
            "/run/docker.pid",
        ]);
        command.args(["--host", "unix:///run/docker.sock", "--bridge=none"]);
        command.args(["--iptables=false", "--ip6tables=false"]).env("PATH", path);
        command.env("LD_LIBRARY_PATH", bin("usr/lib/x86_64-linux-gnu"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    });
    let options = vec!["--host".to_owned(), "unix:///run/docker.sock".to_owned()];
    let tool = Tool { program: "docker", options, environment: BTreeMap::new(), started: Vec::new(), daemon };
    let started = Instant::now();
    while !tool.command(&["info"]).output().unwrap().status.success() {
        assert!(started.elapsed() < Duration::from_secs(20), "the docker daemon did not start");
        std::thread::sleep(Duration::from_millis(100));
    }
    tool.run(&["import", &room.path("root.tar").display().to_string(), "tiny:1"]);
    tool
}

#[test]
#[ignore = "needs docker: scripts/test"]
fn dockers_containers_are_audited_as_docker_describes_them() {
    let room = Room::new();
    let mut docker = docker(&room);
    room.write("shared", "");
    let data = format!("{}:/srv/data:ro", room.path("shared").display());
    docker.start("d-fixed", &["--read-only", "--user", "1000"]);
    docker.start("d-changed", &["-v", &data, "--tmpfs", "/scratch"]);
    docker.start("d-untouched", &[]);
    docker.run(&["exec", "d-changed", "/bin/touch", "/etc/x"]);
    let report = docker.audit(&room);
    let answer = docker.answer(&room);
    assert!(answer.contains("\"name\":\"/d-changed\"") && !answer.contains(SECRET), "a secret left the host");
    assert_eq!(about(&report, "d-fixed"), [""; 0]);
    assert_eq!(about(&report, "d-untouched"), ["root-writable writable"]);
    assert_eq!(about(&report, "d-changed"), ["container-changed 1 changed", "root-writable writable"]);
    let changed = evidence(&report, "container-changed", "d-changed");
    assert_eq!(changed["changed"]["paths"], serde_json::json!(["A /etc/x"]));
    let inspected: Value = serde_json::from_str(&docker.run(&["container", "inspect", "d-changed"])).unwrap();
    let image = inspected[0]["Image"].as_str().unwrap();
    assert_eq!(changed["image_id"].as_str(), image.strip_prefix("sha256:"));
    assert_eq!(changed["mounts"][0]["destination"], "/srv/data");
    assert_eq!(changed["runtime"], "docker");
}
