//! What a fix must not do: hide files of the image, write what Kubernetes refuses, start what cannot run.

use super::*;

#[test]
fn no_empty_volume_takes_the_place_of_what_the_image_has() {
    for container in [
        "image: nginx\n    env: [{name: NGINX_ENVSUBST_OUTPUT_DIR, value: /etc/nginx}]\n    volumeMounts: [{name: c, mountPath: /etc/nginx/templates}]",
        "image: nginx\n    args: [nginx, -e, /etc/nginx/err.log]",
        "image: nginx\n    args: [nginx, -e, /var/log/err.log]",
        "image: redis\n    args: [--save, '', --logfile, /etc/redis.log]",
        "image: redis\n    args: [--save, '', --logfile, /usr/local/bin/x.log]",
        "image: redis\n    args: [--save, '', --logfile, /var/x.log]",
        "image: redis\n    args: [--save, '', --logfile, /var/lib/x.log]",
        "image: memcached\n    args: [-s, /etc/m.sock]",
        "image: memcached\n    args: [-s, /home/m.sock]",
        "image: memcached\n    args: [-s, /opt/m/m.sock]",
        "image: python\n    args: [app.py]\n    env: [{name: TMPDIR, value: /app}]",
        "image: corp/x\n    command: [cp, /a, /etc/x]",
        "image: corp/etc",
        "image: corp/usr",
    ] {
        let playbook = "[[image]]\nmatch = \"corp/etc\"\nwrites = [\"/etc\"]\n[[image]]\nmatch = \"corp/usr\"\nwrites = [\"/usr/bin\"]\nships = [\"/usr/bin\"]\n";
        let images = Images::of(&Playbook::from_text("p", playbook, &[]).unwrap().images);
        let text = format!(
            "{HEAD}  volumes: [{{name: c, configMap: {{name: x}}}}]\n  containers:\n  - name: a\n    {container}\n"
        );
        let (after, left) = fixed_with(&text, &images);
        assert!(!after.contains("emptyDir") && !after.contains("readOnlyRoot"), "{after}");
        assert!(left.iter().any(|left| left.contains("move that path")), "{container} {left:?}");
    }
}

#[test]
fn what_is_moved_to_where_images_have_nothing_gets_its_volume() {
    for (container, path) in [
        ("image: nginx\n    args: [nginx, -e, /tmp/err.log]", "/tmp"),
        ("image: redis\n    args: [--save, '', --logfile, /var/log/redis/x.log]", "/var/log/redis"),
        ("image: memcached\n    args: [-s, /run/m/m.sock]", "/run/m"),
        ("image: corp/all", "/etc"),
    ] {
        let playbook = "[[image]]\nmatch = \"corp/all\"\nwrites = [\"/etc\"]\nships = [\"/etc\"]\n";
        let images = Images::of(&Playbook::from_text("p", playbook, &[]).unwrap().images);
        let text = format!(
            "{HEAD}  volumes: [{{name: e, emptyDir: {{}}}}]\n  containers:\n  - name: a\n    {container}\n"
        );
        let (after, left) = fixed_with(&text, &images);
        assert!(
            left.is_empty() && after.contains(&format!("mountPath: {path}")),
            "{container} {left:?}\n{after}"
        );
    }
}

#[test]
fn what_shares_its_mounts_with_the_node_stays_privileged() {
    let text = |right: &str| {
        format!(
            "{HEAD}  volumes: [{{name: h, hostPath: {{path: /mnt}}}}]\n  containers:\n  - name: a\n    image: memcached\n    securityContext: {{{right}}}\n    volumeMounts: [{{name: h, mountPath: /mnt, mountPropagation: Bidirectional}}]\n"
        )
    };
    let (after, left) = fixed(&text("privileged: true"));
    assert_eq!(after, text("readOnlyRootFilesystem: true, privileged: true"));
    assert!(left[0].contains("stays privileged") && left[0].contains("Bidirectional"), "{left:?}");
    let (after, _) = fixed(&text("privileged: true").replace("Bidirectional", "HostToContainer"));
    assert!(after.contains("privileged: false"), "{after}");
}

const COPIES: &str = "[[image]]\nmatch = \"corp/*\"\nwrites = [\"/etc/app\"]\nships = [\"/etc/app\"]\n";

#[test]
fn what_copies_is_admitted_where_its_container_is() {
    let images = Images::of(&Playbook::from_text("p", COPIES, &[]).unwrap().images);
    let block = format!(
        "{HEAD}  containers:\n  - name: a\n    image: corp/app\n    imagePullPolicy: Never\n    securityContext: {{runAsUser: 101, runAsGroup: 7, seccompProfile: {{type: RuntimeDefault}}, capabilities: {{add: [NET_BIND_SERVICE], drop: [ALL]}}}}\n    resources: {{requests: {{cpu: 100m, memory: 64Mi}}, limits: {{cpu: \"1\", memory: 64Mi, x.y/gpu: 1}}}}\n"
    );
    let (after, left) = fixed_with(&block, &images);
    assert!(left.is_empty(), "{left:?}");
    let init = "      imagePullPolicy: Never\n      resources:\n        requests:\n          cpu: \"100m\"\n          memory: 64Mi\n        limits:\n          cpu: \"1\"\n          memory: 64Mi\n      securityContext:\n        readOnlyRootFilesystem: true\n        allowPrivilegeEscalation: false\n        runAsUser: 101\n        runAsGroup: 7\n        seccompProfile:\n          type: RuntimeDefault\n        capabilities:\n          drop:\n            - ALL\n";
    assert!(after.contains(init), "{after}");
    let told = patches(&block, &images).remove(0).unwrap().unwrap();
    for line in [
        "    resources: {requests: {cpu: \"100m\", memory: 64Mi}, limits: {cpu: \"1\", memory: 64Mi}}\n",
        "      capabilities: {drop: [ALL]}\n",
        "      seccompProfile: {type: RuntimeDefault}\n",
    ] {
        assert!(told.contains(line), "{told}");
    }
    let json = "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"containers\": [{\"name\": \"a\", \"image\": \"corp/app\", \"resources\": {\"limits\": {\"cpu\": \"1\", \"memory\": 1e9}}, \"securityContext\": {\"capabilities\": {\"drop\": [\"ALL\"]}}}]}}";
    let value: serde_json::Value = serde_json::from_str(&fixed_with(json, &images).0).unwrap();
    let init = &value["spec"]["initContainers"][0];
    assert_eq!(init["resources"]["limits"], serde_json::json!({"cpu": "1", "memory": 1e9}));
    assert_eq!(init["securityContext"]["capabilities"]["drop"][0], "ALL");
}
