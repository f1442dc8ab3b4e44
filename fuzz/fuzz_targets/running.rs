//! Services, daemons, kernels and boots.
#![no_main]

use driftless::probe::Section;
use driftless_fuzz::room;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| room(&[Section::Services, Section::Processes, Section::Kernels, Section::Reboot], bytes));
