//! What runs a replacement for `replacement.rs`: podman, which plays its manifest, or runs its quadlet's container.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Room, project};
use crate::lab::key;
use crate::replacement::{Made, Server};

/// Shapes a manifest for podman: the Deployment and its claims alone, on an address of its own, its volumes named after
/// it; `bare` is without them.
const SHAPE: &str = r"
import json, sys, yaml
name, address, what = sys.argv[1:]
for whole in yaml.safe_load_all(sys.stdin):
    if whole['kind'] not in ('Deployment', 'PersistentVolumeClaim') or what == 'bare' and whole['kind'] != 'Deployment': continue
    if whole['kind'] == 'Deployment':
        whole['metadata']['name'] = name
        spec = whole['spec']['template']['spec']
        # What fails shall be seen to.
        spec['restartPolicy'] = 'Never'
        whole['spec']['replicas'] = 1
        if what == 'bare':
            spec.pop('volumes', None)
            spec.pop('initContainers', None)
        for volume in spec.get('volumes', []): volume['name'] = f'{name}-{volume[`name`]}'
        for one in spec['containers'] + spec.get('initContainers', []):
            for probe in ('startupProbe', 'readinessProbe', 'livenessProbe'): one.pop(probe, None)
            for port in one.get('ports', []): port.update(hostIP=address, hostPort=port['containerPort'])
            if what == 'bare': one.pop('volumeMounts', None)
            for mount in one.get('volumeMounts', []): mount['name'] = f'{name}-{mount[`name`]}'
    print('---'); print(json.dumps(whole))
";

pub(crate) fn podman(arguments: &[&str]) -> Output {
    let mut command = Command::new("podman");
    command.args(arguments).env("CONTAINERS_CONF", key("containers.conf")).stdin(Stdio::null());
    command.output().unwrap()
}

pub(crate) fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
pub(crate) fn done(arguments: &[&str]) -> String {
    let output = podman(arguments);
    assert!(output.status.success(), "podman {}: {}", arguments.join(" "), words(&output));
    words(&output)
}

/// What runs, until it is dropped.
pub(crate) struct Running {
    room: Room,
    container: String,
    address: String,
    played: bool,
    volumes: Vec<String>,
    said: String,
}

