//! Lossy pictures with the same pixels on every machine.
//!
//! Everything that makes pixels from bytes computes in integers, so a decoded picture has the same hash everywhere. What finds the
//! bytes may take as long as it is given time.
//!
//! | You have | Use |
//! |---|---|
//! | a file in PNG, JPEG, WebP, TIFF or PNM | [`read`] |
//! | samples of a picture, plane by plane | [`Planes`] |
//! | these, to be coded near enough or small enough | [`encode`], [`decode`] |
//! | two pictures, and how near they are matters | [`Planes::psnr`], [`metric`] |

pub mod block;
mod code;
pub mod metric;
pub mod overfit;
mod picture;
mod planes;
#[cfg(feature = "read")]
pub mod read;
pub mod vae;
#[cfg(feature = "read")]
pub mod write;

pub use code::{Encoded, Goal, Method, Shape, decode, effort_ns, encode, preview};
pub use picture::{Chunk, Picture};
pub use planes::{PIXELS_MAX, Planes, SIDE_MAX};
