//! What podman tells: `podman container inspect`, and `podman diff --format json`, podman-diff(1).

use serde::Deserialize;

use super::Runtime;
use super::changes::{Change, Kind};
use super::read::Format;

pub(super) const FORMAT: Format =
    Format { runtime: Runtime::Podman, all: changes, one: |_| None, tells_changes: true };

#[derive(Deserialize)]
struct Diff {
    #[serde(default)]
    added: Vec<String>,
    #[serde(default)]
    changed: Vec<String>,
    #[serde(default)]
    deleted: Vec<String>,
}

fn changes(json: &str) -> Option<Vec<Change>> {
    let diff: Diff = serde_json::from_str(json).ok()?;
    let kinds = [(Kind::Added, diff.added), (Kind::Changed, diff.changed), (Kind::Deleted, diff.deleted)];
    let each = kinds.into_iter().flat_map(|(kind, paths)| paths.into_iter().map(move |path| (kind, path)));
    Some(each.filter_map(|(kind, path)| Change::new(kind, &path)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::read::fixture::told;
    use super::*;

    /// What podman 4.3.1 said, as the probe folds its lines.
    const WRITABLE: &str = r#"others
listed 2
{"id":"5cd9b506bd75fe43fbbb9a53f571ff9d3ea866a33e344432d9c874942518101b","name":"d-rw","image":"localhost/tiny:1","image_id":"9124484a826aa7d69159e31d71c9ee40185fc54eb34050c729959967866317e5","user":"","read_only":false,"privileged":true,"added":[],"mounts":[{"Type":"bind","Source":"/srv/data","Destination":"/data","Driver":"","Mode":"","Options":["rbind"],"RW":false,"Propagation":"rprivate"}],"tmpfs":{},"infra":false}
{"id":"6cd9b506bd75fe43fbbb9a53f571ff9d3ea866a33e344432d9c874942518101b","name":"9124-infra","image":"localhost/podman-pause:4.3.1","image_id":"9124484a826aa7d69159e31d71c9ee40185fc54eb34050c729959967866317e5","user":"","read_only":false,"privileged":false,"added":[],"mounts":[],"tmpfs":{},"infra":true}
changes 5cd9b506bd75fe43fbbb9a53f571ff9d3ea866a33e344432d9c874942518101b 3 {     "changed": [          "/etc"     ],     "added": [          "/data",          "/etc/x"     ]}
"#;

    #[test]
    fn what_podman_says_is_read_without_the_containers_of_its_pods() {
        let (list, gaps) = told(&FORMAT, WRITABLE);
        assert_eq!(
            gaps,
            [
                "podman needs-privilege: more containers run here, of other users or daemons, that are not shown to this one"
            ]
        );
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].privileged, Some(true));
        assert_eq!(list[0].changed.as_ref().unwrap().paths[0].path, "/etc/x");
    }
}
