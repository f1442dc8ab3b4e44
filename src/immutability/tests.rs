//! Manifests as they are written, and what is read of them.

use super::fixture::{manifest, objects, pod};
use super::*;

const ROOT: &str = "image: nginx\nsecurityContext:\n  readOnlyRootFilesystem: true";

fn verdict(lines: &str, spec: &str) -> (Option<bool>, String) {
    let pod = pod(&manifest(lines, spec));
    let Verdict { immutable, voided_by } = Verdict::of(&pod, &pod.containers[0]);
    (immutable, voided_by.join("; "))
}

fn mounted(context: &str) -> String {
    format!(
        "{ROOT}\n{context}volumeMounts:\n- {{name: cache, mountPath: /var/cache/nginx}}\n- {{name: run, mountPath: /var/run}}"
    )
}

const EMPTY: &str = "volumes:\n- {name: cache, emptyDir: {}}\n- {name: run, emptyDir: {sizeLimit: 1Mi}}";

#[test]
fn a_container_is_immutable_not_or_unknown() {
    let (immutable, why) = verdict("image: nginx", "");
    assert_eq!(
        (immutable, why.as_str()),
        (Some(false), "its root file system is writable: readOnlyRootFilesystem is not set")
    );
    let (immutable, why) = verdict(ROOT, "");
    assert_eq!(
        (immutable, why.as_str()),
        (Some(false), "it would not run: nothing writable covers /var/cache/nginx, /run")
    );
    assert_eq!(verdict(&mounted(""), EMPTY), (Some(true), String::new()));
    let (immutable, why) = verdict(&mounted("  privileged: true\n"), EMPTY);
    assert_eq!(immutable, Some(false));
    assert_eq!(
        why,
        "the read-only root is void: privileged makes /proc/sys writable, and vm.* is the node's"
    );
    let (immutable, why) = verdict("image: corp/app\nsecurityContext: {readOnlyRootFilesystem: true}", "");
    assert!(immutable.is_none() && why.contains("[[image]]"), "{why}");
}

#[test]
fn everything_that_voids_a_read_only_root_is_told() {
    for (context, spec, mount, told) in [
        ("  procMount: Unmasked\n", "", "", "Unmasked"),
        ("  capabilities: {add: [CAP_SYS_ADMIN]}\n", "", "", "capability SYS_ADMIN"),
        (
            "",
            "\n- {name: h, hostPath: {path: /srv/}}",
            "\n- {name: h, mountPath: /data}",
            "write to the node's /srv, mounted at /data",
        ),
        (
            "",
            "\n- {name: h, hostPath: {path: /proc}}",
            "\n- {name: h, mountPath: /host/proc}",
            "node's /proc is mounted writable",
        ),
        (
            "",
            "\n- {name: h, emptyDir: {}}",
            "\n- {name: h, mountPath: /sys/fs}",
            "a volume at /sys/fs takes the place",
        ),
    ] {
        let (immutable, why) = verdict(&format!("{}{mount}", mounted(context)), &format!("{EMPTY}{spec}"));
        assert_eq!(immutable, Some(false), "{told}");
        assert!(why.starts_with("the read-only root is void: ") && why.contains(told), "{why}");
    }
    let read_only = format!(
        "{}\n- {{name: h, mountPath: /host/proc, readOnly: true, recursiveReadOnly: Enabled}}",
        mounted("")
    );
    let spec = format!("{EMPTY}\n- {{name: h, hostPath: {{path: /proc}}}}");
    let (immutable, why) = verdict(&read_only, &spec);
    assert!(immutable.is_none() && why.contains("by the node's /proc"), "{why}");
    let of_node = spec.replace("{path: /proc}", "{path: /etc}");
    assert_eq!(verdict(&read_only, &of_node).0, Some(true));
}

