//! An image's name, taken apart, and whose image it is.

/// Registries that serve Docker Hub's images under their own names.
const HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// Registries where what follows is an account, which anybody may have taken: `ghcr.io/library` is not the library.
const ACCOUNTS: [&str; 6] =
    ["ghcr.io", "quay.io", "registry.gitlab.com", "gcr.io", "public.ecr.aws", "docker.pkg.github.com"];

/// Accounts of Docker Hub that hold the official images built for one architecture.
const ARCHITECTURES: [&str; 10] =
    ["amd64", "arm32v5", "arm32v6", "arm32v7", "arm64v8", "i386", "mips64le", "ppc64le", "riscv64", "s390x"];

/// An image's name, taken apart: `docker.io/library/nginx:1.26@sha256:…`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'i> {
    /// Without tag and digest.
    pub without_tag: &'i str,
    /// The tag; empty is `latest`.
    pub tag: &'i str,
    /// Whether it has a digest: it is always the same image.
    pub pinned: bool,
}

impl<'i> Name<'i> {
    /// Takes a name apart; what it cannot make sense of is part of the repository.
    pub fn of(image: &'i str) -> Self {
        let (tagged, digest) =
            image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
        let (without_tag, tag) = match tagged.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (tagged, ""),
        };
        Self { without_tag, tag, pinned: digest.is_some_and(is_digest) }
    }

    /// Its last part.
    pub(super) fn last(&self) -> &'i str {
        self.without_tag.rsplit('/').next().unwrap_or(self.without_tag)
    }

    /// Whether it is the image of that name: an official one if the name has one part, as `nginx`, another one of
    /// Docker Hub if it has two, as `nginxinc/nginx-unprivileged`; or the copy of it in a mirror that keeps both parts.
    pub(super) fn is(&self, name: &str) -> bool {
        if self.without_tag == name {
            return true;
        }
        let parts: Vec<&str> = self.without_tag.split('/').collect();
        let (registry, path) = match parts.split_first() {
            Some((first, rest)) if is_registry(first) && !rest.is_empty() => (Some(*first), rest),
            _ => (None, parts.as_slice()),
        };
        let on_hub = registry.is_none_or(|registry| HUB.contains(&registry));
        let (account, last) = name.split_once('/').unwrap_or(("library", name));
        match path {
            [one] => on_hub && account == "library" && *one == last,
            [own, one] if on_hub => {
                *one == last && (*own == account || account == "library" && ARCHITECTURES.contains(own))
            }
            [own, one] => {
                *own == account
                    && *one == last
                    && !registry.is_some_and(|registry| ACCOUNTS.contains(&registry))
            }
            // GitLab's cache of Docker Hub keeps its short names.
            [.., "dependency_proxy", "containers", one] => account == "library" && *one == last,
            [.., own, one] => registry.is_some() && !on_hub && *own == account && *one == last,
            [] => false,
        }
    }

    /// The number that a tag begins with.
    pub(super) fn major(&self) -> Option<u32> {
        let digits: String = self.tag.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }
}

/// The first part of a name is a registry if it looks like a host; otherwise it is an account of Docker Hub.
fn is_registry(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost"
}

/// `sha256:` and 64 hexadecimal digits, or another algorithm's.
fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hash)| {
        !algorithm.is_empty() && hash.len() >= 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_whose_its_whole_name_says() {
        for (image, name, is) in [
            ("nginx", "nginx", true),
            ("nginx:1.27-alpine", "nginx", true),
            ("library/nginx", "nginx", true),
            ("docker.io/nginx", "nginx", true),
            ("docker.io/library/nginx:1.26", "nginx", true),
            ("index.docker.io/library/nginx", "nginx", true),
            ("public.ecr.aws/docker/library/nginx:1", "nginx", true),
            ("mirror.gcr.io/library/nginx", "nginx", true),
            ("registry.corp/dockerhub/library/nginx", "nginx", true),
            ("registry.corp:5000/library/nginx", "nginx", true),
            ("arm64v8/nginx", "nginx", true),
            ("gitlab.corp/group/dependency_proxy/containers/nginx:1", "nginx", true),
            ("nginx@sha256:0123456789abcdef0123456789abcdef", "nginx", true),
            ("calico/node", "node", false),
            ("team/nginx", "nginx", false),
            ("dhi.io/nginx", "nginx", false),
            ("ghcr.io/foo/redis", "redis", false),
            ("ghcr.io/library/redis", "redis", false),
            ("registry.corp:5000/nginx", "nginx", false),
            ("registry.corp/mirror/nginx", "nginx", false),
            ("localhost/nginx", "nginx", false),
            ("corp/library/nginx", "nginx", false),
            ("docker.io/foo/library/nginx", "nginx", false),
            ("registry.corp/arm64v8/nginx", "nginx", false),
            ("mynginx", "nginx", false),
            ("nginx/web", "nginx", false),
            ("nginxinc/nginx-unprivileged:1", "nginxinc/nginx-unprivileged", true),
            ("docker.io/nginxinc/nginx-unprivileged", "nginxinc/nginx-unprivileged", true),
            ("registry.corp/hub/nginxinc/nginx-unprivileged", "nginxinc/nginx-unprivileged", true),
            ("quay.io/nginxinc/nginx-unprivileged", "nginxinc/nginx-unprivileged", false),
            ("ghcr.io/nginxinc/nginx-unprivileged", "ghcr.io/nginxinc/nginx-unprivileged", true),
            ("nginx-unprivileged", "nginxinc/nginx-unprivileged", false),
            ("", "nginx", false),
            ("docker.io/", "nginx", false),
        ] {
            assert_eq!(Name::of(image).is(name), is, "{image}");
        }
    }

    #[test]
    fn a_tag_is_no_port_and_a_digest_pins() {
        let name = Name::of("registry.corp:5000/a/b");
        assert_eq!((name.without_tag, name.tag, name.pinned), ("registry.corp:5000/a/b", "", false));
        let name = Name::of("postgres:16.4-alpine@sha256:0123456789abcdef0123456789abcdef");
        assert_eq!((name.last(), name.major(), name.pinned), ("postgres", Some(16), true));
    }
}
