//! A fleet of simulated SSH servers in this process: for the demo, and for scale and faults in tests.
//!
//! The network, the SSH protocol, the host keys and the audit are real; only the machines behind them
//! are not. A simulated host replays the raw output of real tools and frames it for each request as
//! the probe would. It runs no command, reads no file, and listens on loopback alone.

mod behaviour;
mod fleet;
mod recording;
mod server;

pub use behaviour::Behaviour;
pub use fleet::{Recordings, read_fleet};
pub use recording::Recording;
pub use server::{Host, Simulation};
