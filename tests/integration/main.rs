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

mod agreement;
mod ansible;
mod archive;
mod choice;
mod configuration;
mod containers;
mod cri;
mod ctrl_c;
mod demo;
mod documents;
mod entrance;
mod examples;
mod faults;
mod fleet;
mod formats;
mod gentle;
mod harness;
mod history;
mod html;
mod immutable;
mod immutable_fix;
mod init;
mod input;
mod inventories;
mod keys;
mod lab;
mod lab_causes;
mod lab_configuration;
mod lab_ordinary;
mod lab_origins;
mod lab_running;
mod lab_systems;
mod leaks;
mod least;
mod live;
mod live_podman;
mod notify;
mod origins;
mod outputs;
mod package;
mod pages;
mod playbooks;
mod probe_unseen;
mod probe_upgrade;
mod proof;
mod ready;
mod replace;
mod replaced;
mod replaced_lacking;
mod replacement;
mod settings;
mod ssh_config;
mod sshd;
mod systems;
mod terminal;
mod truth;
mod truth_apk;
mod truth_hosts;
mod truth_pacman;
mod truth_quiet;
mod truth_random;
mod truth_rpm;
mod truth_states;
mod truth_systems;
mod truth_unseen;
mod watching;
mod yard;
