//! Small trees of files with everything that has gone wrong somewhere: links of every kind, odd names, equal names, models
//! and their bases, priors, keys.

use super::content::{self, Content, Kind};
use super::random::Random;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// One thing in the tree, by its path below the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub path: PathBuf,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Dir,
    File(Content, u32),
    /// A symbolic link to this.
    Link(OsString),
    /// Another name of an earlier file.
    Hard(PathBuf),
    Fifo,
    /// A device that swallows everything, where the system lets us make one.
    Null,
}

pub fn name(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

/// Names, with what they usually hold. Few, so that the same name occurs in several folders.
const NAMES: [(usize, &[u8], Kind); 24] = [
    (5, b"alpha.txt", Kind::Text),
    (4, b"beta.txt", Kind::Tiny),
    (1, b"BETA.txt", Kind::Tiny),
    (3, b"noise.bin", Kind::Noise),
    (2, b"empty.txt", Kind::Empty),
    (3, b"zeros.img", Kind::Holes),
    (4, b"events.json", Kind::Events),
    (4, b"field.npy", Kind::Npy),
    (4, b"field.raw", Kind::Raw),
    (4, b"base.safetensors", Kind::Base),
    (4, b"tuned.safetensors", Kind::Tuned),
    (3, b"events.mlp", Kind::Prior),
    (2, b"key.txt", Kind::Key),
    (2, b"pass.txt", Kind::Passphrase),
    (1, b"caf\xe9.txt", Kind::Text),
    (1, b"new\nline.txt", Kind::Tiny),
    (1, b"-rf.txt", Kind::Tiny),
    (1, b"turn\xe2\x80\xaeover.txt", Kind::Tiny),
    (2, b"alpha.txt.mln", Kind::Tiny),
    (1, b"beta.txt.mln.age.rec", Kind::Tiny),
    (1, b"list", Kind::Tiny),
    (1, b".hidden.txt", Kind::Text),
    (1, b".alpha.txt.mln.minlen-abc123.partial", Kind::Tiny),
    (1, b"with space.txt", Kind::Text),
];

const FOLDERS: [(usize, &str); 6] =
    [(6, ""), (5, "left"), (5, "right"), (3, "left/deep"), (2, "there"), (1, "left/left")];

/// A tree for this seed.
pub fn generate(random: &mut Random) -> Vec<Node> {
    let mut tree = Builder { nodes: Vec::new() };
    for _ in 0..2 + random.below(7) {
        let (folder, (_, name, kind)) = (*random.weighted(&FOLDERS), NAMES[usual(random)]);
        let kind = if random.chance(8) { Kind::Tiny } else { kind };
        tree.file(Path::new(folder).join(self::name(name)), kind, random);
    }
    if random.chance(25) {
        related(&mut tree, random);
    }
    links(&mut tree, random);
    specials(&mut tree, random);
    tree.nodes
}

fn usual(random: &mut Random) -> usize {
    let weights: Vec<(usize, usize)> =
        NAMES.iter().enumerate().map(|(i, (weight, ..))| (*weight, i)).collect();
    *random.weighted(&weights)
}

/// A model with what was tuned from it, or events with their prior: in one folder or in two.
fn related(tree: &mut Builder, random: &mut Random) {
    let pair = if random.chance(60) {
        [("base.safetensors", Kind::Base), ("tuned.safetensors", Kind::Tuned)]
    } else {
        [("events.json", Kind::Events), ("events.mlp", Kind::Prior)]
    };
    let mut folder = *random.weighted(&FOLDERS);
    for (name, kind) in pair {
        tree.file(Path::new(folder).join(name), kind, random);
        folder = if random.chance(40) { *random.weighted(&FOLDERS) } else { folder };
    }
}

fn links(tree: &mut Builder, random: &mut Random) {
    for _ in 0..random.below(4) {
        let files: Vec<PathBuf> = tree.paths(|what| matches!(what, What::File(..)));
        let Some(to) = random.any(&files) else { return };
        let folder = Path::new(*random.weighted(&FOLDERS));
        let own = to.file_name().unwrap_or_default().to_os_string();
        let name = match random.below(3) {
            0 => own,
            1 => OsString::from("second.txt"),
            _ => [OsStr::new("second-"), &own].into_iter().collect(),
        };
        let what = match random.below(10) {
            0..=5 => What::Hard(to),
            6..=7 => What::Link(up(folder).join(&to).into_os_string()),
            8 => What::Link(up(folder).join("left").into_os_string()),
            _ => What::Link("nowhere".into()),
        };
        tree.add(folder.join(name), what);
    }
}

/// From this folder to the root.
fn up(folder: &Path) -> PathBuf {
    folder.components().map(|_| "..").collect()
}

fn specials(tree: &mut Builder, random: &mut Random) {
    match random.below(24) {
        0 | 5 => tree.add("pipe".into(), What::Fifo),
        1 | 6 => tree.add("null".into(), What::Null),
        2 => tree.add("link-to-null".into(), What::Link("null".into())),
        3 => tree.add("left/.alpha.txt.mln.minlen-XYZabc.partial".into(), What::Dir),
        4 => {
            for (name, bytes) in content::digits() {
                tree.add(Path::new("digits").join(name), What::File(Content::new(bytes), 0o644));
            }
        }
        _ => {}
    }
}

struct Builder {
    nodes: Vec<Node>,
}

impl Builder {
    fn file(&mut self, path: PathBuf, kind: Kind, random: &mut Random) {
        let secret = matches!(kind, Kind::Key | Kind::Passphrase);
        let mode = if secret || random.chance(12) { 0o600 } else { 0o644 };
        self.add(path, What::File(content::content(kind, random), mode));
    }

    fn add(&mut self, path: PathBuf, what: What) {
        for folder in
            path.ancestors().skip(1).filter(|f| !f.as_os_str().is_empty()).collect::<Vec<_>>().iter().rev()
        {
            if !self.nodes.iter().any(|node| node.path == **folder) {
                self.nodes.push(Node { path: folder.to_path_buf(), what: What::Dir });
            }
        }
        if !self.nodes.iter().any(|node| node.path == path) {
            self.nodes.push(Node { path, what });
        }
    }

    fn paths(&self, which: impl Fn(&What) -> bool) -> Vec<PathBuf> {
        self.nodes.iter().filter(|node| which(&node.what)).map(|node| node.path.clone()).collect()
    }
}

/// Makes the tree below `root`. What cannot be made (after something else was dropped, or without the right to) is left out.
pub fn build(root: &Path, nodes: &[Node]) {
    for node in nodes {
        let path = root.join(&node.path);
        let _ = match &node.what {
            What::Dir => fs::create_dir_all(&path),
            What::File(content, mode) => write(&path, content, *mode),
            What::Link(target) => symlink(target, &path),
            What::Hard(to) => fs::hard_link(root.join(to), &path),
            What::Fifo => mknod(&path, FileType::Fifo, 0),
            What::Null => mknod(&path, FileType::CharacterDevice, rustix::fs::makedev(1, 3)),
        };
    }
}

fn mknod(path: &Path, kind: FileType, device: u64) -> std::io::Result<()> {
    Ok(mknodat(CWD, path, kind, Mode::from_raw_mode(0o666), device)?)
}

/// Writes a file with its holes.
pub fn write(path: &Path, content: &Content, mode: u32) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create(path)?;
    file.set_len(content.zeros)?;
    std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0))?;
    file.write_all(&content.bytes)?;
    file.set_permissions(Permissions::from_mode(mode))
}
