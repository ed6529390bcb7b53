//! One file in, one file out; pipes; names; what is copied along.

use super::sandbox::{Sandbox, noise, text};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

#[test]
fn a_file_comes_back_bit_for_bit() {
    let s = Sandbox::new();
    for (name, content) in
        [("empty", vec![]), ("one", vec![7]), ("text", text(300_000, 1)), ("noise", noise(100_000, 2))]
    {
        s.write(name, &content);
        s.ok(["compress", "-3", name]);
        assert!(s.exists(name), "the input stays");
        std::fs::remove_file(s.path(name)).unwrap();
        s.ok(["decompress", &format!("{name}.mln")]);
        assert_eq!(s.read(name), content, "{name}");
    }
}

#[test]
fn pipes_are_the_default() {
    let s = Sandbox::new();
    let content = text(200_000, 3);
    let packed = s.pipe(["compress", "-1"], &content);
    assert!(packed.code == 0 && packed.stdout.len() < content.len());
    assert_eq!(s.pipe(["decompress", "-"], &packed.stdout).stdout, content);
    assert_eq!(s.pipe(["decompress", "-o", "out"], &packed.stdout).stdout, b"");
    assert_eq!(s.read("out"), content);
}

#[test]
fn streams_in_a_row_decode_to_their_contents_in_a_row() {
    let s = Sandbox::new();
    s.write("a", "first ");
    s.write("b", "second");
    let both = s.ok(["compress", "-c", "a", "b"]).stdout;
    assert_eq!(s.pipe(["decompress"], &both).stdout, b"first second");
}

#[test]
fn mode_and_time_travel_both_ways() {
    let s = Sandbox::new();
    s.write("a", text(1000, 4));
    std::fs::set_permissions(s.path("a"), std::fs::Permissions::from_mode(0o640)).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    std::fs::File::options().write(true).open(s.path("a")).unwrap().set_modified(time).unwrap();
    s.ok(["compress", "a"]);
    s.ok(["decompress", "-f", "a.mln"]);
    for name in ["a.mln", "a"] {
        let meta = s.path(name).metadata().unwrap();
        assert_eq!((meta.mode() & 0o7777, meta.modified().unwrap()), (0o640, time), "{name}");
    }
}

