//! What a run reads, writes and removes. Everything is entered here before the first byte is written, and one place decides whether
//! it goes together: nothing is written over what the run still reads, no two outputs have one place, and nothing is removed that
//! reading the result needs.
//!
//! Files are known by where their names are (so that an output that is not there yet counts) and by device and number (so that links
//! of both kinds are seen through).

mod fold;
mod index;
mod place;

use fold::Clashes;
pub use fold::{Folded, clash_in, two_members};
use index::Index;
pub use place::{Place, is_special};

use minlen::{Error, Result};
use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a file is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// To be worked on.
    Input,
    /// A file that the work takes something from: a calibration text, another model, test pictures.
    Help(&'static str),
    /// `--base` and `--onto`.
    Base,
    /// `--prior`.
    Prior,
    /// `--model`.
    Model,
    /// `-i`.
    Identity,
    /// `--passphrase-file`.
    Passphrase,
    /// `--files-from`, `--files0-from`.
    List,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Help(name) => name,
            Self::Base => "base",
            Self::Prior => "prior",
            Self::Model => "codec file",
            Self::Identity => "identity",
            Self::Passphrase => "passphrase file",
            Self::List => "list of files",
        }
    }

    /// True where what is written now cannot be read later without the file.
    fn is_needed_later(self) -> bool {
        matches!(self, Self::Base | Self::Prior | Self::Model | Self::Identity | Self::Passphrase)
    }
}

/// Something that is read.
#[derive(Clone, Debug)]
struct Read {
    role: Role,
    place: Place,
}

/// Something that is written.
#[derive(Clone, Debug)]
struct Write {
    place: Place,
    /// What it is made of, for messages.
    from: String,
}

/// The most members of several archives in one run: some hundred megabytes to hold them against each other.
const MOST_MEMBERS: usize = 10_000_000;

/// The plan of a run.
#[derive(Debug)]
pub struct Ledger {
    reads: Vec<Read>,
    reads_at: Index,
    writes: Vec<Write>,
    writes_at: Index,
    clashes: Clashes,
    /// What archives put where: the folded path, which archive of `archives`, and whether it is a folder.
    members: HashMap<Folded, (u32, bool)>,
    /// True while there may be several archives: one alone has no two members in one place.
    several: bool,
    archives: Vec<String>,
    /// Bits that an output may have because all sources have them.
    mask: u32,
    standard_output: Option<(u64, u64)>,
}

impl Default for Ledger {
    fn default() -> Self {
        let standard_output = place::of_stream(&std::io::stdout());
        Self {
            reads: Vec::new(),
            reads_at: Index::default(),
            writes: Vec::new(),
            writes_at: Index::default(),
            clashes: Clashes::default(),
            members: HashMap::new(),
            several: false,
            archives: Vec::new(),
            mask: 0o777,
            standard_output,
        }
    }
}

impl Ledger {
    /// Enters a file or folder that will be read. What is not there is for those to report who read it.
    ///
    /// # Errors
    /// Usage if it is also written.
    pub fn read(&mut self, role: Role, path: &Path) -> Result<()> {
        let read = Read { role, place: Place::of(path) };
        if matches!(role, Role::Input | Role::Help(_)) {
            self.mask &= read.place.meta.as_ref().filter(|meta| meta.is_file()).map_or(0o777, readers);
        }
        if read.place.is_file_numbered(self.standard_output) {
            return Err(clash(&read, Path::new("standard output")));
        }
        if read.place.is_folder() {
            self.writes.iter().try_for_each(|write| refuse(&read, &write.place))?;
        }
        for number in self.writes_at.like(&read.place) {
            refuse(&read, &self.writes[number].place)?;
        }
        self.reads_at.add(&read.place, self.reads.len());
        self.reads.push(read);
        Ok(())
    }

    /// Enters standard input.
    ///
    /// # Errors
    /// Usage if it is the file that standard output goes to.
    pub fn read_standard_input(&mut self) -> Result<()> {
        let number = place::of_stream(&std::io::stdin());
        if number.is_some() && number == self.standard_output {
            return Err(Error::usage("input and output are the same file").in_file("standard output"));
        }
        Ok(())
    }

