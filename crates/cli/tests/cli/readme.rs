//! Every command of the README's list, in its order, in one folder.

use super::models::{model, weights};
use super::sandbox::{MINLEN, Ran, Sandbox, text};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
const PUBLIC: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

/// The lines of the section that are commands, as a reader would type them who has a key and may not read all of /etc.
fn commands() -> Vec<String> {
    let readme = std::fs::read_to_string(README).unwrap();
    let section = readme.split("\n## ").find(|section| section.starts_with("What you can do")).unwrap();
    let lines = section.lines().filter_map(|line| line.strip_prefix("    "));
    lines
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.replace("age1...", PUBLIC).replace("/etc ", "etc "))
        .collect()
}

/// What the commands speak of.
fn prepare(s: &Sandbox) {
    for i in 0..3u8 {
        s.write(
            format!("photos/{i}.raw"),
            (0..40_000u32).map(|x| ((x * x) >> (i + 4)) as u8).collect::<Vec<_>>(),
        );
    }
    for name in ["notes.txt", "project/src/main.rs", "project/README.md", "FILE", "src/main.c"] {
        s.write(name, text(3000, name.len() as u64));
    }
    s.write("project/.gitignore", "target/\n*.o\n");
    s.write("project/.git/HEAD", "ref: refs/heads/main\n");
    s.write("project/target/made", text(9000, 1));
    s.write("project/src/main.o", text(9000, 2));
    s.write("big.log", format!("{}an error\n", "all is well\n".repeat(900)));
    for name in ["logs/a.log", "logs/b.log", "data/a", "data/b", "etc/passwd"] {
        s.write(name, text(5000, name.len() as u64 + 7));
    }
    s.write("v1.tar", text(90_000, 40));
    s.write("v2.tar", [text(90_000, 40), text(300, 41)].concat());
    let event = |i: usize| format!("{{\"id\":{i},\"state\":\"open\",\"sum\":{}}}\n", i * 37 % 1000);
    for i in 0..30 {
        s.write(format!("old-events/{i}.json"), (i * 20..i * 20 + 20).map(event).collect::<String>());
    }
    s.write("today.json", event(9000));
    let (head, mut body) = (weights(200 * 32, 1), weights(96 * 32, 2));
    s.write("model.safetensors", model(&[("head.weight", &head), ("body.weight", &body)]));
    body[700] += 0.25;
    s.write("tuned.safetensors", model(&[("head.weight", &head), ("body.weight", &body)]));
    let dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (50, 40), }\n";
    let data = (0..2000).flat_map(|i| (i as f32 / 100.0).sin().to_le_bytes());
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((dict.len() as u16).to_le_bytes());
    npy.extend(dict.bytes().chain(data));
    s.write("field.npy", npy);
    s.write("photo.ppm", super::pictures::ppm(96, 64));
    s.ok(["compress", "-2", "--quality", "95", "photo.ppm"]);
    s.ok(["decompress", "photo.ppm.mln"]);
    s.ok(["generate", "ecg", "waves", "--count", "100", "--samples", "16"]);
    s.write("sensors.npy", s.read("waves/ecg.npy"));
    assert_eq!(s.command_of("tar", &["-cf", "backup.tar", "project", "notes.txt"]).code, 0);
}

#[cfg(unix)]
#[test]
fn every_command_of_the_readme_works() {
    let s = Sandbox::new();
    prepare(&s);
    s.write("bin/here", "");
    std::os::unix::fs::symlink(MINLEN, s.path("bin/minlen")).unwrap();
    let path = format!("export PATH='{}':\"$PATH\"; ", s.path("bin").display());
    let run = |line: &str| -> Ran { s.command_of("sh", &["-c", &format!("{path}{line}")]) };
    let commands = commands();
    assert!(commands.len() > 30, "{commands:?}");
    for line in &commands {
        if line.starts_with("minlen update") {
            // A day later.
            s.write("project/src/new.rs", text(2000, 77));
            std::fs::remove_file(s.path("project/README.md")).unwrap();
            s.write("project/docs.md", text(500, 78));
        }
        let ran = run(line);
        assert_eq!(ran.code, 0, "{line}\n{ran:?}");
    }
    let same = |a: &str, b: &str| assert!(s.read(a) == s.read(b), "{a} and {b}");
    same("restored/photos/2.raw", "photos/2.raw");
    same("there/notes.txt", "friday/notes.txt");
    same("sources/new.rs", "project/src/new.rs");
    assert_eq!(s.names("sources"), ["main.rs", "new.rs"]);
    assert_eq!(s.names("packed/logs"), ["a.log.mln", "b.log.mln"]);
    assert_eq!(s.read("part.txt"), s.read("big.log")[1000..2000]);
    assert_eq!(s.ok(["cat", "--prior", "events.mlp", "today.json.mln"]).stdout, s.read("today.json"));
    assert!(s.read("v2.tar.mln").len() < 500);
    assert_eq!(s.ok(["cat", "--base", "v1.tar", "v2.tar.mln"]).stdout, s.read("v2.tar"));
    let members = s.ok(["list", "project.mln"]).text();
    assert!(members.contains("docs.md") && !members.contains("README.md") && !members.contains("target"));
}
