//! What a run did, as one JSON document (docs/json.md).

use super::{error_object, json_text, print_json};
use minlen::{Error, Result};
use serde_json::{Map, Value, json};
use std::cell::{Cell, RefCell};
use std::io::Write;
use std::path::Path;

/// The version of everything that is written as JSON. It grows when a field goes or means something else, not when one is added.
pub const SCHEMA: u32 = 1;

/// A document of these fields.
pub fn document(verb: &str, fields: Value) -> Value {
    let mut all = json!({"schema": SCHEMA, "verb": verb});
    if let (Value::Object(all), Value::Object(fields)) = (&mut all, fields) {
        all.extend(fields);
    }
    all
}

/// What is told of one file.
pub fn of_file(file: &Path, ok: bool, fields: Value) -> Value {
    let mut all = json!({"file": file.to_string_lossy(), "ok": ok});
    if let (Value::Object(all), Value::Object(fields)) = (&mut all, fields) {
        all.extend(fields);
    }
    all
}

/// Collects what is told of each file.
#[derive(Default)]
pub struct Report {
    wanted: bool,
    verb: &'static str,
    files: RefCell<Vec<Value>>,
    /// The file that is worked on, and what is told of it whether it fails or not.
    current: RefCell<Option<(std::path::PathBuf, Map<String, Value>)>>,
    /// Whether standard output is for data.
    taken: Cell<bool>,
    /// Whether the verb writes its document itself.
    own: Cell<bool>,
}

impl Report {
    /// Of a run of `verb`; collects nothing unless it is `wanted`.
    pub fn new(verb: &'static str, wanted: bool) -> Self {
        Self { wanted, verb, ..Self::default() }
    }

    /// Begins with a file.
    pub fn begin(&self, file: &Path) {
        *self.current.borrow_mut() = Some((file.to_path_buf(), Map::new()));
    }

    /// Tells something of the current file, even should it fail.
    pub fn also(&self, key: &str, value: Value) {
        if let Some((_, fields)) = &mut *self.current.borrow_mut() {
            fields.insert(key.to_owned(), value);
        }
    }

    /// Ends the current file, which went well.
    pub fn done(&self, fields: Value) {
        self.end(true, fields);
    }

    /// Ends the current file, if any, with an error.
    pub fn failed(&self, error: &Error) {
        self.end(false, json!({"error": error_object(error)}));
    }

    fn end(&self, ok: bool, fields: Value) {
        let Some((file, mut also)) = self.current.borrow_mut().take().filter(|_| self.wanted) else { return };
        if let Value::Object(fields) = fields {
            also.extend(fields);
        }
        self.files.borrow_mut().push(of_file(&file, ok, Value::Object(also)));
    }

    /// Takes note that standard output is for data.
    pub fn output_is_taken(&self) {
        self.taken.set(true);
    }

    /// Takes note that the verb writes its document itself.
    pub fn is_written(&self) {
        self.own.set(true);
    }

    /// True where no file was worked on.
    pub fn is_empty(&self) -> bool {
        self.files.borrow().is_empty()
    }

    /// Writes the document: to standard output, or where that is for data as one line to standard error.
    pub fn write(&self) -> Result<()> {
        if !self.wanted || self.own.get() {
            return Ok(());
        }
        let document = document(self.verb, json!({"files": self.files.take()}));
        if self.taken.get() {
            let _ = writeln!(std::io::stderr().lock(), "{}", json_text(&document.to_string()));
            return Ok(());
        }
        print_json(&document)
    }
}
