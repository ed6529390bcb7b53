use super::members;

/// An entry of a tar archive, padded.
pub(crate) fn entry(name: &str, content: &[u8]) -> Vec<u8> {
    typed(name, b'0', content)
}

/// An entry of some type.
pub(crate) fn typed(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut header = vec![0u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[156] = kind;
    header[257..262].copy_from_slice(b"ustar");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|&b| u32::from(b)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut out = [&header, content].concat();
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

fn found(data: &[u8]) -> (Vec<(usize, usize)>, Vec<&'static str>) {
    let archive = members(data);
    (archive.places.iter().map(|p| (p.start, p.len)).collect(), archive.notes)
}

#[test]
fn members_are_found() {
    let tar = [entry("a", b"first"), entry("b", &[7; 600]), vec![0; 1024]].concat();
    assert_eq!(found(&tar), (vec![(512, 5), (1536, 600)], vec![]));
    assert!(found(b"no archive").0.is_empty() && found(&[0; 2000]).0.is_empty());
}

#[test]
fn unusual_archives_are_followed() {
    let usual = [entry("a", b"first"), entry("b", &[7; 600])].concat();
    let cut = found(&usual[..1700]);
    assert_eq!(cut, (vec![(512, 5), (1536, 164)], vec!["cut off"]));
    // Cut in a header.
    assert_eq!(found(&usual[..1300]), (vec![(512, 5), (1024, 276)], vec!["other data around"]));
    let around = [vec![9; 1024], usual.clone(), vec![0; 1024], vec![5; 700]].concat();
    let (places, notes) = found(&around);
    assert_eq!(places, [(0, 1024), (1536, 5), (2560, 600), (4608, 700)]);
    assert_eq!(notes, ["other data around"]);
    let long = [typed("././@LongLink", b'L', &[b'n'; 150]), entry("n", b"x"), typed("p", b'x', b"18 k=v\n")];
    let (places, notes) = found(&long.concat());
    assert_eq!((places, notes), (vec![(1536, 1)], vec!["long names", "pax headers"]));
    // A file of which the fill is not zeros.
    let mut odd = usual;
    odd[600] = 1;
    assert_eq!(found(&odd).0, [(512, 512), (1536, 600)]);
}
