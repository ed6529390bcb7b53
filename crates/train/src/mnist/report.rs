//! The table at the end of a run.

use std::fmt;

/// One row: the network after a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Which stage.
    pub name: String,
    /// Weights that are not 0.
    pub non_zeros: usize,
    /// Wrong answers on the test pictures.
    pub errors: usize,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Stages in order; the last one is the network decoded from the file.
    pub stages: Vec<Stage>,
    /// Test pictures.
    pub pictures: usize,
    /// Bytes of the file.
    pub bytes: usize,
    /// Weights and biases of the dense network.
    pub parameters: usize,
}

impl Report {
    /// How many times smaller the file is than all parameters in f32.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        4.0 * self.parameters as f64 / self.bytes.max(1) as f64
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<10} {:>9} {:>11}", "stage", "non-zeros", "test error")?;
        for stage in &self.stages {
            let percent = 100.0 * stage.errors as f64 / self.pictures.max(1) as f64;
            writeln!(f, "{:<10} {:>9} {:>9.2} %", stage.name, stage.non_zeros, percent)?;
        }
        let (dense, ratio) = (4 * self.parameters, self.ratio());
        writeln!(f, "{} bytes, {dense} as f32: ratio {ratio:.1}", self.bytes)
    }
}
