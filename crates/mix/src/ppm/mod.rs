//! Prediction by partial matching, with mixing in the place of escapes: what followed the longest contexts is asked about first.
//!
//! For program source, logs, JSON and CSV, which repeat themselves in pieces of all lengths: up to 15 % smaller than `bwt`. Prose is
//! 1 to 4 % larger than with it, and binary data, too. Encoding and decoding take equally long, about 1.5 times as long as `bwt` decodes.
//! Other than that one, its model can start from a [prior](crate::prior).
//!
//! 1. `slots`: contexts of 3, 4 and 6 bytes and of a word and the one before, each with the three symbols that came in it last or most.
//! 2. `matches`: two longer contexts, of 8 and of `order` bytes and more, as places in the text behind which the next byte stands.
//! 3. `model`: the symbol of the longest context is the first candidate. One binary decision says whether it is right, and if not, it
//!    is excluded, and the next one follows, up to four. How sure a candidate is, eight estimates say: what its rank and state in each
//!    context were worth so far, and how it stands with short contexts and matches. A mixer weighs them, and a table refines that. While
//!    a long match goes on, only two of the contexts are looked at, learn, and cost time.
//! 4. `tail`: a byte that was no candidate is coded bit by bit, by what came in short contexts when candidates failed (PPM's update
//!    exclusion).
//!
//! Where PPM has an escape for each order that a symbol is new in, there is one decision for each candidate here, which all orders have
//! a say in. Limits: 256 MiB per part. All arithmetic is in integers. Format: docs/format/codecs/ppm.md. Sources: Cleary and Witten,
//! "Data compression using adaptive coding and partial string matching" (1984); Moffat (1990) for update exclusion; Cleary and Teahan
//! (1997) for unbounded contexts as places in the text; Bloom (1998) for what the state of a context is worth; Mahoney (2005) for
//! mixing. The design is our own.
//!
//! ```
//! use minlen_core::Env;
//! let codec = minlen_mix::ppm::codec();
//! let data = b"what followed the longest contexts is asked about first. ".repeat(40);
//! let params = codec.params();
//! let mut payload = Vec::new();
//! codec.encode(&data, &params, &Env::default(), &mut payload)?;
//! assert!(payload.len() < 120);
//! let mut back = Vec::new();
//! codec.decode(&payload, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! # Ok::<(), minlen_core::Error>(())
//! ```
//!
//! | Parameter | Values | Default | Meaning |
//! |---|---|---|---|
//! | `order` | 10 to 32 | 16 | bytes of the longest context that is looked for |
//! | `prior` | 0 to 255 | 0 | what the model knows before: 0 nothing, 255 the user's own, else one of this build |
//! | `project` | 0, 1 | 0 | whether it has seen licences and manifests before that |
//! | `slots` | 10 to 24 | 22 | binary logarithm of how many contexts of each order are kept; the least known give way |

mod decode;
mod encode;
mod matches;
mod mixer;
mod model;
mod offer;
mod slots;
mod spec;
mod start;
mod tail;
#[cfg(test)]
mod tests;

use crate::pretrained::Pretrained;
use crate::prior::OWN_NUMBER;
use minlen_core::{
    Chain, Class, Codec, CodecSpec, Env, Memory, Need, Params, Part, Proposal, Result, SequentialCodec,
};
use spec::Header;
use std::sync::Arc;

/// The codec, to be registered.
#[must_use]
pub fn codec() -> Arc<dyn Codec> {
    Arc::new(Ppm::default())
}

#[derive(Default)]
struct Ppm {
    /// Kept for short messages.
    models: Pretrained,
}

impl Codec for Ppm {
    fn spec(&self) -> &'static CodecSpec {
        &spec::SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let header = Header::of(params, input.len(), &env.resources)?;
        encode::encode(&header, input, &self.models, env, out)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        self.decode_first(payload, output_len, output_len, env, out)
    }

    fn sequential(&self) -> Option<&dyn SequentialCodec> {
        Some(self)
    }

    fn may_need(&self) -> bool {
        true
    }

    fn needs(&self, payload: &[u8], output_len: usize, _env: &Env) -> Result<Vec<Need>> {
        if output_len == 0 {
            return Ok(Vec::new());
        }
        let (header, _) = Header::begin(payload)?;
        Ok(if header.prior.number == OWN_NUMBER { vec![Need::Prior(header.prior.id)] } else { Vec::new() })
    }

    fn memory(&self, params: &Params, len: usize) -> Memory {
        let memory = spec::most_memory(params, len);
        Memory { encode: memory, decode: memory }
    }

    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        let suits = level == 5 && part.kind.class() == Class::Text && !part.data.is_empty();
        if !suits || part.decode_ns < spec::DECODE_NS {
            return Vec::new();
        }
        let prior = spec::prior_for(part.kind, part.data);
        let project = spec::expects_project(prior, part.data);
        let params = self.params().with("prior", prior.into()).with("project", project.into());
        let offer = |params| Proposal {
            chain: Chain::single(self, params),
            encode_ns: spec::DECODE_NS,
            why: "what followed the longest contexts",
        };
        let mut offers = vec![offer(params)];
        if prior != 0 && part.data.len() <= spec::TRIED {
            offers.push(offer(self.params()));
        }
        offers
    }
}

impl SequentialCodec for Ppm {
    fn decode_first(
        &self,
        payload: &[u8],
        output_len: usize,
        wanted: usize,
        env: &Env,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        decode::decode(payload, (output_len, wanted), &self.models, env, out)
    }
}
