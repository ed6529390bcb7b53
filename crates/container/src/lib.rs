//! The `.mln` format: streams, archives, recovery data, encryption; and safe ways to and from the file system.
//!
//! The format is documented in docs/format/ and written by hand against those pages.
//!
//! * [`StreamWriter`] and [`StreamReader`] go through a pipe; [`Archive`] has random access and can be rebuilt by
//!   scanning.
//! * [`compact`]: the form of small streams, with a dozen bytes around their one block.
//! * [`seal`] and [`open_block`] turn coded content into blocks and back.
//! * [`Tree`] is the directory of an archive; [`walk`] makes entries from files, [`extract`] files from entries.
//! * [`atomic`] writes a file completely or not at all.
//! * [`recovery`] adds Reed–Solomon data and repairs with it; [`crypt`] wraps files with age.

mod archive;
pub mod atomic;
mod block;
pub mod compact;
pub mod crypt;
mod directory;
mod end;
pub mod extract;
mod index;
pub mod limits;
mod live;
mod primitives;
pub mod recovery;
mod section;
mod stream;
#[cfg(test)]
mod testutil;
pub mod tree;
pub mod walk;

pub use archive::{Archive, BlockEntry, Damage, StreamInfo, check_structure};
pub use block::{BlockHeader, RawBlock, open_block, open_block_within, seal};
pub use directory::DirectoryPart;
pub use live::remove_unfinished;
pub use primitives::{check32, hash64};
pub use section::{MAGIC, MAJOR, MINOR, is_mln, kind};
pub use stream::{Item, StreamReader, StreamWriter};
pub use tree::{Body, Entry, Extent, Tree};
