//! Connections to jump hosts: one each, shared by every host behind it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::Client;
use super::session::{Session, gone};
use crate::inventory::{SshRoute, Via};
use crate::snapshot::Fault;

type Hop = Arc<OnceCell<Result<Arc<Session>, Fault>>>;

/// The jump hosts of a run, by who is reached where and how.
#[derive(Default)]
pub(super) struct Hops(Mutex<HashMap<String, Hop>>);

impl Hops {
    /// The connection to a jump host, opened by the first who needs it. Its fault is the fault of all.
    pub(super) async fn through(&self, client: &Client, hop: &SshRoute) -> Result<Arc<Session>, Fault> {
        let cell = {
            let mut hops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(hops.entry(way(hop)).or_default())
        };
        let deadline = Instant::now() + client.limits.host;
        let opening = || async move {
            let opened = Box::pin(client.open(hop, deadline)).await;
            opened.map(Arc::new).map_err(|fault| behind(hop, fault))
        };
        match cell.get_or_init(opening).await {
            Ok(session) if session.handle.is_closed() => Err(gone(&hop.name)),
            Ok(session) => Ok(Arc::clone(session)),
            Err(fault) => Err(fault.clone()),
        }
    }

    /// Lets go of every connection.
    pub(super) fn take_all(&self) -> Vec<Arc<Session>> {
        let hops = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        hops.into_values().filter_map(|cell| cell.get()?.as_ref().ok().cloned()).collect()
    }
}

/// `audit@bastion:22 via audit@outer:22`
fn way(hop: &SshRoute) -> String {
    match &hop.via {
        Via::Direct => hop.end(),
        Via::Jump(before) => format!("{} via {}", hop.end(), way(before)),
        Via::Command(command) => format!("{} through {command}", hop.end()),
    }
}

/// The fault of a jump host, as those behind it tell it: in one sentence for all of them.
fn behind(hop: &SshRoute, fault: Fault) -> Fault {
    if fault.message.starts_with("its jump host") {
        return fault;
    }
    let message = format!("its jump host {}: {}", hop.name, fault.full_message());
    Fault::new(fault.phase, message).hint(fault.hint)
}
