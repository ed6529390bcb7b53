//! The codec file among the options.

use super::Options;
use minlen_core::{Dtype, Env, Event, Learned, Span};
#[cfg(feature = "latent")]
use minlen_core::{Error, Result};
#[cfg(feature = "latent")]
use std::sync::Arc;

impl Options {
    /// Describes records by this codec file ([`crate::latent::open`]), where a target is set, and has it at hand for reading.
    ///
    /// # Errors
    /// Usage for a learned part that is no codec file.
    #[cfg(feature = "latent")]
    pub fn with_model(mut self, model: Learned) -> Result<Self> {
        if crate::latent::model_of(&model).is_none() {
            return Err(Error::usage("no codec file").remedy("`minlen train autoencoder` makes one"));
        }
        self.model = Some(model.clone());
        Ok(self.with_learned(model).aimed())
    }

    /// Whether the codec file of [`Options::with_model`] goes into what is written, once, so that reading needs no other file (default: no).
    ///
    /// What does not name it is written without it. So is what is exact where it would take more bytes than it saves: the result is then what
    /// it would be without a codec file, and never larger than that.
    #[must_use]
    pub fn with_embedded_model(mut self, embed: bool) -> Self {
        self.embed = embed;
        self
    }

    /// The codec file that records may be described by.
    #[must_use]
    pub fn model(&self) -> Option<&Learned> {
        self.model.as_ref()
    }

    /// The same with the codec file among the approximators, where there are both it and a target.
    #[cfg(feature = "latent")]
    pub(super) fn aimed(self) -> Self {
        match self.model.as_ref().and_then(crate::latent::Records::new) {
            Some(records) => self.with_approximator(Arc::new(records)),
            None => self,
        }
    }

    #[cfg(not(feature = "latent"))]
    pub(super) fn aimed(self) -> Self {
        self
    }

    /// The type of the numbers of a span that may differ from those of the input: floats, or records that the codec file is for.
    pub(crate) fn may_differ(&self, span: &Span) -> Option<Dtype> {
        #[cfg(feature = "latent")]
        if let Some(records) = self.model.as_ref().and_then(crate::latent::Records::new)
            && records.fits(span)
        {
            return span.changeable();
        }
        span.inexact()
    }

    /// Says so where the codec file can do nothing: what it predicts exactly helps the models of the strong levels only.
    pub(crate) fn tell_model(&self, env: &Env) {
        let is_idle = self.goal.is_none() && self.chain.is_none() && self.level < PREDICTING;
        if self.model.is_some() && is_idle {
            let level = self.level;
            let message = format!(
                "without a target the codec file does nothing at level {level}: it helps from level {PREDICTING} on"
            );
            env.progress.event(Event::Notice { message });
        }
    }
}

/// The first level at which a predictor helps.
const PREDICTING: u8 = 6;
