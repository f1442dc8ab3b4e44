//! Columns without lines between them, fitted to the width of the terminal.

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Table, Width, presets,
};

use crate::report::style::{Look, Tone};

/// How far a grid is set in from its heading.
const INDENT: u16 = 2;

/// How one column behaves when there is not enough room.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fit {
    /// It keeps its width.
    Keep,
    /// It keeps its width and stands right.
    Number,
    /// It wraps at this many columns of a hundred at the latest.
    Wrap(u16),
    /// It wraps at commas: a list of hosts.
    Hosts(u16),
    /// It takes what is left.
    Rest,
}

/// Rows of toned texts.
pub(super) struct Grid {
    table: Table,
}

impl Grid {
    pub(super) fn new(look: &Look, columns: &[Fit]) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(look.width.saturating_sub(INDENT).max(40));
        if look.colour {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table.set_header(columns.iter().map(|_| ""));
        for (column, fit) in table.column_iter_mut().zip(columns) {
            column.set_padding((0, 3));
            match fit {
                Fit::Keep => {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                }
                Fit::Number => {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                    column.set_cell_alignment(CellAlignment::Right);
                }
                Fit::Wrap(percent) => {
                    column.set_constraint(ColumnConstraint::UpperBoundary(Width::Percentage(*percent)));
                }
                Fit::Hosts(percent) => {
                    column.set_constraint(ColumnConstraint::UpperBoundary(Width::Percentage(*percent)));
                    column.set_delimiter(',');
                }
                Fit::Rest => {
                    column.set_padding((0, 0));
                }
            }
        }
        Self { table }
    }

    pub(super) fn row<const N: usize>(&mut self, cells: [(Tone, String); N]) {
        self.table.add_row(cells.map(|(tone, text)| toned(tone, text)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The lines, set in, with no blanks at their ends, each ending with a line break.
    pub(super) fn render(&self) -> String {
        let indent = " ".repeat(usize::from(INDENT));
        // The first line is the empty header, which only fixes the number of columns.
        let lines = self.table.lines().skip(1);
        lines.map(|line| format!("{indent}{}", line.trim_end()).trim_end().to_owned() + "\n").collect()
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
