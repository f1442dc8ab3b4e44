//! What a run was given: its inventory, the hosts that were asked, its playbooks. With these a stored run is compared
//! again as it was the first time.

use super::answer::Piece;
use crate::diagnostic::Source;
use crate::inventory::{HostId, Inventory, Overrides};

const INVENTORY: &str = "inventory";
const HOSTS: &str = "hosts";
const PLAYBOOK: &str = "playbook/";
const READINESS: &str = "readiness";

/// What a run was given.
#[derive(Debug)]
pub struct Context {
    /// The inventory; how its hosts are reached was not kept.
    pub inventory: Inventory,
    /// The hosts that were to be asked, in their order.
    pub hosts: Vec<HostId>,
    /// The playbooks, in their order.
    pub playbooks: Vec<Source>,
    /// Whether it was asked if the playbooks' upgrades would succeed.
    pub readiness: bool,
}

/// Why a stored run cannot be compared again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what the run was given cannot be read: {0}")]
pub struct Unusable(String);

impl Context {
    /// The pieces that a run is begun with. No address, no login name, no key and no variable is among them.
    pub fn pieces(
        inventory: &Inventory,
        hosts: &[HostId],
        playbooks: &[Source],
        readiness: bool,
    ) -> Vec<Piece> {
        let piece = |name: String, bytes: String| Piece { name, status: 0, bytes: bytes.into_bytes() };
        let names = hosts.iter().filter_map(|host| inventory.host(*host));
        let names: String = names.map(|host| format!("{}\n", host.name)).collect();
        let mut pieces = vec![
            piece(INVENTORY.to_owned(), inventory.to_toml()),
            piece(HOSTS.to_owned(), names),
            piece(READINESS.to_owned(), readiness.to_string()),
        ];
        pieces.extend(playbooks.iter().enumerate().map(|(nth, source)| {
            piece(format!("{PLAYBOOK}{nth}"), format!("{}\n{}", source.path(), source.as_str()))
        }));
        pieces
    }

    /// What such pieces say.
    ///
    /// # Errors
    /// The inventory, or a host of the run, makes no sense to this version.
    pub fn read(pieces: &[Piece]) -> Result<Self, Unusable> {
        let text = |name: &str| {
            let piece = pieces.iter().find(|piece| piece.name == name);
            let piece = piece.ok_or_else(|| Unusable(format!("`{name}` is missing")))?;
            String::from_utf8(piece.bytes.clone()).map_err(|_| Unusable(format!("`{name}` is no text")))
        };
        let inventory = Inventory::from_text(INVENTORY, &text(INVENTORY)?, &Overrides::default())
            .map_err(|error| Unusable(error.to_string()))?;
        let hosts: Option<Vec<HostId>> = text(HOSTS)?.lines().map(|name| inventory.find(name)).collect();
        let hosts = hosts.ok_or_else(|| Unusable("a host is not in its inventory".to_owned()))?;
        let mut playbooks = Vec::new();
        while let Ok(whole) = text(&format!("{PLAYBOOK}{}", playbooks.len())) {
            let (name, text) = whole.split_once('\n').unwrap_or((whole.as_str(), ""));
            playbooks.push(Source::text(name, text));
        }
        Ok(Self { inventory, hosts, playbooks, readiness: text(READINESS)? == "true" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = "[defaults]\nuser = \"secret-user\"\n[groups.web]\nhosts = [\"web-[1:3]\"]\nvars = { tier = \"front\" }\n\
        [groups.prod]\nchildren = [\"web\"]\nhosts = [\"db-1\"]\n[hosts.\"db-1\"]\nmaintenance = \"disk \\\"swap\\\"\"\naddress = \"192.0.2.1\"\n\
        [hosts.\"alone\"]\n[groups.empty]\nhosts = []\n";

    #[test]
    fn a_run_is_given_the_same_again_and_nothing_that_leads_to_a_host() {
        let inventory = Inventory::from_text("i", TOML, &Overrides::default()).unwrap();
        let hosts: Vec<HostId> = inventory.ids().filter(|host| host.0 != 1).collect();
        let playbooks = [Source::text("a b.toml", "name = \"x\"\n"), Source::text("c", "")];
        let pieces = Context::pieces(&inventory, &hosts, &playbooks, true);
        for piece in &pieces {
            let text = String::from_utf8_lossy(&piece.bytes);
            assert!(!text.contains("secret-user") && !text.contains("192.0.2.1"), "{text}");
        }
        let again = Context::read(&pieces).unwrap();
        let told = |inventory: &Inventory| {
            let each = inventory.hosts.iter();
            each.map(|host| {
                (host.name.clone(), host.groups.clone(), host.leaf_groups.clone(), host.maintenance.clone())
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(told(&again.inventory), told(&inventory));
        assert_eq!((again.hosts, again.readiness), (hosts, true));
        let order = |inventory: &Inventory| inventory.group_names().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(order(&again.inventory), order(&inventory));
        let texts: Vec<_> = again.playbooks.iter().map(|one| (one.path(), one.as_str())).collect();
        assert_eq!(texts, [("a b.toml", "name = \"x\"\n"), ("c", "")]);
    }

    #[test]
    fn what_is_missing_or_odd_is_told() {
        let inventory = Inventory::from_text("i", TOML, &Overrides::default()).unwrap();
        let pieces = Context::pieces(&inventory, &[HostId(0)], &[], false);
        for nth in 0..3 {
            let mut fewer = pieces.clone();
            fewer.remove(nth);
            assert!(Context::read(&fewer).is_err(), "{nth}");
        }
        let mut odd = pieces.clone();
        odd[1].bytes = b"nobody\n".to_vec();
        assert!(Context::read(&odd).is_err());
    }
}
