//! Where packages come from, and what is on offer.
#![no_main]

use driftless::probe::Section;
use driftless_fuzz::room;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| room(&[Section::Sources, Section::Candidates], bytes));
