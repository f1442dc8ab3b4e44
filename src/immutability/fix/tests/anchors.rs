//! Anchors and aliases: what is put right must change nobody else.

use super::*;

const RIGHT: &str = "securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false}";

#[test]
fn an_anchored_value_is_not_changed_behind_its_users_back() {
    for (pod, field) in [
        (
            "  containers:\n  - name: a\n    image: nginx\n    securityContext: {readOnlyRootFilesystem: &no false}\n  hostNetwork: *no\n",
            "hostNetwork",
        ),
        (
            "  containers:\n  - name: a\n    image: nginx\n    securityContext:\n      readOnlyRootFilesystem: &no false\n      runAsNonRoot: *no\n",
            "runAsNonRoot",
        ),
        (
            "  containers:\n  - name: a\n    image: nginx\n    securityContext: {privileged: &t true}\n  - name: b\n    image: memcached\n    tty: *t\n",
            "tty",
        ),
        (
            "  containers:\n  - name: a\n    image: nginx\n    securityContext: &s {privileged: true}\n  x: {y: *s}\n",
            "x",
        ),
        ("  containers:\n  - name: a\n    image: memcached\n    securityContext: &s {}\n  x: {y: *s}\n", "x"),
        ("  containers:\n  - name: a\n    image: nginx\n    volumeMounts: &m []\n  x: {y: *m}\n", "x"),
        ("  containers: &c\n  - name: a\n    image: nginx\n  x: *c\n", "x"),
        ("  volumes: &v\n  containers:\n  - {name: a, image: nginx}\n  x: *v\n", "x"),
        ("  containers:\n  - &c\n    name: a\n    image: memcached\n  x:\n    <<: *c\n", "x"),
    ] {
        let text = format!("{HEAD}{pod}");
        let (after, left) = fixed(&text);
        assert_eq!(after, text, "{field}");
        assert!(left.iter().any(|left| left.contains("anchor")), "{field}: {left:?}");
    }
}

#[test]
fn a_template_that_is_used_elsewhere_is_not_changed() {
    let spec = "    spec:\n      containers:\n      - {name: a, image: memcached}\n";
    for (around, told) in [
        (format!("x: &t\n{spec}spec:\n  template: *t\n"), "an alias"),
        (format!("spec:\n  template: &t\n{spec}x: *t\n"), "anchor"),
        (format!("spec: &t\n  template:\n{spec}x: [*t]\n"), "anchor"),
        (format!("spec:\n  template: &t\n{spec}x:\n  <<: *t\n"), "anchor"),
    ] {
        let text = format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\n{around}");
        let (after, left) = fixed(&text);
        assert_eq!(after, text);
        assert!(left[0].contains(told), "{left:?}");
    }
}

#[test]
fn the_rest_is_put_right_where_an_anchor_is_in_the_way() {
    let items = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spec:\n    hostNetwork: &no false\n    containers:\n    - name: a\n      image: memcached\n      securityContext: {readOnlyRootFilesystem: &f false, runAsNonRoot: *f}\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: b}\n  spec:\n    containers:\n    - name: b\n      image: memcached\n      securityContext: {readOnlyRootFilesystem: *no}\n";
    let once = fix(items, &Images::default());
    assert_eq!(
        once.text,
        items.replace(
            "{readOnlyRootFilesystem: *no}",
            "{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true}"
        )
    );
    assert_eq!(once.left.iter().map(|left| left.at.line).collect::<Vec<_>>(), [12], "{:?}", once.left);
}

#[test]
fn an_alias_that_stays_is_in_nobodys_way() {
    for pod in [
        "  x: &i nginx\n  containers:\n  - name: a\n    image: *i\n",
        "  containers:\n  - name: a\n    image: &i nginx\n  - name: b\n    image: *i # the same\n",
        "  x: &i nginx\n  y: &n b\n  containers:\n  - image: *i\n    name: *n\n",
        "  x: &p [{containerPort: 80}]\n  containers:\n  - name: a\n    image: nginx\n    ports: *p\n",
        "  x: &e {name: a, value: b}\n  containers:\n  - name: a\n    image: nginx\n    env:\n    - *e\n",
        "  x: &n false\n  containers:\n  - name: a\n    image: nginx\n    securityContext: {runAsNonRoot: &f false, readOnlyRootFilesystem: *n, privileged: *f}\n",
        "  x: &i nginx\n  containers: [{name: a, image: *i}]\n",
    ] {
        let text = format!("{HEAD}{pod}");
        let (after, left) = fixed(&text);
        assert!(left.is_empty(), "{text}\n{left:?}");
        immutable(&after);
        assert_eq!(after.matches('*').count() + usize::from(pod.contains("*n,")), text.matches('*').count());
    }
    let text =
        format!("{HEAD}  containers:\n  - {{name: a, image: memcached, {RIGHT}}}\n  x: &no true\n  y: *no\n");
    assert_eq!(fixed(&text), (text, Vec::new()));
}