#[test]
fn the_nearest_volume_decides_whether_a_path_can_be_written() {
    let covered = |mounts: &str, volumes: &str| {
        verdict(&format!("{ROOT}\nvolumeMounts: [{mounts}]"), &format!("volumes: [{volumes}]")).0
            == Some(true)
    };
    let exact = "{name: v, mountPath: /var/cache//nginx/}, {name: r, mountPath: /run/}";
    let var = "{name: v, mountPath: /var}, {name: r, mountPath: /run/}";
    assert!(covered(exact, "{name: v, emptyDir: {}}, {name: r}"));
    assert!(covered(exact, "{name: v, persistentVolumeClaim: {claimName: x}}, {name: r, emptyDir: }"));
    assert!(!covered(
        var,
        "{name: v, persistentVolumeClaim: {claimName: x, readOnly: true}}, {name: r, emptyDir: {}}"
    ));
    assert!(!covered(var, "{name: v, configMap: {name: x}}, {name: r, emptyDir: {}}"));
    assert!(!covered(
        "{name: v, mountPath: /var, readOnly: true}, {name: r, mountPath: /run}",
        "{name: v, emptyDir: {}}, {name: r, emptyDir: {}}"
    ));
    let hidden = format!("{var}, {{name: c, mountPath: /var/cache/nginx}}");
    assert!(!covered(
        &hidden,
        "{name: v, emptyDir: {}}, {name: r, emptyDir: {}}, {name: c, secret: {secretName: x}}"
    ));
    assert!(!covered(
        "{name: v, mountPath: /var/cache/nginx2}, {name: r, mountPath: /run}",
        "{name: v, emptyDir: {}}, {name: r, emptyDir: {}}"
    ));
}

#[test]
fn nothing_is_inherited_from_the_pod() {
    let spec = "securityContext: {readOnlyRootFilesystem: true, privileged: true, procMount: Unmasked}";
    let pod = pod(&manifest("image: nginx", spec));
    let container = &pod.containers[0];
    assert!(
        container.read_only_root.is_none()
            && container.privileged.is_none()
            && container.proc_mount.is_none()
    );
    let fields: Vec<_> = pod.misplaced.iter().map(|misplaced| misplaced.field.as_str()).collect();
    assert_eq!(
        fields,
        ["readOnlyRootFilesystem", "privileged", "procMount"]
            .map(|field| format!("spec.securityContext.{field}"))
    );
}

