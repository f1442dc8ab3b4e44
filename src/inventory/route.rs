//! How a host is reached: its settings, with every default filled in.

use std::path::{Path, PathBuf};

use toml::Spanned;

use super::{Overrides, Route, SshRoute, raw};

/// The host's own setting, or the command line's, or the file's default, or what is built in.
pub(super) fn route(
    name: &str,
    raw: Option<&raw::Host>,
    (defaults, folder): (&raw::Settings, &Path),
    overrides: &Overrides,
) -> Route {
    let text = |own: Option<&Spanned<String>>, line: Option<&String>, default: Option<&Spanned<String>>| {
        own.map(Spanned::get_ref).or(line).or(default.map(Spanned::get_ref)).cloned()
    };
    let connection = text(raw.and_then(|raw| raw.connection.as_ref()), None, defaults.connection.as_ref());
    if connection.as_deref() == Some("local") {
        return Route::Local;
    }
    let path = |text: &String| resolve(text, folder, overrides.home.as_deref());
    let port = raw
        .and_then(|raw| raw.port.as_ref())
        .and_then(port_of)
        .or(overrides.port)
        .or_else(|| defaults.port.as_ref().and_then(port_of));
    let identity = raw
        .and_then(|raw| raw.identity.as_ref())
        .map(path)
        .or_else(|| overrides.identity.clone())
        .or_else(|| defaults.identity.as_ref().map(path));
    let known_hosts = raw.and_then(|raw| raw.known_hosts.as_ref()).or(defaults.known_hosts.as_ref());
    Route::Ssh(SshRoute {
        address: raw
            .and_then(|raw| raw.address.as_ref())
            .map_or_else(|| unbracketed(name), |address| unbracketed(address.get_ref()))
            .to_owned(),
        port: port.unwrap_or(22),
        user: text(raw.and_then(|raw| raw.user.as_ref()), overrides.user.as_ref(), defaults.user.as_ref())
            .unwrap_or_else(|| overrides.login.clone()),
        identity,
        known_hosts: known_hosts.map(path),
        jump: text(raw.and_then(|raw| raw.jump.as_ref()), None, defaults.jump.as_ref()),
    })
}

/// `[2001:db8::1]` is 2001:db8::1.
pub(super) fn unbracketed(address: &str) -> &str {
    address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address)
}

pub(super) fn port_of(port: &Spanned<i64>) -> Option<u16> {
    u16::try_from(*port.get_ref()).ok().filter(|port| *port > 0)
}

/// `~/` is the home folder; other relative paths are relative to the inventory file's folder.
fn resolve(path: &str, folder: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => folder.join(path),
    }
}
