//! `driftless probe`: the script that runs on hosts, and what pins it there. It only prints.

use std::collections::BTreeMap;
use std::path::Path;

use driftless::playbook::Playbook;
use driftless::probe::{Pinning, Wanted, published, sudoers};
use driftless::report::write;
use driftless::rules;

use super::args::Probe;
use super::failure::Failure;

/// Prints what was asked for; gives the exit status.
pub(super) fn run(args: &Probe) -> Result<u8, Failure> {
    let text = if args.sudoers {
        sudoers(&args.user)
    } else if args.install {
        let playbook = Playbook::load(&args.playbook, &rules::known_ids())?;
        let key = args.public_key.as_deref().map(public_key).transpose()?;
        let mut allowed: BTreeMap<&str, bool> = BTreeMap::new();
        for file in &playbook.files {
            *allowed.entry(&file.path).or_default() |= file.show;
        }
        Pinning { user: &args.user, key: key.as_deref(), allowed }.installer()
    } else {
        published()
    };
    write::to_stdout(&text).map_err(|error| Failure::stdout(&error))?;
    Ok(0)
}

/// The one line of a `.pub` file of OpenSSH. A private key in its place must not be printed.
fn public_key(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    let line = text.trim();
    let mut words = line.split_whitespace();
    let kind = words.next().unwrap_or_default();
    let is_key =
        ["ssh-", "ecdsa-", "sk-"].iter().any(|start| kind.starts_with(start)) && words.next().is_some();
    if is_key && !line.contains('\n') && Wanted::can_say(line) {
        return Ok(line.to_owned());
    }
    Err(Failure::new(format!("{} is no public key", path.display()))
        .hint("give the .pub file beside the private key: one line, `ssh-ed25519 AAAA…`"))
}
