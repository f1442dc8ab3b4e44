//! Paths in a file of settings: relative to the file's own folder, as cargo and ssh have it, `~/` being the home folder.

use std::any::TypeId;
use std::path::{Path, PathBuf};

use clap::Arg;
use driftless::report::write::Output;
use driftless::report::{Format, ManifestFormat};

use crate::cli::me::home;

/// A value of a flag as it is meant: with its path, if it has one, taken from `folder`.
pub(super) fn resolved(arg: &Arg, text: &str, folder: &Path) -> String {
    let kind = arg.get_value_parser().type_id();
    let is = |id: TypeId| kind == id;
    if is(TypeId::of::<PathBuf>()) {
        return match text {
            // `none` and `a,b,` are no files, and `x://` is no path.
            "none" | "-" | "" => text.to_owned(),
            _ if arg.get_id() == "inventory" && text.contains(',') => text.to_owned(),
            _ if text.contains("://") => text.to_owned(),
            _ => from(folder, text),
        };
    }
    if is(TypeId::of::<Output<Format>>()) || is(TypeId::of::<Output<ManifestFormat>>()) {
        return match text.split_once('=') {
            Some((format, path)) if !matches!(path, "" | "-") => format!("{format}={}", from(folder, path)),
            _ => text.to_owned(),
        };
    }
    match text.strip_prefix('@') {
        Some(path) if ["limit", "webhook"].iter().any(|flag| arg.get_id() == flag) => {
            format!("@{}", from(folder, path))
        }
        _ => text.to_owned(),
    }
}

fn from(folder: &Path, text: &str) -> String {
    let path = match text.strip_prefix("~/").and_then(|rest| Some(home()?.join(rest))) {
        Some(path) => path,
        None => folder.join(text),
    };
    // The file is UTF-8, and so is what it names; a folder that is not keeps its text as it can be shown.
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_named_with_an_at_is_below_the_folder_too() {
        let of = |flag: &'static str| {
            let mut command = clap::Command::new("audit").arg(Arg::new(flag).long(flag));
            command.build();
            let arg = command.get_arguments().find(|arg| arg.get_id() == flag).unwrap().clone();
            resolved(&arg, "@hook", Path::new("/etc/driftless"))
        };
        assert_eq!(
            (of("webhook"), of("limit")),
            ("@/etc/driftless/hook".into(), "@/etc/driftless/hook".into())
        );
        assert_eq!(of("user"), "@hook");
    }
}
