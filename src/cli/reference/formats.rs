//! The formats of files, made from the formats themselves, from the schemas of the reports, and from the examples that
//! show every key.

use std::fmt::Write as _;

use driftless::report::{Format, json, lines_schema, notice};
use serde_json::Value;

/// The page.
pub(super) fn formats() -> String {
    let mut text =
        "# Formats\n\nMade from the program itself. `docs/reports.md` says what each report is good for.\n\n\
        ## Reports\n\n| `-o` | |\n|---|---|\n"
            .to_owned();
    for format in Format::ALL {
        writeln!(text, "| `{format}` | {} |", format.purpose()).unwrap();
    }
    text.push_str("\n## Inventory\n\nAnsible's own inventories are read as they are (`docs/inventories.md`). Ours is TOML; ");
    text.push_str("`inventories/example.toml` has every key:\n\n");
    indented(&mut text, include_str!("../../../inventories/example.toml"));
    text.push_str("\n## Playbook\n\nTOML; `playbooks/example.toml` has every key:\n\n");
    indented(&mut text, include_str!("../../../playbooks/example.toml"));
    text.push_str("\n## The JSON report\n\n`driftless/report/v1`. Fields may be added; none is renamed, removed, or given ");
    text.push_str("another meaning. The schema is `examples/report.schema.json`.\n");
    let known = shapes(&mut text, &json::schema(), &[]);
    text.push_str(
        "\n## Lines\n\n`-o jsonl`; each line has a `type`, and what it is of stands above. The schema is ",
    );
    text.push_str("`examples/report-line.schema.json`.\n");
    shapes(&mut text, &lines_schema(), &known);
    text.push_str(
        "\n## Notice\n\nWhat is posted to a webhook. The schema is `examples/notice.schema.json`.\n",
    );
    shapes(&mut text, &notice::schema(), &known);
    text
}

fn indented(text: &mut String, code: &str) {
    for line in code.lines() {
        text.push_str(format!("    {line}").trim_end());
        text.push('\n');
    }
}

/// A table for each shape of a schema that is not known yet; gives the names of all that are known then.
fn shapes(text: &mut String, schema: &str, known: &[String]) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let mut names = known.to_vec();
    let title = schema["title"].as_str().unwrap_or("Report").to_owned();
    let definitions = schema["$defs"].as_object().into_iter().flatten();
    let own = std::iter::once((&title, &schema));
    for (name, shape) in own.chain(definitions) {
        if names.contains(name) {
            continue;
        }
        names.push(name.clone());
        let Some(fields) = shape["properties"].as_object() else { continue };
        let means = shape["description"].as_str().unwrap_or_default().replace('\n', " ");
        write!(text, "\n### {name}\n\n{means}\n\n| field | | means |\n|---|---|---|\n").unwrap();
        let required: Vec<&str> =
            shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (field, of) in fields {
            let means = of["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|");
            let absent = if required.contains(&field.as_str()) { "" } else { ", may be absent" };
            writeln!(text, "| `{field}` | {}{absent} | {means} |", kind(of, &schema)).unwrap();
        }
    }
    names
}

/// What a field holds, in a word or two.
fn kind(of: &Value, schema: &Value) -> String {
    if let Some(name) = of["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        let shape = &schema["$defs"][name];
        return if shape["properties"].is_object() {
            name.to_owned()
        } else {
            words(shape).unwrap_or_else(|| name.to_owned())
        };
    }
    if let Some(words) = words(of) {
        return words;
    }
    if let Some(choice) = of["anyOf"].as_array() {
        return choice.iter().map(|one| kind(one, schema)).collect::<Vec<_>>().join(" or ");
    }
    let single = |word: &str| match word {
        "array" => format!("list of {}", kind(&of["items"], schema)),
        "object" if of["additionalProperties"].is_object() => {
            format!("map to {}", kind(&of["additionalProperties"], schema))
        }
        word => word.to_owned(),
    };
    match &of["type"] {
        Value::String(word) => single(word),
        Value::Array(words) => {
            words.iter().filter_map(Value::as_str).map(single).collect::<Vec<_>>().join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

/// The words that a field takes, if it is a matter of words.
fn words(of: &Value) -> Option<String> {
    let each = of["oneOf"].as_array().map(|all| all.iter().map(|one| &one["const"]).collect::<Vec<_>>());
    let listed = of["enum"].as_array().map(|all| all.iter().collect());
    let words = each.or(listed).or_else(|| of["const"].is_string().then(|| vec![&of["const"]]))?;
    let words: Option<Vec<String>> = words.iter().map(|word| Some(format!("`{}`", word.as_str()?))).collect();
    Some(words?.join(", "))
}
