//! Takes secrets out of configuration, whatever its format: what stands behind a word that sounds like a secret, and what
//! looks like one by itself. To hide too much is cheap; to copy one secret is not.

mod headers;
mod patterns;
mod sound;
#[cfg(test)]
mod tests;

use std::ops::Range;

use patterns::{
    ARMOUR, BETWEEN, BETWIXT, ELEMENT, HASH, LONG, MARKED, NAMED, NEXT, RULE, VALUE, WORD, pattern,
};
use sound::{Sound, is_open, is_path, is_random, sound};

/// What a line has in place of a comment that may hold a secret.
const LEFT_OUT: &str = " left out: it may be a secret";

/// What is before a number in the name that stands for a secret.
pub(super) const STAND_IN: &str = "DRIFTLESS_SECRET_";

/// A text whose secrets are names, and these names with the lines that they stand in, from 1. `bare` says that the file
/// holds nothing but secrets, as a list of passwords does.
pub(super) fn without_secrets(text: &str, file: usize, bare: bool) -> (String, Vec<(String, usize)>) {
    let mut scan = Scan { text, found: Vec::new(), public: Vec::new() };
    scan.armoured();
    scan.marked();
    for range in headers::secrets(text) {
        scan.hide(range);
    }
    scan.markup();
    if bare || is_bare(text) {
        scan.bare();
    } else {
        scan.lines();
    }
    let Scan { mut found, .. } = scan;
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut secrets = Vec::new();
    let mut clean = String::with_capacity(text.len());
    let (mut at, mut lines, mut counted) = (0, 1, 0);
    for range in whole(found) {
        if range.end <= at {
            continue;
        }
        lines += text.get(counted..range.start).map_or(0, |passed| passed.matches('\n').count());
        counted = range.start.max(counted);
        let before = text.get(at..range.start).unwrap_or_default();
        clean.push_str(before);
        let start = text.get(..range.start).map_or(0, |head| head.rfind('\n').map_or(0, |end| end + 1));
        let line = text.get(start..).unwrap_or_default();
        let own = start.max(at);
        at = range.end;
        if let Some(leader) = comment(line) {
            // What is commented out is no setting, and may be a secret of yesterday.
            let length = text.get(own..range.start).map_or(0, str::len);
            clean.truncate(clean.len().saturating_sub(length));
            let indent = line.len() - line.trim_start_matches(BLANK).len();
            clean.push_str(line.get(..indent).unwrap_or_default());
            clean.push_str(leader);
            clean.push_str(LEFT_OUT);
            let rest = text.get(range.end..).unwrap_or_default();
            at += rest.find('\n').map_or(rest.len(), |end| end - usize::from(ends_in_return(rest, end)));
        } else {
            let name = format!("{STAND_IN}{}_{}", file + 1, secrets.len() + 1);
            clean.push_str(&name);
            secrets.push((name, lines));
        }
    }
    clean.push_str(text.get(at..).unwrap_or_default());
    (clean, secrets)
}

/// Whether a word sounds like a secret.
pub(super) fn is_secret(word: &str) -> bool {
    matches!(sound(word), Some(Sound::Secret | Sound::Assigned))
}

/// Ranges that do not meet, from the sorted ones of all that was found; a comment is one.
fn whole(found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut whole: Vec<Range<usize>> = Vec::new();
    for range in found {
        match whole.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => whole.push(range),
        }
    }
    whole
}

const BLANK: [char; 3] = [' ', '\t', '\u{feff}'];

fn ends_in_return(text: &str, end: usize) -> bool {
    text.get(..end).is_some_and(|line| line.ends_with('\r'))
}

/// What makes a line a comment.
fn comment(line: &str) -> Option<&'static str> {
    let line = line.trim_start_matches(BLANK);
    ["#", ";", "//"].into_iter().find(|leader| line.starts_with(leader))
}

/// Whether a file has nothing but single words, or words behind a name and a colon: passwords, or hashes of them.
fn is_bare(text: &str) -> bool {
    let mut lines = text
        .lines()
        .map(|line| line.trim_matches(BLANK))
        .filter(|line| !line.is_empty() && comment(line).is_none());
    let single = |line: &str| {
        !line.contains(char::is_whitespace)
            && !line.contains(['=', '<', '{', '[', '(', '"'])
            && !line.ends_with([';', ':', ','])
            && !line.starts_with(['-', '/', '}', ']'])
            || pattern(&HASH).is_some_and(|hash| hash.is_match(line))
    };
    !text.contains("BEGIN") && lines.clone().next().is_some() && lines.all(single)
}

