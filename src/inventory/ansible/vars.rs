//! `group_vars` and `host_vars`: files of variables beside an inventory.
//!
//! Each file is read when its group or host is met, and once. A file that is encrypted as a whole is passed
//! over with a warning: what it says is not known, and a host that needs it is refused by name later.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::variables;
use crate::diagnostic::{Diagnostic, Source};
use crate::inventory::draft::Vars;

/// What is appended to a name, in the order in which it is looked for.
const SUFFIXES: [&str; 4] = ["", ".yml", ".yaml", ".json"];

/// Folders within folders, at most.
const DEEPEST: usize = 20;

/// Where variables may lie: beside one inventory, or in the current folder.
pub(in crate::inventory) struct Folder {
    groups: Shelf,
    hosts: Shelf,
}

/// One folder of files by name.
struct Shelf {
    path: PathBuf,
    /// What lies in it; empty if there is no such folder.
    names: BTreeSet<String>,
    known: BTreeMap<String, Rc<Vars>>,
}

impl Folder {
    pub(in crate::inventory) fn new(path: &Path) -> Self {
        Self { groups: Shelf::new(path.join("group_vars")), hosts: Shelf::new(path.join("host_vars")) }
    }

    pub(in crate::inventory) fn of_group(
        &mut self,
        name: &str,
        warnings: &mut Vec<String>,
    ) -> Result<Rc<Vars>, Diagnostic> {
        self.groups.get(name, warnings)
    }

    pub(in crate::inventory) fn of_host(
        &mut self,
        name: &str,
        warnings: &mut Vec<String>,
    ) -> Result<Rc<Vars>, Diagnostic> {
        self.hosts.get(name, warnings)
    }
}

impl Shelf {
    fn new(path: PathBuf) -> Self {
        let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        Self { path, names, known: BTreeMap::new() }
    }

    fn get(&mut self, name: &str, warnings: &mut Vec<String>) -> Result<Rc<Vars>, Diagnostic> {
        if let Some(known) = self.known.get(name) {
            return Ok(Rc::clone(known));
        }
        let mut vars = Vars::new();
        if let Some(file) =
            SUFFIXES.iter().map(|suffix| format!("{name}{suffix}")).find(|file| self.names.contains(file))
        {
            let path = self.path.join(file);
            let files = if path.is_dir() { files_in(&path, &mut Vec::new()) } else { vec![path] };
            for file in files {
                let source = Source::read(&file)?;
                match variables(&source, warnings)? {
                    Some(more) => vars.extend(more),
                    None => warnings.push(format!(
                        "{}: encrypted as a whole: its variables are not known here",
                        source.path()
                    )),
                }
            }
        }
        let vars = Rc::new(vars);
        self.known.insert(name.to_owned(), Rc::clone(&vars));
        Ok(vars)
    }
}

/// The files of variables in a folder and below it, in order.
fn files_in(folder: &Path, within: &mut Vec<PathBuf>) -> Vec<PathBuf> {
    // A link back to a folder that led here is no way round and round.
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    if within.len() >= DEEPEST || within.contains(&real) {
        return Vec::new();
    }
    within.push(real);
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let mut files = Vec::new();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let suffix =
            path.extension().map_or(String::new(), |suffix| format!(".{}", suffix.to_string_lossy()));
        // A folder whose name has an ending is passed over like a file of another kind.
        if path.is_dir() && !SUFFIXES.contains(&suffix.as_str()) {
            continue;
        }
        if path.is_dir() {
            files.extend(files_in(&path, within));
        } else if SUFFIXES.contains(&suffix.as_str()) {
            files.push(path);
        }
    }
    within.pop();
    files
}
