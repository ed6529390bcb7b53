//! Owners and extended attributes, which an archive has where they were asked for.

use crate::limits::{MAX_OWNER_NAME, MAX_XATTR, MAX_XATTR_NAME, MAX_XATTRS};
use crate::tree::memory::allocated;
use minlen_core::{Error, Result};

/// What is kept of an entry beside mode and time. Entries that have the same share it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Meta {
    /// Whose it is, if that was kept.
    pub owner: Option<Owner>,
    /// Extended attributes (POSIX ACLs are among them), in the order of their names.
    pub xattrs: Vec<Xattr>,
}

/// Owner and group of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Number of the user.
    pub uid: u32,
    /// Number of the group.
    pub gid: u32,
    /// Name of the user, empty if it has none.
    pub user: Vec<u8>,
    /// Name of the group, empty if it has none.
    pub group: Vec<u8>,
}

/// An extended attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Xattr {
    /// Its name, with the name space: `user.comment`, `system.posix_acl_access`.
    pub name: Vec<u8>,
    /// Its value, any bytes.
    pub value: Vec<u8>,
}

impl Meta {
    /// Refuses what no system has.
    pub(super) fn check(&self) -> Result<()> {
        let named = |name: &[u8], most| name.len() <= most && !name.contains(&0);
        if let Some(owner) = &self.owner {
            let numbers = owner.uid != u32::MAX && owner.gid != u32::MAX;
            if !numbers || !named(&owner.user, MAX_OWNER_NAME) || !named(&owner.group, MAX_OWNER_NAME) {
                return Err(Error::corrupt("an impossible owner"));
            }
        }
        let possible = |xattr: &Xattr| {
            !xattr.name.is_empty() && named(&xattr.name, MAX_XATTR_NAME) && xattr.value.len() <= MAX_XATTR
        };
        let sorted = self.xattrs.windows(2).all(|pair| pair[0].name < pair[1].name);
        if !sorted || self.xattrs.len() > MAX_XATTRS || !self.xattrs.iter().all(possible) {
            return Err(Error::corrupt("impossible extended attributes"));
        }
        if self.owner.is_none() && self.xattrs.is_empty() {
            return Err(Error::corrupt("an owner and attributes of which there are none"));
        }
        Ok(())
    }

    /// Bytes of memory that it takes.
    pub(crate) fn memory(&self) -> u64 {
        let owner = self.owner.as_ref();
        let names = owner.map_or(0, |owner| allocated(owner.user.len()) + allocated(owner.group.len()));
        let list = allocated(self.xattrs.len() * size_of::<Xattr>());
        let each = |xattr: &Xattr| allocated(xattr.name.len()) + allocated(xattr.value.len());
        self.own_memory() + names + list + self.xattrs.iter().map(each).sum::<u64>()
    }

    /// Of that, what is behind the pointer to it.
    pub(super) fn own_memory(&self) -> u64 {
        allocated(size_of::<Self>() + 2 * size_of::<usize>())
    }

    /// Bytes of output that the attributes count for, wherever they are set.
    pub(crate) fn cost(&self) -> u64 {
        self.xattrs.iter().map(|xattr| (xattr.name.len() + xattr.value.len()) as u64).sum()
    }
}
