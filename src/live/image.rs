//! Whether a container was made of the image that a manifest names, as far as names and digests tell.

use crate::snapshot::Container;

/// Registries that runtimes put before short names.
const IMPLIED: [&str; 4] = ["docker.io/library/", "docker.io/", "index.docker.io/library/", "localhost/"];

/// The parts of `registry/name:tag@sha256:digest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    pub(super) repository: &'a str,
    pub(super) tag: Option<&'a str>,
    pub(super) digest: Option<&'a str>,
}

/// How a name and a container stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    Same,
    Other,
    /// Neither name nor digest tells.
    Unknown,
}

impl<'a> Reference<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
        match name.rsplit_once(':') {
            // A colon before the last slash is a port.
            Some((repository, tag)) if !tag.contains('/') => Self { repository, tag: Some(tag), digest },
            _ => Self { repository: name, tag: None, digest },
        }
    }

    /// The repository without the registry that is implied.
    fn bare(&self) -> &'a str {
        IMPLIED.iter().find_map(|implied| self.repository.strip_prefix(implied)).unwrap_or(self.repository)
    }

    /// The last word of the repository: what images of one name have in common, whatever their registry.
    pub(super) fn last(&self) -> &'a str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }

    /// Whether this name, as it is declared, can have come to that repository. A short name may come from any
    /// registry that a runtime searches.
    pub(super) fn may_be(&self, running: &Self) -> bool {
        let (own, other) = (self.bare(), running.bare());
        let registry = own.split_once('/').map(|(first, _)| first);
        let is_short = registry.is_none_or(|first| !first.contains(['.', ':']) && first != "localhost");
        own == other || is_short && other.strip_suffix(own).is_some_and(|before| before.ends_with('/'))
    }
}

/// The names that tell where a container's image is from: what it was called, or else its digests' names.
pub(super) fn names(container: &Container) -> Vec<Reference<'_>> {
    if container.image.is_empty() || container.image.starts_with("sha256:") {
        return container.digests.iter().map(|digest| Reference::of(digest)).collect();
    }
    vec![Reference::of(&container.image)]
}

/// How a container stands to the image that is declared.
pub(super) fn stands(declared: &str, container: &Container) -> Stands {
    let own = Reference::of(declared);
    let names = names(container);
    if let Some(digest) = own.digest {
        let hex = digest.rsplit(':').next().unwrap_or_default();
        let mut digests = container.digests.iter().map(String::as_str).chain([container.image.as_str()]);
        return match () {
            () if digests.any(|known| known.ends_with(digest)) => Stands::Same,
            () if container.image_id.as_deref() == Some(hex) => Stands::Same,
            () if container.digests.is_empty() => Stands::Unknown,
            () => Stands::Other,
        };
    }
    if names.is_empty() {
        return Stands::Unknown;
    }
    let mut known = names.iter().filter(|name| own.may_be(name)).peekable();
    if known.peek().is_none() {
        return Stands::Other;
    }
    let tag = own.tag.unwrap_or("latest");
    let told: Vec<&str> =
        known.filter_map(|name| name.tag.or(name.digest.is_none().then_some("latest"))).collect();
    match () {
        () if told.is_empty() => Stands::Unknown,
        () if told.contains(&tag) => Stands::Same,
        () => Stands::Other,
    }
}