#[test]
fn fields_are_found_in_every_wrong_place() {
    let misplaced = |lines: &str, spec: &str| -> Vec<String> {
        pod(&manifest(lines, spec))
            .misplaced
            .iter()
            .map(|one| format!("{} {}", one.field, one.told))
            .collect()
    };
    for (lines, spec, field, told) in [
        ("privileged: true", "", "privileged", "outside securityContext"),
        ("readOnlyRootFilesystem: true", "", "readOnlyRootFilesystem", "outside securityContext"),
        ("hostNetwork: true", "", "hostNetwork", "pod's spec itself"),
        (
            "securityContext: {fsGroup: 1}",
            "",
            "securityContext.fsGroup",
            "the pod's, at spec.securityContext",
        ),
        (
            "securityContext: {readOnlyRootFileSystem: true}",
            "",
            "securityContext.readOnlyRootFileSystem",
            "is written readOnlyRootFilesystem",
        ),
        ("fsGroup: 1", "", "fsGroup", "at spec.securityContext"),
        (
            "volumeMounts: [{name: a, mountPath: /a, readonly: true}]",
            "volumes: [{name: a}]",
            "volumeMounts.readonly",
            "is written readOnly",
        ),
        (
            "volumeMounts: [{name: a, mountPath: /a, ReadOnly: true}]",
            "volumes: [{name: a}]",
            "volumeMounts.ReadOnly",
            "is written readOnly",
        ),
        ("image: a", "readOnlyRootFilesystem: true", "spec.readOnlyRootFilesystem", "each container's"),
        ("SecurityContext: {privileged: false}", "", "SecurityContext", "is written securityContext"),
        ("image: a", "securitycontext: {runAsUser: 1}", "spec.securitycontext", "is written securityContext"),
        ("image: a", "initcontainers: []", "spec.initcontainers", "is written initContainers"),
        (
            "securityContext: {readOnlyRootFs: true}",
            "",
            "securityContext.readOnlyRootFs",
            "readOnlyRootFilesystem",
        ),
        ("securityContext: {color: red}", "", "securityContext.color", "no such field in a securityContext"),
        ("image: a", "securityContext: {runAsUsr: 1}", "spec.securityContext.runAsUsr", "runAsUser"),
        ("image: a", "securityContext: {hostPID: true}", "spec.securityContext.hostPID", "pod's spec itself"),
        (
            "image: a",
            "volumes: [{name: a, hostPath: {path: /a, readOnly: true}}]",
            "spec.volumes.hostPath.readOnly",
            "volumeMounts",
        ),
        ("image: a", "os: {name: windows}\nhostPID: true", "spec.hostPID", "refuses it in a Windows pod"),
        (
            "securityContext: {readOnlyRootFilesystem: true}",
            "os: {name: windows}",
            "securityContext.readOnlyRootFilesystem",
            "Windows",
        ),
    ] {
        let found = misplaced(lines, spec);
        assert_eq!(found.len(), 1, "{found:?} of {lines} {spec}");
        assert!(found[0].starts_with(&format!("{field} ")) && found[0].contains(told), "{found:?}");
    }
    let good = "image: a\nsecurityContext: {runAsUser: 1, privileged: false, capabilities: {drop: [ALL]}}";
    assert!(
        misplaced(good, "hostPID: false\nsecurityContext: {fsGroup: 1, sysctls: [], runAsUser: 1}")
            .is_empty()
    );
}

#[test]
fn every_kind_has_its_pods() {
    let template = "metadata: {name: t}\nspec: {containers: [{name: c, image: nginx}]}";
    let below = |way: &[&str]| {
        let mut text = template.to_owned();
        for key in way.iter().rev() {
            text = format!("{key}:\n{}", text.lines().map(|line| format!("  {line}\n")).collect::<String>());
        }
        text
    };
    for (version, kind, way) in [
        ("v1", "PodTemplate", &["template"][..]),
        ("v1", "ReplicationController", &["spec", "template"]),
        ("apps/v1", "Deployment", &["spec", "template"]),
        ("apps/v1", "StatefulSet", &["spec", "template"]),
        ("apps/v1", "DaemonSet", &["spec", "template"]),
        ("apps/v1", "ReplicaSet", &["spec", "template"]),
        ("batch/v1", "Job", &["spec", "template"]),
        ("batch/v1", "CronJob", &["spec", "jobTemplate", "spec", "template"]),
        ("argoproj.io/v1alpha1", "Rollout", &["spec", "template"]),
        ("example.com/v1", "Widget", &["spec", "deep", "er", "podTemplate"]),
    ] {
        let text = format!("apiVersion: {version}\nkind: {kind}\n{}", below(way));
        let (objects, read) = objects(&text);
        assert_eq!((objects.len(), read.mistakes.len()), (1, 0), "{text}");
        assert_eq!((objects[0].kind.as_str(), objects[0].pods.len()), (kind, 1), "{text}");
    }
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c}]}}\n- {apiVersion: v1, kind: Service, spec: {}}\n";
    let (found, read) = objects(list);
    assert_eq!((found.len(), read.objects), (1, 2));
    let two = "apiVersion: x/v1\nkind: Two\nspec:\n  a: {spec: {containers: [{name: c}]}}\n  b: {spec: {containers: [{name: c}]}}\n";
    let (found, _) = objects(two);
    let inside: Vec<_> = found[0].pods.iter().filter_map(|pod| pod.inside.as_deref()).collect();
    assert_eq!(inside, ["spec.a", "spec.b"]);
}

