//! Text that programs write: JSON lines, CSV, a log.

use super::Rng;
use std::fmt::Write;

const CITIES: [&str; 10] =
    ["Oslo", "Lyon", "Kyoto", "Quito", "Turin", "Accra", "Perth", "Boston", "Malmo", "Porto"];
const STATES: [&str; 4] = ["shipped", "open", "cancelled", "returned"];
const EVENTS: [&str; 6] = ["view", "click", "purchase", "login", "logout", "search"];
const PATHS: [&str; 8] =
    ["/", "/index.html", "/api/v1/items", "/api/v1/users", "/static/app.js", "/login", "/search", "/cart"];

/// Lines of JSON objects with nested fields, increasing times and repeated users.
pub(super) fn json(rng: &mut Rng, len: usize) -> Vec<u8> {
    let mut out = String::new();
    let mut time = 1_700_000_000_000u64;
    while out.len() < len {
        time += rng.skewed(4000);
        let (user, kind) = (rng.skewed(400), rng.pick_skewed(&EVENTS));
        let _ = write!(
            out,
            "{{\"id\":\"{:016x}\",\"type\":\"{kind}\",\"time\":{time},\"user\":{{\"id\":{user},\"city\":\"{}\"}}",
            rng.next(),
            CITIES.get(user as usize % CITIES.len()).copied().unwrap_or("")
        );
        if kind == "purchase" {
            let _ = write!(out, ",\"price\":{}.{:02},\"items\":[", 1 + rng.skewed(300), rng.below(100));
            let items: Vec<String> = (0..1 + rng.below(4)).map(|_| rng.skewed(900).to_string()).collect();
            let _ = write!(out, "{}]", items.join(","));
        }
        let _ = writeln!(out, ",\"mobile\":{},\"ref\":null}}", rng.one_in(3));
    }
    out.into_bytes()
}

/// A table of orders: a running number, a date, words from small sets, a price with two places.
pub(super) fn csv(rng: &mut Rng, len: usize) -> Vec<u8> {
    let mut out = String::from("order,date,city,state,quantity,price,total\n");
    let (mut order, mut day) = (100_000u64, 0u64);
    while out.len() < len {
        order += 1 + rng.skewed(5);
        day += u64::from(rng.one_in(20));
        let (quantity, cents) = (1 + rng.skewed(12), 99 + 50 * rng.skewed(200));
        let total = quantity * cents;
        let _ = writeln!(
            out,
            "{order},2024-{:02}-{:02},{},{},{quantity},{}.{:02},{}.{:02}",
            1 + day / 28 % 12,
            1 + day % 28,
            rng.pick(&CITIES),
            rng.pick_skewed(&STATES),
            cents / 100,
            cents % 100,
            total / 100,
            total % 100
        );
    }
    out.into_bytes()
}

/// A web server's log: addresses from a small set, increasing times, a few paths and codes.
pub(super) fn log(rng: &mut Rng, len: usize) -> Vec<u8> {
    let mut out = String::new();
    let mut second = 0u64;
    while out.len() < len {
        second += rng.skewed(6);
        let host = Rng(rng.skewed(60)).next();
        let code = rng.pick_skewed(&["200", "304", "404", "500"]);
        let _ = writeln!(
            out,
            "10.{}.{}.{} - - [12/Mar/2024:{:02}:{:02}:{:02} +0000] \"{} {} HTTP/1.1\" {code} {} \"-\" \"Agent/{}.0\"",
            host & 255,
            host >> 8 & 255,
            host >> 16 & 255,
            second / 3600 % 24,
            second / 60 % 60,
            second % 60,
            rng.pick_skewed(&["GET", "POST", "HEAD"]),
            rng.pick_skewed(&PATHS),
            rng.skewed(40_000),
            host >> 24 & 7
        );
    }
    out.into_bytes()
}
