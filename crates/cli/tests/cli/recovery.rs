//! Recovery data mends what it can and says what it cannot.

use crate::sandbox::{Sandbox, noise};

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
