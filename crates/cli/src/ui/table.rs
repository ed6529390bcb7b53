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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&[("size", Side::Right), ("name", Side::Left)]);
        table.row(vec!["12345".into(), "é".into()]);
        assert_eq!(table.render(), " size  name\n12345  é\n");
    }
}
