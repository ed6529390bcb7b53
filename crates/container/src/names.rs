//! Names of users and groups, as `/etc/passwd` and `/etc/group` have them.

use std::collections::HashMap;

/// Numbers and names, each way. Where one occurs twice, the first counts.
#[derive(Debug, Default)]
pub(crate) struct Names {
    users: Table,
    groups: Table,
}

#[derive(Debug, Default)]
struct Table {
    by_number: HashMap<u32, Vec<u8>>,
    by_name: HashMap<Vec<u8>, u32>,
}

impl Names {
    /// Those of this machine. What cannot be read names nobody, and numbers are left.
    pub(crate) fn of_the_system() -> Self {
        let table = |path| Table::parse(&std::fs::read(path).unwrap_or_default());
        Self { users: table("/etc/passwd"), groups: table("/etc/group") }
    }

    pub(crate) fn user(&self, number: u32) -> Option<&[u8]> {
        self.users.by_number.get(&number).map(Vec::as_slice)
    }

    pub(crate) fn group(&self, number: u32) -> Option<&[u8]> {
        self.groups.by_number.get(&number).map(Vec::as_slice)
    }

    /// The numbers of an owner here: by name first, then as they are.
    pub(crate) fn numbers(&self, owner: &crate::Owner) -> (u32, u32) {
        let find = |table: &Table, name: &[u8], number| table.by_name.get(name).copied().unwrap_or(number);
        (find(&self.users, &owner.user, owner.uid), find(&self.groups, &owner.group, owner.gid))
    }
}

impl Table {
    /// Lines of `NAME:PASSWORD:NUMBER:...`.
    fn parse(text: &[u8]) -> Self {
        let mut table = Self::default();
        for line in text.split(|&byte| byte == b'\n') {
            let mut fields = line.split(|&byte| byte == b':');
            let (Some(name), _, Some(number)) = (fields.next(), fields.next(), fields.next()) else {
                continue;
            };
            let number = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
            if let Some(number) = number.filter(|_| !name.is_empty()) {
                table.by_number.entry(number).or_insert_with(|| name.to_vec());
                table.by_name.entry(name.to_vec()).or_insert(number);
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Owner;

    #[test]
    fn names_come_first_and_numbers_where_there_are_none() {
        let users =
            Table::parse(b"root:x:0:0:root:/root:/bin/sh\nanna:x:1000:5::\n# no\nbad:x:y\nadmin:x:0:0\n");
        let names = Names { users, groups: Table::parse(b"root:x:0:\nstaff:x:50:anna\n") };
        assert_eq!(
            (names.user(0), names.user(1000), names.user(7)),
            (Some(&b"root"[..]), Some(&b"anna"[..]), None)
        );
        assert_eq!(names.group(50), Some(&b"staff"[..]));
        let owner =
            |user: &[u8], group: &[u8]| Owner { uid: 7, gid: 8, user: user.to_vec(), group: group.to_vec() };
        assert_eq!(names.numbers(&owner(b"anna", b"staff")), (1000, 50));
        assert_eq!(names.numbers(&owner(b"admin", b"")), (0, 8));
        assert_eq!(names.numbers(&owner(b"nobody here", b"x")), (7, 8));
    }
}
