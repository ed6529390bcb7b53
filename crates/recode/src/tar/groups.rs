//! Which members of an archive are coded together.
//!
//! Members of one kind have one model, and are close to each other. But members of two kinds may repeat each other (a program and
//! its byte code, sources and their documents): then both are better off together. What they have in common is measured with a fast
//! codec.

use crate::build::ALONE;
use minlen_core::{Class, Detection, Kind};
use std::collections::BTreeMap;

/// Kinds with fewer bytes than this have no stream of their own.
const SMALL: usize = 16 << 10;
/// Groups of text join if that saves so many thousandths of the smaller one; they have the same models.
const TEXT_PERMILLE: usize = 5;
/// Others join if it saves so many of the smaller one, and so many of the larger one: no more than another model may lose.
const OTHER_PERMILLE: usize = 40;
const LARGER_PERMILLE: usize = 10;
/// All groups together may cost so many thousandths more than the archive as it is: fitting models make good for it.
const LOSS_PERMILLE: usize = 5;
/// Most groups that are compared with each other.
const MOST: usize = 10;

/// What a fast codec makes of some bytes.
type Price<'a> = &'a dyn Fn(&[u8]) -> usize;

/// Members that are coded together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) what: Detection,
    pub(super) members: Vec<usize>,
    /// All bytes.
    bytes: usize,
    /// Never joins another one: its codec wants to see one file.
    alone: bool,
}

/// The groups of the members of an archive, with what is small or compressed in none. Nothing if the archive is better left as it
/// is; `rest` is what it has beside the members.
pub(super) fn groups(
    archive: &[u8],
    rest: &[u8],
    members: &[&[u8]],
    whats: &[Detection],
    price: Price<'_>,
) -> Option<Vec<Group>> {
    let mut groups = by_kind(members, whats);
    groups.sort_by_key(|group| std::cmp::Reverse(group.bytes));
    join_small_text(&mut groups);
    groups.retain(|group| group.bytes >= SMALL);
    let mut costs: Vec<usize> = groups.iter().map(|group| price(&group.gather(members))).collect();
    let mut known = BTreeMap::new();
    while let Some((one, two, cost)) = pair(&groups, &costs, members, price, &mut known) {
        let (other, _) = (groups.remove(two), costs.remove(two));
        groups[one].join(other);
        costs[one] = cost;
    }
    let mut others = members.to_vec();
    groups.iter().flat_map(|group| &group.members).for_each(|&at| others[at] = &[]);
    let apart = costs.iter().sum::<usize>() + price(&[rest, &others.concat()].concat());
    let loss = if groups.len() > 1 { LOSS_PERMILLE } else { 0 };
    (apart.saturating_mul(1000) < price(archive).saturating_mul(1000 + loss)).then_some(groups)
}

/// Members by what they are, as they lie. Compressed ones and archives are seen through, and so are in no group.
fn by_kind(members: &[&[u8]], whats: &[Detection]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, (member, what)) in members.iter().zip(whats).enumerate() {
        if member.is_empty() || what.kind.class() == Class::Dense || what.kind == Kind::Tar {
            continue;
        }
        let alone =
            matches!(what.kind, Kind::ImageRaw | Kind::AudioRaw | Kind::Tensors) && member.len() >= ALONE;
        let same = |group: &&mut Group| !alone && !group.alone && group.what.kind == what.kind;
        match groups.iter_mut().find(same) {
            Some(group) => {
                group.members.push(at);
                group.bytes += member.len();
            }
            None => groups.push(Group { what: what.clone(), members: vec![at], bytes: member.len(), alone }),
        }
    }
    groups
}

/// Puts rare kinds of text to the commonest.
fn join_small_text(groups: &mut Vec<Group>) {
    let text = |group: &Group| group.what.kind.class() == Class::Text;
    let Some(most) = groups.iter().position(text) else { return };
    let mut at = most + 1;
    while at < groups.len() {
        if text(&groups[at]) && groups[at].bytes < SMALL {
            let small = groups.remove(at);
            groups[most].join(small);
        } else {
            at += 1;
        }
    }
}

/// What two groups cost as one, by the first members and sizes of both.
type Known = BTreeMap<[usize; 4], usize>;

/// The two groups that gain most by being one, and what they cost as one.
fn pair(
    groups: &[Group],
    costs: &[usize],
    members: &[&[u8]],
    price: Price<'_>,
    known: &mut Known,
) -> Option<(usize, usize, usize)> {
    let mut best = (0, None);
    for two in 1..groups.len().min(MOST) {
        for one in (0..two).filter(|&one| !groups[one].alone && !groups[two].alone) {
            let (a, b) = (&groups[one], &groups[two]);
            let both = || price(&[a.gather(members), b.gather(members)].concat());
            let key = [a.members[0], a.bytes, b.members[0], b.bytes];
            let cost = *known.entry(key).or_insert_with(both);
            let text = [a, b].iter().all(|group| group.what.kind.class() == Class::Text);
            let (less, more) = (costs[one].min(costs[two]), costs[one].max(costs[two]));
            let least =
                if text { TEXT_PERMILLE * less } else { (OTHER_PERMILLE * less).max(LARGER_PERMILLE * more) };
            let saved = (costs[one] + costs[two]).saturating_sub(cost);
            if saved * 1000 > least && saved > best.0 {
                best = (saved, Some((one, two, cost)));
            }
        }
    }
    best.1
}

impl Group {
    fn gather(&self, members: &[&[u8]]) -> Vec<u8> {
        self.members.iter().flat_map(|&at| members[at]).copied().collect()
    }

    /// Takes another group in, in the order of the archive.
    fn join(&mut self, other: Self) {
        self.members.extend(other.members);
        self.members.sort_unstable();
        self.bytes += other.bytes;
    }
}
