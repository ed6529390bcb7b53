//! Softmax, cross entropy and distillation.

use super::data::CLASSES;

/// How a batch is graded.
#[derive(Clone, Copy, Debug)]
pub struct Grading {
    /// Share of the label in the loss; the rest is the teacher's.
    pub hard: f32,
    /// Temperature of teacher and student in the teacher's part.
    pub temperature: f32,
}

/// Probabilities of ten answers at a temperature.
#[must_use]
pub fn softmax(answers: &[f32], temperature: f32) -> [f32; CLASSES] {
    let most = answers.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut p = [0.0; CLASSES];
    p.iter_mut().zip(answers).for_each(|(p, a)| *p = ((a - most) / temperature).exp());
    let sum: f32 = p.iter().sum();
    p.map(|v| v / sum)
}

/// The mean loss of a batch, and its gradient by the answers into `gradient`.
///
/// Without teacher the cross entropy with the labels; with one (its answers, ten a picture) `hard` times that plus
/// `1 - hard` times T² times the cross entropy of both softmaxes at temperature T (Hinton, Vinyals and Dean,
/// arXiv 1503.02531).
pub fn grade(
    answers: &[f32],
    labels: &[u8],
    teacher: Option<&[f32]>,
    grading: Grading,
    gradient: &mut Vec<f32>,
) -> f32 {
    let scale = 1.0 / labels.len() as f32;
    let t = grading.temperature;
    let hard = if teacher.is_some() { grading.hard } else { 1.0 };
    let mut loss = 0.0;
    gradient.clear();
    for (i, (row, &label)) in answers.chunks_exact(CLASSES).zip(labels).enumerate() {
        let p = softmax(row, 1.0);
        let label = usize::from(label);
        loss -= hard * p[label].max(1e-30).ln();
        let mut d: [f32; CLASSES] = std::array::from_fn(|c| hard * (p[c] - f32::from(c == label)));
        if let Some(teacher) = teacher {
            let (q, s) = (softmax(&teacher[i * CLASSES..][..CLASSES], t), softmax(row, t));
            for c in 0..CLASSES {
                loss -= (1.0 - hard) * t * t * q[c] * s[c].max(1e-30).ln();
                d[c] += (1.0 - hard) * t * (s[c] - q[c]);
            }
        }
        gradient.extend(d.map(|v| v * scale));
    }
    loss * scale
}

/// The most likely class.
#[must_use]
pub fn best(answers: &[f32]) -> u8 {
    (1..answers.len()).fold(0, |best, i| if answers[i] > answers[best] { i } else { best }) as u8
}
