//! Lines and columns of a text, looked up and not counted anew for each place.

use super::manifest::At;

/// Where the lines of a text begin.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The place of a byte.
    pub(super) fn at(&self, offset: usize) -> At {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = self.text.get(start..offset.min(self.text.len())).unwrap_or_default();
        At { line, column: before.chars().count() + 1 }
    }
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
}