#[test]
fn without_a_suffix_to_take_off_a_file_is_skipped_with_a_warning() {
    let s = Sandbox::new();
    s.write("a", "x");
    s.ok(["compress", "a", "-o", "packed"]);
    let ran = s.run(["decompress", "packed"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    s.ok(["decompress", "packed", "-o", "b"]);
    assert_eq!(s.read("b"), b"x");
}

#[test]
fn what_is_compressed_already_is_skipped_with_a_warning() {
    let s = Sandbox::new();
    s.write("a", "x");
    s.ok(["compress", "a"]);
    assert_eq!(s.run(["compress", "a.mln"]).code, 2);
    assert!(!s.exists("a.mln.mln"));
    s.ok(["compress", "-f", "a.mln"]);
    assert!(s.exists("a.mln.mln"));
}

#[test]
fn an_output_folder_takes_the_usual_names() {
    let s = Sandbox::new();
    s.write("d/a", "1");
    s.write("b", "2");
    std::fs::create_dir(s.path("out")).unwrap();
    s.ok(["compress", "d/a", "b", "-o", "out/"]);
    assert_eq!(s.names("out"), ["a.mln", "b.mln"]);
    s.ok(["decompress", "out/a.mln", "out/b.mln", "-o", "out"]);
    assert_eq!(s.names("out"), ["a", "a.mln", "b", "b.mln"]);
}

#[test]
fn lists_of_files_are_read_from_a_file_or_from_a_pipe() {
    let s = Sandbox::new();
    s.write("a b", "1");
    s.write("c\nd", "2");
    s.write("list", "a b\n");
    s.ok(["compress", "--files-from", "list"]);
    assert!(s.exists("a b.mln"));
    let ran = s.pipe(["compress", "-f", "--files0-from", "-"], b"a b\0c\nd\0");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(s.exists("c\nd.mln"));
}

#[test]
fn names_need_not_be_utf8_and_cannot_command_the_terminal() {
    let s = Sandbox::new();
    let name = Path::new(std::ffi::OsStr::from_bytes(b"a\xff\x1b[2J"));
    s.write(name, "content");
    let ran = s.ok([Path::new("compress"), Path::new("-v"), name]);
    assert!(!ran.stderr.contains('\x1b'), "{ran:?}");
    std::fs::remove_file(s.path(name)).unwrap();
    let mut packed = name.as_os_str().to_os_string();
    packed.push(".mln");
    s.ok([Path::new("decompress"), Path::new(&packed)]);
    assert_eq!(s.read(name), b"content");
}

#[test]
fn holes_come_back_as_holes() {
    let s = Sandbox::new();
    s.write("sparse", "start");
    std::fs::File::options().write(true).open(s.path("sparse")).unwrap().set_len(20 << 20).unwrap();
    s.ok(["compress", "-1", "sparse"]);
    s.ok(["decompress", "sparse.mln", "-o", "back"]);
    let meta = s.path("back").metadata().unwrap();
    assert_eq!(meta.len(), 20 << 20);
    assert!(meta.blocks() * 512 < 1 << 20, "{} blocks", meta.blocks());
    assert_eq!(s.read("back"), s.read("sparse"));
}

#[test]
fn the_bytes_are_the_same_for_every_number_of_threads() {
    let s = Sandbox::new();
    s.write("a", text(3 << 20, 5));
    let packed =
        |threads: &str| s.ok(["compress", "-2", "--block-size", "512k", "-T", threads, "-c", "a"]).stdout;
    let one = packed("1");
    assert!(packed("2") == one && packed("0") == one && packed("7") == one);
}

#[test]
fn a_range_is_read_without_the_rest() {
    let s = Sandbox::new();
    let content = text(1 << 20, 6);
    s.write("a", &content);
    s.ok(["compress", "-1", "--block-size", "64k", "a"]);
    let part = s.ok(["cat", "a.mln", "--range", "500000..500100"]);
    assert_eq!(part.stdout, &content[500_000..500_100]);
    s.ok(["extract", "a.mln", "--range", "1M..", "-o", "end"]);
    assert_eq!(s.read("end"), b"");
    s.ok(["extract", "a.mln", "--range", "..10", "-o", "head"]);
    assert_eq!(s.read("head"), &content[..10]);
}

#[test]
fn a_chosen_codec_is_used() {
    let s = Sandbox::new();
    s.write("a", text(50_000, 7));
    s.ok(["compress", "--codec", "zstd", "a"]);
    assert!(s.ok(["info", "a.mln"]).text().contains("zstd"));
    let ran = s.run(["compress", "-f", "--explain", "a"]);
    assert!(ran.code == 0 && !ran.stderr.is_empty(), "{ran:?}");
}

#[test]
fn budgets_choose_levels_and_are_announced() {
    let s = Sandbox::new();
    s.write("a.txt", text(60_000, 5));
    let said = s.ok(["compress", "-v", "--time-budget", "10s", "-o", "long.mln", "a.txt"]).stderr;
    assert!(said.contains(": about ") && said.contains(" at level "), "{said}");
    s.ok(["compress", "--time-budget", "1s", "--decode-speed", "50MB/s", "-o", "fast.mln", "a.txt"]);
    assert!(s.read("long.mln").len() < s.read("fast.mln").len());
    for name in ["long.mln", "fast.mln"] {
        assert_eq!(s.ok(["cat", name]).stdout, s.read("a.txt"));
    }
    assert_eq!(s.pipe(["compress", "--time-budget", "1s", "-c"], b"from a pipe").code, 3);
}

#[test]
fn an_own_prior_makes_small_records_smaller_and_is_needed_to_read_them() {
    let s = Sandbox::new();
    for i in 0..60 {
        s.write(format!("old/{i}.json"), format!("{{\"order\":{i},\"city\":\"Reykjavik\",\"paid\":true}}\n"));
    }
    s.write("new.json", "{\"order\":977,\"city\":\"Reykjavik\",\"paid\":true}\n");
    s.ok(["train", "prior", "--kind", "json", "old", "-o", "own.mlp"]);
    s.ok(["compress", "-6", "--prior", "own.mlp", "-o", "own.mln", "new.json"]);
    s.ok(["compress", "-6", "--prior", "none", "-o", "none.mln", "new.json"]);
    assert!(s.read("own.mln").len() + 10 < s.read("none.mln").len());
    assert_eq!(s.ok(["cat", "--prior", "own.mlp", "own.mln"]).stdout, s.read("new.json"));
    assert_eq!(s.ok(["cat", "none.mln"]).stdout, s.read("new.json"));
    assert!(s.fails(["cat", "own.mln"], 5).contains("--prior"));
    s.fails(["compress", "-6", "--prior", "new.json", "-o", "x.mln", "new.json"], 4);
}
