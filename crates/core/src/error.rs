//! One error type for the whole project: what went wrong, where, and what to do about it.

use crate::Advice;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Result with minlen's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The class of an error. The numbers are stable: they are part of the public interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u16)]
pub enum ErrorKind {
    /// The operating system refused a read, write or other call.
    Io = 1,
    /// The call or command line makes no sense.
    Usage = 3,
    /// The bytes are not what the format allows, or a checksum does not match.
    Corrupt = 4,
    /// The data ends before it is complete.
    Truncated = 40,
    /// A newer format, or a codec this build does not have.
    Unsupported = 5,
    /// A limit on memory, output, ratio, depth or entries was reached.
    Limit = 6,
    /// The passphrase or identity does not open the data.
    WrongKey = 7,
    /// What was written did not read back as what went in.
    Verify = 8,
    /// The caller asked to stop.
    Cancelled = 9,
    /// The target is there already and may not be overwritten.
    Exists = 10,
}

impl ErrorKind {
    /// The process exit code for this class (see the manual: 1 error, 3 usage, 4 corrupt, ...).
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 3,
            Self::Corrupt | Self::Truncated => 4,
            Self::Unsupported => 5,
            Self::Limit => 6,
            Self::WrongKey => 7,
            Self::Verify => 8,
            Self::Io | Self::Cancelled | Self::Exists => 1,
        }
    }
}

/// What went wrong, in which file, at which byte, and the remedy.
///
/// [`fmt::Display`] says that in one line, without what caused it: `source()` has the cause. The alternate form, `{:#}`, has it in the
/// line. Which class an error has ([`Error::kind`]), and often what to do about it ([`Error::advice`]), is there for programs.
///
/// An error goes through [`std::io`] without loss, as where a decoder is a reader: there it has the [`io::ErrorKind`] that fits, and
/// comes out as it was.
///
/// ```
/// use minlen_core::{Error, ErrorKind};
/// use std::io;
/// let io: io::Error = Error::corrupt("a checksum differs").at(7).into();
/// assert_eq!(io.kind(), io::ErrorKind::InvalidData);
/// let error = Error::from(io);
/// assert_eq!((error.kind(), error.offset()), (ErrorKind::Corrupt, Some(7)));
///
/// let error = Error::io("cannot write", io::Error::from(io::ErrorKind::StorageFull)).in_file("a.mln");
/// assert_eq!(error.to_string(), "a.mln: cannot write");
/// assert_eq!(format!("{error:#}"), "a.mln: cannot write: no storage space");
/// assert_eq!(error.io_kind(), io::ErrorKind::StorageFull);
/// ```
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    file: Option<PathBuf>,
    offset: Option<u64>,
    remedy: Option<Remedy>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Debug)]
enum Remedy {
    Words(String),
    Known(Advice),
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => f.write_str(words),
            Self::Known(advice) => advice.fmt(f),
        }
    }
}

