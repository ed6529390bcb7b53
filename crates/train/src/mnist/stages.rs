//! What a run keeps of its phases for the table at the end.

use super::data::Set;
use super::net::{Architecture, Params};
use super::quantize::restore;
use super::report::{Report, Stage};
use super::train::{self, Trainer};
use minlen_core::{Env, Result};
use minlen_tensor::quantized;

/// Collects the parameters after each stage, and says how well they do on what is held out.
pub(super) struct Stages<'a> {
    held: &'a Set,
    parameters: usize,
    done: Vec<(&'static str, Architecture, Params)>,
}

impl<'a> Stages<'a> {
    pub(super) fn new(held: &'a Set, parameters: usize) -> Self {
        Self { held, parameters, done: Vec::new() }
    }

    /// Error on the pictures held out, as text.
    pub(super) fn held(&self, architecture: &Architecture, params: &Params) -> String {
        if self.held.is_empty() {
            return String::new();
        }
        let wrong = train::errors(architecture, params, self.held);
        format!(", held out {:.2} %", 100.0 * wrong as f64 / self.held.len() as f64)
    }

    pub(super) fn add(&mut self, name: &'static str, trainer: &Trainer<'_>) {
        self.done.push((name, trainer.architecture.clone(), trainer.used()));
    }

    pub(super) fn finish(self, bytes: &[u8], test: &Set) -> Result<Report> {
        let network = quantized::decode(bytes, &Env::default())?;
        let (coded, params) = restore(&network)?;
        let stage = |name: &str, architecture: &Architecture, params: &Params| Stage {
            name: name.to_owned(),
            non_zeros: params.weights.iter().flatten().filter(|&&w| w != 0.0).count(),
            errors: train::errors(architecture, params, test),
        };
        let mut stages: Vec<Stage> =
            self.done.iter().map(|(name, architecture, params)| stage(name, architecture, params)).collect();
        stages.push(stage("decoded", &coded, &params));
        Ok(Report { stages, pictures: test.len(), bytes: bytes.len(), parameters: self.parameters })
    }
}
