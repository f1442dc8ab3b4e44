//! What crictl tells of the containers of Kubernetes: `crictl inspect`, of containerd and of CRI-O.
//!
//! The interface knows no difference between a container and its image: what changed is not told.

use super::Runtime;
use super::read::Format;

pub(super) const FORMAT: Format =
    Format { runtime: Runtime::Cri, all: |_| None, one: |_| None, tells_changes: false };

#[cfg(test)]
mod tests {
    use super::super::read::fixture::told;
    use super::*;

    /// What the probe's template makes of a status of containerd's shape, of CRI-O's, and of one without more.
    const THREE: &str = r#"listed 3
{"id":"87d3992f84f74e","name":"nginx","image":"docker.io/library/nginx:1.26","image_id":"docker.io/library/nginx@sha256:aaaa","namespace":"default","pod":"web-7d4b9c6f5-x2x7p","mounts":[{"Source":"/var/lib/kubelet/pods/u/etc-hosts","Destination":"/etc/hosts","RW":true},{"Source":"/srv","Destination":"/data","RW":false}],"read_only":true,"user":"101","privileged":true}

{"id":"b2","name":"db","image":"quay.io/db:1","image_id":"quay.io/db@sha256:bbbb","read_only":false,"user":"0","privileged":false}

{"id":"c3","name":"other","image":"i"}
"#;

    #[test]
    fn what_crictl_says_is_read() {
        let (list, gaps) = told(&FORMAT, THREE);
        assert_eq!(
            gaps,
            [
                "cri truncated: whether containers are privileged, or their root is read-only, is not told of all"
            ]
        );
        assert_eq!(list[0].label(), "default/web-7d4b9c6f5-x2x7p/nginx");
        assert_eq!(list[0].role(), "default/nginx@docker.io/library/nginx");
        assert_eq!((list[0].privileged, list[0].read_only_root), (Some(true), Some(true)));
        assert_eq!(list[0].image_id.as_deref(), Some("aaaa"));
        assert!(!list[0].mounts[1].writable);
        assert_eq!((list[1].privileged, list[1].user.as_str()), (Some(false), "0"));
        assert_eq!(list[2].privileged, None);
    }
}
