//! Manifests beside what podman and Kubernetes' runtimes tell.

use std::sync::Arc;

use super::declared::Declared;
use super::differ::compare;
use super::image::{Stands, stands};
use super::matching::{By, Index};
use crate::immutability::At;
use crate::snapshot::{Container, Mount, Pod, Runtime};

fn declared(kind: &str, namespace: Option<&str>, name: &str, container: &str, image: &str) -> Declared {
    Declared {
        file: Arc::from("a.yaml"),
        at: At { line: 1, column: 1 },
        object: format!("{kind}/{}/{name}", namespace.unwrap_or("-")),
        kind: kind.to_owned(),
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
        container: container.to_owned(),
        image: Some(image.to_owned()),
        lasts: true,
        read_only_root: Some(true),
        privileged: Some(false),
        user: None,
        non_root: false,
        added: Vec::new(),
        mounts: Vec::new(),
    }
}

fn container(runtime: Runtime, pod: Option<(&str, &str)>, name: &str, image: &str) -> Container {
    Container {
        runtime,
        id: "aa".to_owned(),
        name: name.to_owned(),
        pod: pod.map(|(namespace, name)| Pod { namespace: namespace.to_owned(), name: name.to_owned() }),
        image: image.to_owned(),
        image_id: None,
        digests: Vec::new(),
        user: "101".to_owned(),
        read_only_root: Some(true),
        privileged: Some(false),
        added: Vec::new(),
        mounts: Vec::new(),
        changed: None,
        replaces: None,
    }
}

#[track_caller]
fn finds(declared: &[Declared], container: &Container) -> Vec<usize> {
    Index::of(declared).find(declared, container, &["node-1", "node-1.example.net"]).1
}

#[test]
fn pods_are_known_by_how_their_workloads_name_them() {
    let all = [
        declared("Deployment", Some("shop"), "web", "app", "corp/web"),
        declared("Deployment", None, "web-api", "app", "corp/api"),
        declared("StatefulSet", None, "db", "app", "postgres"),
        declared("Pod", None, "kube-proxy", "app", "proxy"),
        declared("Prometheus", None, "main", "app", "prom"),
    ];
    let of = |namespace, pod| finds(&all, &container(Runtime::Cri, Some((namespace, pod)), "app", "x"));
    assert_eq!(of("shop", "web-7d4b9c6f5-x2x7p"), [0]);
    assert_eq!(of("shop", "web-api-7d4b9c6f5-x2x7p"), [1], "a longer name is another workload");
    assert!(of("other", "web-7d4b9c6f5-x2x7p").is_empty(), "and so is another namespace");
    assert_eq!(of("x", "db-0"), [2]);
    assert!(of("x", "db-x2x7p").is_empty(), "a StatefulSet numbers its pods");
    assert_eq!(of("kube-system", "kube-proxy-node-1"), [3], "the kubelet's own pods end in the node's name");
    assert!(of("kube-system", "kube-proxy-x2x7p").is_empty());
    assert_eq!(of("x", "main-whatever-it-likes-0"), [4]);
    let long = "a".repeat(70);
    let all = [declared("Deployment", None, &long, "app", "x")];
    let pod = format!("{}x2x7p", "a".repeat(58));
    assert_eq!(finds(&all, &container(Runtime::Cri, Some(("x", &pod)), "app", "x")), [0]);
}

#[test]
fn podman_and_docker_tell_pods_by_the_names_of_containers() {
    let all = [
        declared("Pod", None, "my-web", "the-app", "nginx"),
        declared("Deployment", None, "api", "app", "corp/api:1"),
        declared("Pod", Some("x"), "db", "pg", "postgres:16"),
    ];
    let of = |name| finds(&all, &container(Runtime::Podman, None, name, "other"));
    assert_eq!((of("my-web-the-app"), of("api-pod-app"), of("api-pod-0-app")), (vec![0], vec![1], vec![1]));
    assert!(of("my-web").is_empty() && of("api-x-app").is_empty());
    assert_eq!(of("k8s_pg_db_x_uid_0"), [2]);
    assert!(of("k8s_pg_db_y_uid_0").is_empty());
    let by_image = container(Runtime::Docker, None, "anything", "docker.io/library/postgres:15");
    assert_eq!(Index::of(&all).find(&all, &by_image, &[]), (By::Image, vec![2]));
    let twice = [all[2].clone(), declared("Pod", None, "db2", "pg", "postgres:16")];
    assert!(finds(&twice, &by_image).is_empty(), "which of two it is nobody can tell");
}

