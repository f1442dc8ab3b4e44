//! Links jump hosts: who stands between this machine and each host, hop by hop.
//!
//! A jump host that the inventory has keeps its settings there; another is looked up in ssh's own
//! configuration, as `ssh -J` does. The first jump host of a list is reached as its own settings say, each
//! further one through the one before it.

use std::collections::HashMap;
use std::sync::Arc;

use super::route::{Refusal, Route, SshRoute, Via, of_identity, unbracketed};
use super::{HostId, Inventory, Overrides};
use crate::ssh_config::{Directive, JumpHost, Proxy};

/// More jump hosts in a row than anybody has; it also bounds what a hostile inventory can make us do.
const LONGEST_CHAIN: usize = 16;

impl Inventory {
    /// Links the jump hosts of `hosts`; one that cannot be linked is refused by name.
    pub fn link_jumps(&mut self, hosts: &[HostId], overrides: &Overrides) {
        let mut linker = Linker { inventory: self, overrides, known: HashMap::new() };
        let mut linked = Vec::new();
        for id in hosts {
            let Some(host) = linker.inventory.host(*id) else { continue };
            let Route::Ssh(route) = &host.route else { continue };
            let of_hops = Arc::clone(&host.of_hops);
            let mut trail = vec![host.name.clone()];
            let route = linker.link(route.as_ref().clone(), &of_hops, &mut trail);
            linked.push((*id, route.map_or_else(Route::Refused, |route| Route::Ssh(Box::new(route)))));
        }
        for (id, route) in linked {
            if let Some(host) = self.hosts.get_mut(id.0 as usize) {
                host.route = route;
            }
        }
    }
}

struct Linker<'i> {
    inventory: &'i Inventory,
    overrides: &'i Overrides,
    /// Hops by what was asked for, so that hosts behind one jump host share it.
    known: HashMap<(Vec<JumpHost>, Vec<Directive>), Arc<SshRoute>>,
}

impl Linker<'_> {
    fn link(
        &mut self,
        mut route: SshRoute,
        of_hops: &Arc<[Directive]>,
        trail: &mut Vec<String>,
    ) -> Result<SshRoute, Refusal> {
        route.via = match &route.settings.proxy {
            Proxy::None => Via::Direct,
            Proxy::Command(command) => Via::Command(command.clone()),
            Proxy::Jump(hops) => Via::Jump(self.chain(&hops.clone(), of_hops, trail)?),
        };
        Ok(route)
    }

    /// The last hop of a list, linked with those before it.
    fn chain(
        &mut self,
        hops: &[JumpHost],
        of_hops: &Arc<[Directive]>,
        trail: &mut Vec<String>,
    ) -> Result<Arc<SshRoute>, Refusal> {
        let key = (hops.to_vec(), of_hops.to_vec());
        if let Some(known) = self.known.get(&key) {
            return Ok(Arc::clone(known));
        }
        let Some((last, before)) = hops.split_last() else {
            return Err(refusal("its list of jump hosts is empty", trail));
        };
        let name = unbracketed(&last.host);
        let again = trail.iter().any(|passed| passed == name);
        trail.push(name.to_owned());
        if again {
            return Err(refusal("its jump hosts lead back to themselves", trail));
        }
        if trail.len() > LONGEST_CHAIN {
            return Err(refusal("it has too many jump hosts in a row", trail));
        }
        let (mut route, of_next) = self.hop(name, last, of_hops)?;
        route = if before.is_empty() {
            self.link(route, &of_next, trail)?
        } else {
            route.via = Via::Jump(self.chain(before, of_hops, trail)?);
            route
        };
        trail.pop();
        let route = Arc::new(route);
        self.known.insert(key, Arc::clone(&route));
        Ok(route)
    }

    /// One hop by itself, and what its own file says of hops before it.
    fn hop(
        &self,
        name: &str,
        hop: &JumpHost,
        of_hops: &Arc<[Directive]>,
    ) -> Result<(SshRoute, Arc<[Directive]>), Refusal> {
        let user = hop.user.as_ref().map(|user| Directive::new("user", user, "the jump host"));
        let port = hop.port.map(|port| Directive::new("port", port.to_string(), "the jump host"));
        let mut said: Vec<Directive> = user.into_iter().chain(port).collect();
        let config = &self.overrides.ssh;
        let Some(host) = self.inventory.find(name).and_then(|id| self.inventory.host(id)) else {
            said.extend(of_hops.iter().cloned());
            said.extend(of_identity(self.overrides));
            return Ok((SshRoute::new(name, name, said, config), Arc::clone(of_hops)));
        };
        match &host.route {
            Route::Ssh(route) => Ok((route.with(said, config), Arc::clone(&host.of_hops))),
            Route::Local => Err(Refusal {
                message: format!("its jump host {name} is this machine itself"),
                hint: "a host that is reached from here needs no jump host".to_owned(),
            }),
            Route::Refused(why) => Err(why.clone()),
        }
    }
}

fn refusal(why: &str, trail: &[String]) -> Refusal {
    Refusal {
        message: format!("{why}: {}", trail.join(" -> ")),
        hint: "look at `jump` in the inventory and at ProxyJump in ssh's configuration".to_owned(),
    }
}
