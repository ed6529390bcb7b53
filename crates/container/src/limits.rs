//! Every limit of the format in one place (docs/format/README.md, "Limits"). Readers refuse what is over them.
//!
//! These are bounds of the format, whoever reads. What *you* are willing to spend on a file is in [`minlen_core::Limits`].
//!
//! ```
//! use minlen_container::limits;
//! // A block says its lengths before it says its bytes: nobody has to believe it beyond this.
//! assert!(limits::MAX_BLOCK_RAW <= limits::MAX_STORED);
//! ```

use minlen_core::Chain;

/// Largest block or serialised tree before coding, in bytes.
pub const MAX_BLOCK_RAW: u64 = 1 << 30;
/// Largest payload, and largest length between two stages of a chain, in bytes.
pub const MAX_STORED: u64 = 2 << 30;
/// Most codecs in a chain.
pub const MAX_CHAIN: usize = Chain::MAX_STAGES;
/// Most bytes of fields in a section header: their length is stored in one byte.
pub const MAX_FIELDS: usize = 255;
/// Largest index payload in bytes.
pub const MAX_INDEX: u64 = 1 << 28;
/// Largest skippable payload in bytes.
pub const MAX_SKIPPABLE: u64 = 1 << 30;
/// The longest learned part that is embedded, and read.
pub(crate) const MAX_LEARNED: u64 = 64 << 20;
/// Longest path of an entry in bytes.
pub const MAX_PATH: usize = 1 << 15;
/// Longest component of a path in bytes.
pub const MAX_COMPONENT: usize = 1024;
/// Most components of a path: twice what the paths that Linux can name have.
pub const MAX_DEPTH: u32 = 4096;
/// Longest target of a symbolic link in bytes.
pub const MAX_LINK: usize = 1 << 15;
/// Cursors that the extent coder of a tree remembers.
pub const MAX_CURSORS: usize = 64;
/// Permission bits that an entry may have.
pub const MODE_BITS: u32 = 0o7777;
/// Longest name of a user or group in bytes.
pub const MAX_OWNER_NAME: usize = 255;
/// Longest name of an extended attribute in bytes.
pub const MAX_XATTR_NAME: usize = 255;
/// Longest value of an extended attribute in bytes.
pub const MAX_XATTR: usize = 1 << 16;
/// Most extended attributes of one entry.
pub const MAX_XATTRS: usize = 1 << 12;
