//! Manifests before and after, to the byte.

use super::*;
use crate::diagnostic::Source;
use crate::immutability::{Verdict, read};
use crate::playbook::Playbook;

const HEAD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n";

/// What is fixed, fixed again to the same, and what is left.
#[track_caller]
fn fixed(text: &str) -> (String, Vec<String>) {
    fixed_with(text, &Images::default())
}

#[track_caller]
fn fixed_with(text: &str, images: &Images) -> (String, Vec<String>) {
    let once = fix(text, images);
    let twice = fix(&once.text, images);
    assert_eq!(twice.text, once.text, "fixing twice changes nothing");
    assert_eq!(twice.containers, 0);
    (once.text, once.left.into_iter().map(|left| format!("{} {}", left.subject, left.told)).collect())
}

#[track_caller]
fn immutable(text: &str) {
    let mut count = 0;
    let read = read(&Source::text("a.yaml", text), &Images::default(), |object| {
        for pod in &object.pods {
            for container in &pod.containers {
                count += 1;
                assert_eq!(Verdict::of(pod, container).immutable, Some(true), "{text}");
            }
        }
    });
    assert!(read.mistakes.is_empty() && count > 0, "{text}\n{:?}", read.mistakes);
}

#[test]
fn a_plain_pod_gets_what_it_needs_and_keeps_all_else() {
    let text = format!(
        "# before\n{HEAD}  containers:  # these\n    - name: nginx   # the one\n      image: \"nginx:1.27\" # pinned\n\n      ports:\n        - containerPort: 80\n# after\n"
    );
    let (after, left) = fixed(&text);
    assert_eq!(
        after,
        format!(
            "# before\n{HEAD}  containers:  # these\n    - name: nginx   # the one\n      image: \"nginx:1.27\" # pinned\n      securityContext:\n        readOnlyRootFilesystem: true\n        allowPrivilegeEscalation: false\n      volumeMounts:\n        - name: var-cache-nginx\n          mountPath: /var/cache/nginx\n        - name: run\n          mountPath: /run\n\n      ports:\n        - containerPort: 80\n  volumes:\n    - name: var-cache-nginx\n      emptyDir:\n        sizeLimit: 256Mi\n    - name: run\n      emptyDir:\n        sizeLimit: 1Mi\n# after\n"
        )
    );
    assert!(left.is_empty(), "{left:?}");
    immutable(&after);
}

#[test]
fn what_is_there_is_added_to_and_what_is_wrong_is_replaced() {
    let text = format!(
        "{HEAD}  containers:\n  - image: nginx\n    name: a\n    securityContext:\n      privileged: true # for now\n      runAsUser: 0\n    volumeMounts:\n    - mountPath: /var/cache/nginx\n      name: cache\n  volumes:\n  - name: cache\n    emptyDir: {{}}\n"
    );
    let (after, _) = fixed(&text);
    assert_eq!(
        after,
        format!(
            "{HEAD}  containers:\n  - image: nginx\n    name: a\n    securityContext:\n      privileged: false # for now\n      runAsUser: 0\n      readOnlyRootFilesystem: true\n      allowPrivilegeEscalation: false\n    volumeMounts:\n    - mountPath: /var/cache/nginx\n      name: cache\n    - name: run\n      mountPath: /run\n  volumes:\n  - name: cache\n    emptyDir: {{}}\n  - name: run\n    emptyDir:\n      sizeLimit: 1Mi\n"
        )
    );
    immutable(&after);
}

