//! Tables of numbers in text (CSV and the like): a record a row.

use super::numbers::Numbers;
use super::{Labels, Source};
use minlen_core::{Env, Error, Result};

/// Columns that hold labels, by name.
const LABELS: [&str; 3] = ["label", "class", "target"];
/// What stands where a number is missing.
const MISSING: [&str; 7] = ["", "na", "n/a", "null", "none", "?", "-"];

/// A table.
pub(super) struct Table {
    pub(super) columns: usize,
    pub(super) numbers: Numbers,
    pub(super) labels: Option<Vec<i64>>,
    /// The column that they stand in.
    pub(super) label: Option<String>,
    /// True for whole numbers only.
    pub(super) whole: bool,
}

/// True for what may be text: no zero byte in the first bytes, and UTF-8.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4096)];
    let valid = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    valid && !head.is_empty() && !head.contains(&0)
}

/// What separates the fields of a line.
fn delimiter(line: &str) -> Option<char> {
    [',', ';', '\t', '|'].into_iter().filter(|&d| line.contains(d)).max_by_key(|&d| line.matches(d).count())
}

/// The fields of a line, without the quotes around them.
fn fields(line: &str, delimiter: Option<char>) -> Vec<&str> {
    let Some(delimiter) = delimiter else { return line.split_whitespace().collect() };
    let (mut out, mut from, mut quoted) = (Vec::new(), 0, false);
    for (at, c) in line.char_indices() {
        quoted ^= c == '"';
        if c == delimiter && !quoted {
            out.push(&line[from..at]);
            from = at + c.len_utf8();
        }
    }
    out.push(&line[from..]);
    out.iter().map(|field| field.trim().trim_matches('"').trim()).collect()
}

/// Which columns are taken, and which one has the labels.
struct Choice {
    names: Vec<String>,
    taken: Vec<usize>,
    label: Option<usize>,
}

impl Choice {
    fn new(source: &Source, names: Option<&[&str]>, count: usize) -> Result<Self> {
        let names: Vec<String> = names.unwrap_or_default().iter().map(ToString::to_string).collect();
        let place = |wanted: &String| {
            let by_name = names.iter().position(|name| name == wanted);
            let by_number =
                || wanted.parse::<usize>().ok().filter(|n| (1..=count).contains(n)).map(|n| n - 1);
            by_name.or_else(by_number).ok_or_else(|| {
                let error = Error::usage(format!("there is no column {wanted:?} among {count}"));
                if names.is_empty() {
                    return error.remedy("columns have no names here: give numbers from 1 on");
                }
                error.remedy(format!(
                    "there are {}",
                    names.iter().take(20).cloned().collect::<Vec<_>>().join(", ")
                ))
            })
        };
        let places = |list: &[String]| list.iter().map(place).collect::<Result<Vec<usize>>>();
        let (wanted, left) = (places(&source.columns)?, places(&source.skip_columns)?);
        let is_label = |name: &String| LABELS.iter().any(|label| name.eq_ignore_ascii_case(label));
        let named = names.iter().position(is_label).filter(|i| !wanted.contains(i) && count > 1);
        let label = named.filter(|_| source.labels == Labels::Auto);
        let all = if wanted.is_empty() { (0..count).collect() } else { wanted };
        let taken: Vec<usize> = all.into_iter().filter(|i| !left.contains(i) && label != Some(*i)).collect();
        if taken.is_empty() {
            return Err(Error::usage("no column is left").remedy("leave out fewer columns"));
        }
        Ok(Self { names, taken, label })
    }

    fn name(&self, column: usize) -> String {
        match self.names.get(column) {
            Some(name) => format!("column {} ({name:?})", column + 1),
            None => format!("column {}", column + 1),
        }
    }

    /// The number in a field.
    fn number(&self, line: usize, column: usize, field: &str) -> Result<f64> {
        if let Ok(number) = field.parse() {
            return Ok(number);
        }
        let at = format!("line {line}, {}", self.name(column));
        let skip = self.names.get(column).cloned().unwrap_or_else(|| (column + 1).to_string());
        if MISSING.iter().any(|missing| field.eq_ignore_ascii_case(missing)) {
            return Err(Error::usage(format!("{at}: the number is missing"))
                .remedy(format!("fill it in, leave out the row, or the column with --skip-columns {skip}")));
        }
        let shown: String = field.chars().take(24).collect();
        Err(Error::usage(format!("{at}: {shown:?} is no number"))
            .remedy(format!("leave out the column with --skip-columns {skip}")))
    }
}

/// The numbers of a table.
pub(super) fn parse(bytes: &[u8], source: &Source, env: &Env) -> Result<Table> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        Error::usage("neither numbers nor text").remedy("for raw numbers, say --shape and --type")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line))
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .peekable();
    let Some(&(_, first)) = lines.peek() else { return Err(Error::usage("there is no line in this table")) };
    let delimiter = delimiter(first);
    let head = fields(first, delimiter);
    // A line of names has a field that is neither a number nor missing, where the line below has a number.
    let second = lines.clone().nth(1).map(|(_, line)| fields(line, delimiter)).unwrap_or_default();
    let is_name =
        |(name, below): (&&str, &&str)| name.parse::<f64>().is_err() && below.parse::<f64>().is_ok();
    let named = head.iter().zip(&second).any(is_name);
    let choice = Choice::new(source, named.then_some(&head[..]), head.len())?;
    if named {
        lines.next();
    }
    let _held = env.budget.reserve(bytes.len() as u64 * 4)?;
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for (number, line) in lines {
        let fields = fields(line, delimiter);
        if fields.len() != head.len() {
            return Err(Error::usage(format!(
                "line {number} has {} fields, and those before have {}",
                fields.len(),
                head.len()
            ))
            .remedy("give tables whose rows are all of one length"));
        }
        for &column in &choice.taken {
            values.push(choice.number(number, column, fields[column])?);
        }
        if let Some(column) = choice.label {
            labels.push(fields[column].parse().map_err(|_| {
                Error::usage(format!(
                    "line {number}, {}: a label has to be a whole number",
                    choice.name(column)
                ))
                .remedy("say --labels none, and leave out the column with --skip-columns")
            })?);
        }
        if number.is_multiple_of(4096) {
            env.check()?;
        }
    }
    let whole = values.iter().all(|x: &f64| x.fract() == 0.0);
    let labels = choice.label.is_some().then_some(labels);
    let label = choice.label.map(|column| choice.name(column));
    Ok(Table { columns: choice.taken.len(), numbers: Numbers::loose(&values), labels, label, whole })
}
