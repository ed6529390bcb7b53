//! Reports as text: a table for people, Markdown for pages, CSV and JSON for programs, SVG for pictures.

pub mod chart;
mod data;
mod grid;
mod svg;
mod text;

pub use svg::{Axis, Point, pareto, plot};

pub(crate) use grid::Grid;

use crate::report::Report;

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// Aligned columns.
    #[default]
    Table,
    /// Comma-separated values, one line per file and rival, then the totals.
    Csv,
    /// One JSON object.
    Json,
    /// A Markdown table.
    Markdown,
}

impl std::str::FromStr for Format {
    type Err = minlen_core::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "table" => Ok(Self::Table),
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "md" | "markdown" => Ok(Self::Markdown),
            _ => Err(minlen_core::Error::usage(format!("`{text}` is not a format"))
                .remedy("take table, csv, json or md")),
        }
    }
}

/// How much a table or Markdown shows; CSV and JSON always show every file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Detail {
    /// The sums only.
    #[default]
    Total,
    /// One block per class (first folder), and the sums.
    Classes,
    /// One block per file, and the sums.
    Files,
}

/// What else the output says.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Style {
    /// How much to show.
    pub detail: Detail,
    /// The version of minlen.
    pub version: Option<String>,
    /// The commit, if known.
    pub commit: Option<String>,
    /// The date, only if asked for: without it, equal results give equal text.
    pub date: Option<String>,
}

/// Renders the report.
#[must_use]
pub fn render(report: &Report, format: Format, style: &Style) -> String {
    match format {
        Format::Table => text::plain(report, style),
        Format::Markdown => text::markdown(report, style),
        Format::Csv => data::csv(report, style),
        Format::Json => data::json(report, style),
    }
}

#[cfg(test)]
mod tests;
