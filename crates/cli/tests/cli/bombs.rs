//! Small files that want to become large ones.

use super::hostile::{data, deep_folders, file, unpadded};
use super::sandbox::{MINLEN, Sandbox};
use minlen::container::{Body, Entry, Tree};
use std::time::Instant;

#[test]
fn a_gigabyte_of_zeros_comes_back_and_is_stopped_where_that_was_asked_for() {
    let s = Sandbox::new();
    let zeros = std::fs::File::create(s.path("zeros")).unwrap();
    zeros.set_len(1 << 30).unwrap();
    s.ok(["compress", "-1", "zeros"]);
    assert!(s.read("zeros.mln").len() < 300_000);
    let line = s.fails(["decompress", "--max-ratio", "4000", "zeros.mln", "-o", "back"], 6);
    assert!(line.contains("--max-ratio 0"), "{line}");
    s.fails(["test", "--max-ratio", "4000", "zeros.mln"], 6);
    assert_eq!(s.names(""), ["zeros", "zeros.mln"]);
    s.ok(["test", "zeros.mln"]);
    s.ok(["decompress", "zeros.mln", "-o", "back"]);
    assert_eq!(s.path("back").metadata().unwrap().len(), 1 << 30);
}

#[test]
fn streams_in_a_row_come_back_by_default() {
    let s = Sandbox::new();
    let names = ["a", "b", "c", "d", "e", "f"];
    for large in ["a", "c", "e"] {
        std::fs::File::create(s.path(large)).unwrap().set_len(50 << 20).unwrap();
    }
    for small in ["b", "d", "f"] {
        s.write(small, vec![0; 200_000]);
    }
    let all = s.ok(["compress", "-1", "-c"].iter().chain(&names)).stdout;
    s.write("all.mln", &all);
    s.ok(["decompress", "all.mln"]);
    assert_eq!(s.path("all").metadata().unwrap().len(), 3 * ((50 << 20) + 200_000));
    s.ok(["test", "all.mln"]);
}

#[test]
fn archives_are_held_to_the_limits_in_every_verb() {
    let s = Sandbox::new();
    s.write("d/zeros", vec![0; 100 << 20]);
    s.write("d/text", "text");
    s.ok(["compress", "-1", "d", "-o", "d.mln"]);
    for limit in [["--max-ratio", "4000"], ["--max-output", "50M"]] {
        for verb in [&["decompress"][..], &["extract"], &["cat"], &["test"], &["-d", "-c"], &["-t"]] {
            let refused = s.run(verb.iter().chain(&limit).chain(&["d.mln"]));
            assert_eq!(refused.code, 6, "{verb:?} {limit:?} {refused:?}");
            assert!(refused.stdout.is_empty());
        }
        s.fails(["extract", limit[0], limit[1], "d.mln", "d/zeros", "-o", "out"], 6);
        s.fails(["extract", limit[0], limit[1], "d.mln", "d/zeros", "--range", "0..100M", "-c"], 6);
        assert_eq!(s.ok(["cat", limit[0], limit[1], "d.mln", "d/text"]).text(), "text");
        s.ok(["list", limit[0], limit[1], "d.mln"]);
    }
    s.ok(["decompress", "d.mln", "-o", "by-default"]);
    assert_eq!(s.path("by-default/d/zeros").metadata().unwrap().len(), 100 << 20);
    assert_eq!(s.ok(["cat", "d.mln"]).stdout.len(), (100 << 20) + 4);
}

/// Kilobytes of address space that a run with `--memory 64M` gets: the memory, the program, and what the allocator sets aside
/// for threads.
const SPACE: u32 = 900_000;

#[test]
fn every_verb_stays_near_the_memory_it_was_given_whatever_the_archive_says() {
    let s = Sandbox::new();
    let long = "x".repeat(1000);
    let long = [&*long; 30].join("/");
    let paths = (0..5000).map(|i| file(&format!("{long}/{i}"), &[], Vec::new())).collect();
    let many: Vec<_> = (0..10_000).map(|i| data(i * 2, 1)).collect();
    let one = file("f", &[7; 10_000], many);
    let copies = (0..1000).map(|i| Entry { path: format!("f{i}").into_bytes(), ..one.clone() }).collect();
    let link = |i| Entry {
        path: format!("l{i}").into_bytes(),
        mode: 0,
        mtime: None,
        body: Body::Hardlink(0),
        meta: None,
    };
    let far = vec![file(&long, &[7], vec![data(0, 1)])];
    let links = far.into_iter().chain((0..3000).map(link)).collect();
    for (name, entries) in
        [("deep", deep_folders(1000, 4000)), ("long", paths), ("copies", copies), ("links", links)]
    {
        s.write(format!("{name}.mln"), unpadded(&Tree { entries }, &[7; 20_000], 10_000));
        for verb in
            ["list", "list --format json", "test", "cat", "extract -o out", "info", "decompress -o out"]
        {
            let began = Instant::now();
            let line =
                format!("ulimit -v {SPACE}; exec {MINLEN} {verb} -T1 --memory 64M {name}.mln > /dev/null");
            let ran = s.command_of("/bin/sh", &["-c", &line]);
            // Paths of 30 KB are more than the file system takes: an error like any other.
            let made = verb.contains("out") && ran.code == 1;
            assert!(made || matches!(ran.code, 0 | 6), "{verb} {name} {} {:.300}", ran.code, ran.stderr);
            assert!(began.elapsed().as_secs() < 100, "{verb} {name}");
        }
    }
}
