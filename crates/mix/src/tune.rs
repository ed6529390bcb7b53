//! Dev knobs.
use std::sync::OnceLock;
static K: OnceLock<Vec<i32>> = OnceLock::new();
#[inline(always)]
pub fn t(i: usize, d: i32) -> i32 {
    let k = K.get_or_init(|| {
        let mut v = vec![i32::MIN; 64];
        if let Ok(s) = std::env::var("K") {
            for p in s.split(',') {
                if let Some((a, b)) = p.split_once('=') {
                    v[a.parse::<usize>().unwrap()] = b.parse().unwrap();
                }
            }
        }
        v
    });
    if k[i] == i32::MIN { d } else { k[i] }
}
