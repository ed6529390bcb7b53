//! The model before the first byte: new, after its prior, or a copy of one that has seen it.

use super::model::Model;
use super::spec::{self, Header, STEP, WARM, Window};
use crate::pretrained::{self, Found, Key, Pretrained};
use minlen_core::{Env, NoProgress, Result};
use std::sync::Arc;

/// A model for `len` bytes that has seen what the header says.
///
/// # Errors
/// Cancelled.
pub(super) fn model(header: &Header, len: usize, models: &Pretrained, env: &Env) -> Result<Model> {
    let window = header.window(len);
    if window.len() == 0 || len > pretrained::LONGEST {
        return trained(header, window, len, env);
    }
    let key = Key {
        depth: 0,
        kind: 0,
        number: header.prior.number,
        id: header.prior.id,
        window: window.len(),
        warm: header.order.into(),
        sizes: [header.slots, header.project.is_some().into()],
    };
    match models.find::<Model>(key) {
        Found::Model(model) => Ok(Model::clone(&model)),
        Found::New => trained(header, window, len, env),
        Found::Again => {
            let model = trained(header, window, len, env)?;
            models.keep(key, header.memory(len), env, || Ok(model.clone()))?;
            Ok(model)
        }
    }
}

fn trained(header: &Header, window: Window<'_>, len: usize, env: &Env) -> Result<Model> {
    let Window([project, own]) = window;
    let mut model = Model::new(header, window.len() + len);
    let (far, near) = own.split_at(own.len().saturating_sub(WARM));
    for piece in project.chunks(STEP).chain(far.chunks(STEP)) {
        spec::skim(&mut model, piece);
        env.check()?;
    }
    // The window is no work that anybody waits for to be reported.
    model.train(near, &env.clone().with_progress(Arc::new(NoProgress)))?;
    Ok(model)
}

impl Model {
    /// Learns `text` as if it had been coded. A model and its clone go on alike.
    pub(super) fn train(&mut self, text: &[u8], env: &Env) -> Result<()> {
        spec::run(self, &mut spec::Known, text, text.len(), env)
    }
}