struct Scan<'t> {
    text: &'t str,
    found: Vec<Range<usize>>,
    public: Vec<Range<usize>>,
}

impl<'t> Scan<'t> {
    fn get(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or_default()
    }

    /// Adds what is not blank of a range.
    fn hide(&mut self, range: Range<usize>) {
        let text = self.get(range.clone());
        let start = range.start + (text.len() - text.trim_start().len());
        let end = range.end - (text.len() - text.trim_end().len());
        if start < end {
            self.found.push(start..end);
        }
    }

    /// Private keys, in whole; what is public is remembered, for it is random too.
    fn armoured(&mut self) {
        let Some(armour) = pattern(&ARMOUR) else { return };
        for block in armour.captures_iter(self.text) {
            let Some(all) = block.get(0) else { continue };
            let part = |nth: usize| block.get(nth).map_or("", |part| part.as_str());
            let kind = part(1);
            let open = ["CERTIFICATE", "PUBLIC KEY", "PARAMETERS", "CRL", "SIGNATURE"];
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=\\ \t\r\n".contains(&byte);
            if open.iter().any(|open| kind.contains(open)) && !kind.contains("PRIVATE") {
                if part(2).bytes().all(plain) {
                    self.public.push(all.range());
                }
            } else {
                self.hide(all.range());
            }
        }
    }

    /// What looks like a secret by itself.
    fn marked(&mut self) {
        for pattern in MARKED.iter().chain([&HASH]).filter_map(|lazy| lazy.as_ref()) {
            for found in pattern.captures_iter(self.text) {
                let Some(secret) = found.get(1) else { continue };
                if !is_open(secret.as_str()) {
                    self.hide(secret.range());
                }
            }
        }
        let Some(long) = pattern(&LONG) else { return };
        for word in long.find_iter(self.text) {
            let public = self.public.iter().any(|range| range.contains(&word.start()));
            if !public && is_random(word.as_str()) {
                self.hide(word.range());
            }
        }
    }

    /// What stands within an element of XML whose name sounds like a secret.
    fn markup(&mut self) {
        let (Some(element), Some(between)) = (pattern(&ELEMENT), pattern(&BETWEEN)) else { return };
        let mut until = 0;
        for begun in element.captures_iter(self.text) {
            let (Some(tag), Some(name)) = (begun.get(0), begun.get(1)) else { continue };
            if tag.start() < until || !is_secret(name.as_str()) {
                continue;
            }
            let rest = self.text.get(tag.end()..).unwrap_or_default();
            let Some(length) = rest.find(&format!("</{}", name.as_str())) else { continue };
            // The brackets around it belong to it here.
            let within = tag.end() - 1..tag.end() + length + 1;
            until = within.end;
            for found in between.captures_iter(self.get(within.clone())) {
                if let Some(secret) = found.get(1).or_else(|| found.get(2))
                    && !is_open(secret.as_str().trim())
                {
                    self.hide(within.start + secret.start()..within.start + secret.end());
                }
            }
        }
    }

    /// Every line of a file that holds nothing but secrets: a name before a colon may be half of a password.
    fn bare(&mut self) {
        for range in ranges(self.text) {
            self.hide(range);
        }
    }

    /// Line by line, and what belongs to a word on lines before.
    fn lines(&mut self) {
        let mut block: Option<Block> = None;
        let mut section = false;
        let mut until = 0;
        for range in ranges(self.text) {
            let line = self.get(range.clone());
            let trimmed = line.trim_matches(BLANK);
            if trimmed.is_empty() || range.end <= until {
                continue;
            }
            if trimmed.starts_with('[') && trimmed.ends_with(']') {
                section = sound(trimmed.trim_matches(['[', ']'])).is_some_and(|sound| sound == Sound::Secret);
            }
            let indent = line.len() - line.trim_start_matches(BLANK).len();
            let note = comment(line);
            if let Some(within) = block {
                if within.ends(indent, trimmed) {
                    block = None;
                } else if note.is_none() {
                    self.member(&range, line);
                    continue;
                }
            }
            if section && note.is_none() && !trimmed.starts_with('[') {
                self.member(&range, line);
            }
            let opened = self.line(&range, line, note, &mut until);
            if note.is_none() {
                block = block.or(opened);
            }
        }
    }

