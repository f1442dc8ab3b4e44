//! Package databases, what marks them, and what every host has.
#![no_main]

use driftless::probe::Section;
use driftless_fuzz::room;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| room(&[Section::OsRelease, Section::Hostname, Section::Kernel, Section::Boot, Section::Dpkg, Section::AptMarks, Section::Rpm, Section::RpmLocks, Section::Apk, Section::ApkWorld, Section::Pacman, Section::PacmanIgnored, Section::Sudo], bytes));
