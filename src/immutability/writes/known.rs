//! What is known of public images: the files of `src/immutability/images/`, and what they say of one container.

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use super::name::Name;
use super::run::Run;
use super::{Lasts, Made, Needed, Place};
use crate::immutability::manifest::{Container, Value};
use crate::immutability::path::{is_within, normalise};
use crate::immutability::yaml::shown;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/immutability/images");

/// A file that does not parse is missing here, which the tests below do not let pass.
static KNOWN: LazyLock<Vec<Image>> =
    LazyLock::new(|| FILES.files().filter_map(|file| toml::from_str(file.contents_utf8()?).ok()).collect());

/// Where to say what cannot be told from here.
pub(super) const NAME_THEM: &str = "name them in a playbook's [[image]]";

/// What is known of an image.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Image {
    /// Its names, as `Name::is` takes them.
    names: Vec<String>,
    /// Only tags that have this in them.
    tag: Option<String>,
    /// Programs of which this is true.
    programs: Vec<String>,
    /// The names of its entry point's script.
    #[serde(default)]
    pub(super) entrypoint: Vec<String>,
    /// Words with these endings are given to its own program.
    #[serde(default)]
    pub(super) takes: Vec<String>,
    /// Whom it runs as unless the manifest says otherwise: `root`, another's name, or a number.
    pub(super) user: String,
    /// The capabilities with which it becomes somebody else where it is started as root;
    #[serde(default)]
    pub(super) needs_as_root: Vec<String>,
    /// if it is the entry point that does.
    #[serde(default)]
    pub(super) only_entered: bool,
    /// Folders of its programs beside those where everybody's are.
    #[serde(default)]
    pub(super) files: Vec<String>,
    /// Whether its long options may be written in any letters.
    #[serde(default)]
    any_case: bool,
    /// Options with files and folders that it but reads.
    #[serde(default)]
    reads: Vec<String>,
    /// A file that it does not start without, and that the image does not have.
    needs: Option<String>,
    /// Whether what follows its first word that is no option is a script's.
    #[serde(default)]
    script: bool,
    /// The option after which settings stand that are options, too: `-c` for `-c name=value`.
    setting: Option<String>,
    /// Its configuration; a volume over it may have it write anywhere.
    #[serde(default)]
    configuration: Vec<String>,
    /// What else may have it write anywhere.
    #[serde(default)]
    doubt: Vec<Doubt>,
    /// Where it writes.
    path: Vec<Written>,
}

/// What may have an image write anywhere.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Doubt {
    /// One of these options,
    #[serde(default)]
    option: Vec<String>,
    /// or one of these variables,
    #[serde(default)]
    env: Vec<String>,
    /// or a word with this ending that belongs to no option,
    ending: Option<String>,
    /// or a word before all options,
    #[serde(default)]
    leading: bool,
    /// if one of these stands in it; whatever it is if there are none.
    #[serde(default)]
    contains: Vec<String>,
    /// Only in versions that begin with one of these; in all if there are none.
    #[serde(default)]
    version: Vec<String>,
}

/// A path that an image writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Where; if it is not there, only what `env` and `option` say.
    path: Option<String>,
    kind: Lasts,
    why: String,
    /// What it is to the program: it does not start without, if that is not said.
    #[serde(default)]
    needed: Needed,
    /// How much it may take, as an emptyDir's sizeLimit.
    limit: Option<String>,
    /// Only in versions from this major one on.
    from: Option<u32>,
    /// Only in versions before this major one.
    before: Option<u32>,
    /// The variable that puts it elsewhere.
    env: Option<String>,
    /// The options that put it elsewhere.
    #[serde(default)]
    option: Vec<String>,
    /// What else is true of it.
    #[serde(default)]
    traits: Vec<Trait>,
    /// Only if a volume is mounted at this path or below,
    mounted: Option<String>,
    /// or this variable is set.
    set: Option<String>,
    /// It is not written at all if this option has no value,
    idle: Option<String>,
    /// unless one of these is given, with this value if one follows.
    #[serde(default)]
    busy: Vec<String>,
}

