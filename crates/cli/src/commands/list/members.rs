//! The members of one archive: which, in which order, and as a table.

use super::Lines;
use crate::args::{List, SortBy};
use crate::engine::select;
use crate::ui::table::{LongTable, Side};
use crate::ui::{self, human};
use minlen::Result;
use minlen::archive::{Archive, Member, MemberKind};
use minlen::container::{Body, Entry};

/// The members that are listed, in the order in which they are.
pub struct Chosen {
    /// `None` for all of them, as they stand in the archive.
    numbers: Option<select::Chosen>,
}

impl Chosen {
    /// What the options say.
    pub fn new(args: &List, archive: &mut Archive<'_>) -> Result<Self> {
        let patterns = args.pick.patterns()?;
        let is_all = args.member.is_empty() && patterns.is_empty();
        if !archive.is_tree() || is_all && args.sort.is_none() && !args.reverse {
            return Ok(Self { numbers: None });
        }
        let mut chosen = select::choose(archive, &args.member)?.without(&patterns, archive);
        let tree = archive.entries();
        let entry = |number: &usize| &tree.entries[*number];
        match args.sort {
            None => {}
            Some(SortBy::Name) => chosen.numbers.sort_by(|a, b| entry(a).path.cmp(&entry(b).path)),
            Some(SortBy::Size) => chosen.numbers.sort_by_key(|n| std::cmp::Reverse(len(entry(n)))),
            Some(SortBy::Time) => chosen.numbers.sort_by_key(|n| std::cmp::Reverse(entry(n).mtime)),
        }
        if args.reverse {
            chosen.numbers.reverse();
        }
        Ok(Self { numbers: Some(chosen) })
    }

    /// Hands out the members one after another.
    pub fn each(&self, archive: &mut Archive<'_>, each: &mut dyn FnMut(Member) -> Result<()>) -> Result<()> {
        match &self.numbers {
            None => archive.each_member(each),
            Some(chosen) => chosen.numbers.iter().try_for_each(|&number| each(archive.member(number)?)),
        }
    }
}

fn len(entry: &Entry) -> u64 {
    if let Body::File { len, .. } = entry.body { len } else { 0 }
}

/// What the members come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    pub files: u64,
    pub folders: u64,
    pub links: u64,
    pub bytes: u64,
    /// An estimate, since blocks may hold several files.
    pub stored: u64,
}

impl Totals {
    pub fn add(&mut self, member: &Member) {
        match member.kind {
            MemberKind::Dir => self.folders += 1,
            MemberKind::Symlink(_) | MemberKind::Hardlink(_) => self.links += 1,
            _ => self.files += 1,
        }
        self.bytes = self.bytes.saturating_add(member.len);
        self.stored = self.stored.saturating_add(member.stored);
    }

    fn line(&self, archive: &Archive<'_>, all: bool) -> String {
        let count = |n: u64, one: &str, many: &str| match n {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {many}")),
        };
        let counts = [
            count(self.files, "file", "files"),
            count(self.folders, "folder", "folders"),
            count(self.links, "link", "links"),
        ];
        let counts: Vec<String> = counts.into_iter().flatten().collect();
        // All that the archive takes is known; what a part of it takes is estimated.
        let (about, stored) = if all { ("", archive.stored_len()) } else { ("about ", self.stored) };
        let counts = if counts.is_empty() { "nothing".into() } else { counts.join(", ") };
        let (bytes, share) = (self.bytes, human::share(self.bytes, stored));
        format!("{counts}: {bytes} bytes, stored in {about}{stored} ({share})\n")
    }
}

/// The members as a table: mode, size, time and name; `long` adds stored size, ratio, codecs and hash. Below it what they come to.
pub fn print(archive: &mut Archive<'_>, chosen: &Chosen, long: bool) -> Result<()> {
    let mut columns = vec![("mode", Side::Left), ("size", Side::Right)];
    if long {
        columns.extend([("stored", Side::Right), ("ratio", Side::Right), ("codecs", Side::Left)]);
    }
    columns.push(("modified (UTC)", Side::Left));
    if long {
        columns.push(("BLAKE3, first half", Side::Left));
    }
    columns.push(("name", Side::Left));
    let mut table = LongTable::new(&columns);
    let mut totals = Totals::default();
    chosen.each(archive, &mut |member| {
        totals.add(&member);
        table.measure(&cells(&member, long));
        Ok(())
    })?;
    let mut lines = Lines::new(ui::print);
    lines.add(&table.heading())?;
    chosen.each(archive, &mut |member| lines.add(&table.line(&cells(&member, long))))?;
    lines.add(&totals.line(archive, chosen.numbers.is_none()))?;
    lines.end()
}

fn cells(member: &Member, long: bool) -> Vec<String> {
    let mut cells = vec![human::mode(letter(&member.kind), member.mode), member.len.to_string()];
    if long {
        let ratio = human::share(member.len, member.stored);
        cells.extend([format!("~{}", member.stored), ratio, member.codecs.join(" ")]);
    }
    cells.push(member.mtime.map_or_else(|| "-".into(), |(seconds, _)| human::time(seconds)));
    if long {
        cells.push(member.hash.as_ref().map_or_else(|| "-".into(), |hash| human::hex(hash)));
    }
    cells.push(shown_name(member));
    cells
}

fn shown_name(member: &Member) -> String {
    let name = human::name(&member.path);
    match &member.kind {
        MemberKind::Dir => format!("{name}/"),
        MemberKind::Symlink(target) => format!("{name} -> {}", human::name(target)),
        MemberKind::Hardlink(target) => format!("{name} = {}", human::name(target)),
        _ => name,
    }
}

fn letter(kind: &MemberKind) -> char {
    match kind {
        MemberKind::Dir => 'd',
        MemberKind::Symlink(_) => 'l',
        MemberKind::Hardlink(_) => 'h',
        _ => '-',
    }
}