#[test]
fn images_are_compared_as_runtimes_call_them() {
    let named = |image: &str| container(Runtime::Docker, None, "a", image);
    for (own, seen, stand) in [
        ("nginx:1.26", "docker.io/library/nginx:1.26", Stands::Same),
        ("nginx", "docker.io/library/nginx:latest", Stands::Same),
        ("tiny:1", "localhost/tiny:1", Stands::Same),
        ("nginx:1.26", "nginx:1.27", Stands::Other),
        ("quay.io/nginx:1", "docker.io/library/nginx:1", Stands::Other),
        ("nginx:1", "sha256:00", Stands::Unknown),
        ("nginx:1", "nginx@sha256:00", Stands::Unknown),
        ("nginx@sha256:00", "nginx@sha256:00", Stands::Same),
        ("nginx@sha256:00", "nginx:1", Stands::Unknown),
    ] {
        assert_eq!(stands(own, &named(seen)), stand, "{own} {seen}");
    }
    let digest = Container { digests: vec!["nginx@sha256:11".to_owned()], ..named("nginx:1") };
    assert_eq!(stands("nginx@sha256:00", &digest), Stands::Other);
}

#[test]
fn what_differs_is_told_and_what_runtimes_mount_is_not() {
    let mut own = declared("Pod", None, "web", "c", "nginx:1");
    own.user = Some("101".to_owned());
    own.mounts = vec![("/run".to_owned(), true), ("/data".to_owned(), false), ("/gone".to_owned(), true)];
    let mount = |destination: &str, writable| Mount {
        source: "/x".to_owned(),
        destination: destination.to_owned(),
        writable,
    };
    let mut seen = container(Runtime::Docker, None, "web-c", "nginx:1");
    seen.mounts = vec![mount("/var/run", true), mount("/data", true), mount("/etc/hosts", true)];
    seen.mounts.push(mount("/proc/sys", true));
    let told = |own: &Declared, seen: &Container| -> Vec<String> {
        let (found, untold) = compare(own, seen);
        let found = found.iter().map(|one| format!("{} {} {}", one.field.name(), one.declared, one.observed));
        found.chain(untold.into_iter().map(str::to_owned)).collect()
    };
    assert_eq!(
        told(&own, &seen),
        [
            "mount /data read-only writable",
            "mount /proc/sys not mounted writable, from /x",
            "mount /gone writable not mounted"
        ]
    );
    own.mounts.clear();
    seen.mounts.clear();
    assert!(told(&own, &seen).is_empty());
    seen.user = String::new();
    seen.added = vec!["CAP_SYS_ADMIN".to_owned()];
    (seen.privileged, seen.read_only_root) = (None, Some(false));
    assert_eq!(
        told(&own, &seen),
        [
            "readOnlyRootFilesystem true false",
            "user 101 root",
            "capability SYS_ADMIN not added added",
            "privileged"
        ]
    );
}

#[test]
fn what_podman_mounts_under_a_read_only_root_is_nobodys_difference() {
    let own = declared("Pod", None, "web", "c", "nginx:1");
    let tmpfs = |path: &str| Mount { source: String::new(), destination: path.to_owned(), writable: true };
    let mut seen = container(Runtime::Podman, None, "web-c", "nginx:1");
    seen.mounts = ["/run", "/tmp", "/var/tmp"].map(tmpfs).to_vec();
    assert_eq!(compare(&own, &seen).0, []);
    seen.mounts.push(tmpfs("/scratch"));
    assert_eq!(compare(&own, &seen).0.len(), 1, "what else is mounted was asked for");
    let named = Container { read_only_root: Some(false), ..seen.clone() };
    assert_eq!(compare(&own, &named).0.len(), 5, "a writable root has none by itself");
    let docker = Container { runtime: Runtime::Docker, ..seen };
    assert_eq!(compare(&own, &docker).0.len(), 4, "and docker mounts none");
}