impl Error {
    /// An error of the given class.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), file: None, offset: None, remedy: None, source: None }
    }

    /// Malformed bytes or a checksum that does not match.
    #[must_use]
    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, message)
    }

    /// Data that ends too early.
    #[must_use]
    pub fn truncated(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Truncated, message)
    }

    /// A limit was reached.
    #[must_use]
    pub fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    /// A version or codec that this build cannot read.
    #[must_use]
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// A call that makes no sense.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// A failed system call, with what was being done. An [`Error`] that only travelled through [`std::io`] stays what it is.
    #[must_use]
    pub fn io(doing: impl Into<String>, source: io::Error) -> Self {
        carried(source).unwrap_or_else(|source| Self::caused(ErrorKind::Io, doing, source))
    }

    fn caused(kind: ErrorKind, message: impl Into<String>, source: io::Error) -> Self {
        let mut error = Self::new(kind, message);
        error.source = Some(Box::new(source));
        error
    }

    /// True if `error` is one of ours that travels through [`std::io`].
    #[must_use]
    pub fn is_in(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| {
            inner.is::<Self>() || inner.downcast_ref::<io::Error>().is_some_and(Self::is_in)
        })
    }

    /// Names the file concerned, unless one is named already.
    #[must_use]
    pub fn in_file(mut self, file: impl AsRef<Path>) -> Self {
        self.file.get_or_insert_with(|| file.as_ref().to_path_buf());
        self
    }

    /// Names the byte offset, unless one is named already.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.offset.get_or_insert(offset);
        self
    }

    /// Says what the user can do, unless it is said already.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy.get_or_insert_with(|| Remedy::Words(remedy.into()));
        self
    }

    /// The same as a value, which programs put into their own words.
    #[must_use]
    pub fn advise(mut self, advice: Advice) -> Self {
        self.remedy.get_or_insert(Remedy::Known(advice));
        self
    }

    /// The class of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The stable numeric code of the class.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.kind as u16
    }

    /// The file concerned, where known.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The byte offset concerned, where known.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        self.offset
    }

    /// What went wrong, without file, place, cause and remedy.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What can be done about it, where that is one of the known things.
    #[must_use]
    pub fn advice(&self) -> Option<Advice> {
        match self.remedy {
            Some(Remedy::Known(advice)) => Some(advice),
            _ => None,
        }
    }

    /// The error as one line with its causes; what can be done about it in the words of the caller.
    #[must_use]
    pub fn line(&self, words: impl Fn(Advice) -> String) -> String {
        let remedy = match &self.remedy {
            Some(Remedy::Known(advice)) => Some(Remedy::Words(words(*advice))),
            _ => None,
        };
        Shown { error: self, causes: true, remedy: remedy.as_ref().or(self.remedy.as_ref()) }.to_string()
    }

    /// What this is to [`std::io`]: the kind of the system's error where that is the cause, else what comes closest.
    #[must_use]
    pub fn io_kind(&self) -> io::ErrorKind {
        let source = self.source.as_ref().and_then(|source| source.downcast_ref::<io::Error>());
        match (self.kind, source) {
            // Whoever reads on after this kind, as the standard library does, would do so for ever.
            (_, Some(source)) if source.kind() == io::ErrorKind::Interrupted => io::ErrorKind::Other,
            (ErrorKind::Io, Some(source)) => source.kind(),
            (ErrorKind::Usage, _) => io::ErrorKind::InvalidInput,
            (ErrorKind::Corrupt, _) => io::ErrorKind::InvalidData,
            (ErrorKind::Truncated, _) => io::ErrorKind::UnexpectedEof,
            (ErrorKind::Unsupported, _) => io::ErrorKind::Unsupported,
            (ErrorKind::Limit, _) => io::ErrorKind::QuotaExceeded,
            (ErrorKind::WrongKey, _) => io::ErrorKind::PermissionDenied,
            (ErrorKind::Exists, _) => io::ErrorKind::AlreadyExists,
            (ErrorKind::Verify | ErrorKind::Cancelled | ErrorKind::Io, _) => io::ErrorKind::Other,
        }
    }

    /// True where the data merely ended too early.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.kind == ErrorKind::Truncated
    }
}

/// An error as one line.
struct Shown<'a> {
    error: &'a Error,
    causes: bool,
    remedy: Option<&'a Remedy>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.error.file {
            write!(f, "{}: ", file.display())?;
        }
        f.write_str(&self.error.message)?;
        let mut cause = std::error::Error::source(self.error).filter(|_| self.causes);
        while let Some(source) = cause {
            write!(f, ": {source}")?;
            cause = source.source();
        }
        if let Some(offset) = self.error.offset {
            write!(f, " (at byte {offset})")?;
        }
        self.remedy.map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown { error: self, causes: f.alternate(), remedy: self.remedy.as_ref() }.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|s| &**s as &(dyn std::error::Error + 'static))
    }
}

/// The error that travels in `error`, or `error` itself where that is none of ours.
fn carried(error: io::Error) -> Result<Error, io::Error> {
    if !Error::is_in(&error) {
        return Err(error);
    }
    let kind = error.kind();
    let Some(inner) = error.into_inner() else { return Err(kind.into()) };
    match inner.downcast::<Error>() {
        Ok(ours) => Ok(*ours),
        Err(inner) => inner.downcast::<io::Error>().map_or(Err(kind.into()), |inner| carried(*inner)),
    }
}

impl From<io::Error> for Error {
    /// Unwraps an [`Error`] that travelled through [`std::io`]. Otherwise data that ends too early is [`ErrorKind::Truncated`], data
    /// that is not what it should be [`ErrorKind::Corrupt`], and everything else [`ErrorKind::Io`].
    fn from(error: io::Error) -> Self {
        let error = match carried(error) {
            Ok(ours) => return ours,
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::truncated("the data ends too early"),
            io::ErrorKind::InvalidData => {
                Self::caused(ErrorKind::Corrupt, "what was read is malformed", error)
            }
            _ => Self::io("I/O error", error),
        }
    }
}

impl From<Error> for io::Error {
    /// With the kind of [`Error::io_kind`], and everything that is known.
    fn from(error: Error) -> Self {
        Self::new(error.io_kind(), error)
    }
}

#[cfg(test)]
mod tests;
