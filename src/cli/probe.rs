//! `driftless probe`: the script that runs on hosts, and what pins it there. It only prints.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use driftless::playbook::{LinePattern, Playbook};
use driftless::probe::{Pinning, Wanted, published, sudoers};
use driftless::report::write;
use driftless::rules;

use super::args::Probe;
use super::failure::Failure;
use super::settings::Typed;

/// Prints what was asked for; gives the exit status.
pub(super) fn run(args: &Probe, typed: &Typed) -> Result<u8, Failure> {
    // Variables and files are there for other commands, too.
    if !args.install && (typed.has("playbook") || typed.has("public_key")) {
        return Err(Failure::new("--playbook and --public-key are for `driftless probe --install`"));
    }
    let text = if args.sudoers {
        sudoers(&args.user)
    } else if args.install {
        let playbook = Playbook::load(&args.playbook, &rules::known_ids())?;
        let key = args.public_key.as_deref().map(public_key).transpose()?;
        let mut allowed: BTreeMap<&str, bool> = BTreeMap::new();
        for file in &playbook.files {
            *allowed.entry(&file.path).or_default() |= file.show;
        }
        let patterns = playbook.files.iter().flat_map(|file| &file.normalise);
        let normalise = patterns.map(LinePattern::posix).collect();
        let allowed = (!args.playbook.is_empty()).then_some(allowed);
        Pinning { user: &args.user, key: key.as_deref(), allowed, normalise }.installer()
    } else {
        published()
    };
    write::to_stdout(&text).map_err(|error| Failure::stdout(&error))?;
    Ok(0)
}

/// The one line of a `.pub` file of OpenSSH. A private key in its place must not be printed.
fn public_key(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read the public key {}: {error}", path.display())))?;
    let mut words = text.trim().splitn(3, ' ');
    let (kind, blob) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // The key's blob begins with its kind, RFC 4253, 6.6. The comment is nobody's business, and may hold a quote.
    let decoded = STANDARD.decode(blob).unwrap_or_default();
    let told = decoded.get(4..4 + kind.len()).filter(|_| decoded.len() > 40);
    if told == Some(kind.as_bytes()) && text.trim().lines().count() == 1 && Wanted::can_say(kind) {
        return Ok(format!("{kind} {blob}"));
    }
    Err(Failure::new(format!("{} is no public key", path.display()))
        .hint("give the .pub file beside the private key: one line, `ssh-ed25519 AAAA…`"))
}
