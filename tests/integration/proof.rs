//! What `driftless immutable` says, for real: podman plays the manifests with images made from the lab's roots.
//!
//! nginx dies on a read-only root and lives with its volumes; a privileged one changes this machine; what `--fix`
//! writes starts, and does not without what it added. Everything made here carries the name `driftless-proof`, and
//! goes with the last test that uses it.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Room, SWAPPINESS, Swappiness, project};
use crate::lab::key;

const NGINX: &str = "localhost/driftless-proof/library/nginx";
const UNPRIVILEGED: &str = "localhost/driftless-proof/nginxinc/nginx-unprivileged";
const APP: &str = "localhost/driftless-proof/app";

/// nginx as its official image lays it out, which the lab's Debian does not.
const AS_UPSTREAM: &str = r#"FROM localhost/driftless-lab/bookworm
RUN ["sh", "-ec", "mkdir -p /var/cache/nginx; D=/var/cache/nginx; printf '%s\\n' 'user www-data;' 'pid /var/run/nginx.pid;' 'error_log /dev/stderr;' 'events {}' 'http { access_log off;' \"client_body_temp_path $D/client_temp; proxy_temp_path $D/proxy_temp; fastcgi_temp_path $D/fastcgi_temp; uwsgi_temp_path $D/uwsgi_temp; scgi_temp_path $D/scgi_temp;\" 'server { listen 80; } }' > /etc/nginx/nginx.conf"]
CMD ["nginx", "-g", "daemon off;"]
"#;

/// nginxinc's image, which runs as a user of its own.
const AS_UNPRIVILEGED: &str = r#"FROM localhost/driftless-proof/library/nginx
RUN ["sed", "-i", "-e", "/^user/d", "-e", "s|/var/run/|/tmp/|", "-e", "s|/var/cache/nginx|/tmp|g", "-e", "s/listen 80/listen 8080/", "/etc/nginx/nginx.conf"]
USER www-data
CMD ["nginx", "-g", "daemon off;"]
"#;

/// An application of one's own: it reads what its image ships, and writes beside it.
const AS_APP: &str = r#"FROM localhost/driftless-lab/bookworm
RUN ["sh", "-ec", "mkdir -p /etc/app /var/lib/app; echo greeting=hello > /etc/app/settings; printf '%s\\n' '#!/bin/sh -e' '. /etc/app/settings' 'echo $greeting > /etc/app/state' 'echo 1 > /var/lib/app/data' 'echo $$ > /run/app.pid' 'trap exit TERM; sleep 600 & wait' > /usr/local/bin/app; chmod +x /usr/local/bin/app"]
CMD ["app"]
"#;

const PLAYBOOK: &str = "[[image]]\nmatch = \"localhost/driftless-proof/app*\"\nwrites = [\"/etc/app\", \"/var/lib/app\", \"/var/run\"]\nships = [\"/etc/app\"]\n";

/// A manifest as podman can play it beside others: without ports, its volumes named after it, dead when it dies;
/// and without what the fix added, if that is asked for.
const SHAPE: &str = r"
import json, sys, yaml
what, whole = sys.argv[1], yaml.safe_load(sys.stdin)
pod = whole['spec'].get('template', whole)
pod['metadata'].setdefault('annotations', {})['io.podman.annotations.init.container.type'] = 'always'
name = whole['metadata']['name'] = f'driftless-proof-{what}-' + whole['metadata']['name']
spec = pod['spec']
spec['restartPolicy'] = 'Never'
if what == 'bare':
    for key in ('volumes', 'initContainers'): spec.pop(key, None)
for volume in spec.get('volumes', []): volume['name'] = f'{name}-{volume[`name`]}'
for one in spec['containers'] + spec.get('initContainers', []):
    one.pop('ports', None)
    if what == 'bare': one.pop('volumeMounts', None)
    for mount in one.get('volumeMounts', []): mount['name'] = f'{name}-{mount[`name`]}'
