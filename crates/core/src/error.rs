//! One error type for the whole project: what went wrong, where, and what to do about it.

use std::fmt;
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
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    file: Option<PathBuf>,
    offset: Option<u64>,
    remedy: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
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

    /// A failed system call, with what was being done.
    #[must_use]
    pub fn io(doing: impl Into<String>, source: std::io::Error) -> Self {
        let mut error = Self::new(ErrorKind::Io, doing);
        error.source = Some(Box::new(source));
        error
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
        self.remedy.get_or_insert_with(|| remedy.into());
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

    /// True where the data merely ended too early.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.kind == ErrorKind::Truncated
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        write!(f, "{}", self.message)?;
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        if let Some(offset) = self.offset {
            write!(f, " (at byte {offset})")?;
        }
        if let Some(remedy) = &self.remedy {
            write!(f, "; {remedy}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|s| &**s as &(dyn std::error::Error + 'static))
    }
}

impl From<std::io::Error> for Error {
    /// Unwraps an [`Error`] that travelled through `std::io`, else classes it as [`ErrorKind::Io`].
    // The closures are shorter than the paths of the methods.
    #[allow(clippy::redundant_closure_for_method_calls)]
    fn from(error: std::io::Error) -> Self {
        if error.get_ref().is_some_and(|inner| inner.is::<Self>()) {
            if let Some(Ok(inner)) = error.into_inner().map(|inner| inner.downcast::<Self>()) {
                return *inner;
            }
            return Self::new(ErrorKind::Io, "I/O error");
        }
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Self::truncated("the data ends too early"),
            _ => Self::io("I/O error", error),
        }
    }
}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_file_place_and_remedy() {
        let error =
            Error::corrupt("block checksum differs").in_file("a.mln").at(77).remedy("try `minlen repair`");
        assert_eq!(error.to_string(), "a.mln: block checksum differs (at byte 77); try `minlen repair`");
        assert_eq!((error.code(), error.kind().exit_code()), (4, 4));
    }

    #[test]
    fn survives_a_trip_through_std_io() {
        let io: std::io::Error = Error::limit("too big").into();
        assert_eq!(Error::from(io).kind(), ErrorKind::Limit);
    }
}
