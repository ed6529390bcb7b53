//! From a tar archive to headers and members in streams of alike bytes.

use super::checksums::strip;
use super::groups::groups;
use super::{Archive, Tar};
use crate::build::Builder;
use crate::expression::fixed;
use crate::recipe::{Item, Node};
use minlen_core::{Detection, Kind, Result};
use minlen_structure::tar::BLOCK;

/// Smaller members are better off as they are among others like them.
const LARGE: usize = 64 << 10;

impl Builder<'_> {
    /// An archive as a node with one item; nothing if it is better left as it is.
    pub(crate) fn tar(&mut self, data: &[u8], archive: &Archive, depth: usize) -> Result<Option<Node>> {
        let members: Vec<&[u8]> = archive.places.iter().map(|p| &data[p.start..p.start + p.len]).collect();
        let whats: Vec<Detection> = members.iter().map(|member| (self.judge.classify)(member)).collect();
        let sorted = headers(data, archive)
            .and_then(|headers| Some((groups(data, &headers, &members, &whats, self.judge.price)?, headers)));
        let Some((groups, headers)) = sorted else {
            self.report.kept("tar", data.len());
            return Ok(None);
        };
        let stream = self.stream(Kind::Records, "headers of tar".into(), false);
        self.streams[stream].data.extend_from_slice(&headers);
        let mut streams = vec![fixed::OTHER; members.len()];
        for group in groups {
            let own = self.own_stream(&group.what);
            group.members.iter().for_each(|&at| streams[at] = own);
        }
        let mut nodes = Vec::with_capacity(members.len());
        for ((member, own), what) in members.iter().zip(streams).zip(&whats) {
            self.env.check()?;
            let large = member.len() >= LARGE && own != fixed::OTHER;
            let turned = if large { self.turned(member, what, own, depth + 1)? } else { None };
            nodes.push(if let Some(turned) = turned { turned } else { self.node(member, own, depth + 1)? });
        }
        self.report.tar(&whats, &members, &archive.notes);
        let places = archive.places.iter().map(|p| (p.gap, p.size)).collect();
        let tar = Tar { len: data.len(), stream, places, nodes };
        Ok(Some(Node { len: data.len(), stream: fixed::OTHER, items: vec![(0, Item::Tar(tar))] }))
    }
}

/// All blocks that are not members, without what a reader can tell.
fn headers(data: &[u8], archive: &Archive) -> Option<Vec<u8>> {
    let (mut out, mut at) = (Vec::new(), 0);
    for place in &archive.places {
        debug_assert_eq!(at + place.gap * BLOCK, place.start);
        out.extend_from_slice(&data[at..place.start]);
        at = (place.start + place.len).next_multiple_of(BLOCK).min(data.len());
    }
    out.extend_from_slice(&data[at..]);
    strip(&mut out).then_some(out)
}