impl Running {
    /// The manifest, played.
    pub(crate) fn play(made: &Made, server: &Server, what: &str) -> Self {
        let number = server.nth();
        let (name, address) =
            (format!("driftless-yard-{}-{what}", server.host), format!("127.78.{}.{number}", what.len()));
        let mut command = Command::new(project().join("target/kubernetes/bin/python3"));
        command
            .args(["-c", &SHAPE.replace('`', "\""), &name, &address, what])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("scripts/test installs it");
        child.stdin.take().unwrap().write_all(made.read("kubernetes.yaml").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let room = Room::new();
        room.write("play.yaml", String::from_utf8(output.stdout).unwrap());
        let text = std::fs::read_to_string(room.path("play.yaml")).unwrap();
        let service = text.split("\"containers\": [{\"name\": \"").nth(1).unwrap().split('"').next().unwrap();
        let claims = text.match_indices("\"claimName\": \"").map(|(at, key)| &text[at + key.len()..]);
        let volumes = claims.map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
        let file = room.path("play.yaml").display().to_string();
        let container = format!("{name}-pod-0-{service}");
        let network = "slirp4netns:outbound_addr=127.0.0.1,enable_ipv6=false";
        let said = words(&podman(&["kube", "play", "--network", network, &file]));
        Self { room, container, address, played: true, volumes, said }
    }

    /// The quadlet's container, as podman-systemd.unit(5) says that it is run.
    pub(crate) fn quadlet(made: &Made, server: &Server) -> Self {
        let unit = made.read(".container");
        let name = format!("driftless-yard-{}-quadlet", server.host);
        let address = format!("127.78.9.{}", server.nth());
        let mut arguments: Vec<String> = [
            "run",
            "-d",
            "--name",
            &name,
            "--network",
            "slirp4netns:outbound_addr=127.0.0.1,enable_ipv6=false",
        ]
        .map(str::to_owned)
        .to_vec();
        let (mut image, mut user, mut volumes) = (String::new(), None, Vec::new());
        let container = unit.split("[Container]\n").nth(1).unwrap().split("\n[").next().unwrap();
        for line in container.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (key, value) = line.split_once('=').unwrap();
            arguments.push(match (key, value) {
                ("Image", _) => {
                    value.clone_into(&mut image);
                    continue;
                }
                ("ReadOnly", "true") => "--read-only".to_owned(),
                ("NoNewPrivileges", "true") => "--security-opt=no-new-privileges".to_owned(),
                ("DropCapability", _) => format!("--cap-drop={value}"),
                ("AddCapability", _) => format!("--cap-add={value}"),
                ("User", _) => {
                    user = Some(value.to_owned());
                    continue;
                }
                ("Group", _) => format!("--user={}:{value}", user.take().unwrap()),
                ("Volume", _) => {
                    let (volume, path) = value.split_once(".volume:").unwrap();
                    let unit = made.read(&format!("{volume}.volume"));
                    assert!(unit.contains("[Volume]"));
                    if let Some((_, options)) = unit.split_once("Type=tmpfs\nDevice=tmpfs\nOptions=") {
                        let options = format!("o={}", options.trim());
                        done(&[
                            "volume",
                            "create",
                            "-o",
                            "type=tmpfs",
                            "-o",
                            "device=tmpfs",
                            "-o",
                            &options,
                            volume,
                        ]);
                    }
                    volumes.push(volume.to_owned());
                    format!("--volume={volume}:{path}")
                }
                ("Tmpfs", _) => format!("--tmpfs={value}"),
                ("PublishPort", _) => format!("--publish={address}:{value}"),
                ("PodmanArgs", _) => value.to_owned(),
                _ => panic!("{line}"),
            });
        }
        arguments.push(image);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let said = words(&podman(&arguments));
        Self { room: Room::new(), container: name, address, played: false, volumes, said }
    }

    pub(crate) fn said(&self) -> String {
        let state = words(&podman(&[
            "inspect",
            "--format",
            "{{.State.Status}} {{.State.ExitCode}}",
            &self.container,
        ]));
        format!(
            "{}: {}{state}{}",
            self.container,
            self.said,
            words(&podman(&["logs", "--tail", "30", &self.container]))
        )
    }

    /// What the service answers over its port, up to what is looked for.
    fn ask(&self, server: &Server) -> std::io::Result<String> {
        let mut stream = TcpStream::connect((self.address.as_str(), server.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(3)))?;
        stream.write_all(server.ask)?;
        let (mut told, mut part) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&told).contains(server.answer) {
            match stream.read(&mut part)? {
                0 => break,
                read => told.extend_from_slice(&part[..read]),
            }
        }
        Ok(String::from_utf8_lossy(&told).into_owned())
    }

    /// Whether the service comes to do its work.
    pub(crate) fn serves(&self, server: &Server, within: Duration) -> bool {
        let started = Instant::now();
        while started.elapsed() < within {
            if self.ask(server).is_ok_and(|told| told.contains(server.answer)) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        false
    }

    #[track_caller]
    pub(crate) fn is_immutable_and_serves(&self, server: &Server) {
        assert!(self.serves(server, Duration::from_secs(30)), "{}", self.said());
        let touched = podman(&["exec", &self.container, "touch", "/etc/x"]);
        assert!(words(&touched).contains("Read-only file system"), "{}", words(&touched));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.played {
            let file = self.room.path("play.yaml").display().to_string();
            podman(&["kube", "play", "--down", &file]);
        } else {
            podman(&["rm", "-f", "-t", "0", &self.container]);
        }
        for volume in &self.volumes {
            podman(&["volume", "rm", "-f", volume]);
        }
    }
}
