//! Files, configuration files of packages, kernel parameters.
#![no_main]

use driftless::probe::Section;
use driftless_fuzz::room;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| room(&[Section::Files, Section::Conffiles, Section::Sysctl], bytes));
