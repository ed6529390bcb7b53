//! What can be done about an error, as a value: a program says it in its own words.

use std::fmt;

/// What can be done about an error or a warning.
///
/// [`fmt::Display`] gives words for people who call the library. A program with options of its own looks at the value and names the
/// option, as the command does.
///
/// ```
/// use minlen_core::{Advice, Limits};
/// let error = Limits::default().with_output(10).check_output(11, 5).unwrap_err();
/// assert_eq!(error.advice(), Some(Advice::MoreOutput));
/// assert!(error.to_string().ends_with("raise the limit on output if you trust the file"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// Allow more memory: [`crate::Limits::memory`].
    MoreMemory,
    /// Allow readers this much memory: [`crate::Limits::memory`].
    ReadWithMemory {
        /// In bytes.
        bytes: u64,
    },
    /// Allow more output, for a file that can be trusted: [`crate::Limits::output`].
    MoreOutput,
    /// Allow any ratio of output to input, for a file that can be trusted: [`crate::Limits::ratio`].
    AnyRatio,
    /// Repair the file with recovery data.
    Repair,
    /// Repair the file, or take out what is not damaged.
    RepairOrSalvage,
    /// Take out what is not damaged.
    Salvage,
    /// Extract all of the archive at once.
    ExtractAll,
    /// Read it as an archive of files.
    ReadArchive,
    /// Look what the members are.
    ListMembers,
    /// Allow what is there to be replaced.
    Replace,
    /// Give the secret key that the file is encrypted to.
    SecretKey,
    /// Give the recovery data of this file.
    OwnRecovery,
    /// Give the prior that was used.
    Prior,
    /// Give the codec file that was used.
    Model,
    /// Give the file that this is a difference from.
    Base,
    /// Store one of the files as a difference from another one.
    Rebase,
    /// Give the shape of the whole file, or none.
    Shape,
    /// Allow a larger error, or none.
    LargerError,
    /// Give a calibration text.
    Calibration,
    /// Leave out the calibration text.
    NoCalibration,
    /// Choose another format of the output.
    OtherFormat,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::ReadWithMemory { bytes } = self {
            return write!(f, "whoever reads it has to allow {} MiB of memory", bytes.div_ceil(1 << 20));
        }
        f.write_str(match self {
            Self::MoreMemory | Self::ReadWithMemory { .. } => "raise the limit on memory",
            Self::MoreOutput => "raise the limit on output if you trust the file",
            Self::AnyRatio => "lift the limit on the ratio if you trust the file",
            Self::Repair => "recovery data may repair it",
            Self::RepairOrSalvage => "recovery data may repair it, and what is not damaged can be salvaged",
            Self::Salvage => "what is not damaged can be salvaged",
            Self::ExtractAll => {
                "allow more memory, or extract everything at once, which needs each block once"
            }
            Self::ReadArchive => "read it as an archive",
            Self::ListMembers => "list the members to see what is there",
            Self::Replace => "allow it to be replaced",
            Self::SecretKey => "give the secret key",
            Self::OwnRecovery => "give the recovery data of this file",
            Self::Prior => "give the prior",
            Self::Model => "give the codec file",
            Self::Base => "give that file as a base",
            Self::Rebase => "store one of them as a difference from another one",
            Self::Shape => "give the shape of the whole file, or none",
            Self::LargerError => "allow a larger error, or none",
            Self::Calibration => "give a calibration text",
            Self::NoCalibration => {
                "without a calibration text any model can be quantized, by its weights alone"
            }
            Self::OtherFormat => "choose another format for the output, or convert the model first",
        })
    }
}
