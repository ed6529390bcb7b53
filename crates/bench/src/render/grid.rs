//! Columns of text, aligned for a terminal or as Markdown.

/// A table of text: the first column to the left, numbers to the right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grid {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Columns aligned to the left.
    left: usize,
}

impl Grid {
    /// An empty one whose first `left` columns are text.
    pub fn new(header: &[&str], left: usize) -> Self {
        Self { header: header.iter().map(|&h| h.to_owned()).collect(), rows: Vec::new(), left }
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, mut cells: Vec<String>) {
        cells.resize(self.header.len(), String::new());
        self.rows.push(cells);
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.header.iter().map(|h| h.chars().count()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }

    fn cells(&self, row: &[String], widths: &[usize], between: &str) -> String {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .enumerate()
            .map(
                |(i, (cell, &width))| {
                    if i < self.left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                },
            )
            .collect();
        cells.join(between)
    }

    /// For a terminal: two spaces between columns, a rule under the header.
    pub fn plain(&self) -> String {
        let widths = self.widths();
        let rule: Vec<String> = widths.iter().map(|&w| "-".repeat(w)).collect();
        let mut out = String::new();
        for row in [&self.header, &rule].into_iter().chain(&self.rows) {
            out.push_str(self.cells(row, &widths, "  ").trim_end());
            out.push('\n');
        }
        out
    }

    /// As Markdown; bars within cells are escaped.
    pub fn markdown(&self) -> String {
        let mut escaped = self.clone();
        for cell in escaped.rows.iter_mut().flatten() {
            *cell = cell.replace('|', "\\|");
        }
        let widths: Vec<usize> = escaped.widths().iter().map(|&w| w.max(3)).collect();
        let rule: Vec<String> = widths
            .iter()
            .enumerate()
            .map(|(i, &w)| if i < self.left { "-".repeat(w) } else { format!("{}:", "-".repeat(w - 1)) })
            .collect();
        let mut out = String::new();
        for row in [&escaped.header, &rule].into_iter().chain(&escaped.rows) {
            out.push_str(&format!("| {} |\n", escaped.cells(row, &widths, " | ")));
        }
        out
    }
}
