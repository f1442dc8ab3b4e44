//! The frames of an answer, out of whatever a host printed.
#![no_main]

use driftless::probe::{Frames, Request, Wanted};
use driftless::snapshot::Reader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let request = Request::new([7; 16], Wanted::default());
    // Chance does not find a nonce: `@` at the beginning of a line stands for it.
    let text = String::from_utf8_lossy(bytes).replace("\n@", &format!("\n@{} ", request.nonce()));
    let frames = Frames::read(text.as_bytes(), request.nonce());
    let _ = (frames.done(), frames.protocol(), frames.is_empty());
    let _ = Reader::default().read(text.as_bytes(), bytes, &request);
});
