//! The types of YAML 1.1, which Ansible still reads: `yes` is true, `0777` octal, `1:30` ninety.
//!
//! The rules are those of <https://yaml.org/type/>, but for what PyYAML does otherwise: an exponent needs
//! its sign, and `y` and `n` are texts.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::{Map, Number, Value, json};

use super::yaml::{Kind, Node};
use crate::diagnostic::{Diagnostic, Source};

impl Node {
    /// The value as `ansible-inventory` prints it: `!vault` and `!unsafe` are kept as such.
    pub(super) fn value(&self, source: &Source) -> Result<Value, Diagnostic> {
        self.convert(source, false)
    }

    fn convert(&self, source: &Source, unsafe_above: bool) -> Result<Value, Diagnostic> {
        let is_unsafe = unsafe_above || self.tag.as_deref() == Some("!unsafe");
        match (&self.kind, self.tag.as_deref()) {
            (Kind::Scalar { text, .. }, Some("!vault" | "!vault-encrypted")) => self.vault(text, source),
            (Kind::Scalar { text, plain }, _) => {
                let value = self.scalar(text, *plain, source)?;
                Ok(if is_unsafe && value.is_string() { json!({ "__ansible_unsafe": value }) } else { value })
            }
            (Kind::Map(pairs), Some("!!set")) => {
                pairs.iter().map(|(key, _)| key.convert(source, is_unsafe)).collect()
            }
            (_, Some(tag)) if !["!unsafe", "!!map", "!!seq"].contains(&tag) => Err(self.strange(tag, source)),
            (Kind::List(items), _) => items.iter().map(|item| item.convert(source, is_unsafe)).collect(),
            (Kind::Map(pairs), _) => {
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| Ok((key.key(source)?, value.convert(source, is_unsafe)?)));
                Ok(Value::Object(pairs.collect::<Result<Map<_, _>, Diagnostic>>()?))
            }
        }
    }

    fn vault(&self, text: &str, source: &Source) -> Result<Value, Diagnostic> {
        if text.trim_start().starts_with("$ANSIBLE_VAULT;") {
            return Ok(json!({ "__ansible_vault": text }));
        }
        let error = source.error(self.span.clone(), "this is no vault value", "");
        Err(error.help("it begins with $ANSIBLE_VAULT; as `ansible-vault encrypt_string` prints it"))
    }

    /// Whether it is a text, not a number or a truth or nothing.
    pub(super) fn is_text(&self) -> bool {
        match &self.kind {
            Kind::Scalar { text, plain } => match self.tag.as_deref() {
                None => !plain || plain_value(text).is_string(),
                Some(tag) => !["!!null", "!!bool", "!!int", "!!float"].contains(&tag),
            },
            Kind::List(_) | Kind::Map(_) => false,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        match &self.kind {
            Kind::Scalar { text, plain } => match self.tag.as_deref() {
                None => *plain && plain_value(text).is_null(),
                Some(tag) => tag == "!!null",
            },
            Kind::List(_) | Kind::Map(_) => false,
        }
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// A key as JSON has it.
    pub(super) fn key(&self, source: &Source) -> Result<String, Diagnostic> {
        let value = match &self.kind {
            Kind::Scalar { text, plain } => self.scalar(text, *plain, source)?,
            Kind::List(_) | Kind::Map(_) => {
                let error = source.error(self.span.clone(), "a key is a text, not a list or a mapping", "");
                return Err(error.help("is a value in {{ braces }} without quotes?"));
            }
        };
        Ok(match value {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }

    fn strange(&self, tag: &str, source: &Source) -> Diagnostic {
        let error = source.error(self.span.clone(), format!("the tag `{tag}` is not known here"), "");
        error.help("inventories have !vault and !unsafe")
    }

    fn scalar(&self, text: &str, plain: bool, source: &Source) -> Result<Value, Diagnostic> {
        let wrong = |what: &str| {
            let error = source.error(self.span.clone(), format!("`{text}` is no {what}"), "");
            error.help("take the tag away, or change the value")
        };
        match self.tag.as_deref() {
            None | Some("!unsafe") if plain => Ok(plain_value(text)),
            None | Some("!unsafe" | "!!str" | "!") => Ok(text.into()),
            Some("!!null") => Ok(Value::Null),
            Some("!!bool") => boolean(text).map(Value::Bool).ok_or_else(|| wrong("boolean")),
            Some("!!int") => integer(text).ok_or_else(|| wrong("whole number")),
            Some("!!float") => {
                float(text).or_else(|| integer(text)).ok_or_else(|| wrong("number")).map(as_float)
            }
            Some("!!timestamp") => Ok(timestamp(text).unwrap_or_else(|| text.to_owned()).into()),
            Some(tag) => Err(self.strange(tag, source)),
        }
    }
}

fn as_float(value: Value) -> Value {
    value.as_f64().map_or(value, Value::from)
}

/// The value of a scalar without quotes and without a tag.
fn plain_value(text: &str) -> Value {
    if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Value::Null;
    }
    let typed = boolean(text).map(Value::Bool).or_else(|| integer(text)).or_else(|| float(text));
    typed.or_else(|| timestamp(text).map(Value::String)).unwrap_or_else(|| text.into())
}

fn boolean(text: &str) -> Option<bool> {
    let (lower, rest) = (text.to_ascii_lowercase(), text.get(1..)?);
    // `Yes`, `YES` and `yes`, but not `yEs`.
    let even = rest.chars().all(char::is_lowercase) || text.chars().all(char::is_uppercase);
    match lower.as_str() {
        "yes" | "true" | "on" if even => Some(true),
        "no" | "false" | "off" if even => Some(false),
        _ => None,
    }
}

static INTEGER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "^([-+]?)(?:0b([01_]+)|0x([0-9a-fA-F_]+)|(0[0-7_]+)|(0|[1-9][0-9_]*)|([1-9][0-9_]*(?::[0-5]?[0-9])+))$",
    )
    .ok()
});

