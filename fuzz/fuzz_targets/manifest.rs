//! Kubernetes manifests: read and judged, and put right so that a second time changes nothing.
#![no_main]

use std::sync::Arc;

use driftless::diagnostic::Source;
use driftless::immutability::{Images, Kubernetes, fix, read};
use driftless::rules::judge;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(source) = Source::from_bytes("a.yaml", bytes.to_vec()) else { return };
    let (images, file) = (Images::default(), Arc::from("a.yaml"));
    let today = "2026-11-23".parse().unwrap();
    read(&source, &images, |object| {
        for finding in judge(&object, &file, Kubernetes::NEWEST, today) {
            assert!(!finding.message().is_empty() && finding.location.is_some());
        }
    });
    let once = fix(source.as_str(), &images);
    assert_eq!(fix(&once.text, &images).text, once.text);
});
