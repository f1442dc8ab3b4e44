//! Who runs the program and where, and the configuration of ssh that holds for them.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use driftless::diagnostic::Diagnostics;
use driftless::ssh_config::{Config, Files, Me};

/// ssh's configuration: that of `-F`, or the usual one.
pub(super) fn ssh_config(file: Option<&Path>, home: Option<PathBuf>) -> Result<Config, Diagnostics> {
    let files = match file {
        None => Files::Usual,
        Some(none) if none == Path::new("none") => Files::Nothing,
        Some(file) => Files::Only(file.to_owned()),
    };
    Config::load(&files, me(home))
}

fn me(home: Option<PathBuf>) -> Me {
    let login = ["LOGNAME", "USER"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    // A process belongs to the user that runs it.
    let uid = std::fs::metadata("/proc/self").map_or(u32::MAX, |process| process.uid());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Me {
        login: login.unwrap_or_else(|| "root".to_owned()),
        home,
        uid,
        host: host.trim().to_owned(),
        environment: variables.collect(),
    }
}
