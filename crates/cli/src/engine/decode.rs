//! From a compressed input to its content: a stream, or an archive of files.

use super::source::Opened;
use crate::plan::{Context, Source};
use minlen::archive::salvage::Salvage;
use minlen::archive::{Archive, Keys, ReadSeek};
use minlen::container::crypt::{self, Unlock};
use minlen::container::recovery::{self, Protection};
use minlen::container::{Item, StreamReader};
use minlen::{Decoder, Env, Error, Event, Progress, Result};
use std::cell::RefCell;
use std::fs::{File, Metadata};
use std::io::{self, Cursor, Read, Seek};
use std::rc::Rc;
use std::sync::Arc;

/// Enough to tell all kinds of files apart.
const HEAD: usize = crypt::HEAD;

/// What is inside.
pub enum Content {
    /// One nameless file.
    Stream(Box<dyn Read>),
    /// A tree of files.
    Tree(Box<Archive<'static>>),
}

/// An input whose kind is known.
pub struct Input {
    /// What is inside.
    pub content: Content,
    /// What the file system says of the compressed file.
    pub meta: Metadata,
    /// True for a stream of a picture that is near the one that was given: it comes out as PNG, whatever it was. Of what comes through
    /// a pipe this is not known.
    pub is_picture: bool,
}

impl Input {
    /// Bytes of the compressed file; 0 where that is not known.
    pub fn len(&self) -> u64 {
        if self.meta.is_file() { self.meta.len() } else { 0 }
    }
}

/// What opens a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// It is not encrypted.
    None,
    /// A passphrase.
    Passphrase,
    /// Identities.
    Keys,
}

impl Lock {
    /// Of a file that begins with this.
    fn of(head: &[u8]) -> Self {
        match crypt::is_age(head) {
            false => Self::None,
            true if crypt::asks_for_passphrase(head) => Self::Passphrase,
            true => Self::Keys,
        }
    }
}

enum Raw {
    Seekable(File),
    Pipe(Box<dyn Read>),
}

impl Raw {
    fn into_file(self) -> Result<File> {
        match self {
            Self::Seekable(file) => Ok(file),
            Self::Pipe(pipe) => spool(pipe),
        }
    }
}

/// Opens for reading from the first byte to the last. An archive in a pipe is written to a temporary file without a
/// name first, as it comes: what is encrypted stays so on the disk.
pub fn open(source: &Source, ctx: &Context, env: &Env) -> Result<Input> {
    let (raw, head, meta) = sniff(source, ctx)?;
    let env = &naming(source, env);
    let (content, is_picture) = match raw {
        Raw::Seekable(file) if crypt::is_age(&head) => opened(file, &unlock(&head, ctx, env)?, ctx, env)?,
        Raw::Pipe(pipe) if crypt::is_age(&head) => piped(pipe, &unlock(&head, ctx, env)?, ctx, env)?,
        raw if is_tree(&head, env) => {
            (Content::Tree(Box::new(archive(raw.into_file()?, &Keys::default(), ctx, env)?)), false)
        }
        Raw::Seekable(mut file) => {
            let picture = is_picture(&mut file, env)?;
            (Content::Stream(Box::new(Decoder::new(file, &ctx.read_options(), env)?)), picture)
        }
        Raw::Pipe(pipe) => (Content::Stream(Box::new(Decoder::new(pipe, &ctx.read_options(), env)?)), false),
    };
    Ok(Input { content, meta, is_picture })
}

/// The content of an encrypted file.
fn opened(file: File, unlock: &Unlock, ctx: &Context, env: &Env) -> Result<(Content, bool)> {
    let mut plain = crypt::open_reader(file, unlock, env)?;
    let head = read_head(&mut plain)?;
    plain.rewind()?;
    if is_tree(&head, env) {
        return Ok((Content::Tree(Box::new(archive(plain, &Keys::default(), ctx, env)?)), false));
    }
    let picture = is_picture(&mut plain, env)?;
    Ok((Content::Stream(Box::new(Decoder::new(plain, &ctx.read_options(), env)?)), picture))
}

/// The content of an encrypted pipe.
fn piped(pipe: Box<dyn Read>, unlock: &Unlock, ctx: &Context, env: &Env) -> Result<(Content, bool)> {
    let tap = Tap::new(pipe);
    let (plain, head) = peek(crypt::decrypt_pipe(tap.clone(), unlock, env)?)?;
    if is_tree(&head, env) {
        drop(plain);
        return opened(spool(tap.rewound())?, unlock, ctx, env);
    }
    tap.forget();
    Ok((Content::Stream(Box::new(Decoder::new(plain, &ctx.read_options(), env)?)), false))
}

/// Opens for looking around in: lists, tests, members.
pub fn open_archive(source: &Source, ctx: &Context, env: &Env) -> Result<Archive<'static>> {
    Ok(open_locked(source, ctx, env)?.0)
}

/// The same, and how the file is locked.
pub fn open_locked(source: &Source, ctx: &Context, env: &Env) -> Result<(Archive<'static>, Lock)> {
    let (raw, head, _) = sniff(source, ctx)?;
    let lock = Lock::of(&head);
    let keys = ctx.keys.keys_for(&head, env)?;
    Ok((archive(raw.into_file()?, &keys, ctx, &naming(source, env))?, lock))
}

/// What can be told of a file.
pub struct Seen {
    /// Its content; nothing where it is locked and no key is at hand.
    pub archive: Option<Archive<'static>>,
    /// What opens it.
    pub lock: Lock,
    /// Recovery data inside it.
    pub protection: Option<Protection>,
    /// Bytes of the file as it is.
    pub len: u64,
}

