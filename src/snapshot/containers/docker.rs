//! What docker tells: `docker container inspect`, and `docker diff`, docker-diff(1).

use super::Runtime;
use super::changes::{Change, Kind};
use super::read::Format;

pub(super) const FORMAT: Format =
    Format { runtime: Runtime::Docker, all: |_| None, one: change, tells_changes: true };

/// `A /path`, `C /path`, `D /path`
fn change(line: &str) -> Option<Change> {
    let (letter, path) = line.split_once(' ')?;
    let kind = match letter {
        "A" => Kind::Added,
        "C" => Kind::Changed,
        "D" => Kind::Deleted,
        _ => return None,
    };
    Change::new(kind, path)
}

#[cfg(test)]
mod tests {
    use super::super::read::fixture::told;
    use super::*;

    /// What docker 20.10.24 said of two containers of an image that was imported.
    const TWO: &str = r#"listed 2
{"id":"4eac980ff1910d5a271873ee87b68bd9ddbfbc90ae029c9e4ab87048541f7f0d","name":"/r-rw","image":"tiny:1","image_id":"sha256:f81dc822d7372b0d58882060a48480738e4a893f5059b9e96c1e2d9aaf04f0fc","user":"","read_only":false,"privileged":false,"added":null,"mounts":[{"Type":"bind","Source":"/srv/data","Destination":"/data","Mode":"ro","RW":false,"Propagation":"rprivate"}],"tmpfs":{"/scratch":""}}
{"id":"0dc1a926973bb3f7d07102247a3321e960ae4dc42e383e887f17773d6221e9cc","name":"/r-ro","image":"tiny:1","image_id":"sha256:f81dc822d7372b0d58882060a48480738e4a893f5059b9e96c1e2d9aaf04f0fc","user":"1000","read_only":true,"privileged":false,"added":null,"mounts":[],"tmpfs":null}
{"of":"sha256:f81dc822d7372b0d58882060a48480738e4a893f5059b9e96c1e2d9aaf04f0fc","digests":["registry.corp/tiny@sha256:00"]}
changes 4eac980ff1910d5a271873ee87b68bd9ddbfbc90ae029c9e4ab87048541f7f0d 4
A /data
C /etc
A /etc/x
A /scratch
"#;

    #[test]
    fn what_docker_says_is_read() {
        let (list, gaps) = told(&FORMAT, TWO);
        assert!(gaps.is_empty(), "{gaps:?}");
        let [writable, fixed] = list.as_slice() else { panic!("{list:?}") };
        assert_eq!((writable.id.as_str(), writable.name.as_str()), ("4eac980ff191", "r-rw"));
        assert_eq!((writable.read_only_root, fixed.read_only_root), (Some(false), Some(true)));
        assert_eq!((writable.user.as_str(), fixed.user.as_str()), ("", "1000"));
        assert!(writable.image_id.as_ref().unwrap().starts_with("f81dc8"));
        assert_eq!(writable.digests, ["registry.corp/tiny@sha256:00"]);
        assert!(!writable.mounts[0].writable && writable.mounts[1].destination == "/scratch");
        let changed = writable.changed.as_ref().unwrap();
        assert_eq!((changed.count, changed.paths[0].path.as_str()), (1, "/etc/x"));
        assert_eq!(fixed.changed, None);
    }
}