    /// Enters a file that will be written, made `from` this.
    ///
    /// # Errors
    /// Usage if the run reads it, or writes it for something else.
    pub fn write(&mut self, path: &Path, from: &str) -> Result<()> {
        let place = Place::of(path);
        let same = |&number: &usize| {
            let write = &self.writes[number];
            write.place.is_at(&place) && write.from == from
        };
        if self.writes_at.like(&place).iter().any(same) {
            return Ok(());
        }
        for number in self.reads_at.like(&place).into_iter().chain(self.reads_at.above(&place)) {
            refuse(&self.reads[number], &place)?;
        }
        if let Some(&(archive, _)) = self.members.get(&Folded::of(&place.real)) {
            return Err(twice(&self.archives[archive as usize], from, path));
        }
        let from = from.to_string();
        self.writes_at.add(&place, self.writes.len());
        self.writes.push(Write { place, from });
        self.clashes.check(&self.writes)
    }

    /// Enters a file that is read as input, if it is there, and then replaced by a new one that is made from it.
    ///
    /// # Errors
    /// Usage if the run reads it as something else, too, or writes it for something else.
    pub fn replace(&mut self, path: &Path) -> Result<()> {
        let place = Place::of(path);
        for number in self.reads_at.like(&place).into_iter().chain(self.reads_at.above(&place)) {
            let read = &self.reads[number];
            if read.role != Role::Input || !place.is(&read.place) {
                refuse(read, &place)?;
            }
        }
        let from = path.display().to_string();
        self.writes_at.add(&place, self.writes.len());
        self.writes.push(Write { place, from });
        self.clashes.check(&self.writes)
    }

    /// Enters what the archive `from` puts into `folder`: paths within it, and whether each is a folder. Folders may come from
    /// several archives if `force` lets them be merged.
    ///
    /// # Errors
    /// Usage if another output has one of the places.
    pub fn members<'n>(
        &mut self,
        folder: &Path,
        from: &str,
        force: bool,
        members: impl Iterator<Item = (&'n Path, bool)>,
    ) -> Result<()> {
        let folder = Place::of(folder).whole;
        let number = self.archives.len() as u32;
        for (path, is_folder) in members.take_while(|_| self.several) {
            let full = folder.join(path);
            let folded = Folded::of(&full);
            if let Some(&first) = self.writes_at.folded.get(&folded) {
                return Err(twice(&self.writes[first].from, from, &full));
            }
            let read = self.reads_at.folded.get(&folded).map(|&number| &self.reads[number]);
            if let Some(read) = read.filter(|read| !is_folder && read.place.paths().any(|path| path == full))
            {
                return Err(in_place_of(read.role.name(), from, &full));
            }
            match self.members.insert(folded, (number, is_folder)) {
                Some((first, both)) if first != number && !(both && is_folder && force) => {
                    return Err(twice(&self.archives[first as usize], from, &full));
                }
                _ => {}
            }
            if self.members.len() > MOST_MEMBERS {
                return Err(Error::limit(format!("over {MOST_MEMBERS} files in several archives"))
                    .remedy("extract the archives one by one"));
            }
        }
        self.archives.push(from.to_string());
        Ok(())
    }

    /// True if the members of the archive `from` were entered.
    pub fn has_members_of(&self, from: &str) -> bool {
        self.archives.iter().any(|archive| archive == from)
    }

    /// Tells that there are several inputs.
    pub fn expect_several(&mut self) {
        self.several = true;
    }

    /// The outputs.
    pub fn outputs(&self) -> impl Iterator<Item = &Path> {
        self.writes.iter().map(|write| &*write.place.path)
    }

    /// The outputs that lie in these folders.
    pub fn outputs_in(&self, folders: &[PathBuf]) -> Vec<PathBuf> {
        let folders: Vec<PathBuf> = folders.iter().map(|folder| Place::of(folder).whole).collect();
        let within = |write: &&Write| folders.iter().any(|folder| write.place.real.starts_with(folder));
        self.writes.iter().filter(within).map(|write| write.place.path.clone()).collect()
    }

    /// The regular file that standard output leads to, by device and number.
    pub fn standard_output(&self) -> Option<(u64, u64)> {
        self.standard_output
    }

