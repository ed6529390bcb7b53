//! What the tests of this crate share: two small codecs, and archives made of folders.

use crate::tree::file_hash;
use crate::walk::{self, Found};
use crate::{Amendment, Body, Entry, Extent, RawBlock, StreamWriter, Tree, seal};
use minlen_core::{Chain, Codec, CodecId, CodecSpec, Coded, Env, Error, Memory, Params, Registry, Result};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Copies.
pub(crate) struct Store;
/// Drops the zeros at the end: the simplest codec that makes something smaller.
pub(crate) struct Trim;

const fn spec(id: u16, name: &'static str) -> CodecSpec {
    let id = CodecId(id);
    CodecSpec { id, name, summary: "", source: "", limits: "", params: &[], max_input: 1 << 40 }
}
static STORE: CodecSpec = spec(0, "store");
static TRIM: CodecSpec = spec(0x4000, "trim");

impl Codec for Store {
    fn spec(&self) -> &'static CodecSpec {
        &STORE
    }
    fn encode(&self, input: &[u8], _: &Params, _: &Env, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(input);
        Ok(())
    }
    fn decode(&self, payload: &[u8], len: usize, _: &Env, out: &mut Vec<u8>) -> Result<()> {
        if payload.len() != len {
            return Err(Error::corrupt("length"));
        }
        out.extend_from_slice(payload);
        Ok(())
    }
    fn memory(&self, _: &Params, _: usize) -> Memory {
        Memory::default()
    }
}

impl Codec for Trim {
    fn spec(&self) -> &'static CodecSpec {
        &TRIM
    }
    fn encode(&self, input: &[u8], _: &Params, _: &Env, out: &mut Vec<u8>) -> Result<()> {
        let end = input.iter().rposition(|&b| b != 0).map_or(0, |at| at + 1);
        out.extend_from_slice(&input[..end]);
        Ok(())
    }
    fn decode(&self, payload: &[u8], len: usize, _: &Env, out: &mut Vec<u8>) -> Result<()> {
        if payload.len() > len {
            return Err(Error::corrupt("length"));
        }
        out.extend_from_slice(payload);
        out.resize(out.len() + len - payload.len(), 0);
        Ok(())
    }
    fn memory(&self, _: &Params, _: usize) -> Memory {
        Memory::default()
    }
}

pub(crate) fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.register(Arc::new(Store));
    registry.register(Arc::new(Trim));
    registry
}

pub(crate) fn code(raw: &[u8]) -> Result<Coded> {
    let registry = registry();
    Chain::parse("trim+store", &registry)?.encode(raw, &registry, &Env::default())
}

pub(crate) fn block(raw: &[u8]) -> RawBlock {
    seal(raw, code(raw).unwrap())
}

/// A stream of `content` in blocks of `size`.
pub(crate) fn stream(content: &[u8], size: usize) -> Vec<u8> {
    let mut writer = StreamWriter::new(Vec::new()).unwrap();
    content.chunks(size).for_each(|chunk| writer.write_block(&block(chunk)).unwrap());
    writer.finish(*blake3::hash(content).as_bytes()).unwrap()
}

/// An archive of `tree` over `content` in blocks of `size`.
pub(crate) fn archive(tree: &Tree, content: &[u8], size: usize) -> Vec<u8> {
    let mut writer = StreamWriter::archive(Vec::new()).unwrap();
    content.chunks(size).for_each(|chunk| writer.write_block(&block(chunk)).unwrap());
    writer.write_tree(tree, code).unwrap();
    writer.finish(*blake3::hash(content).as_bytes()).unwrap()
}

/// The same of a tree that amends those before it.
pub(crate) fn amending(amendment: Amendment, tree: &Tree, content: &[u8], size: usize) -> Vec<u8> {
    let mut writer = StreamWriter::amending(Vec::new(), amendment).unwrap();
    content.chunks(size).for_each(|chunk| writer.write_block(&block(chunk)).unwrap());
    writer.write_tree(tree, code).unwrap();
    writer.finish(*blake3::hash(content).as_bytes()).unwrap()
}

/// Tree and content of a folder.
pub(crate) fn pack(folder: &Path) -> (Tree, Vec<u8>) {
    let env = Env::default();
    let items = walk::walk(&[folder.to_path_buf()], &walk::Options::default(), &env).unwrap().items;
    let (mut tree, mut content) = (Tree::default(), Vec::new());
    for item in &items {
        let body = match &item.body {
            Found::Dir => Body::Dir,
            Found::Symlink(target) => Body::Symlink(target.clone()),
            Found::Hardlink(first) => Body::Hardlink(*first),
            Found::File { len, data } => {
                let mut bytes = Vec::new();
                walk::open(item).unwrap().read_to_end(&mut bytes).unwrap();
                file_body(&bytes, *len, data, &mut content)
            }
        };
        tree.entries.push(Entry {
            path: item.path.clone(),
            mode: item.mode,
            mtime: item.mtime,
            body,
            meta: None,
        });
    }
    (tree, content)
}

fn file_body(bytes: &[u8], len: u64, data: &[(u64, u64)], content: &mut Vec<u8>) -> Body {
    let (mut extents, mut at) = (Vec::new(), 0);
    for &(start, n) in data {
        if start > at {
            extents.push(Extent::Hole { len: start - at });
        }
        extents.push(Extent::Data { offset: content.len() as u64, len: n });
        content.extend_from_slice(&bytes[start as usize..(start + n) as usize]);
        at = start + n;
    }
    if at < len {
        extents.push(Extent::Hole { len: len - at });
    }
    Body::File { len, hash: file_hash(bytes), extents }
}

/// A file entry of bytes at `offset` of the content.
pub(crate) fn file(path: &str, content: &[u8], offset: usize, len: usize) -> Entry {
    let extents =
        if len == 0 { Vec::new() } else { vec![Extent::Data { offset: offset as u64, len: len as u64 }] };
    let hash = file_hash(&content[offset..offset + len]);
    Entry {
        path: path.as_bytes().to_vec(),
        mode: 0o644,
        mtime: None,
        body: Body::File { len: len as u64, hash, extents },
        meta: None,
    }
}

/// An entry of any other kind.
pub(crate) fn entry(path: &[u8], body: Body) -> Entry {
    Entry { path: path.to_vec(), mode: 0o755, mtime: None, body, meta: None }
}
