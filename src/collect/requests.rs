//! What each host is asked. Hosts of which the same is wanted share one request.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::inventory::HostId;
use crate::probe::{Request, Wanted};

/// The requests of a round.
#[derive(Debug, Clone)]
pub struct Requests {
    plain: Arc<Request>,
    own: BTreeMap<HostId, Arc<Request>>,
}

impl Requests {
    /// The requests of a round that is framed by `nonce`, with what is wanted of some hosts beyond what every
    /// host is asked.
    pub fn new(nonce: [u8; 16], wanted: impl IntoIterator<Item = (HostId, Wanted)>) -> Self {
        let mut known: BTreeMap<Wanted, Arc<Request>> = BTreeMap::new();
        let own = wanted.into_iter().map(|(host, wanted)| {
            let make = || Arc::new(Request::new(nonce, wanted.clone()));
            (host, Arc::clone(known.entry(wanted.clone()).or_insert_with(make)))
        });
        let own = own.collect();
        Self { plain: Arc::new(Request::new(nonce, Wanted::default())), own }
    }

    /// What a host is asked.
    pub fn of(&self, host: HostId) -> &Arc<Request> {
        self.own.get(&host).unwrap_or(&self.plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_which_the_same_is_wanted_share_a_request() {
        let wanted = |path: &str| {
            let mut wanted = Wanted::default();
            wanted.add("file", path);
            wanted
        };
        let each = [(HostId(0), wanted("/a")), (HostId(1), wanted("/b")), (HostId(2), wanted("/a"))];
        let requests = Requests::new([1; 16], each);
        assert!(Arc::ptr_eq(requests.of(HostId(0)), requests.of(HostId(2))));
        assert!(requests.of(HostId(1)).wanted().has("file") && !requests.of(HostId(3)).wanted().has("file"));
        assert_eq!(requests.of(HostId(3)).nonce(), requests.of(HostId(0)).nonce());
    }
}
