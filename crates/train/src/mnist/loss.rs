//! Softmax, cross entropy and distillation.

use super::data::CLASSES;
use minlen_learn::{Tape, Var};

/// How a batch is graded.
#[derive(Clone, Copy, Debug)]
pub struct Grading {
    /// Share of the label in the loss; the rest is the teacher's.
    pub hard: f32,
    /// Temperature of teacher and student in the teacher's part.
    pub temperature: f32,
}

/// What is to be learnt of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    /// The label of each picture.
    pub labels: &'a [u8],
    /// A teacher's answers, ten a picture.
    pub teacher: Option<&'a [f32]>,
    /// How both count.
    pub grading: Grading,
}

impl Lesson<'_> {
    /// The loss of each picture.
    ///
    /// Without teacher the cross entropy with the label; with one `hard` times that plus `1 - hard` times T² times the cross
    /// entropy of both softmaxes at temperature T (Hinton, Vinyals and Dean, arXiv 1503.02531).
    pub fn losses(&self, tape: &mut Tape<'_>, answers: Var) -> Var {
        let labels: Vec<u32> = self.labels.iter().map(|&label| u32::from(label)).collect();
        let hard = tape.cross_entropy(answers, &labels);
        let Some(teacher) = self.teacher else { return hard };
        let Grading { hard: share, temperature } = self.grading;
        let teacher = tape.input([labels.len(), CLASSES], teacher);
        let teacher = tape.scale(teacher, 1.0 / temperature);
        let wanted = tape.softmax(teacher);
        let student = tape.scale(answers, 1.0 / temperature);
        let student = tape.log_softmax(student);
        let products = tape.mul(wanted, student);
        let soft = tape.sum(products, &[1]);
        let soft = tape.scale(soft, -(1.0 - share) * temperature * temperature);
        let hard = tape.scale(hard, share);
        tape.add(hard, soft)
    }
}

/// The most likely class.
#[must_use]
pub fn best(answers: &[f32]) -> u8 {
    (1..answers.len()).fold(0, |best, i| if answers[i] > answers[best] { i } else { best }) as u8
}