#[test]
fn every_form_of_yaml_is_edited_or_left_alone() {
    for text in [
        format!("{HEAD}  containers: [{{name: a, image: nginx}}]\n"),
        format!("{HEAD}  containers:\n  - {{name: a, image: nginx, securityContext: {{}}, volumeMounts: []}}\n  volumes: []\n"),
        format!("{HEAD}  containers:\n  - name: a\n    image: nginx\n    securityContext:\n    volumeMounts:\n  volumes:\n"),
        format!("{HEAD}  containers:\n  - {{name: a, image: nginx}}\n"),
        format!("{HEAD}  containers:\n  - name: a\n    image: nginx\n    securityContext: ~\n    volumeMounts: null # none\n  volumes: null\n"),
        format!("{HEAD}  containers:\n  - name: a\n    image: nginx\n    volumeMounts:\n    - {{name: c, mountPath: /var/cache/nginx}}\n  volumes:\n  - {{name: c, emptyDir: {{}}}}\n# end\n"),
        format!("{HEAD}  volumes:\n  - name: run\n    configMap: {{name: x}}\n  containers:\n  - name: a\n    image: nginx\n    securityContext: {{readOnlyRootFilesystem: false, allowPrivilegeEscalation: true}}"),
        format!("{HEAD}  containers:\n  - name: a\n    image: nginx\n    securityContext:\n      readOnlyRootFilesystem:\n      allowPrivilegeEscalation: yes\n"),
        "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\",\n  \"metadata\": {\"name\": \"a\"},\n  \"spec\": {\n    \"containers\": [\n      {\n        \"name\": \"a\",\n        \"image\": \"nginx\"\n      }\n    ]\n  }\n}\n".to_owned(),
        format!("{HEAD}  containers:\n  - name: a\n    image: nginx\n    command:\n    - nginx\n    - -g\n    - daemon off;").replace('\n', "\r\n"),
        format!("{HEAD}  containers:\n  - name: a\n    image: nginx\n    args:\n    - -g\n    - |\n      daemon off;\n\n# end\n---\n{HEAD}  containers:\n  - name: a\n    image: nginx\n  hostname: >-\n    b\n\n\n"),
        format!("---\n{HEAD}  containers:\n  -   name: a\n      image: nginx\n...\n---\n{HEAD}  initContainers:\n  - name: i\n    image: nginx\n  containers:\n  - name: a\n    image: memcached\n  - name: b\n    image: nginx\n"),
    ] {
        let (after, left) = fixed(&text);
        assert!(left.is_empty(), "{text}\n{left:?}");
        assert_ne!(after, text);
        immutable(&after);
        assert_eq!(text.contains("\r\n"), after.contains("\r\n"));
        assert!(!text.contains("\r\n") || !after.replace("\r\n", "").contains('\n'), "{after:?}");
        if text.starts_with('{') {
            serde_json::from_str::<serde_json::Value>(&after).unwrap();
        }
    }
    let kept = format!(
        "{HEAD}  containers:\n  - name: a\n    image: nginx\n  volumes:\n  - name: c\n    configMap:\n      name: |+\n        b\n\n"
    );
    assert_eq!(fixed(&kept).0, kept, "blank lines that are part of a text are nobody's to move");
    let shared = format!("x: &c {{name: a, image: nginx}}\n{HEAD}  containers: [*c]\n");
    let (after, left) = fixed(&shared);
    assert_eq!(after, shared);
    assert!(left[0].contains("an alias or a merge key"), "{left:?}");
}

#[test]
fn nothing_is_invented() {
    for (container, told) in [
        ("image: corp/app", "its root stays writable: which paths corp/app writes is not known"),
        ("image: nginx\n    command: [sh]", "`sh` in place of the image's own program"),
        (
            "image: mysql",
            "what it writes to /var/lib/mysql must outlive the pod: mount a persistentVolumeClaim",
        ),
        (
            "image: nginx\n    volumeMounts: [{name: c, mountPath: /var/cache}]",
            "the volume c at /var/cache is read-only",
        ),
    ] {
        let text = format!(
            "{HEAD}  volumes: [{{name: c, configMap: {{name: x}}}}]\n  containers:\n  - name: a\n    {container}\n"
        );
        let (after, left) = fixed(&text);
        assert!(left.iter().any(|left| left.starts_with("Pod/-/web a ") && left.contains(told)), "{left:?}");
        assert!(!after.contains("readOnlyRootFilesystem") && !after.contains("emptyDir"), "{after}");
        assert!(after.contains("allowPrivilegeEscalation: false"), "{after}");
    }
    let mounts = format!(
        "{HEAD}  containers:\n  - name: a\n    image: memcached\n    securityContext: {{capabilities: {{add: [SYS_ADMIN]}}}}\n"
    );
    let (after, left) = fixed(&mounts);
    assert!(
        !after.contains("allowPrivilegeEscalation") && left[0].contains("capabilities.add"),
        "{after}{left:?}"
    );
}

