//! `driftless` audits fleets of mutable servers over SSH, read-only and without an agent.
//!
//! The library is a straight pipe; data enters on the left and never turns back:
//!
//! ```text
//! inventory -> ssh -> collect -> snapshot -> drift (readiness, rules) -> advice -> report
//!                                      manifests -> immutability -> rules -> report
//! ```
//!
//! Everything from [`snapshot`] on is pure and synchronous: no clock, no socket. The moment of the
//! run is a value that the caller passes in. `ARCHITECTURE.md` has the whole plan.

pub mod advice;
pub mod collect;
pub mod diagnostic;
pub mod drift;
pub mod history;
pub mod hostlist;
pub mod immutability;
pub mod init;
pub mod inventory;
pub mod live;
pub mod playbook;
pub mod probe;
pub mod readiness;
pub mod replacement;
pub mod report;
pub mod rules;
pub mod severity;
pub mod simulate;
pub mod snapshot;
pub mod ssh;
pub mod ssh_config;
pub mod store;
pub mod version;
