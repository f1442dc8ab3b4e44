//! JSON: the report for programs. Each version of it is frozen in its own module.

mod evidence;
mod listing;
pub(super) mod make;
pub mod upgrades;
pub mod v1;

pub(super) use listing::render as listing;

use std::io;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

/// Writes the report as pretty JSON.
pub(super) fn write(report: &v1::Report, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}

/// Every shape of report that a command writes.
#[derive(schemars::JsonSchema)]
#[schemars(untagged, title = "Report")]
#[allow(dead_code, reason = "only its schema is of interest")]
enum Any {
    /// On hosts.
    Hosts(Box<v1::Report>),
    /// On manifests.
    Manifests(Box<super::manifests::JsonReport<'static>>),
}

/// The schema of the newest version, JSON Schema 2020-12.
pub fn schema() -> String {
    published::<Any>()
}

/// The schema of what is written of a type, JSON Schema 2020-12.
pub(in crate::report) fn published<T: JsonSchema>() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Holds a published schema, of `examples/`, to its types.
#[cfg(test)]
pub(in crate::report) fn hold(name: &str, schema: &str) {
    let published = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    if std::fs::read_to_string(published).unwrap_or_default() != schema {
        let fresh = std::env::temp_dir().join(name);
        std::fs::write(&fresh, schema).unwrap();
        panic!("examples/{name} is not what the types say; the right one is in {}", fresh.display());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_published_schema_is_the_one_of_the_types() {
        super::hold("report.schema.json", &super::schema());
    }
}
