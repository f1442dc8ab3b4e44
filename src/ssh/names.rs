//! Names that could be taken for something else by a shell, or by a program's options: as `ssh` does, they are
//! refused before anything is run or connected.

use crate::inventory::SshRoute;
use crate::snapshot::{Fault, Phase, quote};

/// What a shell reads otherwise than it stands there, beside blanks and control characters.
const SHELLS: &str = "'`\"$\\;&<>|(){}*?!#";

/// Refuses a route whose destination, host name or user a proxy command could run as code.
pub(super) fn check(route: &SshRoute) -> Result<(), Fault> {
    let settings = &route.settings;
    let named = [&route.destination, &settings.host_name].into_iter().chain(&settings.host_key_alias);
    if let Some(name) = named.into_iter().find(|name| !is_host(name)) {
        return Err(refused("host name", name));
    }
    if is_user(&settings.user) { Ok(()) } else { Err(refused("user name", &settings.user)) }
}

fn refused(what: &str, name: &str) -> Fault {
    Fault::new(Phase::Resolve, format!("its {what} has characters that a shell could take for code"))
        .detail(format!("`{}`", quote(name.as_bytes())))
        .hint("where does the name come from? `ssh` refuses it as well")
}

fn is_host(name: &str) -> bool {
    let odd = |letter: char| letter.is_whitespace() || letter.is_control() || SHELLS.contains(letter);
    !name.is_empty() && !name.starts_with('-') && !name.contains(odd)
}

/// As for hosts, but that a domain may stand before a backslash.
fn is_user(name: &str) -> bool {
    let odd = |letter: char| {
        letter.is_whitespace() || letter.is_control() || letter != '\\' && SHELLS.contains(letter)
    };
    !name.is_empty() && !name.starts_with('-') && !name.ends_with('\\') && !name.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_could_run_is_refused() {
        for name in ["$(id)", "`id`", "a;id", "a b", "-oProxyCommand=id", "a|b", "a\nb", "a'b", ""] {
            assert!(check(&SshRoute::to("h", &[("hostname", name)])).is_err(), "{name}");
            assert!(check(&SshRoute::to("h", &[("user", name), ("hostname", "h")])).is_err(), "{name}");
        }
        assert!(check(&SshRoute::to("$(id)", &[("hostname", "h"), ("user", "u")])).is_err());
    }

    #[test]
    fn names_of_the_field_are_taken() {
        for name in ["web-01.example.net", "2001:db8::1", "fe80::1%eth0", "host_1", "grün.example"] {
            assert!(check(&SshRoute::to(name, &[("user", "u")])).is_ok(), "{name}");
        }
        for user in ["audit", "CORP\\audit", "audit@corp", "a.b-c_d"] {
            assert!(check(&SshRoute::to("h", &[("user", user)])).is_ok(), "{user}");
        }
    }
}
