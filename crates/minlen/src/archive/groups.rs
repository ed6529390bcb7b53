//! Which files share a block.
//!
//! A block is coded with all that came before in it at hand, so large blocks are small archives; but taking one file out means
//! decoding the block up to that file. Files are therefore put into *groups* that become a block each: at most a fifth of all content,
//! cut where the paths have least in common, because what lies in one folder is what has most in common. Measured on the sources of
//! seven crates (21.6 MB, level 6): cut anywhere, five groups are 3.1 % larger than one block of everything, cut at folders 0.9 %.

use crate::options::{Options, Solid};
use minlen_core::{Class, Detection, Kind};
use std::collections::HashMap;

/// A group has at most this share of all content, so that a file in the middle of one costs a tenth of the whole.
const SHARE: u64 = 5;
/// ...but as many bytes as decode in this time are always allowed: nobody waits for those.
const ALWAYS_NS: u64 = 250_000_000;
/// ...and so many bytes whatever the level: less would cost too much size.
const ALWAYS: u64 = 2 << 20;
/// A cut may leave a group this much smaller than it could be, in hundredths, for the sake of a better place.
const LEAST: u64 = 35;
/// A group may be larger than that by so much, in hundredths, where no place within the bound is as good.
const MOST: u64 = 120;
/// The rest may be larger by so much rather than be cut once more.
const MOST_OF_REST: u64 = 115;
/// Compressed files of more than this many bytes get blocks of their own: they have nothing in common that a shared block
/// could use, and whether one of them is worth coding says nothing about the next. So do tar files, since what is in them goes by its own
/// kind, and pictures and sound, whose models are made for the shape of one.
const ALONE: u64 = 64 << 10;
/// Data of another kind joins a group only while the group is smaller than this, and large arrays of numbers only those of the same folder, type
/// and end of name: a block has one model of records, which cannot serve two, and the head of a file is a poor witness of their width.
const MIX_BELOW: u64 = 128 << 10;

/// Text files of more than this many bytes go by their own kind, smaller ones by that of the folder.
const LARGE_TEXT: u64 = 256 << 10;

/// A file to be put into a group.
pub(super) struct Candidate<'a> {
    /// Its number among the items.
    pub(super) number: usize,
    pub(super) path: &'a [u8],
    pub(super) detection: &'a Detection,
    pub(super) len: u64,
    family: Kind,
    /// What orders files of one family before their paths do.
    finer: Option<(&'a str, Vec<u8>)>,
}

impl<'a> Candidate<'a> {
    pub(super) fn new(number: usize, path: &'a [u8], detection: &'a Detection, len: u64) -> Self {
        let is_text = detection.kind.class() == Class::Text;
        let finer = (!is_text).then(|| (detection.detail.as_str(), extension(path)));
        Self { number, path, detection, len, family: detection.kind, finer }
    }

    fn is_small_text(&self) -> bool {
        self.detection.kind.class() == Class::Text && self.len <= LARGE_TEXT
    }

    fn is_numeric(&self) -> bool {
        self.detection.kind.class() == Class::Numeric
    }

    fn is_dense(&self) -> bool {
        self.detection.kind.class() == Class::Dense
    }
}

/// Files that share a block, as many as there are in `count` of those in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) count: usize,
    /// What most bytes of the group are, if that is half of them or more.
    pub(super) kind: Option<Kind>,
}

/// The most bytes of a group, of content of `total` bytes.
pub(super) fn bound(options: &Options, total: u64) -> u64 {
    let natural = options.solid_size() as u64;
    match options.solid() {
        Solid::None => 0,
        Solid::Size(bytes) => bytes,
        Solid::All => natural,
        Solid::Auto => {
            let always = ALWAYS_NS / u64::from(options.info().decode_ns.max(1));
            (total / SHARE).max(always).max(ALWAYS).min(natural)
        }
    }
}

