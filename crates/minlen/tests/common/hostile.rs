//! Files that no encoder writes, with right checksums.
#![allow(dead_code, clippy::unwrap_used)]

use minlen::container::tree::file_hash;
use minlen::container::{Body, Entry, Extent, StreamWriter, Tree, seal};
use minlen::{Chain, Env, Options};

fn chain(codec: &str, raw: &[u8]) -> minlen::container::RawBlock {
    let options = Options::default();
    let chain = Chain::parse(codec, options.registry()).unwrap();
    seal(raw, chain.encode(raw, options.registry(), &Env::default()).unwrap())
}

/// A stream of zeros that is not kept within the default limits.
pub fn bomb(bytes: usize) -> Vec<u8> {
    const SIZE: usize = 4 << 20;
    let mut writer = StreamWriter::new(Vec::new()).unwrap().unpadded();
    let (block, mut hasher) = (chain("zstd", &vec![0; SIZE]), blake3::Hasher::new());
    for _ in 0..bytes / SIZE {
        writer.write_block(&block).unwrap();
        hasher.update(&vec![0; SIZE]);
    }
    writer.finish(*hasher.finalize().as_bytes()).unwrap()
}

/// An archive of `tree` over `content` in blocks of `size` bytes, small blocks stored and large ones compressed.
pub fn pack(tree: &Tree, content: &[u8], size: usize) -> Vec<u8> {
    write(StreamWriter::archive(Vec::new()).unwrap(), tree, content, size)
}

/// The same without padding.
pub fn unpadded(tree: &Tree, content: &[u8], size: usize) -> Vec<u8> {
    write(StreamWriter::archive(Vec::new()).unwrap().unpadded(), tree, content, size)
}

fn write(mut writer: StreamWriter<Vec<u8>>, tree: &Tree, content: &[u8], size: usize) -> Vec<u8> {
    let codec = if size < 1000 { "store" } else { "zstd" };
    content.chunks(size).for_each(|block| writer.write_block(&chain(codec, block)).unwrap());
    let options = Options::default();
    let code = |raw: &[u8]| {
        let chain = Chain::parse("zstd:level=9", options.registry())?;
        chain.encode(raw, options.registry(), &Env::default())
    };
    writer.write_tree(tree, code).unwrap();
    writer.finish(*blake3::hash(content).as_bytes()).unwrap()
}

/// A file with these bytes at these places of the content.
pub fn file(path: &str, bytes: &[u8], extents: Vec<Extent>) -> Entry {
    let body = Body::File { len: bytes.len() as u64, hash: file_hash(bytes), extents };
    Entry { path: path.as_bytes().to_vec(), mode: 0o644, mtime: None, body, meta: None }
}

/// A range of the content.
pub fn data(offset: u64, len: u64) -> Extent {
    Extent::Data { offset, len }
}

/// So many folders, each below `depth` others that no entry asks for.
pub fn deep_folders(count: usize, depth: usize) -> Vec<Entry> {
    let deep = "/x".repeat(depth);
    let path = |i: usize| format!("{i}{deep}").into_bytes();
    (0..count)
        .map(|i| Entry { path: path(i), mode: 0o755, mtime: None, body: Body::Dir, meta: None })
        .collect()
}
