//! The server's half of SSH: one listener a host, each with a port and a host key of its own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use russh::keys::PrivateKey;
use russh::keys::key::safe_rng;
use russh::keys::ssh_key::{Algorithm, LineEnding, PublicKey};
use russh::server::{self, Auth, ChannelOpenHandle, Handler, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, ChannelMsg, Disconnect};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::Behaviour;
use super::behaviour::{Ending, Reply};

/// More than any request; what comes beyond it is not kept.
const LONGEST_REQUEST: usize = 1 << 20;

/// One host of a simulated fleet.
#[derive(Debug, Clone)]
pub struct Host {
    /// Its name, which it also tells for itself.
    pub name: String,
    /// The groups that it is in.
    pub groups: Vec<String>,
    /// What it does.
    pub behaviour: Behaviour,
}

/// A fleet that runs until it is dropped.
#[derive(Debug)]
pub struct Simulation {
    hosts: Vec<Running>,
    key: Arc<PrivateKey>,
    _listeners: JoinSet<()>,
}

#[derive(Debug)]
struct Running {
    name: String,
    groups: Vec<String>,
    address: SocketAddr,
    key: PublicKey,
    _held: Option<TcpSocket>,
}

/// How many connections may wait for a server, as tokio has it.
const BACKLOG: u32 = 1024;

impl Simulation {
    /// Starts every host on a free port of 127.0.0.1. One new key opens them all.
    ///
    /// # Errors
    /// The machine gives no key or no port.
    #[allow(clippy::unused_async, reason = "sockets are a runtime's, and it is called inside one")]
    pub async fn start(hosts: Vec<Host>) -> io::Result<Self> {
        let key = Arc::new(new_key()?);
        let mut running = Vec::new();
        let mut listeners = JoinSet::new();
        for host in hosts {
            let host_key = new_key()?;
            // A port that nobody listens on is held all the same: no other server may be given it.
            let socket = TcpSocket::new_v4()?;
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            let address = socket.local_addr()?;
            let mut held = None;
            let listener = if matches!(host.behaviour, Behaviour::Down) {
                held = Some(socket);
                None
            } else {
                Some(socket.listen(BACKLOG)?)
            };
            running.push(Running {
                name: host.name.clone(),
                groups: host.groups.clone(),
                address,
                key: host_key.public_key().clone(),
                _held: held,
            });
            if let Some(listener) = listener {
                listeners.spawn(listen(listener, Arc::new(host), config(host_key), Arc::clone(&key)));
            }
        }
        Ok(Self { hosts: running, key, _listeners: listeners })
    }

    /// The key that the hosts let in.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The same, as the text of an OpenSSH key file.
    pub fn key_file(&self) -> String {
        // A new key has a form that can be written.
        self.key.to_openssh(LineEnding::LF).map(|text| text.to_string()).unwrap_or_default()
    }

    /// Where a host listens.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        self.hosts.iter().find(|host| host.name == name).map(|host| host.address)
    }

    /// The host keys, as sshd(8) describes known_hosts.
    pub fn known_hosts(&self) -> String {
        let line = |host: &Running| {
            let key = host.key.to_openssh().unwrap_or_default();
            format!("[{}]:{} {key}\n", host.address.ip(), host.address.port())
        };
        self.hosts.iter().map(line).collect()
    }

    /// The fleet as an inventory file.
    pub fn inventory(&self) -> String {
        let mut text = "[defaults]\nuser = \"audit\"\n".to_owned();
        let mut groups: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
        for host in &self.hosts {
            for group in &host.groups {
                groups.entry(group).or_default().push(&host.name);
            }
        }
        for (group, hosts) in groups {
            text.push_str(&format!("\n[groups.{group:?}]\nhosts = {hosts:?}\n"));
        }
        for host in &self.hosts {
            let (address, port) = (host.address.ip(), host.address.port());
            text.push_str(&format!("\n[hosts.{:?}]\naddress = \"{address}\"\nport = {port}\n", host.name));
        }
        text
    }
}

fn new_key() -> io::Result<PrivateKey> {
    PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).map_err(io::Error::other)
}

fn config(key: PrivateKey) -> Arc<server::Config> {
    Arc::new(server::Config {
        keys: vec![key],
        auth_rejection_time: Duration::ZERO,
        inactivity_timeout: Some(Duration::from_secs(120)),
        nodelay: true,
        ..server::Config::default()
    })
}

/// Serves one host's connections until the simulation is dropped.
async fn listen(listener: TcpListener, host: Arc<Host>, config: Arc<server::Config>, key: Arc<PrivateKey>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stream, Arc::clone(&host), Arc::clone(&config), Arc::clone(&key)));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, host: Arc<Host>, config: Arc<server::Config>, key: Arc<PrivateKey>) {
    if matches!(host.behaviour, Behaviour::Silent) {
        let _ = stream.readable().await;
        return std::future::pending().await;
    }
    let machine = Machine { host, key };
    // A client that leaves early is no concern of the host's.
    if let Ok(session) = server::run_stream(config, stream, machine).await {
        let _ = session.await;
    }
}

/// One connection's end at the host.
struct Machine {
    host: Arc<Host>,
    key: Arc<PrivateKey>,
}

impl Handler for Machine {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, _: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        let known = key.public_key.key_data() == self.key.public_key().key_data();
        let lets_in = known && !matches!(self.host.behaviour, Behaviour::RefusesKey);
        Ok(if lets_in { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        tokio::spawn(serve(channel, Arc::clone(&self.host), session.handle()));
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(channel)
    }
}

/// Reads the request to its end, and answers it.
async fn serve(mut channel: Channel<Msg>, host: Arc<Host>, session: server::Handle) {
    let mut request = Vec::new();
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { data } if request.len() < LONGEST_REQUEST => request.extend_from_slice(&data),
            ChannelMsg::Eof => break,
            _ => {}
        }
    }
    // The auditor may be gone by now, which ends the host's part too.
    let reply = host.behaviour.reply(&host.name, &request);
    let _ = answer(&channel, reply, &session).await;
}

async fn answer(channel: &Channel<Msg>, reply: Reply, session: &server::Handle) -> Result<(), russh::Error> {
    channel.extended_data(1, reply.stderr.as_slice()).await?;
    channel.data(reply.stdout.as_slice()).await?;
    let status = match reply.ending {
        Ending::Exit(status) => status,
        Ending::Flood(bytes) => {
            let block = vec![b'x'; 32 << 10];
            for _ in 0..bytes.div_ceil(block.len() as u64) {
                channel.data(block.as_slice()).await?;
            }
            0
        }
        Ending::Disconnect => {
            session.disconnect(Disconnect::ByApplication, String::new(), String::new()).await?;
            return Ok(());
        }
        Ending::Never => return std::future::pending().await,
    };
    channel.exit_status(status).await?;
    channel.eof().await?;
    channel.close().await
}
