//! Orders the versions of one package as its packaging system does, and tells how far they are apart.
//!
//!     cargo run --example order_versions -- 1.26.3-3+deb13u1 1.22.1-9+deb12u1 1:1.18.0-6 1.26.3~rc1-1

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use driftless::version::{System, Upstream, distance};

fn main() {
    let mut versions: Vec<String> = std::env::args().skip(1).collect();
    versions.sort_by(|one, other| System::Debian.compare(one, other));
    for (nth, version) in versions.iter().enumerate() {
        // A requirement such as ">=1.24, <1.27" looks at this, and never at the epoch or the revision.
        let upstream = Upstream::parse(System::Debian, version);
        let upstream =
            upstream.map_or_else(|| "no semver".to_owned(), |upstream| upstream.semver().to_string());
        let before = nth.checked_sub(1).and_then(|before| versions.get(before));
        let apart = before
            .and_then(|before| distance((System::Debian, before), (System::Debian, version)))
            .map_or_else(String::new, |distance| format!("a {distance} away from the one before"));
        println!("{version:<24} {upstream:<16} {apart}");
    }
}