fn integer(text: &str) -> Option<Value> {
    let parts = INTEGER.as_ref()?.captures(text)?;
    let digits = |nth: usize| parts.get(nth).map(|digits| digits.as_str().replace('_', ""));
    if let Some(digits) = digits(6) {
        return number(&parts, sexagesimal(&digits)?, true);
    }
    let (radix, nth) =
        [(2, 2), (16, 3), (8, 4), (10, 5)].into_iter().find(|(_, nth)| parts.get(*nth).is_some())?;
    let sign = if parts.get(1)?.as_str() == "-" { "-" } else { "" };
    whole(&format!("{sign}{}", digits(nth)?), radix)
}

/// A whole number; beyond 64 bits JSON's readers take a float, and so do we.
pub(super) fn whole(digits: &str, radix: u32) -> Option<Value> {
    if let Ok(number) = i64::from_str_radix(digits, radix) {
        return Some(number.into());
    }
    if let Ok(number) = u64::from_str_radix(digits, radix) {
        return Some(number.into());
    }
    let magnitude = digits.trim_start_matches('-');
    let large = magnitude
        .chars()
        .try_fold(0.0, |sum: f64, digit| Some(sum * f64::from(radix) + f64::from(digit.to_digit(radix)?)))?;
    let exact = if radix == 10 { magnitude.parse().ok()? } else { large };
    Number::from_f64(if digits.starts_with('-') { -exact } else { exact }).map(Value::Number)
}

fn number(parts: &Captures<'_>, magnitude: f64, whole: bool) -> Option<Value> {
    let signed = if parts.get(1)?.as_str() == "-" { -magnitude } else { magnitude };
    #[allow(clippy::cast_possible_truncation, reason = "a whole number of base 60 within 64 bits")]
    match whole {
        true => Some(Value::from(signed as i64)),
        false => Number::from_f64(signed).map(Value::Number),
    }
}

