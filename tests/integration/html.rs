//! The HTML report in a real browser: Chromium, which `tests/browser/` drives. What it may never do is noted on every page:
//! say anything on the console, ask for anything but its own file, open a dialog.

use std::process::{Command, Stdio};

use driftless::simulate::Behaviour;
use serde_json::Value;

use crate::fleet::{Fleet, answers};
use crate::harness::{Room, project};

/// Runs a script of `tests/browser/` on files of a room.
#[track_caller]
fn browse(room: &Room, script: &str, arguments: &[&str]) {
    let mut command = Command::new("node");
    command.arg(project().join("tests/browser").join(script)).args(arguments).current_dir(room.path("."));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = command.output().expect("scripts/test installs node");
    let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", told(&output.stdout), told(&output.stderr));
}

/// A room with the demo's reports: the audit, and the forecast of an upgrade.
fn demo() -> Room {
    let room = Room::new();
    for (command, output) in [(&["demo"][..], "html=demo.html"), (&["demo", "ready"], "html=ready.html")] {
        let run = room.run(&[command, &["-q", "-o", output]].concat());
        assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    }
    room
}

/// Replaces words inside every text, the keys of findings included.
fn reword(value: &mut Value, words: &[(&str, &str)]) {
    match value {
        Value::String(text) => {
            for (word, other) in words {
                *text = text.replace(word, other);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| reword(item, words)),
        Value::Object(fields) => fields.values_mut().for_each(|field| reword(field, words)),
        _ => {}
    }
}

const EVIL: &str = "<script>window.pwned = 1</script></script><!-- \"'`&lt; \u{1b}[31m\r\n\u{2028}\u{202e}gnp.exe\u{2066}\u{200b}\0";

#[test]
#[ignore = "needs chromium: scripts/test"]
fn every_page_is_quiet_fits_and_is_open_to_all() {
    let room = demo();
    browse(&room, "quiet.mjs", &["demo.html", "ready.html"]);
    let down = |nth: usize| (format!("web-0{nth}"), Behaviour::Down);
    for fleet in [Fleet::of_equals(1), Fleet::of_equals(6), Fleet::new((1..=4).map(down))] {
        fleet.audit(&["-q", "-o", "html=report.html", "--connect-timeout", "5"]);
        browse(&fleet.room, "quiet.mjs", &["report.html"]);
    }
}

#[test]
#[ignore = "needs chromium: scripts/test"]
fn readers_search_filter_link_and_walk() {
    browse(&demo(), "ways.mjs", &["demo.html", "ready.html"]);
}

#[test]
#[ignore = "needs chromium: scripts/test"]
fn what_hosts_say_stays_text() {
    let room = Room::new();
    let mut report = room.run(&["demo", "-o", "json"]).json();
    let long = format!("{EVIL}{}", "long-name-".repeat(1024));
    let turned = format!("\u{5e9}\u{5dc}\u{5d5}\u{5dd}{EVIL}");
    let words = [("web-10", EVIL), ("web-11", long.as_str()), ("trixie", turned.as_str()), ("nginx", EVIL)];
    reword(&mut report, &words);
    room.write("hostile.json", serde_json::to_vec(&report).unwrap());
    let run = room.run(&["report", "hostile.json", "-q", "-o", "html=hostile.html"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    browse(&room, "hostile.mjs", &["hostile.html", &long.len().to_string()]);
}

#[test]
#[ignore = "needs chromium and pdftotext: scripts/test"]
fn it_can_be_printed() {
    let (room, fleet) = (demo(), Fleet::of_equals(90));
    fleet.audit(&["-q", "-o", "html=long.html"]);
    let long = fleet.room.path("long.html");
    browse(&room, "paper.mjs", &["demo.html", &long.to_string_lossy(), "."]);
}

#[test]
#[ignore = "needs chromium: scripts/test"]
fn what_became_of_findings_is_told() {
    let fleet = Fleet::new((1..=6).map(|nth| {
        (format!("web-0{nth}"), answers(&[if nth == 6 { "nginx=1.26.3-1" } else { "nginx=1.26.3-3" }]))
    }));
    fleet.audit(&["-q"]);
    fleet.audit(&["-q", "-o", "html=report.html"]);
    browse(&fleet.room, "again.mjs", &["report.html"]);
}

#[test]
fn it_is_one_file_that_is_whole_on_standard_output_too() {
    let room = Room::new();
    let run = room.run(&["demo", "-q", "-o", "html"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.starts_with("<!doctype html>\n") && run.stdout.ends_with("</html>\n"));
    assert!(run.stdout.contains("default-src 'none'"));
    // Nothing is there to be loaded: no address of another file, but the icon in itself.
    for place in
        run.stdout.split([' ', '\n']).filter(|word| word.starts_with("src=") || word.starts_with("href="))
    {
        assert!(place.starts_with("href=\"data:image/svg+xml,") || place.starts_with("href=\"#"), "{place}");
    }
}
