//! Who runs the program and where, and the configuration of ssh that holds for them.

use std::path::{Path, PathBuf};

use driftless::diagnostic::Diagnostics;
use driftless::ssh_config::{Config, Files, Me, is_config, is_users_own};

/// ssh's configuration: that of `-F`, or the usual one.
pub(super) fn ssh_config(file: Option<&Path>, home: Option<PathBuf>) -> Result<Config, Diagnostics> {
    let files = match file {
        None => Files::Usual,
        Some(none) if none == Path::new("none") => Files::Nothing,
        Some(file) => Files::Only(file.to_owned()),
    };
    Config::load(&files, me(home))
}

/// Whether a file is a configuration of ssh, and not the user's own, which is read anyway.
pub(super) fn is_another_config(path: &Path) -> bool {
    let me = Me { home: home(), ..Me::default() };
    path.is_file()
        && !is_users_own(path, &me)
        && std::fs::read_to_string(path).is_ok_and(|text| is_config(&text))
}

/// The home folder: `HOME`, or what the user database says, as for a service that has no `HOME`.
pub(super) fn home() -> Option<PathBuf> {
    let set = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    set.or_else(|| Some(PathBuf::from(account(uid())?.1)))
}

fn me(home: Option<PathBuf>) -> Me {
    let set = |name| std::env::var(name).ok().filter(|name| !name.is_empty());
    let uid = uid();
    let login = ["LOGNAME", "USER"].into_iter().find_map(set).or_else(|| Some(account(uid)?.0));
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Me {
        // A user without a name has no login anywhere; the server will say so.
        login: login.unwrap_or_else(|| uid.to_string()),
        home,
        uid,
        // Of the kernel itself: a service may see nothing of /proc but its own process.
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        environment: variables.collect(),
    }
}

/// The user that this program runs as.
pub(super) fn uid() -> u32 {
    rustix::process::getuid().as_raw()
}

/// Login name and home folder of a user, passwd(5).
fn account(uid: u32) -> Option<(String, String)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        let home = fields.nth(2)?;
        (number.parse() == Ok(uid)).then(|| (name.to_owned(), home.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_database_knows_root() {
        assert_eq!(account(0), Some(("root".to_owned(), "/root".to_owned())));
        assert_eq!(account(u32::MAX), None);
    }
}