/// `190:20:30`: hours, minutes and seconds.
fn sexagesimal(text: &str) -> Option<f64> {
    text.split(':').try_fold(0.0, |sum, part| Some(sum * 60.0 + part.parse::<f64>().ok()?))
}

static FLOAT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^([-+]?)(?:([0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?)|(\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)|([0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*))$",
    )
    .ok()
});

fn float(text: &str) -> Option<Value> {
    let parts = FLOAT.as_ref()?.captures(text)?;
    // To YAML 1.1 as Python reads it, `-.5` is a text.
    if parts.get(3).is_some() && text.starts_with(['-', '+']) {
        return None;
    }
    let digits = |nth: usize| parts.get(nth).map(|digits| digits.as_str().replace('_', ""));
    let magnitude = match digits(4) {
        Some(digits) => sexagesimal(&digits)?,
        None => digits(2).or_else(|| digits(3))?.parse().ok()?,
    };
    number(&parts, magnitude, false)
}

static TIMESTAMP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^([0-9]{4})-([0-9][0-9]?)-([0-9][0-9]?)(?:(?:[Tt]|[ \t]+)([0-9][0-9]?):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9][0-9]?)(?::([0-9]{2}))?))?)?$",
    )
    .ok()
});

/// A moment in ISO 8601, as Python prints it; a bare date has two digits everywhere.
fn timestamp(text: &str) -> Option<String> {
    let parts = TIMESTAMP.as_ref()?.captures(text)?;
    let part = |nth: usize| parts.get(nth).map_or("", |part| part.as_str());
    let bare = part(4).is_empty();
    if bare && (part(2).len() < 2 || part(3).len() < 2) {
        return None;
    }
    let within = |nth: usize, most: u32| part(nth).parse::<u32>().is_ok_and(|number| number <= most);
    let clock = bare || (within(4, 23) && within(5, 59) && within(6, 59));
    if !(within(2, 12) && within(3, 31) && clock) {
        return None;
    }
    let date = format!("{}-{:0>2}-{:0>2}", part(1), part(2), part(3));
    if bare {
        return Some(date);
    }
    let fraction = format!("{:0<6}", part(7).chars().take(6).collect::<String>());
    let fraction = if fraction == "000000" { String::new() } else { format!(".{fraction}") };
    let zone = match (part(8), part(9)) {
        ("", _) => String::new(),
        ("Z", _) => "+00:00".to_owned(),
        (_, sign) => format!("{sign}{:0>2}:{:0>2}", part(10), part(11)),
    };
    Some(format!("{date}T{:0>2}:{}:{}{fraction}{zone}", part(4), part(5), part(6)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_have_the_types_of_yaml_1_1() {
        for (text, value) in [
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("yEs", json!("yEs")),
            ("y", json!("y")),
            ("0777", json!(511)),
            ("08", json!("08")),
            ("0o777", json!("0o777")),
            ("0x1F", json!(31)),
            ("-0b11", json!(-3)),
            ("1_000", json!(1000)),
            ("1:30", json!(90)),
            ("190:20:30.15", json!(685_230.15)),
            ("685.230_15e+03", json!(685_230.15)),
            ("1e3", json!("1e3")),
            ("1.5e3", json!("1.5e3")),
            ("1.0e+3", json!(1000.0)),
            (".5", json!(0.5)),
            ("1.", json!(1.0)),
            ("~", Value::Null),
            ("2020-01-02", json!("2020-01-02")),
            ("2020-1-2 3:04:05", json!("2020-01-02T03:04:05")),
            ("2001-12-14t21:59:43.10-05:00", json!("2001-12-14T21:59:43.100000-05:00")),
            ("99999999999999999999", json!(1e20)),
        ] {
            assert_eq!(plain_value(text), value, "{text}");
        }
    }
}
