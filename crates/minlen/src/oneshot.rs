//! Whole buffers in memory.
//!
//! [`compress`] and [`decompress`] are what most callers need. The forms that end in `_with` also take an [`Env`]: limits, a memory
//! budget, progress, cancellation. All of input and output is in memory; [`crate::Encoder`] and [`crate::Decoder`] are for what is not.

use crate::{Decoder, Encoder, Options, nearby};
use minlen_core::{Env, Event, Limits, NoProgress, Result};
use std::io::Write;
use std::sync::Arc;

/// Compresses `data` into a complete stream.
///
/// Any bytes can be compressed, none at all too. What does not get smaller is stored: with the compact form
/// ([`Options::with_compact`]) a dozen bytes are added, otherwise some eighty.
///
/// ```
/// use minlen::{Limits, Options, compress, decompress};
/// let options = Options::new(1)?;
/// for data in [&b""[..], b"x", &[7; 10_000]] {
///     let stored = compress(data, &options)?;
///     assert!(stored.len() < data.len() + 40);
///     assert_eq!(decompress(&stored, &Limits::default())?, data);
/// }
/// # Ok::<(), minlen::Error>(())
/// ```
///
/// # Errors
/// Limit where the memory does not do; usage for a shape that is not that of the data; verify where floats within a bound were asked
/// for, and what was written does not decode to some.
pub fn compress(data: &[u8], options: &Options) -> Result<Vec<u8>> {
    compress_with(data, options, &Env::new(Limits::none()))
}

/// [`compress`] with limits, progress and cancellation. The receiver of progress hears the length of `data` first
/// ([`Event::Total`]), then how it gets through it.
///
/// ```
/// use minlen::{Env, Event, Options, Progress};
/// use std::sync::{Arc, Mutex};
///
/// #[derive(Default)]
/// struct Percent(Mutex<(u64, u64)>);
/// impl Progress for Percent {
///     fn event(&self, event: Event) {
///         let mut seen = self.0.lock().unwrap();
///         match event {
///             Event::Total { bytes } => seen.0 = bytes,
///             Event::Advance { input, .. } => seen.1 += input,
///             _ => {}
///         }
///     }
/// }
///
/// let percent = Arc::new(Percent::default());
/// let env = Env::default().with_progress(percent.clone());
/// let small = minlen::compress_with(&[7; 100_000], &Options::new(1)?, &env)?;
/// assert_eq!(*percent.0.lock().unwrap(), (100_000, 100_000));
/// # Ok::<(), minlen::Error>(())
/// ```
///
/// # Errors
/// As [`compress`]; cancelled.
pub fn compress_with(data: &[u8], options: &Options, env: &Env) -> Result<Vec<u8>> {
    env.progress.event(Event::Total { bytes: data.len() as u64 });
    // Room for data that does not get smaller: it is given back, and growing step by step would copy.
    let out = Vec::with_capacity(data.len() / 2 + 256);
    let mut encoder = Encoder::with_length(out, options, data.len() as u64, env)?;
    if options.effective_threads() > 1 || options.goal.is_some() {
        encoder.write_all(data)?;
    } else {
        encoder.code_in_place(data)?;
    }
    let mut out = encoder.finish()?;
    out.shrink_to_fit();
    if options.target().is_some() {
        let quiet = options.informed(env).with_progress(Arc::new(NoProgress));
        let decoded = Decoder::new(&out[..], options, &quiet)?.read_all()?;
        nearby::verify(&data, &&decoded[..], options, &quiet)?;
    }
    Ok(out)
}

/// Decompresses one or several streams in a row. The checksums of every block and of the whole are verified.
///
/// ```
/// use minlen::{ErrorKind, Limits, Options, compress, decompress};
/// let options = Options::new(1)?;
/// // Two streams, one behind the other, are the two contents in a row.
/// let both = [compress(b"one, ", &options)?, compress(b"two", &options)?].concat();
/// assert_eq!(decompress(&both, &Limits::default())?, b"one, two");
/// let error = decompress(b"not a stream at all", &Limits::default()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Corrupt);
/// # Ok::<(), minlen::Error>(())
/// ```
///
/// # Errors
/// Corrupt, truncated, unsupported, limit. An archive of files is refused: see [`crate::archive`].
pub fn decompress(data: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    decompress_with(data, &Options::default(), &Env::new(limits.clone()))
}

/// [`decompress`] with codecs and threads from `options`, and with progress and cancellation. The receiver of progress hears the
/// length of `data` first ([`Event::Total`]); everything that it is told of input adds up to that.
///
/// ```
/// use minlen::{Cancel, Env, ErrorKind, Options, compress, decompress_with};
/// let options = Options::new(1)?.with_threads(2);
/// let small = compress(b"stop at once", &options)?;
/// let cancel = Cancel::default();
/// let env = Env::default().with_cancel(cancel.clone());
/// assert_eq!(decompress_with(&small, &options, &env)?, b"stop at once");
/// cancel.cancel();
/// assert_eq!(decompress_with(&small, &options, &env).unwrap_err().kind(), ErrorKind::Cancelled);
/// # Ok::<(), minlen::Error>(())
/// ```
///
/// # Errors
/// As [`decompress`]; cancelled.
pub fn decompress_with(data: &[u8], options: &Options, env: &Env) -> Result<Vec<u8>> {
    env.progress.event(Event::Total { bytes: data.len() as u64 });
    Decoder::new(data, options, env)?.read_all()
}
