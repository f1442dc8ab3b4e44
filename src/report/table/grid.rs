//! Columns without lines between them, fitted to the width of the terminal.

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Table, Width, presets,
};
use crossterm::style::force_color_output;
use unicode_width::UnicodeWidthStr as _;

use super::text::fold_wrapped;
use crate::report::style::{Look, Tone};

/// How far a grid is set in from its heading.
const INDENT: usize = 2;

/// What stands between two columns.
const BETWEEN: usize = 3;

/// Lists of hosts are not squeezed below this.
const NARROWEST_HOSTS: usize = 16;

/// How one column behaves when there is not enough room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Fit {
    /// It keeps its width.
    Keep,
    /// It keeps its width and stands right.
    Number,
    /// It wraps at this many columns of a hundred at the latest.
    Wrap(usize),
    /// A list of hosts, broken at commas, in so many columns of a hundred.
    Hosts(usize),
    /// It takes what is left.
    Rest,
}

/// What stands in one place.
#[derive(Debug)]
pub(in crate::report) enum Content<'a> {
    /// A text.
    Text(String),
    /// Names of hosts, and a note on them.
    Hosts(Vec<&'a str>, String),
}

impl<'a> Content<'a> {
    pub(in crate::report) fn hosts(names: Vec<&'a str>) -> Self {
        Self::Hosts(names, String::new())
    }
}

impl From<&str> for Content<'_> {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Content<'_> {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Rows of toned texts.
pub(in crate::report) struct Grid<'a> {
    look: Look,
    fits: Vec<Fit>,
    rows: Vec<Vec<(Tone, Content<'a>)>>,
}

impl<'a> Grid<'a> {
    pub(in crate::report) fn new(look: &Look, columns: &[Fit]) -> Self {
        Self { look: *look, fits: columns.to_vec(), rows: Vec::new() }
    }

    pub(in crate::report) fn row<const N: usize>(&mut self, cells: [(Tone, Content<'a>); N]) {
        self.rows.push(cells.into());
    }

    pub(in crate::report) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines, set in, with no blanks at their ends, each ending with a line break.
    pub(in crate::report) fn render(self) -> String {
        let hosts = self.room_for_hosts();
        let mut table = self.empty();
        for row in self.rows {
            table.add_row(row.into_iter().map(|(tone, content)| toned(tone, laid_out(content, hosts))));
        }
        let indent = " ".repeat(INDENT);
        // The first line is the empty header, which only fixes the number of columns.
        let lines = table.lines().skip(1);
        lines.map(|line| format!("{indent}{}", line.trim_end()).trim_end().to_owned() + "\n").collect()
    }

    fn empty(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(self.look.width.saturating_sub(2).max(40));
        if self.look.colour {
            // Whether colour is wanted was decided: the library must not look at NO_COLOR for itself.
            force_color_output(true);
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table.set_header(self.fits.iter().map(|_| ""));
        for (column, fit) in table.column_iter_mut().zip(&self.fits) {
            column.set_padding((0, 3));
            match fit {
                Fit::Keep => {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                }
                Fit::Number => {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                    column.set_cell_alignment(CellAlignment::Right);
                }
                Fit::Wrap(percent) | Fit::Hosts(percent) => {
                    let percent = u16::try_from(*percent).unwrap_or(100);
                    column.set_constraint(ColumnConstraint::UpperBoundary(Width::Percentage(percent)));
                }
                Fit::Rest => {
                    column.set_padding((0, 0));
                }
            }
        }
        table
    }

    /// How many columns a list of hosts may take: its share, or what the other columns leave.
    fn room_for_hosts(&self) -> usize {
        let width = usize::from(self.look.width).saturating_sub(INDENT);
        let share = |percent: usize| width * percent / 100;
        let taken = self.fits.iter().enumerate().map(|(at, fit)| match fit {
            Fit::Keep | Fit::Number => self.widest(at) + BETWEEN,
            Fit::Wrap(percent) => self.widest(at).min(share(*percent)) + BETWEEN,
            Fit::Hosts(_) | Fit::Rest => 0,
        });
        let left = width.saturating_sub(taken.sum());
        let wanted = self.fits.iter().find_map(|fit| match fit {
            Fit::Hosts(percent) => Some(share(*percent).saturating_sub(BETWEEN)),
            _ => None,
        });
        wanted.map_or(left, |wanted| wanted.min(left)).max(NARROWEST_HOSTS)
    }

    fn widest(&self, column: usize) -> usize {
        let texts = self.rows.iter().filter_map(|row| match row.get(column) {
            Some((_, Content::Text(text))) => Some(text.width()),
            _ => None,
        });
        texts.max().unwrap_or_default()
    }
}

/// A content as lines; the note stands beside the names if there is room, and below them if not.
fn laid_out(content: Content<'_>, room: usize) -> String {
    match content {
        Content::Text(text) => text,
        Content::Hosts(names, note) => {
            let mut text = fold_wrapped(&names, room);
            let last = text.lines().last().unwrap_or_default().width();
            if !note.is_empty() {
                text.push_str(if last + BETWEEN + note.width() <= room { "   " } else { "\n" });
                text.push_str(&note);
            }
            text
        }
    }
}

fn toned(tone: Tone, text: String) -> Cell {
    let cell = Cell::new_owned(text);
    match tone {
        Tone::Plain => cell,
        Tone::Heading => cell.add_attribute(Attribute::Bold),
        Tone::Faint => cell.add_attribute(Attribute::Dim),
        Tone::Good => cell.fg(Color::DarkGreen),
        Tone::Bad => cell.fg(Color::DarkRed),
        Tone::Unsure => cell.fg(Color::DarkYellow),
    }
}
