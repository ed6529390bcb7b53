//! Owners and extended attributes of what is made, and which of them could not be set.

use super::Options;
use crate::names::Names;
use crate::tree::{Meta, Owner};
use rustix::fs::{AtFlags, Gid, Uid, XattrFlags, chownat, fchown, fsetxattr};
use std::ffi::OsStr;
use std::os::fd::AsFd;

const USER: &[u8] = b"user.";
const ACL: &[u8] = b"system.posix_acl_";
const SET_USER: u32 = 0o4000;
/// Mode bits without the special ones.
const PLAIN: u32 = 0o777;

/// Sets owners and attributes as far as they are asked for, and counts what the system refuses.
#[derive(Debug, Default)]
pub(super) struct Owners {
    owners: bool,
    special_bits: bool,
    all_xattrs: bool,
    xattrs: bool,
    acls: bool,
    names: Names,
    /// Of owners and of attributes: how many were refused, and why the first was.
    refused: [(u64, String); 2],
}

impl Owners {
    pub(super) fn new(options: &Options) -> Self {
        let names =
            if options.owners && !options.numeric { Names::of_the_system() } else { Names::default() };
        Self {
            owners: options.owners,
            special_bits: options.special_bits,
            all_xattrs: options.all_xattrs,
            xattrs: options.xattrs,
            acls: options.acls,
            names,
            refused: Default::default(),
        }
    }

    /// Gives an open file or folder its owner. Gives the mode that it may then have.
    pub(super) fn give(&mut self, file: impl AsFd, meta: Option<&Meta>, mode: u32, is_folder: bool) -> u32 {
        if let Some(owner) = meta.and_then(|meta| meta.owner.as_ref()).filter(|_| self.owners) {
            let (uid, gid) = self.ids(owner);
            let given = fchown(file, Some(uid), Some(gid));
            if self.note(0, given) {
                return mode;
            }
        }
        self.without_owner(mode, is_folder)
    }

    /// The mode of something whose owner is not the one that set-user and set-group bits were meant for.
    pub(super) fn without_owner(&self, mode: u32, is_folder: bool) -> u32 {
        match is_folder {
            _ if self.special_bits => mode,
            true if self.owners => mode & !SET_USER,
            _ => mode & PLAIN,
        }
    }

    /// The same for a link itself, which has no mode.
    pub(super) fn give_link(&mut self, folder: impl AsFd, name: &OsStr, meta: Option<&Meta>) {
        let Some(meta) = meta else { return };
        if let Some(owner) = meta.owner.as_ref().filter(|_| self.owners) {
            let (uid, gid) = self.ids(owner);
            let given = chownat(folder, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW);
            self.note(0, given);
        }
        if meta.xattrs.iter().any(|xattr| self.wants(&xattr.name)) {
            // There is no call for that within a folder.
            self.note(1, Err(rustix::io::Errno::NOTSUP));
        }
    }

    /// Sets the attributes of an open file or folder that has its mode already.
    pub(super) fn describe(&mut self, file: impl AsFd, meta: Option<&Meta>) {
        for xattr in meta.map_or(&[][..], |meta| &meta.xattrs) {
            if self.wants(&xattr.name) {
                let set = fsetxattr(&file, &xattr.name[..], &xattr.value, XattrFlags::empty());
                self.note(1, set);
            }
        }
    }

    fn wants(&self, name: &[u8]) -> bool {
        if name.starts_with(ACL) {
            self.acls
        } else {
            self.all_xattrs || self.xattrs && name.starts_with(USER)
        }
    }

    fn ids(&self, owner: &Owner) -> (Uid, Gid) {
        let (uid, gid) = self.names.numbers(owner);
        (Uid::from_raw(uid), Gid::from_raw(gid))
    }

    /// True if it worked.
    fn note(&mut self, what: usize, result: rustix::io::Result<()>) -> bool {
        if let Err(error) = result {
            let (count, first) = &mut self.refused[what];
            *count += 1;
            if first.is_empty() {
                *first = error.to_string();
            }
        }
        result.is_ok()
    }

    /// One line for each sort of thing that was refused.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> + '_ {
        let counted = ["owners", "extended attributes"].into_iter().zip(&self.refused);
        counted
            .filter(|(_, (count, _))| *count > 0)
            .map(|(what, (count, first))| format!("{count} {what} could not be set: {first}"))
    }
}
