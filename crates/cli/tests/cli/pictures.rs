//! Pictures near those that were given.

use super::sandbox::{Sandbox, noise, text};

/// Waves, an edge and a little noise in red, green and blue.
pub fn ppm(width: usize, height: usize) -> Vec<u8> {
    let noise = noise(width * height * 3, 5);
    let sample = |i: usize| {
        let (x, y, c) = (i / 3 % width, i / 3 / width, i % 3);
        let wave = (x * (c + 1) + y * 2) / 2 % 128;
        (wave.min(128 - wave) + if x > y { 90 } else { 20 } + usize::from(noise[i] & 1)) as u8
    };
    let head = format!("P6 {width} {height} 255\n").into_bytes();
    head.into_iter().chain((0..width * height * 3).map(sample)).collect()
}

#[test]
fn a_picture_comes_back_as_png_near_what_it_was() {
    let s = Sandbox::new();
    s.write("photo.ppm", ppm(120, 80));
    s.ok(["compress", "-2", "-Q", "60", "photo.ppm"]);
    let small = s.read("photo.ppm.mln");
    assert!(small.len() < 6000, "{}", small.len());
    let info = s.ok(["info", "photo.ppm.mln"]).text();
    assert!(info.contains("picture 120x80, RGB, 8 bits") && !info.contains("exact        yes"), "{info}");
    s.ok(["test", "photo.ppm.mln"]);
    // The name says what comes out.
    s.ok(["decompress", "photo.ppm.mln"]);
    assert!(s.read("photo.png").starts_with(b"\x89PNG"));
    // A name that was chosen says the format.
    for name in ["mine.ppm", "mine.webp", "mine.tiff"] {
        s.ok(["decompress", "photo.ppm.mln", "-o", name]);
        assert!(s.read(name) != s.read("photo.png"));
        s.ok(["compress", "-1", "--psnr", "90", name, "-o", "again.mln", "-f"]);
    }
    assert!(s.read("mine.ppm").starts_with(b"P6"));
    assert_eq!(s.run(["decompress", "photo.ppm.mln", "-o", "mine.jpg"]).code, 5);
    assert_eq!(s.run(["decompress", "--rm", "photo.ppm.mln", "-o", "new.ppm"]).code, 3);
    s.ok(["decompress", "--preview", "1/8", "photo.ppm.mln"]);
    assert!(s.read("photo.preview.png").len() < s.read("photo.png").len() / 8);
    s.ok(["decompress", "--preview", "1/4", "photo.ppm.mln", "-o", "small.ppm"]);
    assert!(s.read("small.ppm").starts_with(b"P6\n30 20\n"));
    assert_eq!(s.run(["decompress", "--preview", "1/3", "photo.ppm.mln"]).code, 3);
    // The same bytes for each number of threads, and out of a pipe.
    s.ok(["compress", "-2", "-Q", "60", "-T", "1", "photo.ppm", "-o", "one.mln"]);
    assert_eq!(s.read("one.mln"), small);
    let piped = s.pipe(["compress", "-2", "-Q", "60", "-c"], &ppm(120, 80));
    assert_eq!((piped.code, &piped.stdout), (0, &small));
}

#[test]
fn targets_of_pictures_are_kept() {
    let s = Sandbox::new();
    s.write("photo.ppm", ppm(120, 80));
    s.ok(["compress", "-2", "--max-size", "2k", "photo.ppm", "-o", "size.mln"]);
    assert!((1500..=2048).contains(&s.read("size.mln").len()), "{}", s.read("size.mln").len());
    s.ok(["compress", "-2", "--bpp", "1.5", "photo.ppm", "-o", "bpp.mln"]);
    assert!((1400..=1800).contains(&s.read("bpp.mln").len()));
    s.ok(["compress", "-2", "--psnr", "34", "photo.ppm", "-o", "psnr.mln"]);
    let told = s.ok(["info", "psnr.mln"]).text();
    assert!(told.contains("34.") || told.contains("35."), "{told}");
    s.ok(["compress", "-2", "--ssimulacra2", "50", "photo.ppm", "-o", "score.mln"]);
    assert_eq!(s.run(["compress", "--max-size", "40", "photo.ppm", "-o", "few.mln"]).code, 3);
    assert!(!s.exists("few.mln"));
}

