//! The codec `cm`.
//!
//! Limits: as slow in decoding as in encoding. Format: docs/format/codecs/cm.md.
//!
//! | Parameter | Values | Default | Meaning |
//! |---|---|---|---|
//! | `model` | `fast`, `normal`, `deep`, `full`, `max` | `normal` | how many models predict: levels 6 to 9, and the strongest |
//! | `type` | `auto`, `text`, `binary`, `x86` | `auto` | what the data is taken for |
//! | `prior` | 0 to 255 | 0 | what the model knows before: 0 nothing, 255 the user's own, else one of this build |
//! | `rate` | 0 to 32 | 0 | how fast the mixers of `max` learn in the long run; 0 finds out |
//!
//! Encoding takes about 900 ns a byte with `fast`, 2,400 with `normal`, 9,000 with `deep`, 36,000 with `full` and 120,000 with `max` (which
//! looks at the data twice), on one core of the reference machine; decoding nearly as long. A payload names its prior by number or hash: without it, it is unsupported.
//!
//! ```
//! use minlen_core::{Env, ErrorKind};
//! let cm = minlen_mix::cm::codec();
//! assert!(cm.params().with_text("model", "fastest").is_err());
//! // Models that need more than the budget are refused before anything is allocated.
//! let small = Env::new(minlen_core::Limits::default().with_memory(1 << 20));
//! let error = cm.encode(&[7; 1000], &cm.params(), &small, &mut Vec::new()).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Limit);
//! assert!(cm.memory(&cm.params(), 1000).encode > 1 << 20);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod choose;
mod run;
mod spec;
#[cfg(test)]
mod tests;

pub use crate::model_type::{Depth, Type};
use crate::pretrained::Pretrained;
use crate::prior::OWN_NUMBER;
use minlen_core::{
    Chain, Class, Codec, CodecSpec, Env, Kind, Memory, Need, Params, Part, Proposal, Result, SequentialCodec,
};
pub(crate) use run::{decode_bits, encode_bits};
use spec::Header;
use std::sync::Arc;

/// The codec, to be registered.
#[must_use]
pub fn codec() -> Arc<dyn Codec> {
    codec_with(|_, _| Vec::new())
}

/// What another codec of this crate puts forward for a part at a level in place of this one; nothing where this one is to be taken.
type Offer = fn(&Part<'_>, u8) -> Vec<Proposal>;

/// The codec, to be registered, with an offer that is preferred where there is one.
pub(crate) fn codec_with(preferred: Offer) -> Arc<dyn Codec> {
    Arc::new(Cm { models: Pretrained::default(), preferred })
}

struct Cm {
    /// Kept for short messages.
    models: Pretrained,
    preferred: Offer,
}

impl Codec for Cm {
    fn spec(&self) -> &'static CodecSpec {
        &spec::SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let _held = env.budget.reserve(spec::memory(params, input.len()).encode)?;
        let header = choose::header(params, input, &self.models, env)?;
        header.write(out);
        if header.kind != Type::X86 {
            return run::encode(&header, input, &self.models, env, out);
        }
        let mut absolute = input.to_vec();
        crate::bcj::absolute(&mut absolute);
        run::encode(&header, &absolute, &self.models, env, out)
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

    fn needs(&self, payload: &[u8], _output_len: usize, _env: &Env) -> Result<Vec<Need>> {
        let (header, _) = Header::begin(payload)?;
        Ok(if header.number == OWN_NUMBER { vec![Need::Prior(header.id)] } else { Vec::new() })
    }

    fn memory(&self, params: &Params, len: usize) -> Memory {
        spec::memory(params, len)
    }

    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        if level < 6 || part.data.is_empty() || matches!(part.kind, Kind::Random | Kind::Encrypted) {
            return Vec::new();
        }
        let preferred = (self.preferred)(part, level);
        if !preferred.is_empty() {
            return preferred;
        }
        let (model, encode_ns) = match level {
            6 => (0, 600),
            7 => (1, 1500),
            8 => (2, 6000),
            9 => (3, 20_000),
            _ => (4, 50_000),
        };
        let kind = match part.kind {
            Kind::Elf | Kind::Pe | Kind::MachineCode if may_be_x86(part.detail) => Type::X86,
            kind if kind.class() == Class::Text => Type::Text,
            Kind::Tar if spec::readable(part.data) => Type::Text,
            _ => spec::guess(part.data),
        };
        // What is neither program nor text may still be called so by the bytes alone.
        let known =
            if kind == Type::X86 && part.kind.class() != Class::Code { Kind::MachineCode } else { part.kind };
        let prior = choose::prior_for(known, kind, part.data, level, &self.models);
        let params = self.params().with("type", kind as i64 + 1).with("prior", prior.into());
        let offer =
            |params| Proposal { chain: Chain::single(self, params), encode_ns, why: "predicted bit by bit" };
        if level > 9 {
            // The planner codes with each and keeps the smallest.
            let full = params.clone().with("model", 3);
            let max = params.with("model", 4);
            return vec![offer(max.clone().with("rate", 2)), offer(max), offer(full)];
        }
        vec![offer(params.with("model", model))]
    }
}

impl SequentialCodec for Cm {
    /// Gives all of the bytes where branch targets have to be made relative again.
    fn decode_first(
        &self,
        payload: &[u8],
        output_len: usize,
        wanted: usize,
        env: &Env,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let (header, bits) = Header::read(payload, &env.resources)?;
        let params = self.params().with("model", header.depth as i64).with("prior", header.number.into());
        let _held = env.budget.reserve(spec::memory(&params, output_len).decode)?;
        let wanted = if header.kind == Type::X86 { output_len } else { wanted.min(output_len) };
        let start = out.len();
        run::decode(&header, (bits, output_len, wanted), &self.models, env, out)?;
        if header.kind == Type::X86 {
            crate::bcj::relative(&mut out[start..]);
        }
        Ok(())
    }
}

/// Programs whose detail names another processor are not.
fn may_be_x86(detail: &str) -> bool {
    detail.is_empty() || detail.contains("x86")
}
