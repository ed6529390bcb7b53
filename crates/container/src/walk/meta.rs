//! Owners and extended attributes of what is found.

use super::Options;
use crate::limits::{MAX_OWNER_NAME, MAX_XATTR, MAX_XATTR_NAME, MAX_XATTRS};
use crate::names::Names;
use crate::tree::{Meta, Owner, Xattr};
use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

/// What POSIX ACLs are stored in.
const ACL: &[u8] = b"system.posix_acl_";
/// What a system gives every file by itself: it says nothing that would be missed.
const OF_THE_SYSTEM: &[&[u8]] = &[b"security.selinux", b"security.ima", b"security.evm", b"system.nfs4_acl"];

/// Looks at owners and attributes, and counts what is not kept.
#[derive(Debug)]
pub(super) struct Metas {
    owners: bool,
    xattrs: bool,
    acls: bool,
    names: Names,
    /// Equal ones are one: only looked up.
    known: HashMap<Meta, Arc<Meta>>,
    /// Things with attributes that were not asked for, with ACLs, and with some that could not be read.
    lost: [u64; 3],
}

impl Metas {
    pub(super) fn new(options: &Options) -> Self {
        let (owners, xattrs, acls) = (options.owners, options.xattrs, options.acls);
        let names = if owners { Names::of_the_system() } else { Names::default() };
        Self { owners, xattrs, acls, names, known: HashMap::new(), lost: [0; 3] }
    }

    /// Owner and attributes of something, as far as they were asked for.
    pub(super) fn of(&mut self, source: &Path, meta: &Metadata) -> Option<Arc<Meta>> {
        let owner = self.owners.then(|| self.owner(meta));
        let xattrs = self.attributes(source);
        if owner.is_none() && xattrs.is_empty() {
            return None;
        }
        let meta = Meta { owner, xattrs };
        if let Some(known) = self.known.get(&meta) {
            return Some(Arc::clone(known));
        }
        let shared = Arc::new(meta.clone());
        self.known.insert(meta, Arc::clone(&shared));
        Some(shared)
    }

    fn owner(&self, meta: &Metadata) -> Owner {
        let short = |name: Option<&[u8]>| {
            name.filter(|name| name.len() <= MAX_OWNER_NAME).unwrap_or_default().to_vec()
        };
        // The last number means "nobody" to the system, and can never be given.
        let (uid, gid) = (meta.uid().min(u32::MAX - 1), meta.gid().min(u32::MAX - 1));
        Owner { uid, gid, user: short(self.names.user(uid)), group: short(self.names.group(gid)) }
    }

    fn attributes(&mut self, source: &Path) -> Vec<Xattr> {
        let (mut kept, mut left) = (Vec::new(), [false; 3]);
        let Ok(near) = super::long::reach(source) else { return kept };
        let source = near.as_ref();
        // A file system without attributes has none.
        for name in listed(source).unwrap_or_default() {
            let acl = name.starts_with(ACL);
            let wanted = if acl { self.acls } else { self.xattrs };
            if !wanted {
                let index = usize::from(acl);
                left[index] |= acl || !OF_THE_SYSTEM.contains(&&name[..]);
                continue;
            }
            match read(source, &name) {
                Some(value) if kept.len() < MAX_XATTRS && name.len() <= MAX_XATTR_NAME => {
                    kept.push(Xattr { name, value });
                }
                _ => left[2] = true,
            }
        }
        for (count, left) in self.lost.iter_mut().zip(left) {
            *count += u64::from(left);
        }
        kept.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        kept.dedup_by(|a, b| a.name == b.name);
        kept
    }

    /// What to tell people of what is not kept: one line, or nothing.
    pub(super) fn not_kept(&self) -> Option<String> {
        let [xattrs, acls, unread] = self.lost;
        let counts = [(xattrs, "extended attributes"), (acls, "access control lists")];
        let mut parts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{what} of {count}"))
            .collect();
        if unread > 0 {
            parts.push(format!("unreadable attributes of {unread}"));
        }
        (!parts.is_empty()).then(|| format!("not kept: {} files or folders", parts.join(", ")))
    }
}

/// The names of the attributes of `path` itself.
fn listed(path: &Path) -> Option<Vec<Vec<u8>>> {
    let mut few = [0u8; 256];
    match rustix::fs::llistxattr(path, &mut few) {
        Ok(len) => return Some(split(few.get(..len)?)),
        Err(rustix::io::Errno::RANGE) => {}
        Err(_) => return None,
    }
    let mut buffer = vec![0u8; 1 << 10];
    let len = loop {
        match rustix::fs::llistxattr(path, &mut buffer) {
            Ok(len) => break len,
            Err(rustix::io::Errno::RANGE) if buffer.len() < MAX_XATTR => buffer.resize(MAX_XATTR, 0),
            Err(_) => return None,
        }
    };
    Some(split(buffer.get(..len)?))
}

/// Names that end in a zero each.
fn split(names: &[u8]) -> Vec<Vec<u8>> {
    names.split(|&byte| byte == 0).filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect()
}

fn read(path: &Path, name: &[u8]) -> Option<Vec<u8>> {
    let mut value = vec![0u8; 256];
    let len = loop {
        match rustix::fs::lgetxattr(path, name, &mut value) {
            Ok(len) => break len,
            Err(rustix::io::Errno::RANGE) if value.len() < MAX_XATTR => value.resize(MAX_XATTR, 0),
            Err(_) => return None,
        }
    };
    value.truncate(len);
    Some(value)
}
