//! `minlen analyze`: how small can it get?
use crate::args::Analyze;
use crate::exit::Tally;
use crate::plan::{Context, gather};
use minlen::{Error, Result};

/// Analyzes every input.
pub fn run(args: &Analyze, ctx: &Context) -> Result<Tally> {
    let inputs = gather(&args.io)?;
    Ok(super::for_each(ctx, &inputs, |_| Err(Error::unsupported("not wired yet"))))
}