if what == 'uncopied':
    # podman fills an empty volume with what the image has at its place, which Kubernetes never does.
    for one in spec['initContainers']: one['command'] = ['touch', one['volumeMounts'][0]['mountPath'] + '/x']
json.dump(whole, sys.stdout)
";

fn podman(arguments: &[&str]) -> Output {
    let mut command = Command::new("podman");
    command.args(arguments).env("CONTAINERS_CONF", key("containers.conf")).stdin(Stdio::null());
    command.output().unwrap()
}

/// Both streams of a command, for a message and to look for words.
fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The images that all tests here share.
struct Stage {
    /// Whether the image in which podman holds pods was here before.
    had_pause: bool,
}

const PAUSE: &str = "localhost/podman-pause";

static STAGE: Mutex<Weak<Stage>> = Mutex::new(Weak::new());

impl Stage {
    /// The images, made by the first that asks.
    fn set() -> Arc<Self> {
        let mut known = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stage) = known.upgrade() {
            return stage;
        }
        let had_pause = !podman(&["images", "-q", PAUSE]).stdout.is_empty();
        let stage = Arc::new(Self { had_pause });
        let room = Room::new();
        for (name, recipe) in [(NGINX, AS_UPSTREAM), (UNPRIVILEGED, AS_UNPRIVILEGED), (APP, AS_APP)] {
            room.write("Containerfile", recipe);
            let folder = room.path(".").display().to_string();
            let tag = format!("{name}:latest");
            let built = podman(&[
                "build",
                "-q",
                "--network=none",
                "--pull=never",
                "--layers=false",
                "-t",
                &tag,
                &folder,
            ]);
            assert!(built.status.success(), "is the lab running? {}", words(&built));
        }
        *known = Arc::downgrade(&stage);
        stage
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for name in [APP, UNPRIVILEGED, NGINX] {
            podman(&["rmi", "-f", name]);
        }
        if !self.had_pause {
            let ids = words(&podman(&["images", "-q", PAUSE]));
            ids.split_whitespace().for_each(|id| drop(podman(&["rmi", id])));
        }
    }
}

