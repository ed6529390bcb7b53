//! The codecs `pixels` and `sound`: raw images and PCM by the models of [`crate::image`] and [`crate::audio`].
//!
//! The samples are a range of the input; what comes before and after it goes through `cm`, which also makes the offers
//! to the planner: the general or these models, whichever code a piece of the data smaller. Limits: nothing for data
//! that is not in rows or frames. Format: docs/format/codecs/pixels.md and sound.md.
//!
//! | Parameter of both | Meaning |
//! |---|---|
//! | `depth` | 0 little is predicted from, 1 more (default), 2 everything |
//! | `start`, `len` | where the samples lie in the input, in bytes; `len` 0: all that follows |
//! | `channels`, `bits` | samples of a pixel or frame, and bits of each |
//!
//! `pixels` also takes `width`, `stride`, `frame`, `planes` and `flags`; a width of 0 is found out. With flag 16 the range is coded by
//! [`crate::records`]: `frame` rows of `width` pixels are a plane, `planes` planes a record, and `depth` goes up to 3.
//!
//! ```
//! use minlen_core::Env;
//! let [pixels, _] = minlen_mix::samples::codecs();
//! // A slope of 32 by 16 grey pixels.
//! let image: Vec<u8> = (0..512).map(|i| (i % 32 * 4 + i / 32 * 3) as u8).collect();
//! let params = pixels.params().with("width", 32).with("depth", 0);
//! let (mut payload, mut back) = (Vec::new(), Vec::new());
//! pixels.encode(&image, &params, &Env::default(), &mut payload)?;
//! assert!(payload.len() * 3 < image.len());
//! pixels.decode(&payload, image.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, image);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod offer;
mod predictor;
mod spec;
#[cfg(test)]
mod tests;
mod width;

use crate::Predictor;
use crate::audio::AudioModel;
use crate::cm::{decode_bits, encode_bits};
use crate::image::ImageModel;
use crate::records::{Layout, RecordModel};
use minlen_core::varint::{Reader, put};
use minlen_core::{Codec, CodecSpec, Env, Error, Memory, Need, Params, Resources, Result};
use spec::{Samples, What};
use std::sync::Arc;

pub(crate) use offer::offer;

/// Both codecs, to be registered.
#[must_use]
pub fn codecs() -> [Arc<dyn Codec>; 2] {
    [Arc::new(Media { sound: false }), Arc::new(Media { sound: true })]
}

struct Media {
    sound: bool,
}

impl Codec for Media {
    fn spec(&self) -> &'static CodecSpec {
        if self.sound { &spec::SOUND } else { &spec::PIXELS }
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let samples = Samples::of(self.sound, params, input, &env.resources)?;
        let _held = env.budget.reserve(samples.memory())?;
        let range = samples.start..samples.start + samples.len;
        let (head, body) = input.split_at_checked(range.start).ok_or_else(bad_range)?;
        let (body, tail) = body.split_at_checked(samples.len).ok_or_else(bad_range)?;
        samples.write(out);
        let rest = [head, tail].concat();
        let mut coded = Vec::new();
        if !rest.is_empty() {
            let cm = crate::cm::codec();
            cm.encode(&rest, &cm.params().with("model", i64::from(samples.depth.min(2))), env, &mut coded)?;
        }
        put(out, coded.len() as u64);
        out.extend(coded);
        samples.encode(body, env, out)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let mut reader = Reader::new(payload);
        let samples = Samples::read(self.sound, &mut reader)?;
        let rest_len = output_len.checked_sub(samples.len).ok_or_else(bad_range)?;
        if samples.start > rest_len {
            return Err(bad_range());
        }
        let _held = env.budget.reserve(samples.memory() + rest_len as u64)?;
        let coded_len = usize::try_from(reader.varint()?).map_err(|_| bad_range())?;
        let (coded, bits) = reader
            .rest()
            .split_at_checked(coded_len)
            .ok_or_else(|| Error::truncated("samples: the payload ends too early"))?;
        let mut rest = Vec::new();
        if rest_len > 0 {
            crate::cm::codec().decode(coded, rest_len, env, &mut rest)?;
        } else if !coded.is_empty() {
            return Err(Error::corrupt("samples: bytes for nothing"));
        }
        out.extend(&rest[..samples.start]);
        samples.decode(bits, env, out)?;
        out.extend(&rest[samples.start..]);
        Ok(())
    }

    fn may_need(&self) -> bool {
        !self.sound
    }

    fn needs(&self, payload: &[u8], _output_len: usize, _env: &Env) -> Result<Vec<Need>> {
        let samples = Samples::read(self.sound, &mut Reader::new(payload))?;
        Ok(samples.model.into_iter().map(Need::Model).collect())
    }

    fn memory(&self, params: &Params, len: usize) -> Memory {
        // A predictor takes some megabytes at most.
        let params = if self.sound { params.clone() } else { params.clone().with("model", 0) };
        let model = match Samples::of(self.sound, &params, &[], &Resources::default()) {
            Ok(samples) => Samples { len, ..samples }.memory(),
            Err(_) => 256 << 20,
        };
        let all = model + 2 * len as u64;
        Memory { encode: all, decode: all }
    }
}

impl Samples {
    /// Working memory of the model.
    fn memory(&self) -> u64 {
        let predictor = if self.model.is_some() { RecordModel::PREDICTOR_MEMORY } else { 0 };
        self.what.memory(self.depth, self.len) + predictor
    }

    /// Appends the coded bits of the samples in `body`.
    fn encode(&self, body: &[u8], env: &Env, out: &mut Vec<u8>) -> Result<()> {
        match self.what {
            What::Records(layout) => self.records(layout, env)?.encode(body, env, out),
            _ => self.with_predictor(|model| encode_bits(model, body, env, out)),
        }
    }

    /// Appends the samples decoded from `bits`.
    fn decode(&self, bits: &[u8], env: &Env, out: &mut Vec<u8>) -> Result<()> {
        match self.what {
            What::Records(layout) => self.records(layout, env)?.decode(bits, self.len, env, out),
            _ => self.with_predictor(|model| decode_bits(model, bits, self.len, env, out)),
        }
    }

    /// The model of records, with the predictor of the codec file if one helps.
    fn records(&self, layout: Layout, env: &Env) -> Result<RecordModel> {
        let model = RecordModel::new(layout, self.depth, self.len)?;
        match &self.model {
            Some(name) => {
                let bad = |_| Error::corrupt("samples: the predictor of the codec file is for other records");
                model.with_predictor(predictor::named(&env.resources, name)?).map_err(bad)
            }
            None => Ok(model),
        }
    }

    fn with_predictor(&self, job: impl FnOnce(&mut dyn Predictor) -> Result<()>) -> Result<()> {
        match self.what {
            What::Image(layout) => job(&mut ImageModel::new(layout, self.depth.into())?),
            What::Sound(format) => job(&mut AudioModel::new(format, self.depth.into())?),
            What::Records(_) => Ok(()),
        }
    }
}

fn bad_range() -> Error {
    Error::corrupt("samples: they reach beyond the data")
}
