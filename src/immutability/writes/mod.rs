//! Which paths the containers of an image write: what is known of public images, and what the playbook says of one's
//! own.
//!
//! A public image is known by its whole name: somebody else's of the same last name is another one. What is not known
//! is said to be unknown, and never guessed.

mod copy;
mod known;
mod name;
mod run;
mod start;

pub use name::Name;

use copy::To;
use serde::Deserialize;

use super::manifest::{Container, Role};
use super::path::normalise;
use crate::playbook::ImageEntry;

/// How long what is written must last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lasts {
    /// It must outlive the pod: a claim.
    Persistent,
    /// It may go with the pod: an emptyDir.
    Ephemeral,
}

/// Who makes a folder that an empty volume above it hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// The program, with all folders above it.
    Always,
    /// The program, in a folder that is there.
    Last,
    /// Nobody: the program fails without it.
    Missing,
    /// Nobody knows.
    Untold,
}

/// What a path is to a program that writes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Needed {
    /// It does not start without.
    #[default]
    Start,
    /// It starts, and fails at what needs the path.
    Work,
    /// It does not start without, and the image says VOLUME of it: some runtimes mount a folder of their own there.
    Volume,
}

/// A path that a container writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where, normalised.
    pub path: String,
    /// Who makes it.
    pub made: Made,
    /// What it is to the program.
    pub needed: Needed,
    /// What is written there.
    pub why: &'static str,
    /// How long it must last; `None` if nobody says.
    pub lasts: Option<Lasts>,
    /// How much it may take, as an emptyDir's sizeLimit.
    pub limit: Option<&'static str>,
    /// Whether it writes below it where we do not know, so that nothing there may be read-only.
    pub apart: bool,
}

/// What a container writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writes {
    /// These paths.
    Known(Vec<Place>),
    /// Nobody knows; and why.
    Unknown(String),
}

/// All that is known of images.
#[derive(Debug, Clone, Default)]
pub struct Images {
    own: Vec<ImageEntry>,
}

/// Whether an init container runs a shell in its image's place: what is said of the image is not said of that.
fn is_script(container: &Container) -> bool {
    let program = container.command.first().map_or("", |word| word.text.as_str());
    let base = program.rsplit('/').next().unwrap_or_default();
    container.role == Role::Init && matches!(base, "sh" | "bash" | "ash" | "dash")
}

impl Images {
    /// What is known of public images, and what a playbook says.
    pub fn of(playbook: &[ImageEntry]) -> Self {
        Self { own: playbook.to_vec() }
    }

    /// Where a container writes.
    pub fn writes(&self, container: &Container) -> Writes {
        let Some(image) = &container.image else {
            return Writes::Unknown("it names no image, and which paths it writes is not known".to_owned());
        };
        // A copy writes where it says, whatever its image.
        if let Some(copy) = copy::copies(container) {
            return match copy {
                Ok(To::Folder(path)) => Writes::Known(vec![Place::of(&path, Made::Missing)]),
                Ok(To::Named(path)) => Writes::Known(vec![Place::of(&path, Made::Last)]),
                Err(why) => Writes::Unknown(why),
            };
        }
        let name = Name::of(image);
        if let Some(entry) = self.own(image, &name) {
            if is_script(container) {
                let why = "it prepares the pod by a script of its own: which paths that writes is not known";
                return Writes::Unknown(why.to_owned());
            }
            return Writes::Known(entry.writes.iter().map(|path| Place::of(path, Made::Untold)).collect());
        }
        let Some(known) = known::find(&name) else {
            let official = match known::is_namesake(&name) {
                true => format!(", and it need not be the official {}", name.last()),
                false => String::new(),
            };
            return Writes::Unknown(format!(
                "which paths {} writes is not known{official}: {}",
                name.without_tag,
                known::NAME_THEM
            ));
        };
        match known.places(&name, container) {
            Ok(places) => Writes::Known(places),
            Err(why) => Writes::Unknown(why),
        }
    }

    /// What keeps a container from starting, as far as that is known.
    pub(super) fn does_not_start(&self, container: &Container) -> Option<String> {
        if !container.rights.non_root && container.rights.dropped.is_empty() {
            return None;
        }
        start::refused(container).or_else(|| self.known(container)?.does_not_start(container))
    }

    /// The folders of an image's programs beside those where everybody's are; `None` if it is none that is known here.
    pub(super) fn own_files(&self, container: &Container) -> Option<&'static [String]> {
        self.known(container).map(|known| known.files.as_slice())
    }

    fn known(&self, container: &Container) -> Option<&'static known::Image> {
        let image = container.image.as_ref()?;
        let name = Name::of(image);
        known::find(&name).filter(|_| self.own(image, &name).is_none())
    }

    /// What is known of a path that a container writes.
    pub fn place(&self, container: &Container, path: &str) -> Option<Place> {
        match self.writes(container) {
            Writes::Known(places) => places.into_iter().find(|place| place.path == path),
            Writes::Unknown(_) => None,
        }
    }

    /// Whether a path is one that is known of a container's image itself: not one that its options, its variables or its
    /// command lead to.
    pub fn is_known(&self, container: &Container, path: &str) -> bool {
        let Some(image) = &container.image else { return false };
        let name = Name::of(image);
        match self.own(image, &name) {
            Some(entry) => entry.writes.iter().any(|written| normalise(written) == path),
            None => known::find(&name).is_some_and(|known| known.names(path)),
        }
    }

    /// Whether an image ships files at a path, which a volume would hide.
    pub fn ships(&self, image: &str, path: &str) -> bool {
        let entry = self.own(image, &Name::of(image));
        entry.is_some_and(|entry| entry.ships.iter().any(|shipped| normalise(shipped) == path))
    }

    /// What the playbook says of an image: of several entries the last one counts, as it does for packages.
    fn own(&self, image: &str, name: &Name<'_>) -> Option<&ImageEntry> {
        let speaks =
            |entry: &&ImageEntry| entry.matched.matches(image) || entry.matched.matches(name.without_tag);
        self.own.iter().rev().find(speaks)
    }
}

impl Place {
    /// A path of which no more is known.
    fn of(path: &str, made: Made) -> Self {
        let needed = Needed::Start;
        Self { path: normalise(path), made, needed, why: "", lasts: None, limit: None, apart: false }
    }
}

#[cfg(test)]
mod tests;