#[test]
fn broken_documents_and_other_objects_stay_as_they_are() {
    let other =
        "kind: [\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n--- # nothing\n---\na: 1\n";
    assert_eq!(fixed(other).0, other);
    let windows = format!("{HEAD}  os: {{name: windows}}\n  containers: [{{name: a, image: nginx}}]\n");
    assert_eq!(fixed(&windows).0, windows);
}

#[test]
fn the_playbooks_paths_are_evidence() {
    let playbook = Playbook::from_text(
        "p",
        "[[image]]\nmatch = \"corp/*\"\nwrites = [\"/var/lib/x_y\", \"/var/run\"]\n",
        &[],
    );
    let images = Images::of(&playbook.unwrap().images);
    let text = format!(
        "{HEAD}  containers:\n  - name: a\n    image: corp/app:1\n  - name: b\n    image: corp/app:1\n"
    );
    let (after, left) = fixed_with(&text, &images);
    assert!(left.is_empty(), "{left:?}");
    for words in ["name: var-lib-x-y\n", "name: var-lib-x-y-2\n", "mountPath: /run\n", "sizeLimit: 64Mi\n"] {
        assert!(after.contains(words), "{words} {after}");
    }
}

#[test]
fn what_an_image_ships_is_copied_to_the_volume_that_hides_it() {
    let playbook =
        "[[image]]\nmatch = \"corp/*\"\nwrites = [\"/etc/app\", \"/run\"]\nships = [\"/etc/app\"]\n";
    let images = Images::of(&Playbook::from_text("p", playbook, &[]).unwrap().images);
    let text = format!(
        "{HEAD}  containers:\n    - name: copy-etc-app\n      image: corp/app:1\n      securityContext: {{runAsUser: 101}}\n"
    );
    let (after, left) = fixed_with(&text, &images);
    assert!(left.is_empty(), "{left:?}");
    let init = "  initContainers:\n    - name: copy-etc-app-2\n      image: corp/app:1\n      command:\n        - cp\n        - -RPf\n        - /etc/app/.\n        - /copy/etc-app/\n      securityContext:\n        readOnlyRootFilesystem: true\n        allowPrivilegeEscalation: false\n        runAsUser: 101\n      volumeMounts:\n        - name: etc-app\n          mountPath: /copy/etc-app\n";
    assert!(after.contains(init), "{after}");
    let mut patches = Vec::new();
    read(&Source::text("a.yaml", &after), &images, |object| {
        for pod in &object.pods {
            assert!(
                pod.containers.iter().all(|one| Verdict::of(pod, one).immutable == Some(true)),
                "{after}"
            );
        }
    });
    read(&Source::text("a.yaml", &text), &images, |object| {
        patches.extend(patch(&object, &plans(&object, &images).0).unwrap());
    });
    assert!(
        patches[0].contains("command: [\"cp\", \"-RPf\", \"/etc/app/.\", \"/copy/etc-app/\"]"),
        "{patches:?}"
    );
    let sidecar = format!(
        "{HEAD}  initContainers: # in order\n  # serves\n  - name: s\n    image: corp/app\n    restartPolicy: Always\n  containers: [{{name: a, image: memcached}}]\n"
    );
    let (after, _) = fixed_with(&sidecar, &images);
    assert!(after.contains("initContainers: # in order\n  - name: copy-etc-app\n"), "{after}");
    assert!(after.contains("mountPath: /copy/etc-app\n  # serves\n  - name: s\n"), "{after}");
    let json = "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"containers\": [{\"name\": \"a\", \"image\": \"corp/app\", \"securityContext\": {\"runAsUser\": 101}}]}}";
    let (after, _) = fixed_with(json, &images);
    let value: serde_json::Value = serde_json::from_str(&after).unwrap();
    assert_eq!(value["spec"]["initContainers"][0]["securityContext"]["runAsUser"], 101, "{after}");
}

