//! Our half of a connection: judges the host key, and refuses whatever else the host asks for.

use std::sync::{Arc, OnceLock};

use russh::client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session};
use russh::keys::PublicKeyOrCertificate;
use russh::{Channel, Error};

use super::trust::{Faith, Trust};
use crate::inventory::SshRoute;
use crate::snapshot::{Fault, quote};

/// Why a connection did not come about.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The host key is not to be trusted.
    HostKey(Box<Fault>),
    /// Anything else.
    Protocol(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Protocol(error)
    }
}

/// What the host said when it closed the connection, if it said anything.
pub(super) type Reason = Arc<OnceLock<String>>;

/// The handler of one connection.
pub(crate) struct Guard {
    trust: Arc<Trust>,
    route: SshRoute,
    reason: Reason,
    faith: Arc<OnceLock<Faith>>,
}

impl Guard {
    pub(super) fn new(trust: Arc<Trust>, route: &SshRoute) -> Self {
        Self { trust, route: route.clone(), reason: Reason::default(), faith: Arc::default() }
    }

    /// How far the host is believed, once it has shown its key.
    pub(super) fn faith(&self) -> Arc<OnceLock<Faith>> {
        Arc::clone(&self.faith)
    }

    pub(super) fn reason(&self) -> Reason {
        Arc::clone(&self.reason)
    }
}

impl Handler for Guard {
    type Error = Refusal;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Refusal> {
        let judged = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => self.trust.judge(&self.route, key),
            PublicKeyOrCertificate::Certificate(certificate) => {
                self.trust.judge_certificate(&self.route, certificate)
            }
        };
        let faith = judged.map_err(|fault| Refusal::HostKey(Box::new(fault)))?;
        let _ = self.faith.set(faith);
        Ok(true)
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Refusal>) -> Result<(), Refusal> {
        let said = match reason {
            DisconnectReason::ReceivedDisconnect(info) => info.message,
            DisconnectReason::Error(Refusal::Protocol(error)) => error.to_string(),
            DisconnectReason::Error(Refusal::HostKey(fault)) => fault.full_message(),
        };
        if !said.is_empty() {
            let _ = self.reason.set(quote(said.as_bytes()));
        }
        Ok(())
    }

    // A host has no business with channels towards this machine. Dropping the reply refuses it.

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        Ok(())
    }
}