    /// What is read, and lies in `folder`, by its path there; with what it is. Nothing where there are several inputs: then members
    /// are held against all of it as they are entered.
    pub fn read_within(&self, folder: &Path) -> Vec<(PathBuf, &'static str)> {
        if self.several {
            return Vec::new();
        }
        let Ok(folder) = folder.canonicalize() else { return Vec::new() };
        let within = |read: &Read| {
            let paths: Vec<_> = read.place.paths().filter_map(|p| p.strip_prefix(&folder).ok()).collect();
            paths.into_iter().map(|p| (p.to_path_buf(), read.role.name())).collect::<Vec<_>>()
        };
        self.reads.iter().flat_map(within).collect()
    }

    /// Why a file may not be removed, if reading what was written needs it.
    pub fn needed(&self, meta: &Metadata) -> Option<&'static str> {
        let number = (meta.dev(), meta.ino());
        let needed = self.reads.iter().filter(|read| read.role.is_needed_later());
        needed.filter(|read| read.place.has_number(number)).map(|read| read.role.name()).next()
    }

    /// Refuses to remove an input that is, or holds, something that reading the output needs. Links deep inside a folder are seen when
    /// it is compared before it goes.
    ///
    /// # Errors
    /// Usage, naming both.
    pub fn may_remove(&self, input: &Path) -> Result<()> {
        let place = Place::of(input);
        let holds = |read: &&Read| {
            let within = place.is_folder() && read.place.paths().any(|path| path.starts_with(&place.whole));
            read.role.is_needed_later() && (within || read.place.is(&place))
        };
        let Some(read) = self.reads.iter().find(holds) else { return Ok(()) };
        let (role, needed) = (read.role.name(), read.place.path.display());
        Err(Error::usage(format!("--rm would remove {needed}, the {role} that reading the output needs"))
            .in_file(input)
            .remedy("leave out --rm, or put that file elsewhere"))
    }

    /// Takes away the bits that a source does not have.
    pub fn note_source(&mut self, meta: &Metadata) {
        self.mask &= readers(meta);
    }

    /// The bits that an output may have, so that nobody can read in it what he could not read before.
    pub fn mask(&self) -> u32 {
        self.mask
    }
}

fn readers(meta: &Metadata) -> u32 {
    let (group, others) = (meta.mode() & 0o040 != 0, meta.mode() & 0o004 != 0);
    0o700 | if group { 0o070 } else { 0 } | if others { 0o007 } else { 0 }
}

/// Refuses a place for output that is read.
fn refuse(read: &Read, output: &Place) -> Result<()> {
    if output.is(&read.place) {
        return Err(clash(read, &output.path));
    }
    // What a folder holds is read with it. An earlier output of ours is not: it is left out and replaced.
    let within = read.place.is_folder() && output.real.starts_with(&read.place.whole);
    if within && output.meta.as_ref().is_some_and(Metadata::is_file) && !place::is_an_output(&output.path) {
        let folder = read.place.path.display();
        return Err(Error::usage(format!("is in {folder}, which is read, and would be replaced"))
            .in_file(&output.path)
            .remedy("use another -o"));
    }
    Ok(())
}

fn clash(read: &Read, output: &Path) -> Error {
    let message = match read.role {
        Role::Input => "input and output are the same file".to_string(),
        role => format!("the output is the same file as the {} of this run", role.name()),
    };
    let error = Error::usage(message).in_file(output);
    error.remedy("use another output")
}

/// Refuses a member of an archive in the place of something else.
fn twice(first: &str, second: &str, path: &Path) -> Error {
    Error::usage(format!("{first} and {second} would both become this"))
        .in_file(path)
        .remedy("extract them one by one, or into different folders")
}

/// Refuses a member of an archive in the place of something that is read.
pub fn in_place_of(role: &str, from: &str, path: &Path) -> Error {
    Error::usage(format!("would be replaced by what is in {from}, and is the {role} of this run"))
        .in_file(path)
        .remedy("extract into another folder with -o")
}

/// Refuses two outputs in one place.
fn one_place(first: &Write, second: &Write) -> Error {
    Error::usage(format!("{} and {} would both become this", first.from, second.from))
        .in_file(&second.place.path)
        .remedy("give them different folders or names with -o, one run each")
}

#[cfg(test)]
mod tests;
