//! How ranges are cut up, by table: tests/cases/geometries.txt and recovery_headers.txt.

use super::geometry::{FIELDS_LEN, Geometry, HEADER_LEN};
use crate::section::{Section, kind};
use minlen_core::testing::cases;

#[test]
fn ranges_are_cut_into_shards_and_groups() {
    for case in cases::read(crate::cases::table!("geometries"), 3) {
        let chosen = Geometry::choose(case.number(0), case.number(1) as u32);
        // Of the largest, the size of a shard says enough.
        case.expect(chosen.map(|g| {
            if g.protected == 1 << 50 {
                return g.shard.to_string();
            }
            let section = g.section_len();
            format!("{}, {}, {}; {}; {section}", g.shard, g.groups, g.recovery, g.data_shards())
        }));
    }
}

#[test]
fn every_size_has_a_geometry_that_is_read_again() {
    for protected in (0..=50).flat_map(|power| [(1u64 << power) - 1, 1 << power, 3 << power >> 1]) {
        for percent in [1, 7, 100] {
            if protected == 0 || protected > 1 << 50 {
                continue;
            }
            let g = Geometry { hash: [9; 16], ..Geometry::choose(protected, percent).unwrap() };
            let what = format!("{protected} bytes, {percent} %: {g:?}");
            assert!(g.is_proportionate() && g.group_memory() <= 512 << 20, "{what}");
            // At least as many as were asked for, and less than one more for each group.
            let shards = g.recovery_shards() * 100;
            assert!(shards >= g.data_shards() * u64::from(percent), "{what}");
            assert!(shards < (g.data_shards() + g.groups) * u64::from(percent) + g.groups * 100, "{what}");
            check_places(&g, &what);
            for copy in 0..4 {
                let section = Section::parse(&g.header(copy).unwrap()).unwrap();
                assert_eq!((section.kind, section.fields.len()), (kind::RECOVERY, FIELDS_LEN));
                assert_eq!(Geometry::parse(&section).unwrap(), (g, copy), "{what}");
            }
        }
    }
}

/// Everything in the section has a place of its own, one thing behind the other.
fn check_places(g: &Geometry, what: &str) {
    let shards = g.recovery_shards() * g.shard;
    let places = [
        (g.header_at(0), HEADER_LEN),
        (g.table_at(false), g.table_len()),
        (g.header_at(1), HEADER_LEN),
        (g.recovery_at(0, 0), shards),
        (g.header_at(2), HEADER_LEN),
        (g.table_at(true), g.table_len()),
        (g.header_at(3), HEADER_LEN),
    ];
    let end = places.iter().fold(0, |at, &(place, len)| {
        assert_eq!(place, at, "{what}");
        place + len
    });
    assert_eq!(g.section_len(), end + 4, "{what}");
    assert_eq!(g.recovery_at(g.recovery - 1, g.groups - 1), g.header_at(2) - g.shard, "{what}");
    // The groups share out the shards, and the shards the bytes.
    let last = g.data_shards() - 1;
    assert_eq!(last * g.shard + g.shard_len(last), g.protected, "{what}");
    assert_eq!(g.shard_len(0), g.shard.min(g.protected), "{what}");
    if g.groups <= 4096 {
        assert_eq!((0..g.groups).map(|group| g.group_len(group)).sum::<u64>(), g.data_shards(), "{what}");
    }
    assert!(g.group_len(0) - g.group_len(g.groups - 1) <= 1, "{what}");
    assert_eq!(g.hashes(), g.data_shards() + g.recovery_shards(), "{what}");
    assert_eq!(g.table_len(), 8 * (g.hashes() + g.hashes().div_ceil(512)), "{what}");
}

#[test]
fn headers_that_were_never_made_are_refused() {
    for case in cases::read(crate::cases::table!("recovery_headers"), 7) {
        let [protected, shard, groups, recovery, copy, more] = [0, 1, 2, 3, 4, 5].map(|i| case.number(i));
        let g = Geometry { protected, shard, groups, recovery, hash: [3; 16] };
        // Lengths are only reckoned of what can be.
        let small = shard > 0 && groups > 0 && protected <= 1 << 50 && g.data_shards() >= groups;
        let len = if small { g.section_len() - HEADER_LEN } else { 0 };
        let mut fields = Vec::new();
        fields.extend((len + more).to_le_bytes());
        fields.push(copy as u8);
        fields.extend(protected.to_le_bytes());
        [shard, groups, recovery].iter().for_each(|&field| fields.extend((field as u32).to_le_bytes()));
        fields.extend([3; 16]);
        let read =
            |fields: &[u8]| Geometry::parse(&Section { kind: kind::RECOVERY, fields: fields.to_vec() });
        let parsed = read(&fields);
        if let Ok(parsed) = &parsed {
            assert_eq!(*parsed, (g, copy as u8), "line {}", case.line);
            assert!(read(&[&fields[..], &[0]].concat()).is_err(), "line {}", case.line);
            assert!((0..fields.len()).all(|cut| read(&fields[..cut]).is_err()), "line {}", case.line);
        }
        case.expect(parsed.map(|_| "yes"));
    }
}

#[test]
fn recovery_data_is_in_proportion_to_what_it_protects() {
    let g = |protected, recovery| Geometry { protected, shard: 64, groups: 1, recovery, hash: [0; 16] };
    // Four times what is protected, and 4096 bytes.
    let most = (1..1000).take_while(|&recovery| g(1000, recovery).is_proportionate()).last().unwrap();
    assert!(g(1000, most).section_len() <= 4 * 1000 + 4096);
    assert!(g(1000, most + 1).section_len() > 4 * 1000 + 4096);
    assert_eq!(g(1000, 1).group_memory(), (16 + 1) * 64 * 2);
    assert_eq!(g(1025, 3).group_memory(), (32 + 4) * 64 * 2);
}