/// What may be true of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Trait {
    /// The entry point makes the folder, and those above it.
    Made,
    /// Its variable and its options name a file: it is the folder that must be writable.
    File,
    /// The entry point writes it even where an option has the program write elsewhere.
    Kept,
    /// Its variable is set so often that an `envFrom` may well have it.
    Often,
    /// A path of its options that does not begin with / lies in another that is known.
    Below,
    /// It is the image's working directory, and what the container has instead counts.
    Working,
}

/// What is known of an image by its name.
pub(super) fn find(name: &Name<'_>) -> Option<&'static Image> {
    KNOWN.iter().find(|known| known.is(name))
}

/// Whether an image of another's has the last name of one that is known.
pub(super) fn is_namesake(name: &Name<'_>) -> bool {
    let last = name.last();
    KNOWN.iter().flat_map(|known| &known.names).any(|own| own.rsplit('/').next() == Some(last))
}

impl Image {
    fn is(&self, name: &Name<'_>) -> bool {
        self.names.iter().any(|own| name.is(own))
            && self.tag.as_ref().is_none_or(|part| name.tag.contains(part.as_str()))
    }

    /// Whether it writes there unless it is told otherwise.
    pub(super) fn names(&self, path: &str) -> bool {
        self.path.iter().any(|written| written.path.as_deref() == Some(path))
    }

    /// `python3.12` is `python`.
    pub(super) fn runs(&self, program: &str) -> bool {
        let plain = program.trim_end_matches(|last: char| last.is_ascii_digit() || last == '.');
        self.programs.iter().any(|own| own == program || own == plain)
    }

    /// Where a container of it writes; an error is why nobody can tell.
    pub(super) fn places(
        &'static self,
        name: &Name<'_>,
        container: &Container,
    ) -> Result<Vec<Place>, String> {
        let mut run = Run::of(container, &self.entrypoint, &self.takes)?;
        if let Some(program) = run.program.as_ref().filter(|program| !self.runs(program)) {
            return Err(format!(
                "it runs `{}` in place of the image's own program, and which paths that writes is not known: {NAME_THEM}",
                shown(program)
            ));
        }
        if let Some(setting) = &self.setting {
            run.unfold(setting);
        }
        if self.any_case {
            run.lower();
        }
        if self.script {
            if run.has_no_script() {
                return Err(format!(
                    "it runs no script of a file, and what else it is told to run writes is not known: {NAME_THEM}"
                ));
            }
            run.cut(&self.takes);
        }
        if let Some(why) = self.doubt(name, &run, container) {
            return Err(why);
        }
        let versioned = self.path.iter().any(|written| written.from.or(written.before).is_some());
        if versioned && name.pinned && name.tag.is_empty() {
            return Err(format!(
                "which version {} is cannot be told from its digest, and where it writes differs: write the tag before the digest",
                name.without_tag
            ));
        }
        let mut places: Vec<Place> = Vec::new();
        for written in self.path.iter().filter(|written| written.holds(name, &run, container)) {
            for place in written.places(&run, container)? {
                match places.iter_mut().find(|known| known.path == place.path) {
                    Some(known) => {
                        if place.made == Made::Missing {
                            known.made = Made::Missing;
                        }
                        if place.needed == Needed::Start {
                            known.needed = Needed::Start;
                        }
                    }
                    None => places.push(place),
                }
            }
        }
        Ok(places)
    }

    fn doubt(&self, name: &Name<'_>, run: &Run, container: &Container) -> Option<String> {
        if run.operands().any(|word| !word.whole && word.text.is_empty()) {
            return Some("an argument of it stands in a variable that is not in the manifest".to_owned());
        }
        let over = container.mounts.iter().filter(|mount| mount.path != "/").find_map(|mount| {
            let file = self.configuration.iter().find(|file| is_within(file, &mount.path))?;
            Some((mount, file))
        });
        if let Some((mount, file)) = over {
            let at = if mount.path == *file { "is" } else { "hides" };
            return Some(format!(
                "the volume {} at {} {at} its {file}, which says where it writes: {NAME_THEM}",
                mount.volume, mount.path
            ));
        }
        let doubts = self.doubt.iter().filter(|doubt| doubt.holds(name));
        if let Some(by) = doubts.map(|doubt| doubt.by(run, container)).find_map(|by| by) {
            return Some(format!(
                "where it writes may depend on its {by}: name the paths in a playbook's [[image]]"
            ));
        }
        let followed: Vec<&String> =
            self.path.iter().flat_map(|written| &written.option).chain(&self.reads).collect();
        if let Some(word) = run.unfollowed(&followed, self.script) {
            return Some(format!(
                "what it does with the path in `{}` is not known: name the paths in a playbook's [[image]]",
                shown(word)
            ));
        }
        let needs = self.needs.as_ref()?;
        Some(format!("it would not run: the image has no {needs}, and no volume brings one"))
    }
}

impl Doubt {
    fn holds(&self, name: &Name<'_>) -> bool {
        let is = |version: &String| {
            let rest = name.tag.strip_prefix(version.as_str());
            rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
        };
        self.version.is_empty() || self.version.iter().any(is)
    }

    /// What raises it, as the container has it.
    fn by(&self, run: &Run, container: &Container) -> Option<String> {
        let raises = |value: Option<&str>| {
            self.contains.is_empty()
                || value.is_none_or(|value| self.contains.iter().any(|part| value.contains(part.as_str())))
        };
        for name in &self.option {
            if run.values(std::slice::from_ref(name)).any(raises) {
                return Some(format!("`{name}`"));
            }
        }
        let set = |name: &&String| match container.variables.get(name) {
            Value::Unset => false,
            Value::Untold => raises(None),
            Value::Told(value) => raises(Some(value)),
        };
        if let Some(name) = self.env.iter().find(set) {
            return Some(name.clone());
        }
        if let Some(word) = run.leading().filter(|_| self.leading) {
            return Some(format!("`{}`", shown(&word.text)));
        }
        let ending = self.ending.as_ref()?;
        let word = run.operands().find(|word| !word.whole || word.text.ends_with(ending.as_str()))?;
        Some(format!("`{}`", shown(&word.text)))
    }
}

impl Written {
    fn is(&self, known: Trait) -> bool {
        self.traits.contains(&known)
    }

    fn holds(&self, name: &Name<'_>, run: &Run, container: &Container) -> bool {
        let major = name.major();
        // A tag without a number is the newest version.
        let version = self.from.is_none_or(|from| major.is_none_or(|major| major >= from))
            && self.before.is_none_or(|before| major.is_some_and(|major| major < before));
        let mounted = |path: &String| container.mounts.iter().any(|mount| is_within(&mount.path, path));
        let set = |name: &String| !matches!(container.variables.get(name), Value::Unset | Value::Told(""));
        // Only the entry point looks for either.
        let asked = self.mounted.is_none() && self.set.is_none()
            || run.entered
                && (self.mounted.as_ref().is_some_and(mounted) || self.set.as_ref().is_some_and(set));
        version && asked && !self.is_idle(run)
    }

    fn is_idle(&self, run: &Run) -> bool {
        let Some(idle) = &self.idle else { return false };
        run.values(std::slice::from_ref(idle)).last() == Some(Some("")) && !self.is_busy(run)
    }

    fn is_busy(&self, run: &Run) -> bool {
        self.busy.iter().any(|busy| {
            let (name, wanted) = match busy.split_once(' ') {
                Some((name, wanted)) => (name.to_owned(), Some(wanted)),
                None => (busy.clone(), None),
            };
            // Of several the last one counts; what cannot be told may be what is wanted.
            let last = run.values(std::slice::from_ref(&name)).last();
            last.is_some_and(|value| wanted.is_none() || value.is_none() || value == wanted)
        })
    }

    /// Where it lies for one container.
    fn places(&'static self, run: &Run, container: &Container) -> Result<Vec<Place>, String> {
        let working = container.working_dir.as_ref().filter(|_| self.is(Trait::Working));
        let mut paths: Vec<String> = working.or(self.path.as_ref()).into_iter().cloned().collect();
        if let Some(name) = &self.env {
            match container.variables.get(name) {
                Value::Told("") => {}
                Value::Told(value) => paths = self.listed(value, name)?,
                Value::Untold => {
                    return Err(format!(
                        "{name} says where it writes, and its value is not in the manifest: name the paths in a playbook's [[image]], or set it there"
                    ));
                }
                Value::Unset if self.is(Trait::Often) && container.variables.may_be_from(name) => {
                    return Err(format!(
                        "{name} says where it writes, and its envFrom may have it: set {name} in env, or name the paths in a playbook's [[image]]"
                    ));
                }
                Value::Unset => {}
            }
        }
        let mut values = Vec::new();
        for value in run.values(&self.option) {
            let option = self.option.first().map_or("option", String::as_str);
            let value = value.ok_or_else(|| {
                format!(
                    "its `{option}` says where it writes, and its value is not in the manifest: {NAME_THEM}"
                )
            })?;
            values.push(self.listed(value, option)?);
        }
        match (values.pop(), self.path.is_some()) {
            // Of several the last one counts.
            (Some(last), true) if self.is(Trait::Kept) && run.entered => paths.extend(last),
            (Some(last), true) => paths = last,
            (Some(last), false) => paths.extend(values.into_iter().flatten().chain(last)),
            (None, _) => {}
        }
        let moved = self.path.as_ref().is_some_and(|path| !paths.contains(path));
        let needed = match self.needed {
            // Nobody but the image has a folder of its own there.
            Needed::Volume if moved => Needed::Start,
            Needed::Work if self.idle.is_some() && (moved || self.is_busy(run)) => Needed::Start,
            needed => needed,
        };
        let made = if self.is(Trait::Made) && run.entered { Made::Always } else { Made::Missing };
        let place = |path: String| Place {
            path: normalise(&path),
            made,
            needed,
            why: &self.why,
            lasts: Some(self.kind),
            limit: self.limit.as_deref(),
            apart: true,
        };
        Ok(paths.into_iter().map(place).collect())
    }

    /// The paths of a value: there may be several, with `:` or `,` between them.
    fn listed(&self, value: &str, of: &str) -> Result<Vec<String>, String> {
        let mut paths = Vec::new();
        for path in value.split([':', ',']).filter(|path| !path.is_empty()) {
            match path.rsplit_once('/') {
                // What cannot be shown as it is would be another path in every message.
                _ if shown(path) != path => return Err(untold(path, of)),
                Some((folder, _)) if self.is(Trait::File) && path.starts_with('/') => {
                    paths.push(format!("{folder}/"));
                }
                _ if path.starts_with('/') => paths.push(path.to_owned()),
                // A file without a folder lies in one that is known already, or is no file: `-`.
                _ if self.is(Trait::File) || self.is(Trait::Below) => {}
                _ => return Err(untold(path, of)),
            }
        }
        Ok(paths)
    }
}

fn untold(path: &str, of: &str) -> String {
    format!("where its {} `{}` leads cannot be told: {NAME_THEM}", of.trim_start_matches('-'), shown(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_and_says_where_and_why() {
        assert_eq!(KNOWN.len(), FILES.files().count());
        for image in KNOWN.iter() {
            assert!(!image.names.is_empty() && !image.programs.is_empty(), "{image:?}");
            for written in &image.path {
                assert!(written.why.len() > 5, "{written:?}");
                assert!(written.path.is_some() || written.env.is_some() || !written.option.is_empty());
                for path in written.path.iter().chain(&written.mounted) {
                    assert_eq!(*path, normalise(path));
                }
            }
            for file in image.configuration.iter().chain(&image.files).chain(&image.needs) {
                assert_eq!(*file, normalise(file));
            }
            assert!(image.needs_as_root.is_empty() || image.user == "root", "{image:?}");
        }
    }
}