/// A manifest shaped by `SHAPE`.
fn shaped(manifest: &str, what: &str) -> Value {
    let mut command = Command::new(project().join("target/kubernetes/bin/python3"));
    command.args(["-c", &SHAPE.replace('`', "\""), what]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("scripts/test installs it");
    child.stdin.take().unwrap().write_all(manifest.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{manifest}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A manifest being played, until it is dropped.
struct Play {
    room: Room,
    pod: String,
    containers: Vec<String>,
    said: String,
}

impl Play {
    fn start(manifest: &str, what: &str) -> Self {
        let whole = shaped(manifest, what);
        let room = Room::new();
        room.write("pod.yaml", whole.to_string());
        let name = whole["metadata"]["name"].as_str().unwrap();
        let (pod, spec) = match whole["kind"].as_str() {
            Some("Pod") => (name.to_owned(), &whole["spec"]),
            _ => (format!("{name}-pod-0"), &whole["spec"]["template"]["spec"]),
        };
        let containers = spec["containers"].as_array().unwrap().iter();
        let containers = containers.map(|one| format!("{pod}-{}", one["name"].as_str().unwrap())).collect();
        let mut play = Self { room, pod, containers, said: String::new() };
        play.said = words(&podman(&["kube", "play", "--network=none", &play.file()]));
        play
    }

    fn file(&self) -> String {
        self.room.path("pod.yaml").display().to_string()
    }

    fn said(&self) -> String {
        let logs = self.containers.iter().map(|name| words(&podman(&["logs", name])));
        format!("{}: {}{}", self.pod, self.said, logs.collect::<String>())
    }

    /// What a command says in its first container, and whether it succeeded.
    fn exec(&self, script: &str) -> (bool, String) {
        let output = podman(&["exec", &self.containers[0], "sh", "-c", script]);
        (output.status.success(), words(&output).trim().to_owned())
    }

    /// Waits for something; `false` after ten seconds.
    fn becomes(&self, mut it: impl FnMut(&Self) -> bool) -> bool {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(10) {
            if it(self) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        false
    }

    /// Whether all of it runs: each process has written the file that it writes last.
    #[track_caller]
    fn lives(&self) {
        let pids = "test -s /run/nginx.pid || test -s /tmp/nginx.pid || test -s /run/app.pid";
        let is_up = |name: &String| podman(&["exec", name, "sh", "-c", pids]).status.success();
        assert!(self.becomes(|play| play.containers.iter().all(is_up)), "it does not run: {}", self.said());
    }

    /// Whether one of its containers ends, and why.
    #[track_caller]
    fn dies(&self, why: &str) {
        let state = |name: &String| words(&podman(&["inspect", "--format", "{{.State.Status}}", name]));
        let is_dead = |name: &String| state(name).contains("exited");
        assert!(self.becomes(|play| play.containers.iter().any(is_dead)), "it runs: {}", self.said());
        let said = self.said();
        assert!(said.contains(why), "{why}: {said}");
    }

    /// What the program says of the very manifest that is played.
    fn verdict(&self) -> Vec<Option<bool>> {
        self.room.write("p.toml", PLAYBOOK);
        let run = self.room.run(&["immutable", "pod.yaml", "-p", "p.toml", "-o", "json"]);
        let report = run.json();
        report["objects"].as_array().unwrap().iter().map(|one| one["immutable"].as_bool()).collect()
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        podman(&["kube", "play", "--down", &self.file()]);
        podman(&["pod", "rm", "-f", "-t", "0", "--ignore", &self.pod]);
        podman(&["rm", "-f", "-t", "0", "--ignore", &self.pod]);
    }
}

/// An example of the documentation, with the image that there is here.
fn example(name: &str) -> String {
    let text = std::fs::read_to_string(project().join("examples/manifests").join(name)).unwrap();
    text.replace("image: nginx:1.27", &format!("image: {NGINX}"))
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn nginx_dies_on_a_read_only_root_lives_with_volumes_and_privilege_voids_it() {
    let stage = Stage::set();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let play = Play::start(&example("1-nginx.yaml"), "seed");
            play.lives();
            assert_eq!(play.exec("touch /etc/x"), (true, String::new()));
            assert_eq!(play.verdict(), [Some(false)]);
        });
        scope.spawn(|| {
            let play = Play::start(&example("2-nginx-read-only.yaml"), "seed");
            play.dies("mkdir() \"/var/cache/nginx/client_temp\" failed (30: Read-only file system)");
            assert_eq!(play.verdict(), [Some(false)]);
        });
        scope.spawn(|| {
            let play = Play::start(&example("3-nginx-immutable.yaml"), "seed");
            play.lives();
            for path in ["/etc/x", "/usr/sbin/x", "/tmp/x", "/x"] {
                let (done, said) = play.exec(&format!("touch {path}"));
                assert!(!done && said.contains("Read-only file system"), "{path}: {said}");
            }
            let (done, said) = play.exec("cat /proc/sys/vm/swappiness > /proc/sys/vm/swappiness");
            assert!(!done && said.contains("Read-only file system"), "{said}");
            assert_eq!(play.verdict(), [Some(true)]);
        });
        scope.spawn(|| {
            let play = Play::start(&example("4-nginx-privileged.yaml"), "seed");
            play.lives();
            let (done, said) = play.exec("touch /etc/x");
            assert!(!done && said.contains("Read-only file system"), "{said}");
            assert_eq!(play.verdict(), [Some(false)]);
            let before = Swappiness::kept();
            let other = if before.value() == "75" { "76" } else { "75" };
            let (done, said) = play.exec(&format!("echo {other} > /proc/sys/vm/swappiness"));
            let now = std::fs::read_to_string(SWAPPINESS).unwrap();
            drop(before);
            assert!(done && now.trim() == other, "this machine has {now}: {said}");
        });
    });
    drop(stage);
}

/// Manifests as people write them, each of which changes when it is fixed.
fn wrong() -> Vec<String> {
    let pair = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: pair}}\nspec:\n  volumes: [{{name: mine, emptyDir: {{}}}}]\n  containers:\n  - name: nginx\n    image: {NGINX}\n    volumeMounts:\n    - {{name: mine, mountPath: /var/cache/nginx}}\n  - {{image: {UNPRIVILEGED}, name: other}}\n"
    );
    let app = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\nspec:\n  selector: {{matchLabels: {{a: b}}}}\n  template:\n    metadata:\n      labels: {{a: b}}\n    spec:\n      containers:\n        - name: app\n          image: {APP}\n"
    );
    let examples = ["1-nginx.yaml", "2-nginx-read-only.yaml", "4-nginx-privileged.yaml"];
    examples.into_iter().map(example).chain([pair, app]).collect()
}

