//! Reads header fields without ever reading past the end.

/// Bytes with checked field access.
#[derive(Clone, Copy)]
pub(crate) struct View<'a>(pub &'a [u8]);

macro_rules! fields {
    ($($name:ident $type:ty, $from:ident;)+) => {
        $(
            /// The field at `at`, if it lies within the bytes.
            pub fn $name(self, at: usize) -> Option<$type> {
                Some(<$type>::$from(self.array(at)?))
            }
        )+
    };
}

#[allow(dead_code)]
impl<'a> View<'a> {
    /// True if `magic` stands at `at`.
    pub fn has(self, at: usize, magic: &[u8]) -> bool {
        self.0.get(at..).is_some_and(|rest| rest.starts_with(magic))
    }

    /// `len` bytes from `at`.
    pub fn bytes(self, at: usize, len: usize) -> Option<&'a [u8]> {
        self.0.get(at..at.checked_add(len)?)
    }

    /// `len` bytes from `at`, or as many as there are.
    pub fn upto(self, at: usize, len: usize) -> &'a [u8] {
        let start = at.min(self.0.len());
        &self.0[start..start.saturating_add(len).min(self.0.len())]
    }

    /// Where `needle` first stands within the first `within` bytes.
    pub fn find(self, needle: &[u8], within: usize) -> Option<usize> {
        let (&first, _) = needle.split_first()?;
        let place = self.upto(0, within);
        let mut at = 0;
        while let Some(next) = position(place.get(at..)?, first) {
            at += next;
            if place[at..].starts_with(needle) {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.bytes(at, N)?.try_into().ok()
    }

    fields! {
        u8 u8, from_le_bytes;
        le16 u16, from_le_bytes;
        be16 u16, from_be_bytes;
        le32 u32, from_le_bytes;
        be32 u32, from_be_bytes;
        le64 u64, from_le_bytes;
        be64 u64, from_be_bytes;
    }

    /// A 16-bit field of the given byte order.
    pub fn u16(self, at: usize, big: bool) -> Option<u16> {
        if big { self.be16(at) } else { self.le16(at) }
    }

    /// A 32-bit field of the given byte order.
    pub fn u32(self, at: usize, big: bool) -> Option<u32> {
        if big { self.be32(at) } else { self.le32(at) }
    }
}

/// Where a byte first stands: by groups that processors compare at once.
fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    let is_there = |group: &&[u8; 32]| group.iter().fold(false, |found, &byte| found | (byte == wanted));
    let (groups, _) = bytes.as_chunks::<32>();
    let start = groups.iter().take_while(|group| !is_there(group)).count() * 32;
    bytes[start..].iter().position(|&byte| byte == wanted).map(|at| start + at)
}
