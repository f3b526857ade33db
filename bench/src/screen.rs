//! What a run shows: a line as each step ends, and a table at the end.

use anstyle::{AnsiColor, Style};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};

/// Marks what went well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Marks what did not.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Marks what is beside the point.
pub const DIM: Style = Style::new().dimmed();

/// A table of texts and numbers; the columns `numbers` are aligned to the right.
pub fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
    numbers: std::ops::Range<usize>,
) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(head)
        .add_rows(rows);
    for column in table
        .column_iter_mut()
        .skip(numbers.start)
        .take(numbers.len())
    {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
