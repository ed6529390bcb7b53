//! What the command line means: options, limits and keys for the library, names for the output.

mod context;
mod forecast;
mod inputs;
mod keys;
pub mod ledger;
mod survey;
mod target;

pub use context::Context;
pub use forecast::{Forecast, forecast};
pub use inputs::{Source, gather};
pub use keys::is_dash;
pub use survey::Survey;
pub use target::{Target, compressed, is_folder, is_other_picture, is_ours, repaired, restored};