#[test]
fn containers_know_their_lines_and_their_roles() {
    let text = "kind: Pod\napiVersion: v1\nmetadata:\n  name: web\nspec:\n  initContainers:\n    - image: a\n      name: one\n  containers:\n  -   name: two\n      image: a\n  ephemeralContainers: [{name: three, image: a}]\n";
    let pod = pod(text);
    let told: Vec<_> =
        pod.containers.iter().map(|one| (one.name.as_str(), one.role, one.at.line, one.at.column)).collect();
    assert_eq!(
        told,
        [("one", Role::Init, 7, 7), ("two", Role::Main, 10, 7), ("three", Role::Ephemeral, 12, 25)]
    );
}

#[test]
fn what_is_wrong_is_told_and_the_rest_is_read() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: a, securityContext: {privileged: \"true\"}}]}\n---\nkind: [\n---\n\tkind: Pod\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n---\napiVersion: apps/v1\nkind: Deployment\nspec: {replicas: 2}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {containers: [{name: c, image: a}]}\n";
    let (found, read) = objects(text);
    assert_eq!(found.iter().map(|object| object.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let told: Vec<_> = read.mistakes.iter().map(|one| (one.at.line, one.subject.as_str())).collect();
    assert_eq!(told.len(), 5, "{told:?}");
    assert_eq!(told[0], (4, "Pod/-/a c privileged"));
    assert_eq!((told[2].0, told[3]), (8, (13, "document 4")));
    assert!(
        read.mistakes[4].title.contains("this Deployment has no spec.template.spec"),
        "{:?}",
        read.mistakes[4]
    );
    let pod = &found[0].pods[0];
    assert!(pod.containers[0].unclear && Verdict::of(pod, &pod.containers[0]).immutable == Some(false));
    let (found, _) = objects(&manifest("securityContext: {readOnlyRootFilesystem: 1}", ""));
    let pod = &found[0].pods[0];
    assert_eq!(
        Verdict::of(pod, &pod.containers[0]).immutable,
        None,
        "what cannot be read is not known to be writable"
    );
}

#[test]
fn templates_are_told_once_a_file() {
    let template = "---\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n";
    let quoted = manifest("image: \"{{ .Values.image }}\"\nsecurityContext: {privileged: \"{{ .x }}\"}", "");
    let (found, read) = objects(&format!("{}---\n{quoted}---\nkind: [\n", template.repeat(60)));
    let told: Vec<_> = read.mistakes.iter().map(|one| (one.at.line, one.title.as_str())).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], (4, "this is a template, not a manifest, here and 61 times more below"));
    assert!(read.mistakes[0].shown.contains("61 times more") && told[1].1.contains("no YAML"), "{told:?}");
    assert!(found.len() == 1 && found[0].pods[0].containers[0].unclear, "{found:?}");
}

#[test]
fn a_pod_without_containers_is_no_pod() {
    for containers in ["", "  containers: []\n", "  containers: {}\n", "  containers: [c]\n"] {
        let text =
            format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  nodeName: x\n{containers}");
        let (found, read) = objects(&text);
        let containers: usize =
            found.iter().flat_map(|object| &object.pods).map(|pod| pod.containers.len()).sum();
        assert_eq!((containers, read.mistakes.len()), (0, 1), "{text} {:?}", read.mistakes);
    }
}

#[test]
fn a_mount_without_its_volume_is_told_and_never_counts_as_cover() {
    let lines =
        format!("{ROOT}\nvolumeMounts: [{{name: gone, mountPath: /var}}, {{name: claim, mountPath: /run}}]");
    let (found, read) = objects(&manifest(&lines, "volumes: [{name: claim, hostPath: {type: Directory}}]"));
    let told: Vec<_> = read.mistakes.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(told, ["this hostPath has no path", "the pod has no volume `gone`"]);
    assert_ne!(Verdict::of(&found[0].pods[0], &found[0].pods[0].containers[0]).immutable, Some(true));
    let set = "apiVersion: apps/v1\nkind: StatefulSet\nspec:\n  volumeClaimTemplates: [{metadata: {name: data}}]\n  template: {spec: {containers: [{name: c, image: redis, volumeMounts: [{name: data, mountPath: /data}]}]}}\n";
    assert!(objects(set).1.mistakes.is_empty());
    assert!(objects(&set.replace("apps/v1", "example.com/v1")).1.mistakes.is_empty());
}

