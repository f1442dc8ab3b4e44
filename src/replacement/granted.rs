//! What a unit lets its service write.

use super::class::{Class, by_place};
use super::paths::{Claim, NEVER, SHARED, known, parent};
use crate::immutability::{is_within, normalise};
use crate::snapshot::{PlaceKind, Serving};

/// What a unit grants, systemd.exec(5).
pub(super) fn directives(service: &Serving) -> Vec<Claim> {
    let mut claims = Vec::new();
    for directive in &service.directives {
        let (base, class) = match directive.name.as_str() {
            "RuntimeDirectory" | "PIDFile" => ("/run/", Some(Class::Ephemeral)),
            "StateDirectory" => ("/var/lib/", Some(Class::Persistent)),
            "CacheDirectory" => ("/var/cache/", Some(Class::Ephemeral)),
            "LogsDirectory" => ("/var/log/", Some(Class::Log)),
            "ReadWritePaths" | "ReadWriteDirectories" => ("", None),
            _ => continue,
        };
        for word in directive.value.split_whitespace() {
            let word = word.trim_start_matches(['-', '+']);
            // `redis:redis-link` names a link beside it; what has a specifier is made only when it starts.
            let word = word.split(':').next().unwrap_or_default();
            if word.is_empty() || word.contains('%') || (base.is_empty() && !word.starts_with('/')) {
                continue;
            }
            let full =
                if word.starts_with('/') { normalise(word) } else { normalise(&format!("{base}{word}")) };
            let folder = match directive.name.as_str() {
                "PIDFile" => parent(&full),
                _ => full,
            };
            let reason = format!("{}={word} in {}", directive.name, directive.file);
            let (told, class) = (class.is_some(), class.unwrap_or_else(|| by_place(&folder)));
            claims.push(Claim { folder, class, told, reason, weight: 4 });
        }
    }
    claims
}

/// The folder that its unit lets it stand in, where it may write: what it names from there lies below it.
pub(super) fn stands(service: &Serving) -> Option<Claim> {
    let unit = service.directive("WorkingDirectory")?;
    let folder = normalise(unit.value.trim_start_matches('-'));
    let place = known(service, &folder).filter(|place| place.kind == PlaceKind::Folder)?;
    let apart = !["/usr", "/etc", "/opt"].iter().any(|base| is_within(&folder, base))
        && !SHARED.contains(&folder.as_str())
        && !NEVER.contains(&folder.as_str());
    let own = service.users.iter().any(|user| user.uid != 0 && user.uid == place.owner.uid);
    (apart && own && folder == normalise(&service.folder)).then(|| Claim {
        class: by_place(&folder),
        told: false,
        reason: format!("WorkingDirectory={folder} in {}, which is its user's", unit.file),
        weight: 2,
        folder,
    })
}
