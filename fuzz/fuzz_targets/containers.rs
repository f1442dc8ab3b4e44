//! What docker, podman and crictl say.
#![no_main]

use driftless::probe::Section;
use driftless_fuzz::room;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| room(&[Section::Docker, Section::Podman, Section::Cri], bytes));
