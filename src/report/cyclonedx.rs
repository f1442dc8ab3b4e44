//! Bills of materials: what is installed on each host, for scanners and registers. CycloneDX 1.6.
//!
//! <https://cyclonedx.org/docs/1.6/json/>

use std::collections::BTreeSet;

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::Audit;
use crate::drift::Comparison;
use crate::snapshot::{Os, Package, Packages, Snapshot, State, Strings, printable};
use crate::version::{Purl, System};

/// The longest name of a file that every file system takes.
const LONGEST: usize = 255;

/// What a file of ours ends with, as scanners look for.
const SUFFIX: &str = ".cdx.json";

/// A bill of materials.
#[derive(Debug)]
pub struct Bill {
    /// What its file is called.
    pub file: String,
    /// The document, ending with a line break.
    pub text: String,
}

/// The bill of each host whose packages are known, in inventory order, made one at a time; of the others, their names.
pub fn bills<'a>(audit: &'a Audit<'_>) -> impl Iterator<Item = Result<Bill, &'a str>> + use<'a> {
    (0..audit.comparison.fleet.hosts.len()).map(|position| {
        let name = audit.comparison.name(position);
        let snapshot = audit.comparison.observation(position).and_then(|seen| seen.snapshot.as_ref());
        let known = snapshot.and_then(|snapshot| Some((snapshot, snapshot.packages.as_ref()?)));
        let (snapshot, packages) = known.ok_or(name)?;
        let document = bill(audit, position, snapshot, packages);
        // Maps with text keys always serialise.
        let text = serde_json::to_string_pretty(&document).unwrap_or_default() + "\n";
        Ok(Bill { file: file(name), text })
    })
}

fn bill(audit: &Audit<'_>, position: usize, snapshot: &Snapshot, packages: &Packages) -> Value {
    let Comparison { fleet, .. } = audit.comparison;
    let name = audit.comparison.name(position);
    let at = audit.seen.get(position).copied().flatten().unwrap_or(audit.run.finished);
    let mut known = BTreeSet::new();
    let each = packages.list.iter().filter_map(|package| {
        let purl = purl(package, packages.system, snapshot.os.as_ref(), &fleet.strings);
        // The same thing twice is one component.
        known.insert(purl.clone()).then(|| component(package, &purl, &fleet.strings))
    });
    let system = snapshot.os.iter().map(|os| {
        json!({ "type": "operating-system", "bom-ref": "os", "name": os.id, "version": os.version,
            "description": printable(&os.name) })
    });
    let components: Vec<Value> = system.chain(each).collect();
    // Beside packages a host has files that nobody packaged: of these nothing is known.
    let aggregate = if packages.complete { "incomplete_first_party_only" } else { "incomplete" };
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial(&audit.run.id, name),
        "version": 1,
        "metadata": {
            "timestamp": at.strftime("%FT%TZ").to_string(),
            "tools": { "components": [{
                "type": "application", "name": "driftless", "version": env!("CARGO_PKG_VERSION"),
            }] },
            "component": { "type": "device", "bom-ref": "host", "name": printable(name) },
        },
        "components": components,
        "compositions": [{ "aggregate": aggregate, "assemblies": ["host"] }],
    })
}

fn purl(package: &Package, system: System, os: Option<&Os>, strings: &Strings) -> String {
    let purl = Purl {
        system,
        distribution: os.map(|os| os.id.clone()).unwrap_or_default(),
        release: os.map(|os| os.version.clone()).unwrap_or_default(),
        name: strings.text(package.name).to_owned(),
        version: Some(strings.text(package.version).to_owned()),
        arch: Some(arch(system, strings.text(package.arch)).to_owned()).filter(|arch| !arch.is_empty()),
    };
    purl.to_string()
}

fn component(package: &Package, purl: &str, strings: &Strings) -> Value {
    let (name, version) = (strings.text(package.name), strings.text(package.version));
    let mut properties = Vec::new();
    if package.state != State::Installed {
        properties.push(json!({ "name": "driftless:state", "value": package.state.as_str() }));
    }
    if package.held {
        properties.push(json!({ "name": "driftless:held", "value": "true" }));
    }
    let mut component =
        json!({ "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl });
    if let (Some(object), false) = (component.as_object_mut(), properties.is_empty()) {
        object.insert("properties".to_owned(), properties.into());
    }
    component
}

/// What a system itself calls an architecture.
fn arch(system: System, arch: &str) -> &str {
    match (system, arch) {
        (System::Rpm | System::Apk, "all") => "noarch",
        (System::Pacman, "all") => "any",
        _ => arch,
    }
}

/// A serial number that the same host has in the same run, and no other: a UUID of version 8.
fn serial(run: &str, host: &str) -> String {
    let hash = digest(&SHA256, format!("driftless\0{run}\0{host}").as_bytes());
    let mut bytes: Vec<u8> = hash.as_ref().iter().take(16).copied().collect();
    for (nth, mask, mark) in [(6, 0x0f, 0x80), (8, 0x3f, 0x80)] {
        if let Some(byte) = bytes.get_mut(nth) {
            *byte = (*byte & mask) | mark;
        }
    }
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut parts = Vec::new();
    let mut rest = digits.as_str();
    for length in [8, 4, 4, 4, 12] {
        let (part, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        parts.push(part);
        rest = tail;
    }
    format!("urn:uuid:{}", parts.join("-"))
}

/// A host's name as that of a file: two hosts never have one, and none leaves the folder.
fn file(host: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let mut name = String::with_capacity(host.len());
    for (nth, byte) in host.bytes().enumerate() {
        match byte {
            // No hidden file, and not the folder above.
            b'.' if nth == 0 => name.push_str("%2E"),
            _ if plain(byte) => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    if name.len() + SUFFIX.len() > LONGEST {
        let hash = digest(&SHA256, host.as_bytes());
        let digits: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        name =
            name.chars().take(LONGEST - SUFFIX.len() - digits.len() - 1).collect::<String>() + "%" + &digits;
    }
    name + SUFFIX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_in_their_folder_and_apart() {
        assert_eq!(file("web-01.example.net"), "web-01.example.net.cdx.json");
        assert_eq!(file("../etc"), "%2E.%2Fetc.cdx.json");
        assert_eq!(file("a%2F"), "a%252F.cdx.json");
        let (one, other) = (file(&"x".repeat(10_000)), file(&"x".repeat(10_001)));
        assert!(one.len() <= LONGEST && one != other, "{one}");
    }

    #[test]
    fn a_serial_number_is_a_uuid() {
        let one = serial("a", "web-01");
        assert_eq!((one.len(), one.get(23..24)), (45, Some("8")));
        assert_ne!(one, serial("a", "web-02"));
        assert_eq!(one, serial("a", "web-01"));
    }
}
