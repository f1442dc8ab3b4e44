//! HTML: one file that a browser shows without a network. It decides nothing and holds no word of a host outside the
//! data: what hosts sent stands in a JSON block, and the page's script puts it into text nodes alone.

mod payload;
mod upgrades;
mod words;

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize as _;

use self::payload::Payload;
use super::json::v1;
use super::past::ClusterRow;

/// The page: between its marks stands what [`write`] puts there.
const PAGE: &str = include_str!("page.html");

/// The mark around a name in the page.
const MARK: &str = "@@";

const STYLE: &str = concat!(include_str!("page.css"), include_str!("parts.css"), include_str!("print.css"));

/// The script: the files share one scope, which nothing else sees.
const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("text.js"),
    include_str!("dom.js"),
    include_str!("data.js"),
    include_str!("overview.js"),
    include_str!("trend.js"),
    include_str!("grid.js"),
    include_str!("heatmap.js"),
    include_str!("paint.js"),
    include_str!("clusters.js"),
    include_str!("advice.js"),
    include_str!("query.js"),
    include_str!("findings.js"),
    include_str!("hosts.js"),
    include_str!("detail.js"),
    include_str!("main.js"),
    "})();\n"
);

/// Writes the report as one page. The trend is empty where no store is.
///
/// # Errors
/// Whatever the writer fails with.
pub(super) fn write(report: &v1::Report, trend: &[ClusterRow], out: &mut dyn io::Write) -> io::Result<()> {
    for (nth, piece) in PAGE.split(MARK).enumerate() {
        match piece {
            text if nth % 2 == 0 => out.write_all(text.as_bytes())?,
            "policy" => out.write_all(policy().as_bytes())?,
            "style" => out.write_all(STYLE.as_bytes())?,
            "script" => out.write_all(SCRIPT.as_bytes())?,
            "data" => data(&Payload::of(report, trend), out)?,
            other => return Err(io::Error::other(format!("the page has no place called `{other}`"))),
        }
    }
    Ok(())
}

/// What the browser allows the page: its own style and script, known by their hashes, and its icon. Nothing is loaded,
/// nothing is sent.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()));
    format!(
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// The payload as JSON that no reader of HTML takes for anything but text.
fn data(payload: &Payload<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = serde_json::Serializer::with_formatter(out, InHtml);
    payload.serialize(&mut writer).map_err(io::Error::from)
}

/// Compact JSON in which no string has a `<`, or one of the two line separators that JSON allows and scripts did not.
struct InHtml;

impl serde_json::ser::Formatter for InHtml {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((before, found, after)) = next(rest) {
            write!(writer, "{before}\\u{:04x}", u32::from(found))?;
            rest = after;
        }
        writer.write_all(rest.as_bytes())
    }
}

/// The first character that must be escaped, with what stands before and after it.
fn next(text: &str) -> Option<(&str, char, &str)> {
    let at = text.find(['<', '>', '&', '\u{2028}', '\u{2029}'])?;
    let (before, rest) = text.split_at_checked(at)?;
    let found = rest.chars().next()?;
    Some((before, found, rest.get(found.len_utf8()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report in which every text is hostile.
    fn hostile() -> v1::Report {
        let evil = "</script><script>alert(1)</script><!-- \u{2028}\u{2029} ]]> \" \\ \u{202e}";
        let report = serde_json::json!({
            "schema": "driftless/report/v1", "command": "audit",
            "run": { "id": "000000000000", "started": "2026-11-28T10:00:00Z", "finished": "2026-11-28T10:00:01Z", "version": "0" },
            "summary": { "hosts": 1, "audited": 0, "partial": 0, "unreachable": 1,
                "findings": { "critical": 0, "high": 1, "medium": 0, "low": 0, "info": 0 } },
            "hosts": [{ "name": evil, "groups": [evil], "clusters": [evil], "status": "unreachable", "os": null,
                "maintenance": evil, "gaps": [], "error": { "phase": "connect", "message": evil, "hint": evil } }],
            "clusters": [{ "name": evil, "hosts": [evil], "packages": [{ "name": evil, "arch": "", "expected": evil,
                "spread": [{ "version": evil, "state": "installed", "hosts": [evil] }] }] }],
            "findings": [{ "key": evil, "rule": "gap", "severity": "high", "cluster": evil, "host": evil, "subject": evil,
                "expected": null, "observed": evil, "distance": null, "message": evil, "evidence": { evil: evil },
                "location": null, "waived": null }],
        });
        serde_json::from_value(report).unwrap()
    }

    fn page() -> String {
        let mut page = Vec::new();
        write(&hostile(), &[ClusterRow { name: "</script>".to_owned(), runs: Vec::new() }], &mut page)
            .unwrap();
        String::from_utf8(page).unwrap()
    }

    #[test]
    fn what_hosts_say_ends_no_script_and_begins_no_comment() {
        let page = page();
        assert_eq!(page.matches("</script").count(), 2, "of the data and of the script");
        assert_eq!(page.matches("<!--").count(), 0);
        assert!(!page.contains(['\u{2028}', '\u{2029}']));
        let data =
            page.split("type=\"application/json\">").nth(1).unwrap().split("</script>").next().unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        let evil = hostile().hosts.remove(0).name;
        assert!(data["strings"].as_array().unwrap().iter().any(|text| *text == evil.as_str()), "{data:#}");
    }

    #[test]
    fn the_policy_names_what_stands_in_the_page() {
        let page = page();
        assert!(page.contains(&policy()), "{}", policy());
        for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
            let text = page.split(open).nth(1).unwrap().split(close).next().unwrap();
            let hash = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()));
            assert!(policy().contains(&hash), "what stands in {open} has another hash");
        }
    }

    #[test]
    fn the_page_holds_nothing_that_could_be_loaded_or_run_from_text() {
        for word in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]
        {
            assert!(!SCRIPT.contains(word), "the script has {word}");
        }
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
        assert!(!PAGE.contains(" style=") && !PAGE.contains("http://www.w3.org/1999/xhtml"));
    }

    #[test]
    fn its_files_stay_readable() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/html");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 500, "{} has outgrown 500 lines", path.display());
        }
    }
}
