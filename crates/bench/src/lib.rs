//! The library behind `minlen bench`: rivals, measurements and result tables.
//!
//! * [`rival`]: the [`Rival`] trait, rivals in process through their libraries, rivals as installed programs, and
//!   [`FnRival`], through which the caller brings minlen's own levels and codecs. Names are read by [`resolve`].
//! * [`Runner`]: warm-up, repeats, verified round trips, minimum and median times, peak memory; gives a [`Report`].
//! * [`render`]: the report as a table, CSV, JSON or Markdown, and as an SVG plot of size against speed.
//! * [`html`]: pages that stand alone, with charts ([`render::chart`]) and pictures.
//! * [`results`]: tables of sizes that are committed, and what changed between two of them.
//! * [`speeds`]: times and memory, kept as well, for the plots.
//! * [`page`]: the page of results and its plots, from the tables that are kept.
//! * [`ablation`]: what each part of a codec is worth.
//! * [`picture`]: codecs of pictures, with curves of bits and quality.
//! * [`corpus`]: a small generated corpus, the same bytes everywhere, so that sizes can be checked without data files.
//! * [`peers`]: sizes of other programs measured elsewhere, side by side with ours.
//! * [`memory`] and [`probe`]: peak memory, within the process or in a child of its own.
//!
//! The crate knows nothing of the facade: minlen is one more rival, handed in by the caller.
//!
//! ```
//! use minlen_bench::{Input, Runner, render, resolve};
//! let rivals = resolve("memcpy,zstd:3,deflate", &|_| None)?.rivals;
//! let inputs = [Input::bytes("hello.txt", b"hello, hello, hello ".repeat(500))];
//! let report = Runner::default().run(&inputs, &rivals, &minlen_core::Env::default())?;
//! println!("{}", render::render(&report, render::Format::Table, &render::Style::default()));
//! # Ok::<(), minlen_core::Error>(())
//! ```

pub mod ablation;
pub mod corpus;
pub mod cpu;
mod csv;
pub mod html;
mod input;
pub mod machine;
pub mod memory;
pub mod page;
pub mod peers;
pub mod picture;
pub mod probe;
pub mod render;
mod report;
pub mod results;
pub mod rival;
mod runner;
pub mod speeds;

pub use input::{Input, load};
pub use report::{Measure, Report, Row, Skipped, YARDSTICK};
pub use rival::{FnRival, Job, Op, Outcome, Resolved, Rival, RivalKind, resolve};
pub use runner::{Options, Runner};
