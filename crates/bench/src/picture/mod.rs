//! Codecs of pictures, measured: how many bits for how near a picture.
//!
//! * [`Ladder`]: a codec with its settings, and the qualities at which it is measured; rivals are installed programs, and minlen is one
//!   of them, so that whole files, whole processes and their memory are compared.
//! * [`Row`]: one picture at one quality. Rows are kept in a CSV file, so that hours of measuring can be resumed.
//! * [`bd_rate`]: how many bits one curve takes more than another at the same quality (Bjøntegaard).
//! * [`compress_ai`]: a curve in the form of CompressAI's results, for other people's plots.
//! * [`page`]: curves and pictures side by side.

mod bd;
mod export;
mod ladder;
mod page;
mod rows;

pub use bd::{bd_rate, pchip};
pub use export::compress_ai;
pub use ladder::{Coded, Ladder, ladders};
pub use page::{Crop, mean_difference, page, points};
pub use rows::{Metric, Row, Rows, mean_curve};
