//! How near two pictures are, as people see it: SSIMULACRA 2 and MS-SSIM.
//!
//! [`ssimulacra2`] decides about what is written where a user names it, so it is computed with `+ - * /` and square roots alone, in a
//! fixed order: the same number on every machine. [`ms_ssim`] is only reported.

mod blur;
mod exact;
mod msssim;
mod score;

pub use msssim::ms_ssim;
pub use score::ssimulacra2;