/// What `--fix` writes.
fn fixed(manifest: &str) -> String {
    let room = Room::new();
    room.write("p.toml", PLAYBOOK);
    room.write("a.yaml", manifest);
    let run = room.run(&["immutable", "a.yaml", "-p", "p.toml", "--fix"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    run.stdout
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_is_fixed_starts_and_does_not_without_what_was_added() {
    let stage = Stage::set();
    std::thread::scope(|scope| {
        for manifest in wrong() {
            scope.spawn(move || {
                let fixed = fixed(&manifest);
                {
                    let play = Play::start(&fixed, "fixed");
                    play.lives();
                    for name in &play.containers {
                        let touch = podman(&["exec", name, "touch", "/etc/x"]);
                        assert!(words(&touch).contains("Read-only file system"), "{touch:?}");
                        let tune = "cat /proc/sys/vm/swappiness > /proc/sys/vm/swappiness";
                        assert!(!podman(&["exec", name, "sh", "-c", tune]).status.success(), "{name}");
                    }
                    let verdict = play.verdict();
                    assert!(verdict.iter().all(|one| *one == Some(true)), "{verdict:?}\n{fixed}");
                }
                let play = Play::start(&fixed, "bare");
                play.dies("Read-only file system");
                let verdict = play.verdict();
                assert!(verdict.contains(&Some(false)), "{verdict:?}");
            });
        }
        scope.spawn(|| {
            let app = fixed(wrong().last().unwrap());
            let play = Play::start(&app, "uncopied");
            play.dies("/etc/app/settings");
        });
    });
    drop(stage);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_volume_hides_the_folders_that_its_program_does_not_make() {
    let stage = Stage::set();
    let folder = Room::new();
    let below = format!("{}:/var/cache/nginx/client_temp:ro", folder.path(".").display());
    std::thread::scope(|scope| {
        for (nth, (empty, read_only, said)) in [
            (&["/var/cache/nginx", "/run"][..], None, None),
            (&["/var/cache", "/run"], None, Some("mkdir() \"/var/cache/nginx/client_temp\" failed (2:")),
            (&["/var", "/var/cache/nginx", "/run"], None, Some("open() \"/var/run/nginx.pid\" failed (2:")),
            (
                &["/var/cache/nginx", "/run"],
                Some(below.as_str()),
                Some("chown(\"/var/cache/nginx/client_temp\""),
            ),
        ]
        .into_iter()
        .enumerate()
        {
            scope.spawn(move || {
                let name = format!("driftless-proof-hides-{nth}");
                let mounts: Vec<_> = empty.iter().map(|path| format!("--tmpfs={path}:notmpcopyup")).collect();
                let mut words = vec!["run", "-d", "--network=none", "--read-only", "--read-only-tmpfs=false"];
                words.extend(["--name", &name]);
                words.extend(mounts.iter().map(String::as_str));
                words.extend(read_only.into_iter().flat_map(|mount| ["-v", mount]));
                words.push(NGINX);
                let play = Play {
                    room: Room::new(),
                    pod: name.clone(),
                    containers: vec![name.clone()],
                    said: String::new(),
                };
                let started = podman(&words);
                assert!(started.status.success(), "{started:?}");
                match said {
                    None => play.lives(),
                    Some(said) => play.dies(said),
                }
            });
        }
    });
    drop(stage);
}