#[test]
fn an_annotation_of_a_pod_is_found_at_its_object_too() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, annotations: {driftless.dev/waive.a: outer, driftless.dev/waive.b: b, other: x}}\nspec:\n  template:\n    metadata: {annotations: {driftless.dev/waive.a: inner}}\n    spec: {containers: [{name: c, image: a}]}\n";
    let told: Vec<_> = pod(text).annotations.into_iter().map(|one| (one.key, one.value)).collect();
    assert_eq!(told, [("waive.a".to_owned(), "inner".to_owned()), ("waive.b".to_owned(), "b".to_owned())]);
}

#[test]
fn sysctls_are_told_with_dots() {
    let spec = "securityContext: {sysctls: [{name: net/ipv4/tcp_rmem, value: x}, {name: vm.swappiness, value: \"1\"}]}";
    let names: Vec<_> = pod(&manifest("image: a", spec)).sysctls.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["net.ipv4.tcp_rmem", "vm.swappiness"]);
}

#[test]
fn containers_stand_at_their_own_lines_whatever_the_text_is() {
    let text = "x: &c {name: a, image: nginx}\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - *c\n  - name: b\n    image: nginx\n";
    for text in [text.to_owned(), text.replace('\n', "\r"), text.replace('\n', "\r\n")] {
        let mut lines = Vec::new();
        read(&Source::text("a", &text), &Images::default(), |object| {
            lines.extend(object.pods[0].containers.iter().map(|one| (one.at.line, one.at.column)));
        });
        assert_eq!(lines, [(6, 5), (7, 5)], "{text:?}");
    }
}

#[test]
fn a_waiver_is_read_or_told_wherever_it_stands() {
    let waiver = "{driftless.dev/waive.root-writable: until=2999-01-01 x}";
    let spec = "spec: {containers: [{name: a, image: nginx}]}";
    let cron = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {jobTemplate: {";
    for (text, known, told) in [
        (format!("{cron}metadata: {{annotations: {waiver}}}, spec: {{template: {{{spec}}}}}}}}}\n"), 1, 0),
        (format!("{cron}metadata: {{labels: {waiver}}}, spec: {{template: {{{spec}}}}}}}}}\n"), 0, 1),
        (format!("{cron}spec: {{template: {{metadata: {{labels: {waiver}}}, {spec}}}}}}}}}\n"), 0, 1),
        (format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p, labels: {waiver}}}\n{spec}\n"), 0, 1),
        (format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p, annotations: {waiver}}}\n{spec}\n"), 1, 0),
        (
            format!(
                "apiVersion: v1\nkind: List\nmetadata: {{annotations: {waiver}}}\nitems: [{{apiVersion: v1, kind: Pod, {spec}}}]\n"
            ),
            0,
            1,
        ),
        (format!("apiVersion: v1\nkind: Service\nmetadata: {{labels: {waiver}}}\n"), 0, 0),
    ] {
        let mut found = Vec::new();
        let read = read(&Source::text("a", &text), &Images::default(), |object| {
            found.extend(object.pods.into_iter().flat_map(|pod| pod.annotations));
        });
        let titles: Vec<&str> = read.mistakes.iter().map(|one| one.title.as_str()).collect();
        assert_eq!((found.len(), titles.len()), (known, told), "{text} {titles:?}");
        assert!(titles.iter().all(|title| title.contains("does nothing here")), "{titles:?}");
    }
}