#[test]
fn a_patch_has_what_is_to_be_merged_and_no_more() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: prod}\nspec: {template: {spec: {containers: [{name: a, image: nginx}, {name: b, image: corp/app, securityContext: {allowPrivilegeEscalation: false}}]}}}\n";
    let mut patches = Vec::new();
    let images = Images::default();
    read(&Source::text("a.yaml", text), &images, |object| {
        let (plans, _) = plans(&object, &images);
        patches.extend(patch(&object, &plans).unwrap());
    });
    assert_eq!(
        patches,
        ["apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: prod\nspec:\n  template:\n    spec:\n      containers:\n      - name: a\n        securityContext:\n          readOnlyRootFilesystem: true\n          allowPrivilegeEscalation: false\n        volumeMounts:\n        - name: var-cache-nginx\n          mountPath: /var/cache/nginx\n        - name: run\n          mountPath: /run\n      - name: b\n      volumes:\n      - name: var-cache-nginx\n        emptyDir:\n          sizeLimit: 256Mi\n        - name: run\n          emptyDir:\n            sizeLimit: 1Mi\n".replace("        - name: run\n          emptyDir:\n            sizeLimit: 1Mi\n", "      - name: run\n        emptyDir:\n          sizeLimit: 1Mi\n")]
    );
}

/// The patches of a text's objects, or why there is none.
fn patches(text: &str, images: &Images) -> Vec<Result<Option<String>, &'static str>> {
    let mut found = Vec::new();
    read(&Source::text("a.yaml", text), images, |object| {
        found.push(patch(&object, &plans(&object, images).0));
    });
    found
}

#[test]
fn a_patch_names_every_container_so_that_no_tool_changes_their_order() {
    let playbook = "[[image]]\nmatch = \"corp/*\"\nwrites = [\"/etc/app\"]\nships = [\"/etc/app\"]\n";
    let images = Images::of(&Playbook::from_text("p", playbook, &[]).unwrap().images);
    let right = "securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false}";
    let text = format!(
        "{HEAD}  initContainers:\n  - {{name: i1, image: memcached, {right}}}\n  - {{name: i2, image: memcached, {right}}}\n  containers:\n  - {{name: a, image: memcached, {right}}}\n  - {{name: b, image: corp/app}}\n"
    );
    let patch = patches(&text, &images).remove(0).unwrap().unwrap();
    let names: Vec<&str> = patch.lines().filter_map(|line| line.strip_prefix("  - name: ")).collect();
    assert_eq!(names, ["copy-etc-app", "i1", "i2", "a", "b", "etc-app"], "{patch}");
    let nameless = text.replace("name: a, ", "");
    assert!(patches(&nameless, &images).remove(0).unwrap_err().contains("name it first"));
    let made = text.replace("  name: web\n", "  generateName: web-\n");
    assert!(patches(&made, &images).remove(0).unwrap_err().contains("generateName"));
    let other = text.replace("kind: Pod", "kind: Web").replace("apiVersion: v1", "apiVersion: corp/v1");
    assert!(patches(&other, &images).remove(0).unwrap_err().contains("does not merge"));
    assert_eq!(
        patches(&fixed_with(&text, &images).0, &images),
        [Ok(None)],
        "and fixed there is nothing to patch"
    );
}

#[test]
fn an_ephemeral_container_is_told_and_nothing_is_added_for_it() {
    let text = format!(
        "{HEAD}  containers: [{{name: a, image: memcached, securityContext: {{readOnlyRootFilesystem: true, allowPrivilegeEscalation: false}}}}]\n  ephemeralContainers:\n  - name: debug\n    image: nginx\n"
    );
    let (after, left) = fixed(&text);
    assert_eq!(after, text);
    assert!(left[0].contains("Pod/-/web debug an ephemeral container cannot be put right"), "{left:?}");
    assert_eq!(patches(&text, &Images::default()), [Ok(None)]);
    let right = text.replace("    image: nginx\n", "    image: nginx\n    securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false}\n");
    assert!(fixed(&right).1.is_empty());
}

