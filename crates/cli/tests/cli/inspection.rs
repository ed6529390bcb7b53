//! list, test, info, codecs, analyze, bench: for people and for programs.

use super::sandbox::{Sandbox, text};

pub const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

fn sandbox() -> Sandbox {
    let s = Sandbox::new();
    s.write("t/a.txt", text(100_000, 1));
    s.write("t/b.txt", text(1_000, 2));
    s.ok(["compress", "-1", "t"]);
    s.ok(["compress", "-1", "t/a.txt"]);
    s
}

#[test]
fn lists_are_tables_or_json() {
    let s = sandbox();
    let table = s.ok(["list", "t.mln"]).text();
    assert!(table.contains("t/a.txt") && table.contains("100000"), "{table}");
    assert!(s.ok(["list", "-v", "t.mln"]).text().contains("zstd"));
    let json = s.ok(["list", "--format", "json", "t.mln", "t/a.txt.mln"]).json();
    let members = json["files"][0]["members"].as_array().unwrap();
    let file = members.iter().find(|m| m["path"] == "t/a.txt").unwrap();
    assert_eq!((&file["bytes"], &file["kind"]), (&100_000.into(), &"file".into()));
    assert_eq!(json["files"][1]["kind"], "stream");
    assert_eq!(json["files"][1]["content_bytes"], 100_000);
}

