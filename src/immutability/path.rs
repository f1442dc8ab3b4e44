//! Paths inside a container, as they really are.

/// A path without what makes no difference: doubled and trailing slashes, `.` and `..`; `/var/run` is `/run` and
/// `/var/lock` is `/run/lock`, as they are links in every image of today (FHS 3.0, 3.15 and 5.13).
pub fn normalise(path: &str) -> String {
    // A path of Windows stays as it is.
    if path.contains('\\') || path.chars().nth(1) == Some(':') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    match parts.as_slice() {
        ["var", "run", ..] => {
            parts.remove(0);
        }
        ["var", "lock", ..] => {
            if let Some(first) = parts.first_mut() {
                *first = "run";
            }
        }
        _ => {}
    }
    format!("/{}", parts.join("/"))
}

/// Whether a path is `folder` or lies in it; both are normalised.
pub fn is_within(path: &str, folder: &str) -> bool {
    match path.strip_prefix(folder) {
        Some(rest) => rest.is_empty() || rest.starts_with('/') || folder == "/",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart_by_where_they_lead() {
        for (written, meant) in [
            ("/var/run", "/run"),
            ("/var/run/nginx/", "/run/nginx"),
            ("//var//lock/x", "/run/lock/x"),
            ("/var/runtime", "/var/runtime"),
            ("/a/./b/../c/", "/a/c"),
            ("/", "/"),
            ("/..", "/"),
            ("C:\\data", "C:\\data"),
        ] {
            assert_eq!(normalise(written), meant);
        }
    }

    #[test]
    fn within_is_not_merely_beginning_alike() {
        assert!(is_within("/run/nginx", "/run") && is_within("/run", "/run") && is_within("/run", "/"));
        assert!(!is_within("/runtime", "/run") && !is_within("/run", "/run/nginx"));
    }
}