/// Puts files into the order in which they are stored: what belongs together, then by folder, and what is no text by kind and the
/// end of the name before that.
///
/// What programmers keep together, as sources, notes and settings, stays together: small text files go by what most of the text in
/// their folder and below is.
pub(super) fn sort(files: &mut [Candidate<'_>]) {
    let folders = text_in_folders(files);
    let mut last: (&[u8], Option<Kind>) = (b"/", None);
    for file in files.iter_mut().filter(|file| file.is_small_text()) {
        let folder = folder_of(file.path);
        if folder != last.0 {
            last = (folder, folders.get(folder).and_then(Sums::largest));
        }
        file.family = last.1.unwrap_or(file.family);
    }
    files.sort_by(|a, b| {
        (a.family.class(), a.family)
            .cmp(&(b.family.class(), b.family))
            .then_with(|| a.finer.cmp(&b.finer))
            .then_with(|| a.path.cmp(b.path))
    });
}

/// The text in each folder and below, by kind. Files of one folder come mostly one after the other, and are added up first.
fn text_in_folders<'a>(files: &[Candidate<'a>]) -> HashMap<&'a [u8], Sums> {
    let mut folders = HashMap::<&[u8], Sums>::new();
    let is_text = |file: &&Candidate<'_>| file.detection.kind.class() == Class::Text;
    let text: Vec<_> = files.iter().filter(is_text).collect();
    for run in text.chunk_by(|a, b| folder_of(a.path) == folder_of(b.path)) {
        let mut sums = Sums::default();
        run.iter().for_each(|file| sums.add(file.detection.kind, file.len));
        for folder in folders_of(run[0].path) {
            let all = folders.entry(folder).or_default();
            sums.0.iter().for_each(|&(kind, bytes)| all.add(kind, bytes));
        }
    }
    folders
}

/// The folder that a file is in.
fn folder_of(path: &[u8]) -> &[u8] {
    &path[..path.iter().rposition(|&b| b == b'/').unwrap_or(0)]
}

/// The folders that a file is in, the innermost first.
fn folders_of(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(folder_of(path)), |folder| (!folder.is_empty()).then(|| folder_of(folder)))
}

/// Bytes by kind.
#[derive(Default)]
struct Sums(Vec<(Kind, u64)>);

impl Sums {
    fn add(&mut self, kind: Kind, bytes: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, sum)) => *sum = sum.saturating_add(bytes),
            None => self.0.push((kind, bytes)),
        }
    }

    /// The kind of most bytes.
    fn largest(&self) -> Option<Kind> {
        self.0.iter().max_by_key(|(kind, sum)| (*sum, *kind)).map(|(kind, _)| *kind)
    }

    /// The kind of at least half of the bytes.
    fn main(&self) -> Option<Kind> {
        let all = self.0.iter().fold(0u64, |all, (_, sum)| all.saturating_add(*sum));
        self.0.iter().find(|(_, sum)| *sum >= all - all / 2).map(|(kind, _)| *kind)
    }
}

fn extension(path: &[u8]) -> Vec<u8> {
    let name = path.rsplit(|&b| b == b'/').next().unwrap_or_default();
    name.iter().rposition(|&b| b == b'.').map_or_else(Vec::new, |dot| name[dot..].to_ascii_lowercase())
}

/// Puts `files`, which are in the order of [`sort`], into groups of about `bound` bytes at most, and no more than fit into a block.
pub(super) fn groups(files: &[Candidate<'_>], bound: u64, block: u64) -> Vec<Group> {
    in_groups(files, |rest| next_group(rest, bound, block))
}

/// Puts them into groups of one family, however long these are: the content says where blocks end.
pub(super) fn families(files: &[Candidate<'_>]) -> Vec<Group> {
    let key = |file: &Candidate<'_>| (file.family, file.is_dense());
    in_groups(files, |rest| rest.iter().take_while(|file| key(file) == key(&rest[0])).count())
}

fn in_groups(files: &[Candidate<'_>], next: impl Fn(&[Candidate<'_>]) -> usize) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut at = 0;
    while at < files.len() {
        let count = next(&files[at..]);
        groups.push(Group { count, kind: main_kind(&files[at..at + count]) });
        at += count;
    }
    groups
}