#[test]
fn a_refusal_names_its_true_reason_and_line_and_the_rest_is_done() {
    let good = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: ok}\nspec: {containers: [{name: a, image: nginx}]}\n";
    for (pod, line, why) in [
        (
            "  x: &s {runAsUser: 1}\n  containers:\n  - name: a\n    image: nginx\n    securityContext: *s\n",
            8,
            "an alias",
        ),
        ("  x: &i {image: nginx}\n  containers:\n  - <<: *i\n    name: a\n", 8, "a merge key"),
        (
            "  containers:\n  - name: a\n    image: nginx\n  volumes:\n  - name: c\n    configMap:\n      name: |+\n        b\n\n",
            13,
            "end it with `|`",
        ),
        ("  containers:\n  - ? name\n    : a\n    image: nginx\n", 7, "written with `?`"),
    ] {
        let text = format!("{HEAD}{pod}{good}");
        let once = fix(&text, &Images::default());
        assert!(once.text.starts_with(&format!("{HEAD}{pod}")), "{}", once.text);
        assert!(once.text.contains("sizeLimit"), "{}", once.text);
        let left = once.left.first().unwrap_or_else(|| panic!("{text}"));
        assert!(left.told.contains(why) && left.at.line == line, "{pod}\n{left:?}");
    }
}

#[test]
fn what_an_anchor_shares_is_not_changed_behind_its_users_back() {
    // b runs nobody knows what: through the anchor it would become read-only, too.
    let text = format!(
        "{HEAD}  containers:\n  - name: a\n    image: nginx\n    securityContext: &s\n      allowPrivilegeEscalation: false\n  - name: b\n    securityContext: *s\n    image: corp/app\n"
    );
    let once = fix(&text, &Images::default());
    assert_eq!(once.text, text);
    assert!(once.left.iter().any(|left| left.told.contains("an anchor (`&`)")), "{:?}", once.left);
}

#[test]
fn a_value_that_says_nothing_is_filled_in_in_every_form() {
    for lines in [
        "{name: a, image: nginx, securityContext: , volumeMounts: }",
        "{name: a, image: nginx, securityContext: ~, volumeMounts: null}",
        "{name: a, image: nginx, securityContext: {readOnlyRootFilesystem: , privileged: ~}}",
    ] {
        let (after, left) = fixed(&format!("{HEAD}  containers:\n  - {lines}\n"));
        assert!(left.is_empty(), "{lines} {left:?}");
        immutable(&after);
    }
}

#[test]
fn every_way_to_end_a_line_is_kept() {
    let text = format!(
        "{HEAD}  containers:\n  - name: a\n    image: nginx\n---\n{HEAD}  containers:\n  - name: b\n    image: &i nginx\n  - name: c\n    image: *i\n    securityContext:\n      privileged: true"
    );
    let (plain, left) = fixed(&text);
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(fixed(&text.replace('\n', "\r\n")).0, plain.replace('\n', "\r\n"));
    // Nobody writes these any more: what is not certain is left, and told.
    let old = text.replace('\n', "\r");
    let (after, left) = fixed(&old);
    assert!(after == plain.replace('\n', "\r") || after == old && !left.is_empty(), "{left:?}");
}

#[test]
fn objects_of_json_one_a_line_are_put_right() {
    let pod = |name: &str| {
        format!(
            "{{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {{\"name\": \"{name}\"}}, \"spec\": {{\"containers\": [{{\"name\": \"a\", \"image\": \"nginx\"}}]}}}}"
        )
    };
    let text = format!("{}\n{}\n", pod("x"), pod("y"));
    let (after, left) = fixed(&text);
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(after.lines().count(), 2);
    for line in after.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"], true);
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_text_is_never_made_worse(text in r"(apiVersion: v1\nkind: Pod\nspec:\n)?[-a:&*<\[\]{}#|', \n]{0,50}") {
        let images = Images::default();
        let once = fix(&text, &images);
        proptest::prop_assert_eq!(fix(&once.text, &images).text, once.text);
    }
}

mod anchors;
mod careful;
mod random;
