//! The commands as a user runs them: arguments in, output, messages and exit status out.
//!
//! One binary for all of them; `harness` runs the program with an empty environment, `fleet` gives it
//! simulated hosts, `lab` real ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that meets the unexpected must fail"
)]

mod ansible;
mod configuration;
mod containers;
mod cri;
mod ctrl_c;
mod demo;
mod entrance;
mod faults;
mod fleet;
mod gentle;
mod harness;
mod immutable;
mod init;
mod input;
mod inventories;
mod keys;
mod lab;
mod lab_configuration;
mod lab_ordinary;
mod lab_origins;
mod lab_running;
mod lab_systems;
mod leaks;
mod least;
mod origins;
mod outputs;
mod playbooks;
mod ssh_config;
mod sshd;
mod systems;
