//! Values in INI inventories: Python literals, as Ansible documents it; what is none is a text.
//!
//! The grammar is that of `ast.literal_eval` in Python's library reference, less bytes and complex numbers.

use serde_json::{Map, Number, Value};

use super::scalar::whole;

/// More brackets within each other than any literal has.
const DEEPEST: usize = 50;

/// The value that a text stands for.
pub(super) fn value(text: &str) -> Value {
    literal(text).unwrap_or_else(|| text.into())
}

fn literal(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text.trim_start_matches([' ', '\t']), depth: 0 };
    let value = reader.tuple()?;
    reader.blanks();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl Reader<'_> {
    /// Skips blanks and a comment.
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('#') {
            self.rest = "";
        }
    }

    fn eat(&mut self, wanted: &str) -> bool {
        self.blanks();
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// One value, or several with commas and no brackets: a tuple.
    fn tuple(&mut self) -> Option<Value> {
        let first = self.one()?;
        if !self.eat(",") {
            return Some(first);
        }
        let mut items = vec![first];
        loop {
            self.blanks();
            if self.rest.is_empty() || self.rest.starts_with(')') {
                return Some(items.into());
            }
            items.push(self.one()?);
            if !self.eat(",") {
                return Some(items.into());
            }
        }
    }

    fn one(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        self.blanks();
        let value = match self.rest.chars().next()? {
            '[' => self.list(),
            '(' => self.brackets(),
            '{' => self.braces(),
            '+' | '-' => self.signed(),
            '\'' | '"' => self.texts(),
            '0'..='9' | '.' => self.number(),
            _ => self.word(),
        };
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Option<Value> {
        self.eat("[");
        let mut items = Vec::new();
        while !self.eat("]") {
            items.push(self.one()?);
            if !self.eat(",") {
                return self.eat("]").then(|| items.into());
            }
        }
        Some(items.into())
    }

    fn brackets(&mut self) -> Option<Value> {
        self.eat("(");
        if self.eat(")") {
            return Some(Value::Array(Vec::new()));
        }
        let value = self.tuple()?;
        self.eat(")").then_some(value)
    }

    /// A dictionary or a set.
    fn braces(&mut self) -> Option<Value> {
        self.eat("{");
        if self.eat("}") {
            return Some(Value::Object(Map::new()));
        }
        let (mut pairs, mut items) = (Map::new(), Vec::new());
        while !self.eat("}") {
            let item = self.one()?;
            if self.eat(":") {
                let value = self.one()?;
                pairs.insert(key(item)?, value);
            } else if !items.contains(&item) {
                items.push(item);
            }
            if !self.eat(",") {
                if !self.eat("}") {
                    return None;
                }
                break;
            }
        }
        match (pairs.is_empty(), items.is_empty()) {
            (false, true) => Some(pairs.into()),
            (true, false) => Some(items.into()),
            _ => None,
        }
    }

    fn signed(&mut self) -> Option<Value> {
        let minus = self.rest.starts_with('-');
        self.rest = self.rest.get(1..)?;
        self.blanks();
        // Of two signs Python makes no literal.
        let value = if self.rest.starts_with(['+', '-']) { None } else { self.one() }?;
        match value {
            Value::Number(number) if !minus => Some(number.into()),
            Value::Number(number) if number.is_u64() && number.as_i64().is_none() => {
                whole(&format!("-{number}"), 10)
            }
            Value::Number(number) => match number.as_i64() {
                Some(number) => number.checked_neg().map(Value::from),
                None => Number::from_f64(-number.as_f64()?).map(Value::Number),
            },
            _ => None,
        }
    }

    fn word(&mut self) -> Option<Value> {
        let end = self.rest.find(|character: char| !(character.is_alphanumeric() || character == '_'));
        let (word, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
        if rest.starts_with(['\'', '"']) && matches!(word, "r" | "R" | "u" | "U") {
            return self.texts();
        }
        self.rest = rest;
        match word {
            "True" => Some(true.into()),
            "False" => Some(false.into()),
            "None" => Some(Value::Null),
            "set" => (self.eat("(") && self.eat(")")).then(|| Value::Array(Vec::new())),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<Value> {
        let text = number_end(self.rest);
        let (digits, rest) = self.rest.split_at_checked(text)?;
        self.rest = rest;
        let plain = digits.replace('_', "");
        let misplaced = digits.ends_with('_') || digits.contains("__") || digits.contains("_.");
        if misplaced || rest.starts_with(|next: char| next.is_alphanumeric() || next == '_' || next == '.') {
            return None;
        }
        let lower = plain.to_ascii_lowercase();
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
            if let Some(digits) = lower.strip_prefix(prefix) {
                let valid = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
                return valid.then(|| whole(digits, radix)).flatten();
            }
        }
        if lower.contains(['.', 'e']) {
            return Number::from_f64(lower.parse().ok()?).map(Value::Number);
        }
        // Zeros may stand before a zero, but before no other number.
        let zeros = lower.starts_with('0') && lower.chars().any(|digit| digit != '0');
        (!zeros).then(|| whole(&lower, 10)).flatten()
    }

    /// Texts one after the other are one text.
    fn texts(&mut self) -> Option<Value> {
        let mut whole = String::new();
        loop {
            self.blanks();
            let raw = self.rest.starts_with(['r', 'R']);
            let body = self.rest.strip_prefix(['r', 'R', 'u', 'U']).unwrap_or(self.rest);
            if !body.starts_with(['\'', '"']) {
                return Some(whole.into());
            }
            self.rest = body;
            self.text(raw, &mut whole)?;
        }
    }

    fn text(&mut self, raw: bool, whole: &mut String) -> Option<()> {
        let quote = self.rest.get(..1)?;
        let triple = quote.repeat(3);
        let end = if self.rest.starts_with(&triple) { triple.as_str() } else { quote };
        self.rest = self.rest.get(end.len()..)?;
        loop {
            if let Some(rest) = self.rest.strip_prefix(end) {
                self.rest = rest;
                return Some(());
            }
            let next = self.take()?;
            match next {
                '\\' if raw => {
                    whole.push(next);
                    whole.push(self.take()?);
                }
                '\\' => self.escape(whole)?,
                _ => whole.push(next),
            }
        }
    }

    fn take(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next()?;
        self.rest = characters.as_str();
        Some(next)
    }

    fn escape(&mut self, whole: &mut String) -> Option<()> {
        let next = self.take()?;
        let plain = match next {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '\\' | '\'' | '"' => next,
            '0'..='7' => {
                let more = self.rest.chars().take(2).take_while(|digit| digit.is_digit(8)).count();
                let digits: String = std::iter::once(next).chain(self.rest.chars().take(more)).collect();
                self.rest = self.rest.get(more..)?;
                char::from_u32(u32::from_str_radix(&digits, 8).ok()?)?
            }
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            'U' => self.code(8)?,
            _ => {
                whole.push('\\');
                next
            }
        };
        whole.push(plain);
        Some(())
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let (code, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        char::from_u32(u32::from_str_radix(code, 16).ok()?)
    }
}

/// Where a number ends: its digits, a fraction, and an exponent.
fn number_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let based = matches!(bytes.get(1), Some(b'x' | b'X' | b'o' | b'O' | b'b' | b'B'));
    let mut end = 0;
    while let Some(byte) = bytes.get(end) {
        let exponent = !based && end > 0 && matches!(bytes.get(end - 1), Some(b'e' | b'E'));
        match byte {
            b'0'..=b'9' | b'_' | b'.' | b'a'..=b'f' | b'A'..=b'F' | b'x' | b'X' | b'o' | b'O' => end += 1,
            b'+' | b'-' if exponent => end += 1,
            _ => break,
        }
    }
    end
}

/// A key as JSON has it.
fn key(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(_) | Value::Object(_) => None,
        plain => Some(plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn python_literals_are_values_and_all_else_is_text() {
        for (text, expected) in [
            ("12", json!(12)),
            ("-5", json!(-5)),
            ("+5", json!(5)),
            ("007", json!("007")),
            ("00", json!(0)),
            ("1_000", json!(1000)),
            ("1__0", json!("1__0")),
            ("0x10", json!(16)),
            ("0o17", json!(15)),
            ("0x_f", json!(15)),
            ("0xg", json!("0xg")),
            ("1e3", json!(1000.0)),
            (".5", json!(0.5)),
            ("5.", json!(5.0)),
            ("...", json!("...")),
            ("10.0.0.1", json!("10.0.0.1")),
            ("True", json!(true)),
            ("true", json!("true")),
            ("None", Value::Null),
            ("[1, '2', None, (3,), {'a': [True]}]", json!([1, "2", null, [3], {"a": [true]}])),
            ("{1: 2}", json!({"1": 2})),
            ("{1, 2}", json!([1, 2])),
            ("1,2", json!([1, 2])),
            ("(1)", json!(1)),
            ("'a' 'b'", json!("ab")),
            ("'a\\n\\x41'", json!("a\nA")),
            ("r'a\\n'", json!("a\\n")),
            ("'''tri'''", json!("tri")),
            ("'a # b' # c", json!("a # b")),
            ("a # b", json!("a # b")),
            ("1+1", json!("1+1")),
            ("--1", json!("--1")),
            ("- 1", json!(-1)),
            ("[1,2", json!("[1,2")),
            ("{a: 1}", json!("{a: 1}")),
            ("", json!("")),
            ("deadbeef", json!("deadbeef")),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\](){}'\"\\\\a-e0-9_.,:+xu -]{0,24}|\\PC{0,12}") {
            let _ = value(&text);
        }
    }
}
