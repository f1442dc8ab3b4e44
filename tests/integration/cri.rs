//! The containers of Kubernetes: crictl is not to be had where this is tested, so that a stand-in takes its place.
//!
//! It answers with statuses of the shapes that containerd and CRI-O document, and has the probe's template run by
//! the real engine of Go's templates, docker's client, which gets them over a socket of the test's own. What a
//! real runtime answers is not shown by this.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};

use driftless::probe::{Request, Wanted};
use driftless::snapshot::Reader;
use serde_json::{Value, json};

use crate::harness::Room;

/// A status as containerd has it: `privileged` lies in the configuration, and is left out where it is not set.
fn containerd() -> Value {
    let labels = json!({
        "io.kubernetes.container.name": "nginx",
        "io.kubernetes.pod.name": "web-7d4b9c6f5-x2x7p",
        "io.kubernetes.pod.namespace": "default",
    });
    let mounts = json!([
        { "containerPath": "/etc/hosts", "hostPath": "/var/lib/kubelet/pods/u/etc-hosts", "readonly": false },
        { "containerPath": "/data", "hostPath": "/srv", "readonly": true },
    ]);
    json!({
        "status": {
            "id": "87d3992f84f74e",
            "metadata": { "attempt": 0, "name": "nginx" },
            "image": { "annotations": {}, "image": "docker.io/library/nginx:1.26" },
            "imageRef": format!("docker.io/library/nginx@sha256:{}", "a".repeat(64)),
            "labels": labels,
            "mounts": mounts,
            "state": "CONTAINER_RUNNING",
        },
        "info": {
            "config": {
                "envs": [{ "key": "SECRET", "value": "hunter2" }],
                "linux": { "resources": {}, "security_context": { "privileged": true, "readonly_rootfs": true } },
            },
            "runtimeSpec": {
                "process": { "user": { "uid": 101, "gid": 101 }, "env": ["SECRET=hunter2"] },
                "root": { "path": "rootfs", "readonly": true },
            },
        },
    })
}

/// A status as CRI-O has it: `privileged` lies beside the runtime's specification.
fn crio() -> Value {
    json!({
        "status": {
            "id": "b2b2b2b2b2b2b2",
            "metadata": { "attempt": 0, "name": "db" },
            "image": { "image": "quay.io/db:1" },
            "imageRef": format!("quay.io/db@sha256:{}", "b".repeat(64)),
            "labels": null,
            "mounts": [],
        },
        "info": {
            "privileged": false,
            "runtimeSpec": { "process": { "user": { "uid": 0, "gid": 0 } }, "root": { "path": "/x" } },
        },
    })
}

/// Answers docker's client, for as long as the test runs, with the status that is named in each request's path.
fn serve(room: &Room) {
    let listener = UnixListener::bind(room.path("docker.sock")).unwrap();
    std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(answer(&stream))));
}

fn answer(mut stream: &UnixStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.take(1 << 16)).lines();
    while let Some(line) = lines.next().transpose()? {
        let Some(path) = line.split(' ').nth(1) else { return Ok(()) };
        let body = match path.rsplit('/').nth(1) {
            Some("one") => containerd().to_string(),
            Some("other") => crio().to_string(),
            Some("both") => json!({ "several": [containerd(), crio()] }).to_string(),
            _ => "OK".to_owned(),
        };
        // What follows the first line of a request is not of interest; there is never a body.
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let sent = if line.starts_with("HEAD") { "" } else { &body };
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json";
        write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{sent}")?;
    }
    Ok(())
}

/// Runs the probe where a crictl and a socket of containerd are; `several` is how crictl gives more than one
/// container since 1.31, as an array. Gives the answer.
fn probed(room: &Room, request: &Request, several: bool) -> Vec<u8> {
    let ask = if several {
        r#"template=$(printf '%s\n' "$5" | sed 's/^{{- if eq (printf "%.1s"/{{with .several}}&/')'{{end}}'; set -- both"#
    } else {
        r"template=$5; set -- one other"
    };
    room.write(
        "crictl",
        format!(
            "#!/bin/sh\n[ \"$1 $2\" = '--runtime-endpoint unix:///run/containerd/containerd.sock' ] || exit 9\nshift 2\n\
             case $1 in\nps) echo 87d3992f84f74e; echo b2b2b2b2b2b2b2 ;;\ninspect) {ask}\n\
             exec docker --host unix://{} container inspect --format \"$template\" \"$@\" ;;\nesac\n",
            room.path("docker.sock").display()
        ),
    );
    room.write("request", request.stdin());
    let script = "
        mkdir -p /run/containerd
        mount -t tmpfs none /usr/local/sbin
        mount -t tmpfs none /run/containerd
        install -m 755 crictl /usr/local/sbin/crictl
        ln -s $PWD/docker.sock /run/containerd/containerd.sock
        sh -s <request";
    let mut command = Command::new("unshare");
    command.args(["--mount", "bash", "-ec", script]).current_dir(room.path(".")).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

#[test]
#[ignore = "needs docker's client: scripts/test"]
fn what_crictl_documents_comes_through_the_template() {
    let room = Room::new();
    serve(&room);
    let request = Request::new([7; 16], Wanted::default());
    for several in [false, true] {
        let answer = probed(&room, &request, several);
        assert!(!String::from_utf8_lossy(&answer).contains("hunter2"), "a secret left the host");
        let snapshot = Reader::default().read(&answer, b"", &request).unwrap();
        let told = || snapshot.containers.iter().flat_map(|containers| &containers.list);
        let of_cri: Vec<_> = told().filter(|container| container.runtime.as_str() == "cri").collect();
        let [nginx, db] = of_cri.as_slice() else { panic!("{:?}: {of_cri:?}", snapshot.beside) };
        assert_eq!(nginx.label(), "default/web-7d4b9c6f5-x2x7p/nginx");
        assert_eq!((nginx.privileged, nginx.read_only_root), (Some(true), Some(true)));
        assert_eq!((nginx.user.as_str(), nginx.image.as_str()), ("101", "docker.io/library/nginx:1.26"));
        assert_eq!(nginx.image_id, Some("a".repeat(64)));
        let mounts = nginx.mounts.iter().map(|mount| (mount.destination.as_str(), mount.writable));
        assert_eq!(mounts.collect::<Vec<_>>(), [("/etc/hosts", true), ("/data", false)]);
        assert_eq!((db.label().as_str(), db.user.as_str()), ("db", "0"));
        assert_eq!((db.privileged, db.read_only_root), (Some(false), Some(false)));
    }
}
