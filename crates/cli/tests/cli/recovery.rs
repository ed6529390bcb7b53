//! Recovery data mends what it can and says what it cannot.

use super::sandbox::{Sandbox, noise};

#[test]
fn damage_within_the_share_is_mended() {
    let s = Sandbox::new();
    s.write("a", noise(400_000, 1));
    s.ok(["compress", "--recovery", "5%", "-1", "a"]);
    let good = s.read("a.mln");
    assert!(good.len() > 410_000 && good.len() < 450_000, "{}", good.len());
    s.ok(["test", "a.mln"]);
    let mut bad = good.clone();
    bad[200_000..203_000].fill(0);
    s.write("a.mln", &bad);
    s.fails(["test", "a.mln"], 4);
    s.ok(["repair", "a.mln"]);
    assert_eq!(s.read("a.repaired.mln"), good);
    assert_eq!(s.ok(["cat", "a.repaired.mln"]).stdout, s.read("a"));
    bad[50_000..350_000].fill(0);
    s.write("a.mln", &bad);
    s.fails(["repair", "-f", "a.mln"], 4);
}

#[test]
fn recovery_data_goes_through_a_pipe() {
    let s = Sandbox::new();
    s.write("a", noise(100_000, 2));
    let packed = s.ok(["compress", "--recovery", "10", "-1", "-c", "a"]).stdout;
    assert_eq!(s.pipe(["-dc"], &packed).stdout, s.read("a"));
}

#[test]
fn without_recovery_data_what_is_whole_becomes_a_new_archive() {
    let s = Sandbox::new();
    s.write("t/a", noise(300_000, 1));
    s.write("t/b", noise(30_000, 2));
    s.ok(["compress", "-1", "--block-size", "64k", "t"]);
    let good = s.read("t.mln");
    // Cut behind the last block but before the end: everything is whole.
    s.write("t.mln", &good[..good.len() - 30]);
    assert_eq!(s.run(["repair", "t.mln"]).code, 2);
    s.ok(["test", "t.repaired.mln"]);
    s.ok(["extract", "t.repaired.mln", "-o", "x"]);
    assert_eq!((s.read("x/t/a"), s.read("x/t/b")), (s.read("t/a"), s.read("t/b")));
    // A damaged block costs the file that needs it.
    let mut bad = good.clone();
    bad[200_000] ^= 1;
    s.write("t.mln", &bad);
    assert_eq!(s.run(["repair", "-f", "t.mln"]).code, 2);
    s.ok(["test", "t.repaired.mln"]);
    let list = s.ok(["list", "t.repaired.mln"]).text();
    assert!(list.contains("t/b") && !list.contains("t/a"), "{list}");
    // A stream without names is whole or it is not.
    s.ok(["compress", "-1", "--no-compact", "--block-size", "64k", "t/a", "-o", "a.mln"]);
    let mut bad = s.read("a.mln");
    bad[100_000] ^= 1;
    s.write("a.mln", &bad);
    let line = s.fails(["repair", "a.mln"], 4);
    assert!(line.contains("--salvage") && !s.exists("a.repaired.mln"), "{line}");
}

#[test]
fn repair_never_ends_well_over_a_file_that_cannot_be_read() {
    let s = Sandbox::new();
    s.write("a", noise(100_000, 1));
    s.ok(["compress", "--recovery", "5%", "-1", "a"]);
    let good = s.read("a.mln");
    s.write("front.mln", [b"junk", &good[..]].concat());
    s.write("behind.mln", [&good[..], b"junk"].concat());
    for name in ["front.mln", "behind.mln"] {
        s.fails(["repair", name], 4);
    }
    assert!(!s.exists("front.repaired.mln") && !s.exists("behind.repaired.mln"));
    s.write("padded.mln", [&good[..], &[0; 512]].concat());
    assert_eq!(s.run(["repair", "padded.mln"]).code, 2);
    assert_eq!(s.read("padded.repaired.mln"), good);
    // Fifty-one bytes that claim recovery data of gigabytes.
    let mut forged = s.read("a.mln");
    forged.truncate(forged.len() - 3);
    s.write("short.mln", forged);
    s.ok(["repair", "short.mln"]);
    assert_eq!(s.read("short.repaired.mln"), good);
}