#[test]
fn what_does_not_go_together_is_refused() {
    let s = Sandbox::new();
    s.write("photo.ppm", ppm(40, 30));
    assert_eq!(s.run(["compress", "-Q", "60", "--rm", "photo.ppm"]).code, 3);
    assert_eq!(s.run(["compress", "-Q", "60", "--lossless", "photo.ppm"]).code, 3);
    assert_eq!(s.run(["compress", "-Q", "101", "photo.ppm"]).code, 3);
    assert_eq!(s.run(["compress", "-Q", "60", "--psnr", "30", "photo.ppm"]).code, 3);
    // Exactness can be asked for.
    s.ok(["compress", "--lossless", "photo.ppm"]);
    assert_eq!(s.ok(["cat", "photo.ppm.mln"]).stdout, ppm(40, 30));
    s.write("cut.ppm", &ppm(40, 30)[..500]);
    let cut = s.run(["compress", "-Q", "60", "cut.ppm"]);
    assert_eq!(cut.code, 4);
    assert!(cut.stderr.contains("cut.ppm"), "{}", cut.stderr);
    // What is no picture is kept as it is.
    s.write("notes.txt", text(3000, 1));
    s.ok(["compress", "-Q", "60", "notes.txt"]);
    assert_eq!(s.ok(["cat", "notes.txt.mln"]).stdout, s.read("notes.txt"));
}

#[test]
fn codecs_of_pictures_are_measured() {
    let s = Sandbox::new();
    s.write("photos/a.ppm", ppm(96, 64));
    s.write("photos/b.ppm", ppm(64, 96));
    s.write("photos/notes.txt", text(300, 1));
    let line = [
        "eval",
        "image",
        "photos",
        "--codecs",
        "minlen:effort=1",
        "--points",
        "2",
        "--save",
        "rows.csv",
        "--report",
        "page.html",
        "--results",
        "curves",
        "--format",
        "json",
    ];
    let told = s.ok(line).json();
    assert_eq!(
        (&told["files"][0]["pictures"], &told["files"][0]["codecs"][0]["bd_rate_psnr"]),
        (&2.into(), &0.0.into())
    );
    assert!(s.read("page.html").len() > 10_000 && s.exists("curves/minlen-effort-1.json"));
    // What is kept is not measured again.
    let rows = s.read("rows.csv");
    s.ok([
        "eval",
        "image",
        "photos",
        "--codecs",
        "minlen:effort=1",
        "--points",
        "2",
        "--save",
        "rows.csv",
        "-f",
    ]);
    assert_eq!(s.read("rows.csv"), rows);
    assert_eq!(s.run(["eval", "image", "photos", "--codecs", "bmp"]).code, 3);
    assert_eq!(s.run(["eval", "image", "photos/notes.txt", "--codecs", "minlen"]).code, 5);
}

/// The golden files of pictures, again with each instruction set that this machine has: the others run as the best one below.
#[test]
fn golden_files_are_the_same_on_every_instruction_set() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/golden/pictures");
    let golden = |name: &str| std::fs::read(format!("{folder}/{name}")).unwrap();
    let s = Sandbox::new();
    s.write("given.ppm", golden("given.ppm"));
    for isa in ["scalar", "avx2", "avx512"] {
        for (name, level, method, quality) in [
            ("block-3", "-3", "block", "75"),
            ("overfit-3", "-3", "overfit", "20"),
            ("vae-2", "-2", "vae", "60"),
        ] {
            let codec = format!("picture:method={method}");
            let line =
                ["compress", level, "-Q", quality, "--codec", &codec, "given.ppm", "-o", "out.mln", "-f"];
            let ran = s.command().env("MINLEN_ISA", isa).args(line).output().unwrap();
            assert!(ran.status.success(), "{isa}");
            assert!(s.read("out.mln") == golden(&format!("{name}.mln")), "{name} with {isa}");
            let line = ["decompress", "out.mln", "-o", "out.png", "-f"];
            assert!(s.command().env("MINLEN_ISA", isa).args(line).status().unwrap().success());
        }
    }
}
