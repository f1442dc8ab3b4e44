//! Lines and columns of a text, looked up and not counted anew for each place.

use super::manifest::At;

/// So many bytes are counted at most for one place.
const BLOCK: usize = 1 << 12;

/// Where the lines of a text begin.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// How many characters begin before each block of the text: one line may hold all of it.
    before: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let breaks = memchr::memchr2_iter(b'\n', b'\r', bytes);
        // A carriage return ends a line by itself, too (YAML 1.2.2, 5.4), unless a line feed follows.
        let breaks = breaks.map(|at| at + 1);
        let breaks =
            breaks.filter(|end| !(bytes.get(end - 1) == Some(&b'\r') && bytes.get(*end) == Some(&b'\n')));
        let mut sum = 0;
        let counts = bytes.chunks(BLOCK).map(|block| {
            let before = sum;
            sum += begun(block);
            before
        });
        let before = counts.collect();
        Self { text, starts: std::iter::once(0).chain(breaks).collect(), before }
    }

    /// The place of a byte.
    pub(super) fn at(&self, offset: usize) -> At {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let offset = offset.min(self.text.len());
        let before = match self.text.as_bytes().get(start..offset) {
            Some(near) if near.len() <= BLOCK => begun(near),
            _ => self.characters(offset).saturating_sub(self.characters(start)),
        };
        At { line, column: before + 1 }
    }

    /// How many characters begin before a byte.
    fn characters(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        let Some(before) = self.before.get(block) else {
            // Behind a text of whole blocks.
            let last = self.before.len().saturating_sub(1);
            let rest = self.text.as_bytes().get(last * BLOCK..offset).unwrap_or_default();
            return self.before.last().copied().unwrap_or_default() + begun(rest);
        };
        before + begun(self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default())
    }
}

/// How many characters begin in these bytes of UTF-8.
fn begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_begin_at_one_and_count_characters() {
        let lines = Lines::of("é: 1\nb: 2\n");
        let place = |offset| {
            let At { line, column } = lines.at(offset);
            (line, column)
        };
        assert_eq!((place(0), place(2), place(6), place(99)), ((1, 1), (1, 2), (2, 1), (3, 1)));
    }
    #[test]
    fn a_carriage_return_ends_a_line_with_or_without_a_line_feed() {
        let lines = Lines::of("a\rb\r\nc\nd\r");
        let at = |offset| (lines.at(offset).line, lines.at(offset).column);
        assert_eq!([0, 2, 5, 7, 9].map(at), [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]);
    }

    #[test]
    fn a_long_line_is_counted_in_blocks() {
        let long = "é".repeat(3 * BLOCK);
        let text = format!("x\n{long}");
        let lines = Lines::of(&text);
        for nth in [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 7, 3 * BLOCK] {
            assert_eq!(lines.at(2 + 2 * nth), At { line: 2, column: nth + 1 });
        }
        let whole = "a".repeat(2 * BLOCK);
        assert_eq!(Lines::of(&whole).at(2 * BLOCK), At { line: 1, column: 2 * BLOCK + 1 });
    }
}
