//! Words as YAML reads them.

use std::borrow::Cow;

use crate::immutability::manifest::Told;

/// A text that YAML reads as that text: names may be numbers, and paths may hold what ends a value.
pub(super) fn scalar(text: &str) -> Cow<'_, str> {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_./@:-".contains(&byte);
    let begins = |first: char| first.is_ascii_alphabetic() || matches!(first, '/' | '_');
    if is_amount(text) {
        return Cow::Borrowed(text);
    }
    let text_of_option = text.strip_prefix('-').unwrap_or(text);
    let plain = text_of_option.starts_with(begins) && text.bytes().all(fits) && !text.ends_with(':');
    let plain = plain && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain { Cow::Borrowed(text) } else { Cow::Owned(quoted(text)) }
}

/// A text in the quotes of JSON, which are YAML's too.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `256Mi`, which is no number to YAML.
fn is_amount(text: &str) -> bool {
    let digits = ["Ki", "Mi", "Gi"].iter().find_map(|unit| text.strip_suffix(unit));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()))
}

/// A value on one line.
pub(super) fn flow(told: &Told) -> String {
    match told {
        Told::Bare(text) => text.clone(),
        Told::Text(text) => scalar(text).into_owned(),
        Told::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Told::Map(fields) => {
            let words: Vec<_> = fields.iter().map(|(key, told)| format!("{key}: {}", flow(told))).collect();
            format!("{{{}}}", words.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_would_read_as_something_else_is_quoted() {
        for plain in
            ["web", "/var/cache/nginx", "registry.corp/web:1.27@sha256:ab", "copy-etc", "-RPf", "256Mi"]
        {
            assert_eq!(scalar(plain), plain);
        }
        for odd in [
            "1",
            "null",
            "On",
            "/data #x",
            "/a: b",
            "",
            "y",
            "~",
            "a:",
            "0x1",
            "-1",
            "--x",
            "-",
            "1Mii",
            "- a",
            "say \"x\"",
        ] {
            let text = format!("a: {}\n", scalar(odd));
            assert_eq!(text, format!("a: {}\n", serde_json::json!(odd)), "{odd}");
        }
    }
}
