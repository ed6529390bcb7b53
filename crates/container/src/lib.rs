//! The `.mln` format: streams, archives, recovery data, encryption; and safe ways to and from the file system.
//!
//! The format is documented in docs/format/ and written by hand against those pages.
//!
//! This crate knows codecs by number only: what a block's bytes mean, a [`minlen_core::Registry`] says. Whoever wants to compress and
//! decompress takes the crate `minlen`; this one is for programs that look at files, move their blocks or write new ones.
//!
//! ## Which part do I need?
//!
//! | You have | Use |
//! |---|---|
//! | a pipe, from the first byte to the last | [`StreamWriter`], [`StreamReader`] |
//! | a file in which to look things up | [`Archive`] |
//! | coded content for a block, or a block to decode | [`seal`], [`open_block`] |
//! | content of some kilobytes | [`compact`] |
//! | the directory of an archive | [`Tree`], [`tree`] |
//! | files that shall become entries, or the other way round | [`walk`], [`extract`] |
//! | a file that must appear complete or not at all | [`atomic`] |
//! | a file that shall survive damage, or did not | [`recovery`] |
//! | a file that is encrypted, or shall be | [`crypt`] |
//! | the question what a reader accepts | [`limits`] |
//!
//! ## Example
//!
//! ```
//! use minlen_container::{Item, StreamReader, StreamWriter, seal};
//! use minlen_core::{Coded, Env, ids};
//!
//! let content = b"stored as it is";
//! let coded = Coded { ids: vec![ids::STORE], inner: Vec::new(), payload: content.to_vec() };
//! let mut writer = StreamWriter::new(Vec::new())?;
//! writer.write_block(&seal(content, coded))?;
//! let file = writer.finish(*blake3::hash(content).as_bytes())?;
//!
//! let mut reader = StreamReader::new(&file[..], &Env::default());
//! let mut payloads = Vec::new();
//! while let Some(item) = reader.next()? {
//!     if let Item::Block(block) = item {
//!         payloads.push(block.payload);
//!     }
//! }
//! assert_eq!(payloads, [content]);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod archive;
pub mod atomic;
mod block;
#[cfg(test)]
mod cases;
pub mod compact;
pub mod crypt;
mod directory;
mod end;
pub mod extract;
mod index;
pub mod limits;
mod live;
mod magic;
mod names;
mod primitives;
pub mod recovery;
mod section;
mod stream;
#[cfg(test)]
mod testutil;
pub mod tree;
pub mod walk;

pub use archive::{Archive, BlockEntry, Damage, StreamInfo, check_structure};
pub use block::{BlockHeader, RawBlock, open_beginning, open_block, open_block_within, open_tree, seal};
pub use directory::DirectoryPart;
pub use live::remove_unfinished;
pub use magic::is_mln;
pub use primitives::{check32, hash64};
pub use section::{MAGIC, MAJOR, MINOR, kind};
pub use stream::{Item, StreamReader, StreamWriter};
pub use tree::{Amendment, Body, Entry, Extent, Meta, Owner, Tree, Xattr};
