//! Every section's parser: the first bytes choose the section, the system and how it ended; the rest is what it says.
#![no_main]

use driftless::probe::Section;
use driftless_fuzz::{check, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let [section, system, status, payload @ ..] = bytes else { return };
    let section = Section::ALL[usize::from(*section) % Section::ALL.len()];
    let status = [0, 0, 0, 1, 126, 127][usize::from(*status) % 6];
    if let Some(snapshot) = read(section, usize::from(*system), status, payload) {
        check(&snapshot);
    }
});