fn is_alone(file: &Candidate<'_>, bound: u64) -> bool {
    let is_taken_apart =
        file.is_dense() || matches!(file.detection.kind, Kind::Tar | Kind::ImageRaw | Kind::AudioRaw);
    file.len > if is_taken_apart { bound.min(ALONE) } else { bound }
}

/// How many of the files make the first group.
fn next_group(files: &[Candidate<'_>], bound: u64, block: u64) -> usize {
    if is_alone(&files[0], bound) || bound == 0 {
        return 1;
    }
    // All that could be in it: sizes up to each file, until something does not belong or it is certain to be cut.
    let most = stretched(bound, MOST, block);
    let mut sizes = vec![files[0].len];
    for (last, file) in files.iter().zip(&files[1..]) {
        let size = sizes[sizes.len() - 1];
        if size > most || is_alone(file, bound) || !may_join(last, file, size) {
            break;
        }
        sizes.push(size.saturating_add(file.len));
    }
    let all = sizes[sizes.len() - 1];
    if all <= bound || (sizes.len() > 1 && all <= stretched(bound, MOST_OF_REST, block)) {
        return sizes.len();
    }
    best_cut(files, &sizes, bound, most)
}

/// So many hundredths of the bound, if they fit into a block.
fn stretched(bound: u64, hundredths: u64, block: u64) -> u64 {
    (bound.saturating_mul(hundredths) / 100).min(block.max(bound))
}

fn may_join(last: &Candidate<'_>, file: &Candidate<'_>, size: u64) -> bool {
    if last.family != file.family {
        return size < MIX_BELOW && last.is_dense() == file.is_dense();
    }
    let are_alike = last.finer == file.finer && folder_of(last.path) == folder_of(file.path);
    !file.is_numeric() || are_alike || file.len.max(last.len) < MIX_BELOW
}

/// Where the paths on both sides have least in common, of those that leave a group large enough and of `most` bytes; the last of several
/// that are within the bound.
fn best_cut(files: &[Candidate<'_>], sizes: &[u64], bound: u64, most: u64) -> usize {
    let fits = sizes.iter().take_while(|&&size| size <= bound).count().max(1);
    // What is known of, and has a file behind it.
    let known = sizes.iter().take_while(|&&size| size <= most).count().max(fits);
    let enough = bound / 100 * LEAST;
    let cuts = (1..=known.min(files.len() - 1)).filter(|&cut| sizes[cut - 1] >= enough || cut == fits);
    cuts.min_by_key(|&cut| {
        let (a, b) = (&files[cut - 1], &files[cut]);
        let kept = a.family == b.family;
        (kept, if kept { common_folders(a.path, b.path) } else { 0 }, cut > fits, std::cmp::Reverse(cut))
    })
    .unwrap_or(fits)
}

/// How many folders two paths have in common.
fn common_folders(a: &[u8], b: &[u8]) -> usize {
    let parts = |path| <[u8]>::split(path, |&b: &u8| b == b'/');
    parts(a).zip(parts(b)).take_while(|(a, b)| a == b).count()
}

/// What at least half of the bytes are.
fn main_kind(files: &[Candidate<'_>]) -> Option<Kind> {
    let mut sums = Sums::default();
    files.iter().for_each(|file| sums.add(file.detection.kind, file.len));
    sums.main()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detection(kind: Kind) -> Detection {
        Detection { kind, confidence: 90, detail: String::new() }
    }

    fn candidates<'a>(files: &'a [(&str, Kind, u64)], detections: &'a [Detection]) -> Vec<Candidate<'a>> {
        let all = files.iter().zip(detections);
        all.map(|((path, _, len), detection)| Candidate::new(0, path.as_bytes(), detection, *len)).collect()
    }

    fn counts(files: &[(&str, Kind, u64)], bound: u64) -> Vec<usize> {
        let detections: Vec<_> = files.iter().map(|file| detection(file.1)).collect();
        groups(&candidates(files, &detections), bound, 8 << 20).iter().map(|group| group.count).collect()
    }

    #[test]
    fn text_stays_with_its_folder_and_other_data_with_its_kind() {
        let files = [
            ("p/a.png", Kind::ImageCoded, 10),
            ("p/src/a.rs", Kind::Source, 5000),
            ("p/README", Kind::Text, 100),
            ("p/big.txt", Kind::Text, 300 << 10),
            ("logs/one", Kind::Log, 1000),
            ("p/q/a.json", Kind::Json, 100),
            ("p/q/b.rs", Kind::Source, 50),
        ];
        let detections: Vec<_> = files.iter().map(|file| detection(file.1)).collect();
        let mut sorted = candidates(&files, &detections);
        sort(&mut sorted);
        let paths: Vec<_> = sorted.iter().map(|file| std::str::from_utf8(file.path).unwrap()).collect();
        let place = |name| paths.iter().position(|path| *path == name).unwrap();
        // The large text makes its folder one of text; what lies deeper goes by what is there.
        let next_to = |a, b| place(a).abs_diff(place(b)) == 1;
        assert!(next_to("p/README", "p/big.txt"));
        assert!(next_to("p/q/b.rs", "p/q/a.json") && !next_to("p/q/b.rs", "p/src/a.rs"));
    }

    #[test]
    fn groups_end_at_folders() {
        let source = |path, len| (path, Kind::Source, len);
        let files = [
            source("a/x", 400 << 10),
            source("a/y", 400 << 10),
            source("b/x", 400 << 10),
            source("b/y", 400 << 10),
        ];
        assert_eq!(counts(&files, 1300 << 10), [2, 2]);
        // So is a folder that is a little larger than the bound.
        assert_eq!(counts(&files, 700 << 10), [2, 2]);
        assert_eq!(counts(&files, 500 << 10), [1, 1, 1, 1]);
        // What does not fit into a block would be cut anywhere.
        assert_eq!(stretched(100, 120, 300), 120);
        assert_eq!(stretched(100, 120, 110), 110);
        assert_eq!(stretched(100, 120, 50), 100);
        // A little over is not worth another block.
        assert_eq!(counts(&files, 1500 << 10), [4]);
        // Where even one does not fit, each is alone.
        assert_eq!(counts(&files, 300 << 10), [1, 1, 1, 1]);
        assert_eq!(counts(&files, 0), [1, 1, 1, 1]);
    }

    #[test]
    fn kinds_mix_only_where_there_is_little() {
        let files = [
            ("a.md", Kind::Text, 1000),
            ("a.rs", Kind::Source, 200 << 10),
            ("b.db", Kind::Database, 100 << 10),
            ("c", Kind::Elf, 300 << 10),
            ("d.zip", Kind::Zip, 1000),
            ("e.zip", Kind::Zip, 100 << 10),
            ("f.tar", Kind::Tar, 30 << 10),
            ("g.tar", Kind::Tar, 30 << 10),
            ("h.tar", Kind::Tar, 100 << 10),
            ("i/a.bin", Kind::Records, 300 << 10),
            ("i/b.bin", Kind::Records, 300 << 10),
            ("j/c.bin", Kind::Records, 300 << 10),
            ("j/d.bin", Kind::Records, 1000),
            ("k/e.dat", Kind::Records, 1000),
        ];
        assert_eq!(counts(&files, 4 << 20), [2, 2, 1, 1, 2, 1, 2, 3]);
    }

    #[test]
    fn the_kind_of_a_group_is_that_of_half_of_it() {
        let one = |kind, len| (detection(kind), len);
        let kinds = |files: &[(Detection, u64)]| {
            let files: Vec<_> =
                files.iter().map(|(detection, len)| Candidate::new(0, b"", detection, *len)).collect();
            main_kind(&files)
        };
        assert_eq!(kinds(&[one(Kind::Text, 5), one(Kind::Source, 5)]), Some(Kind::Text));
        assert_eq!(kinds(&[one(Kind::Text, 4), one(Kind::Source, 5)]), Some(Kind::Source));
        assert_eq!(kinds(&[one(Kind::Text, 4), one(Kind::Source, 4), one(Kind::Json, 4)]), None);
    }
}
