//! Lossy pictures with the same pixels on every machine.
//!
//! Everything that makes pixels from bytes computes in integers, so a decoded picture has the same hash everywhere. What finds the
//! bytes may take as long as it is given time.
//!
//! | You have | Use |
//! |---|---|
//! | samples of a picture, plane by plane | [`Planes`] |

pub mod overfit;
mod planes;

pub use planes::Planes;
