//! Columns of text.

/// On which side a column has its edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Rows under headings, as wide as they need to be.
pub struct Table {
    sides: Vec<Side>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(columns: &[(&str, Side)]) -> Self {
        let heading = columns.iter().map(|(name, _)| (*name).to_string()).collect();
        Self { sides: columns.iter().map(|(_, side)| *side).collect(), rows: vec![heading] }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The text, a line per row.
    pub fn render(&self) -> String {
        let widths: Vec<usize> = (0..self.sides.len()).map(|column| self.width(column)).collect();
        self.rows.iter().map(|row| line(row, &widths, &self.sides)).collect()
    }

    fn width(&self, column: usize) -> usize {
        let width = |row: &Vec<String>| row.get(column).map_or(0, |cell| cell.chars().count());
        self.rows.iter().map(width).max().unwrap_or(0)
    }
}

fn line(row: &[String], widths: &[usize], sides: &[Side]) -> String {
    let mut text = String::new();
    for ((cell, &width), side) in row.iter().zip(widths).zip(sides) {
        let space = " ".repeat(width.saturating_sub(cell.chars().count()));
        let (before, after) = if *side == Side::Left { ("", &*space) } else { (&*space, "") };
        text.push_str(before);
        text.push_str(cell);
        text.push_str(after);
        text.push_str("  ");
    }
    format!("{}\n", text.trim_end())
}

/// A table that is too long to keep: its rows are made twice, to be measured and to be shown.
pub struct LongTable {
    sides: Vec<Side>,
    widths: Vec<usize>,
    heading: Vec<String>,
}

impl LongTable {
    /// A table with these headings.
    pub fn new(columns: &[(&str, Side)]) -> Self {
        let heading: Vec<String> = columns.iter().map(|(name, _)| (*name).to_string()).collect();
        let sides = columns.iter().map(|(_, side)| *side).collect();
        let mut table = Self { sides, widths: vec![0; heading.len()], heading: Vec::new() };
        table.measure(&heading);
        table.heading = heading;
        table
    }

    /// Makes the columns wide enough for a row.
    pub fn measure(&mut self, row: &[String]) {
        for (width, cell) in self.widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }

    /// The line of the headings.
    pub fn heading(&self) -> String {
        self.line(&self.heading)
    }

    /// The line of a row that was measured.
    pub fn line(&self, row: &[String]) -> String {
        line(row, &self.widths, &self.sides)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&[("size", Side::Right), ("name", Side::Left)]);
        table.row(vec!["12345".into(), "é".into()]);
        assert_eq!(table.render(), " size  name\n12345  é\n");
        let mut table = LongTable::new(&[("size", Side::Right), ("name", Side::Left)]);
        let row = ["12345".to_string(), "é".into()];
        table.measure(&row);
        assert_eq!(table.heading() + &table.line(&row), " size  name\n12345  é\n");
    }
}