    /// A line within what sounds like a secret: its value, or the whole of it.
    fn member(&mut self, range: &Range<usize>, line: &str) {
        let named = pattern(&NAMED).and_then(|named| named.find(line)).map(|named| named.end());
        let dash = || line.len() - line.trim_start_matches([' ', '\t', '-', '"', '\'']).len();
        let begin = named.unwrap_or_else(dash);
        let value = line.get(begin..).unwrap_or_default().trim_end();
        let value = value.trim_end_matches([',', ';', '{', '[', '(', '}', ']', ')']).trim_end();
        let opens_more = value.ends_with(':') && !value.contains(char::is_whitespace);
        if !is_open(value.trim_matches(['"', '\''])) && !opens_more {
            self.hide(range.start + begin..range.start + begin + value.len());
        }
    }

    /// The values on a line; gives what it opens, and moves `until` to the end of what it hid.
    fn line(
        &mut self,
        range: &Range<usize>,
        line: &str,
        note: Option<&str>,
        until: &mut usize,
    ) -> Option<Block> {
        let words = pattern(&WORD)?;
        let begin = line.len() - line.trim_start_matches(BLANK).len() + note.map_or(0, str::len);
        if line.get(begin..).is_some_and(|text| text.trim_start().starts_with("user "))
            && let Some(rule) = pattern(&RULE)
        {
            for secret in rule.captures_iter(line).filter_map(|found| found.get(1)) {
                self.hide(range.start + secret.start()..range.start + secret.end());
            }
        }
        let mut opened = None;
        for word in words.find_iter(line) {
            if range.start + word.start() < *until {
                continue;
            }
            let Some(sound) = sound(word.as_str()) else { continue };
            let head = line.get(..word.start()).unwrap_or_default();
            let tail = line.get(word.end()..).unwrap_or_default();
            // A name in one attribute, and the value in the next, which may be on the next line.
            let far = self.text.get(range.start + word.end()..).unwrap_or_default();
            let value = pattern(&VALUE).and_then(|value| value.find(far));
            let betwixt = value.or_else(|| pattern(&BETWIXT).and_then(|betwixt| betwixt.find(tail)));
            let first = head
                .get(begin..)
                .is_some_and(|head| head.trim_matches(['-', '"', '\'', ' ', '\t']).is_empty());
            let assigned = betwixt.is_some_and(|sign| sign.as_str().contains(['=', ':', '>', '(', ',', '~']));
            let used = head.ends_with(['$', '/', '<', '{'])
                && !head.trim_end_matches(['$', '{']).trim_end().ends_with("set");
            // Within prose only what is assigned, or begins the line, is a setting.
            let counts = value.is_some()
                || assigned && !head.ends_with('<') && !head.ends_with("</")
                || !used
                    && (first && !word.as_str().eq_ignore_ascii_case("auth")
                        || note.is_none() && sound == Sound::Secret);
            let nothing = betwixt.is_none_or(|sign| sign.end() >= tail.len());
            let opens = nothing && (assigned || first) || tail.trim_end().ends_with(['{', '[']);
            if opens
                && note.is_none()
                && sound != Sound::About
                && (first || assigned || head.starts_with("map "))
            {
                let indent = line.len() - line.trim_start_matches(BLANK).len();
                opened = Some(Block { indent, braced: tail.trim_end().ends_with(['{', '[', '(']) });
            }
            let Some(sign) = betwixt.filter(|_| counts) else { continue };
            let start = range.start + word.end() + sign.end();
            let below = sign.end() > tail.len();
            let line_end = if below { self.line_end(start) } else { range.end };
            let end = self.end(start, line_end, first || below, (head, sign.as_str()));
            let value = self.get(start..end).trim();
            let bare = value.trim_matches(['"', '\'', '`', '\\']);
            // `ssl_certificate_key /path; root /other;`
            if value.split_once(';').is_some_and(|(path, _)| is_path(path.trim())) {
                continue;
            }
            let simple = !bare.is_empty()
                && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte));
            // `key="password"` is the name of what follows.
            if word.as_str().eq_ignore_ascii_case("key") && is_secret(bare) {
                continue;
            }
            let block = matches!(bare, "|" | ">" | "|-" | ">-" | "|+" | ">+" | "{" | "[" | "(");
            if block {
                let indent = line.len() - line.trim_start_matches(BLANK).len();
                opened = Some(Block { indent, braced: !bare.starts_with(['|', '>']) });
            } else if !(is_open(bare) || sound == Sound::About && simple) {
                self.hide(start..end);
                *until = (*until).max(end);
            }
        }
        opened
    }

    /// Where the line ends that a place is in.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        at + rest.split('\n').next().unwrap_or_default().trim_end_matches('\r').len()
    }

    /// Where a value ends: with its quotes, with those that it stands in, with its line, or before what follows it.
    fn end(&self, start: usize, line: usize, first: bool, (head, sign): (&str, &str)) -> usize {
        let rest = self.get(start..line);
        for quote in ["\\\"", "\"", "'", "`"] {
            if let Some(inner) = rest.strip_prefix(quote) {
                let from = start + (rest.len() - inner.len());
                // A value may go on for lines, and not for the rest of a long file.
                let far = self.text.get(from..).unwrap_or_default();
                return match closed(far, quote) {
                    Some(end) => {
                        let end = from + end + quote.len();
                        // What touches a closing quote belongs to the word that it closes.
                        let more = self.text.get(end..).unwrap_or_default();
                        let apart = |character: char| {
                            character.is_whitespace() || ",;:)]}>/&?\\\"'".contains(character)
                        };
                        let doubled = quote == "'" && more.starts_with('\'');
                        if doubled { line.max(end) } else { end + more.find(apart).unwrap_or(more.len()) }
                    }
                    None => line,
                };
            }
        }
        // A list, or a mapping: all of it.
        for (open, close) in [('[', ']'), ('{', '}')] {
            if rest.starts_with(open) && rest.trim_end().len() > 1 {
                return rest.rfind(close).map_or(line, |end| start + end + 1);
            }
        }
        let mut value = rest;
        let quotes = |quote: char| (head.matches(quote).count() + sign.matches(quote).count()) % 2 == 1;
        if head.ends_with(['?', '&']) {
            value = value.split(['&', '#', '"', '\'', ' ', '\t', '<', '>', ';']).next().unwrap_or_default();
        }
        for quote in ['"', '\''] {
            if quotes(quote) {
                value = value.split(quote).next().unwrap_or_default();
            }
        }
        if sign.trim_end().ends_with('>') && !sign.contains('=') {
            value = value.split('<').next().unwrap_or_default();
        }
        if let (false, Some(next)) = (first, pattern(&NEXT).and_then(|next| next.find(value))) {
            value = value.get(..next.start()).unwrap_or_default();
        }
        let mut value = value.trim_end().trim_end_matches([';', ',']).trim_end();
        if !first {
            value = value.trim_end_matches(['{', '}', ']', ')']).trim_end();
        }
        if value.is_empty() && !rest.trim_end().is_empty() && rest.trim_end().len() <= 2 {
            return start + rest.trim_end().len();
        }
        // A backslash at the end of a line goes on with the next.
        let mut end = start + value.len();
        while self.get(start..end).ends_with('\\') {
            let more = self.text.get(end..).unwrap_or_default();
            let more = more.strip_prefix('\r').unwrap_or(more).strip_prefix('\n').unwrap_or_default();
            let next = more.lines().next().unwrap_or_default();
            if next.is_empty() {
                break;
            }
            end = self.text.len() - more.len() + next.len();
        }
        end
    }
}

/// Lines that belong to a word before them.
#[derive(Debug, Clone, Copy)]
struct Block {
    indent: usize,
    braced: bool,
}

impl Block {
    fn ends(self, indent: usize, line: &str) -> bool {
        if self.braced {
            return line.starts_with(['}', ']', ')']);
        }
        indent < self.indent || indent == self.indent && !line.starts_with("- ")
    }
}

/// Where a quote closes that is open, and is not escaped; within fifty lines.
fn closed(text: &str, quote: &str) -> Option<usize> {
    let mut escaped = false;
    let mut lines = 0;
    for (at, character) in text.char_indices() {
        if text.get(at..).is_some_and(|rest| rest.starts_with(quote)) && !escaped {
            return Some(at);
        }
        escaped = character == '\\' && !escaped && quote != "'";
        lines += usize::from(character == '\n');
        if lines > 50 {
            break;
        }
    }
    None
}

/// The lines of a text without their ends, and without a mark of byte order.
fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut ranges = Vec::new();
    for line in text.split_inclusive('\n') {
        let begin = at + if at == 0 && line.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        ranges.push(begin..at + line.trim_end_matches(['\n', '\r']).len());
        at += line.len();
    }
    ranges
}
