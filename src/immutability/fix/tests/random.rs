//! Manifests as people may write them, put right: once is enough, and what is not to be changed is not.

use proptest::prelude::*;

use super::*;
use crate::immutability::Coverage;

/// One of these.
fn one_of(choices: &[&'static str]) -> impl Strategy<Value = &'static str> + use<> {
    proptest::sample::select(choices.to_vec())
}

fn context() -> impl Strategy<Value = &'static str> {
    one_of(&[
        "",
        "    securityContext:\n",
        "    securityContext: {}\n",
        "    securityContext: ~ # none\n",
        "    securityContext: {privileged: true, runAsUser: 0} # all\n",
        "    securityContext:\n      # why\n      privileged: true # for now\n      runAsUser: 0\n\n",
        "    securityContext:\n      allowPrivilegeEscalation: yes\n      readOnlyRootFilesystem:   false\n",
        "    securityContext:\n        readOnlyRootFilesystem: true\n        allowPrivilegeEscalation: false\n",
        "    securityContext: &s\n      runAsUser: 1\n",
        "    securityContext:\n      capabilities: {add: [SYS_ADMIN]}\n",
    ])
}

fn mounts() -> impl Strategy<Value = &'static str> {
    one_of(&[
        "",
        "    volumeMounts: []\n",
        "    volumeMounts: # none yet\n",
        "    volumeMounts: [{name: mine, mountPath: /run}]\n",
        "    volumeMounts:\n    # where it counts\n    - mountPath: /var/cache/nginx # big\n      name: mine\n",
        "    volumeMounts:\n      - name: shut\n        mountPath: /var\n",
        "    volumeMounts:\n    -   name: mine\n        mountPath: /tmp\n\n",
    ])
}

fn container() -> impl Strategy<Value = String> {
    let image = one_of(&[
        "nginx",
        "nginx:1.27 # pinned",
        "memcached",
        "corp/app",
        "corp/ships",
        "redis",
        "\"nginx\"",
    ]);
    let last = one_of(&[
        "",
        "    ports:\n    - containerPort: 80\n",
        "    args:\n    - |\n      a\n\n",
        "    # the end\n",
        "    tty: true",
    ]);
    (image, context(), mounts(), last).prop_map(|(image, context, mounts, last)| {
        let last =
            if last.ends_with('\n') || last.is_empty() { last.to_owned() } else { format!("{last}\n") };
        format!("    image: {image}\n{context}{mounts}{last}")
    })
}

fn pod() -> impl Strategy<Value = String> {
    let volumes = one_of(&[
        "  volumes: [{name: mine, emptyDir: {}}, {name: shut, configMap: {name: x}}]\n",
        "  volumes:\n  - name: mine # ours\n    emptyDir: {}\n  # theirs\n  - name: shut\n    configMap:\n      name: x\n",
    ]);
    let last = one_of(&[
        "",
        "  hostname: web # the last\n",
        "  securityContext: {fsGroup: 1}\n# end\n",
        "  nodeName: >-\n    a\n\n",
    ]);
    let inits = proptest::collection::vec(container(), 0..3);
    (volumes, proptest::collection::vec(container(), 1..4), inits, last, any::<bool>()).prop_map(
        |(volumes, mains, inits, last, first)| {
            let list = |key: &str, all: &[String], name: &str| -> String {
                let items = all.iter().enumerate();
                let items: String = items.map(|(nth, one)| format!("  - name: {name}{nth}\n{one}")).collect();
                if all.is_empty() { String::new() } else { format!("  {key}: # {name}\n{items}") }
            };
            let (mains, inits) = (list("containers", &mains, "c"), list("initContainers", &inits, "i"));
            let parts = if first { [volumes, &inits, &mains] } else { [&mains, &inits, volumes] };
            format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n{}{last}", parts.concat())
        },
    )
}

fn manifests() -> impl Strategy<Value = String> {
    let between = one_of(&[
        "---\n",
        "---\n# a service\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n---\n",
        "...\n---\n",
        "---\nkind: [\n---\n",
    ]);
    (proptest::collection::vec(pod(), 1..3), between, any::<bool>(), any::<bool>()).prop_map(
        |(pods, between, windows, cut)| {
            let text = pods.join(between);
            let text = if cut { text.trim_end().to_owned() } else { text };
            if windows { text.replace('\n', "\r\n") } else { text }
        },
    )
}

/// Lines that a fix may rewrite: what is set there, or the collection between whose brackets it adds.
fn may_change(line: &str) -> bool {
    let fields = ["privileged", "readOnlyRootFilesystem", "allowPrivilegeEscalation", "securityContext: ~"];
    fields.iter().any(|field| line.contains(field)) || line.contains(": [") || line.contains("{}")
}

proptest! {
    #[test]
    fn manifests_are_put_right_once_and_keep_all_else(text in manifests()) {
        let playbook = "[[image]]\nmatch = \"corp/ships\"\nwrites = [\"/etc/app\"]\nships = [\"/etc/app\"]\n";
        let images = Images::of(&Playbook::from_text("p", playbook, &[]).unwrap().images);
        let once = fix(&text, &images);
        let twice = fix(&once.text, &images);
        prop_assert_eq!(&twice.text, &once.text);
        prop_assert_eq!(twice.containers, 0);

        let mut after = once.text.split_inclusive('\n');
        for line in text.split('\n').filter(|line| !may_change(line)) {
            let is_it = |other: &str| other.trim_end_matches('\n').trim_end_matches('\r') == line.trim_end_matches('\r');
            prop_assert!(line.is_empty() || after.any(is_it), "{line:?} is gone:\n{}", once.text);
        }
        let comments = |text: &str| -> Vec<String> {
            text.lines().filter_map(|line| Some(line.split_once('#')?.1.to_owned())).collect()
        };
        prop_assert_eq!(comments(&text), comments(&once.text));
        let bare = once.text.replace("\r\n", "").contains('\n');
        prop_assert!(!text.contains("\r\n") || !bare, "{:?}", once.text);

        let left: Vec<&str> = once.left.iter().map(|left| left.subject.as_str()).collect();
        let before = read(&Source::text("a", &text), &images, |_| {});
        let mut wrong = Vec::new();
        let now = read(&Source::text("a", &once.text), &images, |object| {
            for one in object.pods.iter().flat_map(|pod| &pod.containers) {
                let right = one.has_read_only_root() && !one.is_privileged()
                    && one.escalation.is_some_and(|(allowed, _)| !allowed)
                    && matches!(one.coverage, Coverage::Covered);
                if !right && !one.name.starts_with("copy-") && !left.contains(&format!("{object} {}", one.name).as_str()) {
                    wrong.push(one.name.clone());
                }
            }
        });
        prop_assert!(wrong.is_empty(), "{wrong:?}\n{text}\n{}", once.text);
        prop_assert_eq!(now.mistakes.len(), before.mistakes.len());
    }
}
