//! What a host's solver says of upgrades, and how it is judged and explained.
#![no_main]

use driftless::probe::Section;
use driftless_fuzz::room;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| room(&[Section::Upgrade], bytes));