#[test]
fn lists_are_sorted_chosen_and_summed_up() {
    let s = sandbox();
    s.write("t/c/d.log", text(5_000, 3));
    std::fs::rename(s.path("t/a.txt.mln"), s.path("a.txt.mln")).unwrap();
    std::fs::File::open(s.path("t/a.txt")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    s.ok(["compress", "-f", "-1", "t"]);
    let names = |args: &[&str]| -> Vec<String> {
        let table = s.ok([&["list", "t.mln"], args].concat()).text();
        let lines: Vec<&str> = table.lines().collect();
        let names = lines[1..lines.len() - 1].iter().map(|line| line.rsplit(' ').next().unwrap().to_string());
        names.filter(|name| !name.ends_with('/')).collect()
    };
    assert_eq!(names(&["--sort", "size"]), ["t/a.txt", "t/c/d.log", "t/b.txt"]);
    assert_eq!(names(&["--sort", "size", "--reverse"]), ["t/b.txt", "t/c/d.log", "t/a.txt"]);
    assert_eq!(names(&["--sort", "name"]), ["t/a.txt", "t/b.txt", "t/c/d.log"]);
    assert_eq!(names(&["--sort", "time"]).last().unwrap(), "t/a.txt");
    assert_eq!(names(&["--member", "*.txt", "--sort", "name"]), ["t/a.txt", "t/b.txt"]);
    assert_eq!(names(&["--member", "t/c"]), ["t/c/d.log"]);
    assert!(s.fails(["list", "t.mln", "--member", "none"], 3).contains("none is not in the archive"));
    assert!(s.fails(["list", "t.mln", "t/none"], 1).contains("--member"));
    s.fails(["list", "a.txt.mln", "--member", "a.txt"], 3);
    let table = s.ok(["list", "t.mln"]).text();
    assert!(
        table.lines().last().unwrap().starts_with("3 files, 2 folders: 106000 bytes, stored in "),
        "{table}"
    );
    let long = s.ok(["list", "--long", "t.mln"]).text();
    let json = s.ok(["list", "--format", "json", "--member", "t/b.txt", "t.mln"]).json();
    let file = &json["files"][0];
    assert_eq!(file["members"].as_array().unwrap().len(), 1);
    assert!(long.contains(file["members"][0]["hash"].as_str().unwrap()) && long.contains(" %"), "{long}");
    assert_eq!((&file["totals"]["files"], &file["totals"]["bytes"]), (&1.into(), &1_000.into()));
    s.ok(["compress", "-1", "t/b.txt"]);
    let table = s.ok(["list", "a.txt.mln", "t/b.txt.mln"]).text();
    assert!(table.lines().last().unwrap().ends_with("(totals)") && table.contains(" 101000 "), "{table}");
}

#[test]
fn info_says_what_a_file_needs() {
    let s = sandbox();
    let info = |args: &[&str]| s.ok([&["info"], args].concat()).text();
    let plain = info(&["t.mln"]);
    for part in
        ["needs        nothing but itself", "encrypted    no", "recovery     none", "exact        yes"]
    {
        assert!(plain.contains(part), "{part}: {plain}");
    }
    // A prior.
    s.ok(["train", "prior", "--kind", "text", "t", "-o", "mine.mlp"]);
    s.write("new.txt", text(3_000, 9));
    s.ok(["compress", "-6", "--prior", "mine.mlp", "new.txt"]);
    let id = blake3::hash(&s.read("mine.mlp")).to_hex()[..16].to_string();
    assert!(info(&["new.txt.mln"]).contains(&format!("needs        the prior {id} (--prior FILE)")));
    let json = s.ok(["info", "--format", "json", "new.txt.mln"]).json();
    assert_eq!(json["files"][0]["needs"][0], serde_json::json!({"kind": "prior", "blake3_start": id}));
    // A base.
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/golden/tensors/delta-1.mln");
    assert!(info(&[golden]).contains("the base whose BLAKE3 begins with "));
    // Recovery data, inside and beside.
    s.ok(["compress", "-1", "--recovery", "10%", "t/a.txt", "-o", "safe.mln"]);
    let safe = info(&["safe.mln"]);
    assert!(safe.contains("of the size); mends up to"), "{safe}");
    // Keys.
    s.write("pass", "word\n");
    s.ok([
        "compress",
        "-1",
        "--encrypt",
        "--passphrase-file",
        "pass",
        "--recovery",
        "5%",
        "t/b.txt",
        "-o",
        "x.mln.age",
    ]);
    let known = info(&["--passphrase-file", "pass", "x.mln.age"]);
    for part in
        ["needs        its passphrase", "encrypted    yes (age, with a passphrase)", " in x.mln.age.rec ("]
    {
        assert!(known.contains(part), "{part}: {known}");
    }
    // Without a key that is all, and a warning says so.
    s.ok(["compress", "-1", "-r", RECIPIENT, "t/b.txt", "-o", "y.mln.age"]);
    let ran = s.run(["info", "y.mln.age", "--format", "json"]);
    assert!(ran.code == 2 && ran.stderr.contains("cannot be told without its key"), "{ran:?}");
    let file = ran.json()["files"][0].clone();
    assert_eq!((&file["lock"], file.get("blocks")), (&"keys".into(), None));
    assert!(s.run(["info", "y.mln.age"]).text().contains("needs        an age identity (--identity FILE)"));
}

#[test]
fn tests_are_silent_or_json() {
    let s = sandbox();
    assert!(s.ok(["test", "t.mln", "t/a.txt.mln"]).stdout.is_empty());
    s.write("bad.mln", "bad");
    let ran = s.run(["test", "--format", "json", "t.mln", "bad.mln"]);
    assert_eq!(ran.code, 4);
    let files = ran.json()["files"].clone();
    assert_eq!(
        (&files[0]["ok"], &files[1]["ok"], &files[1]["error"]["exit"]),
        (&true.into(), &false.into(), &4.into())
    );
}

#[test]
fn info_counts_blocks() {
    let s = sandbox();
    assert!(s.ok(["info", "t.mln"]).text().contains("archive"));
    let info = s.ok(["info", "--format", "json", "t/a.txt.mln"]).json();
    let file = &info["files"][0];
    let raw: u64 = file["blocks"].as_array().unwrap().iter().map(|b| b["bytes"].as_u64().unwrap()).sum();
    assert_eq!((raw, file["content_bytes"].as_u64()), (100_000, Some(100_000)));
    assert!(file["content_blake3"].is_null(), "the compact form has none");
    s.ok(["compress", "-1", "--no-compact", "t/a.txt", "-o", "full.mln"]);
    let info = s.ok(["info", "--format", "json", "full.mln"]).json();
    assert_eq!(info["files"][0]["content_blake3"].as_str().unwrap().len(), 64);
}

#[test]
fn codecs_tell_what_they_are_for() {
    let s = Sandbox::new();
    assert!(s.ok(["codecs"]).text().contains("zstd"));
    assert!(s.ok(["codecs", "zstd"]).text().contains("level="));
    let json = s.ok(["codecs", "--format", "json"]).json();
    assert!(json["codecs"].as_array().unwrap().iter().any(|codec| codec["name"] == "zstd"));
    s.fails(["codecs", "nonsense"], 3);
}

#[test]
fn analysis_is_a_table_or_json() {
    let s = sandbox();
    assert!(!s.ok(["analyze", "t/a.txt"]).text().is_empty());
    let json = s.ok(["analyze", "--format", "json", "t/b.txt"]).json();
    assert!(json["files"][0].is_object());
    assert_eq!(s.pipe(["analyze"], b"some bytes in a pipe").code, 0);
}

#[test]
fn the_benchmark_has_four_forms() {
    let s = sandbox();
    let bench = |format: &str| {
        let args = [
            "bench",
            "t/b.txt",
            "--levels",
            "1",
            "--against",
            "zstd:1,memcpy",
            "--repeats",
            "1",
            "--format",
            format,
        ];
        s.ok(args)
    };
    assert!(bench("table").text().contains("zstd:1"));
    assert!(bench("md").text().contains('|'));
    assert!(bench("csv").text().contains(','));
    assert!(bench("json").json().is_object());
    s.ok(["bench", "t/b.txt", "--codec", "zstd", "--repeats", "1", "--save", "x.csv"]);
    assert!(s.exists("x.csv"));
    s.fails(["bench", "t/b.txt", "--against", "nonsense:3"], 3);
    let jobs = ["bench", "t", "--levels", "1", "--jobs", "2", "--save-speeds", "speeds.csv"];
    assert!(s.ok(jobs).text().contains("SEVERAL AT A TIME"));
    assert!(s.exists("speeds.csv"));
}

#[test]
fn sets_of_the_bundle_and_lists_of_variants_are_measured() {
    let s = sandbox();
    s.write("data/small/rs/a.rs", text(300, 1));
    s.write("data/small/rs/b.rs", text(400, 2));
    let table = s.ok(["bench", "small/rs", "--corpus", "data", "--levels", "1", "--quick"]).text();
    assert!(table.contains("smaller than brotli:11") && table.contains("rs/*"), "{table}");
    s.fails(["bench", "mini", "--corpus", "data", "--quick"], 1);
    s.fails(["bench", "small/none", "--corpus", "data", "--quick"], 3);
    s.write("list.txt", "# comment\nall: zstd:level=9\nless: zstd:level=1\n");
    let table = s.ok(["bench", "t", "--ablation", "list.txt", "--quick"]).text();
    assert!(table.contains("less") && table.contains('+'), "{table}");
}

#[test]
fn names_cannot_pass_for_others() {
    let s = Sandbox::new();
    let tricks =
        ["a\u{202e}gpj.exe", "b\u{9b}2J", "c\u{2066}x\u{2069}", "d\u{200f}", "e\u{2028}", "f\u{feff}"];
    for name in tricks {
        s.write(format!("t/{name}"), "x");
    }
    s.ok(["compress", "t"]);
    let safe = |text: &str| !text.chars().any(|c| c != '\n' && minlen::text::is_deceptive(c));
    let list = s.ok(["list", "t.mln"]).text();
    assert!(safe(&list) && list.contains("a\\u{202e}gpj.exe"), "{list}");
    let ran = s.ok(["list", "--format", "json", "t.mln"]);
    assert!(safe(&ran.text()), "{}", ran.text());
    let json = ran.json();
    let members = json["files"][0]["members"].as_array().unwrap();
    assert!(tricks.iter().all(|name| members.iter().any(|m| m["path"] == format!("t/{name}"))));
    // Names in messages: what is not there, what is no archive, what is not in one.
    for name in tricks {
        for args in [&["compress", name][..], &["cat", "t.mln", name], &["cat", &format!("t/{name}")]] {
            for format in ["table", "json"] {
                let ran = s.run([args, &["--format", format]].concat());
                assert!(ran.code > 0 && safe(&ran.stderr), "{ran:?}");
            }
        }
    }
    let ran = s.run(["compress", "--progress", "json", "-v", "t", "-o", "x\u{202e}.mln"]);
    assert!(ran.code == 0 && safe(&ran.stderr), "{ran:?}");
}