/// Opens for telling what a file is. One that is locked is one thing to tell, and no error.
pub fn look(source: &Source, ctx: &Context, env: &Env) -> Result<Seen> {
    let (raw, head, _) = sniff(source, ctx)?;
    let (lock, env) = (Lock::of(&head), naming(source, env));
    let mut file = raw.into_file()?;
    let len = file.metadata()?.len();
    let protection = recovery::protection(&mut file, &env)?;
    file.rewind()?;
    let archive = match ctx.keys.can_open(lock) {
        true => Some(archive(file, &ctx.keys.keys_for(&head, &env)?, ctx, &env)?),
        false => None,
    };
    Ok(Seen { archive, lock, protection, len })
}

/// Opens a damaged file for taking out what is left.
pub fn open_salvage(source: &Source, ctx: &Context, env: &Env) -> Result<Salvage<'static>> {
    let (raw, head, _) = sniff(source, ctx)?;
    let keys = ctx.keys.keys_for(&head, env)?;
    Salvage::from_reader(raw.into_file()?, &keys, &ctx.read_options(), &naming(source, env))
}

/// True if the stream from here on begins with a picture that is near the one that was given. The reader stands where it stood.
fn is_picture(file: &mut (impl Read + Seek), env: &Env) -> io::Result<bool> {
    let start = file.stream_position()?;
    let quiet = env.clone().with_progress(Arc::new(minlen::NoProgress));
    let mut reader = StreamReader::new(io::BufReader::new(&mut *file), &quiet);
    // What is damaged is for the decoder to complain about.
    let mut next = || reader.next().ok().flatten();
    let first = next().and_then(|_| next());
    let found = matches!(first, Some(Item::Block(block)) if block.header.ids == [minlen::ids::PICTURE]);
    file.seek(io::SeekFrom::Start(start))?;
    Ok(found)
}

/// Surroundings whose warnings name the file.
fn naming(source: &Source, env: &Env) -> Env {
    let named = Named { label: source.label().display().to_string(), outer: Arc::clone(&env.progress) };
    env.clone().with_progress(Arc::new(named))
}

/// Puts the name of the file in front of warnings.
struct Named {
    label: String,
    outer: Arc<dyn Progress>,
}

impl Progress for Named {
    fn event(&self, event: Event) {
        let named = |message| format!("{}: {message}", self.label);
        self.outer.event(match event {
            Event::Warning { message } => Event::Warning { message: named(message) },
            Event::Advised { message, advice } => Event::Advised { message: named(message), advice },
            other => other,
        });
    }
}

fn sniff(source: &Source, ctx: &Context) -> Result<(Raw, Vec<u8>, Metadata)> {
    let opened = Opened::new(source, ctx)?;
    let (seekable, meta) = (opened.seekable(), opened.meta.clone());
    let failed = |e| Error::io("cannot read", e);
    if seekable {
        let mut file = opened.file;
        let start = file.stream_position().map_err(failed)?;
        let head = read_head(&mut file).map_err(failed)?;
        file.seek(io::SeekFrom::Start(start)).map_err(failed)?;
        return Ok((Raw::Seekable(file), head, meta));
    }
    let (pipe, head) = peek(opened)?;
    Ok((Raw::Pipe(Box::new(pipe)), head, meta))
}

/// Looks at the first bytes of a pipe; the reader that comes back still has them.
fn peek<R: Read>(mut pipe: R) -> Result<(impl Read + use<R>, Vec<u8>)> {
    let head = read_head(&mut pipe)?;
    Ok((Cursor::new(head.clone()).chain(pipe), head))
}

fn read_head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether this is an archive. Data too short or damaged to tell is left to the decoder to complain about.
fn is_tree(head: &[u8], env: &Env) -> bool {
    matches!(StreamReader::new(head, env).next(), Ok(Some(Item::StreamStart { archive: true })))
}

fn archive(file: impl ReadSeek + 'static, keys: &Keys, ctx: &Context, env: &Env) -> Result<Archive<'static>> {
    Archive::from_reader(file, keys, &ctx.read_options(), env)
}

/// What opens an age file that begins with `head`.
fn unlock(head: &[u8], ctx: &Context, env: &Env) -> Result<Unlock> {
    let keys = ctx.keys.keys_for(head, env)?;
    Ok(Unlock { passphrase: keys.passphrase.as_deref().map(crypt::secret), identities: keys.secret_keys })
}

/// A pipe that can be read from the start again, as long as nobody has it forget what it gave.
#[derive(Clone)]
struct Tap(Rc<RefCell<Tapped>>);

struct Tapped {
    pipe: Box<dyn Read>,
    given: Option<Vec<u8>>,
}

impl Tap {
    fn new(pipe: Box<dyn Read>) -> Self {
        Self(Rc::new(RefCell::new(Tapped { pipe, given: Some(Vec::new()) })))
    }

    fn forget(&self) {
        self.0.borrow_mut().given = None;
    }

    fn rewound(self) -> impl Read {
        let given = self.0.borrow_mut().given.take();
        Cursor::new(given.unwrap_or_default()).chain(self)
    }
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Tapped { pipe, given } = &mut *self.0.borrow_mut();
        let n = pipe.read(buffer)?;
        if let Some(given) = given {
            given.extend_from_slice(&buffer[..n]);
        }
        Ok(n)
    }
}

/// Copies a pipe to a file that has no name and goes away with the process.
fn spool(mut pipe: impl Read) -> Result<File> {
    let failed = |e| Error::io("cannot keep the archive in a temporary file", e);
    let mut file = tempfile::tempfile().map_err(failed)?;
    super::sink::pump(&mut pipe, &mut file)?;
    file.rewind().map_err(failed)?;
    Ok(file)
}
