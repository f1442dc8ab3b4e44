//! Words of a command line: as systemd splits them, and as shells and YAML write them.

/// The words of a line of a unit, systemd.service(5): quotes hold blanks together, a backslash takes the next as it
/// is; `None` where a quote is not closed.
pub(super) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (_, '\\') => word.get_or_insert_default().push(characters.next()?),
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// A text as YAML and JSON, Containerfiles and systemd's units read it back, whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text as the value of an instruction of a Containerfile reads it back: there a dollar begins a variable.
pub(super) fn literal(text: &str) -> String {
    quoted(text).replace('$', "\\$")
}

/// A text as HCL reads it back: there a dollar or a percent sign before a brace begins a template.
pub(super) fn hcl(text: &str) -> String {
    quoted(text).replace("${", "$${").replace("%{", "%%{")
}

/// What is left of a text in lower-case letters, digits and dashes, as RFC 1123 has labels: its end, where it is too
/// long for the parts that are added to it.
pub(super) fn label(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let parts = lower.split(|character: char| !character.is_ascii_alphanumeric());
    let label = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let label = label.get(label.len().saturating_sub(LONGEST)..).unwrap_or(&label).trim_matches('-');
    if label.is_empty() { "service".to_owned() } else { label.to_owned() }
}

/// The longest label; Kubernetes takes 63 characters, of which some are added.
const LONGEST: usize = 50;

/// A text as a shell reads it back.
pub(super) fn shell(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_units_are_split_as_systemd_splits_them() {
        let split = |line: &str| words(line).unwrap().join("|");
        assert_eq!(
            split("/usr/sbin/nginx -g 'daemon on; master_process on;'"),
            "/usr/sbin/nginx|-g|daemon on; master_process on;"
        );
        assert_eq!(split(r#"a "b c"d e\ f "" g"#), "a|b cd|e f||g");
        assert_eq!(words("a 'b"), None);
    }

    #[test]
    fn labels_have_no_other_characters() {
        for (text, told) in [
            ("web-nginx", "web-nginx"),
            ("/var/lib/a.b", "var-lib-a-b"),
            ("É_", "service"),
            ("--", "service"),
        ] {
            assert_eq!(label(text), told);
        }
        let long = label(&"/abc".repeat(40));
        assert!(long.len() <= LONGEST && !long.starts_with('-'), "{long}");
    }

    #[test]
    fn shells_read_back_what_is_written() {
        for text in ["plain", "a b", "it's", "$(x)", ""] {
            let output =
                std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", shell(text))).output();
            assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), text);
        }
    }
}
