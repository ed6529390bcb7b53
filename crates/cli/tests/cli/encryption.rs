//! age files, with passphrases and with keys.

use super::sandbox::{Sandbox, text};

/// A key pair made for this test and used for nothing else.
const SECRET: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
const PUBLIC: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

#[test]
fn a_passphrase_opens_what_it_locked() {
    let s = Sandbox::new();
    let content = text(50_000, 1);
    s.write("a", &content);
    s.write("key", "open sesame\n");
    s.write("wrong", "open barley\n");
    s.ok(["compress", "--encrypt", "--passphrase-file", "key", "a"]);
    assert!(s.read("a.mln.age").starts_with(b"age-encryption.org/v1\n"));
    assert_eq!(s.ok(["cat", "--passphrase-file", "key", "a.mln.age"]).stdout, content);
    s.fails(["test", "--passphrase-file", "wrong", "a.mln.age"], 7);
    s.ok(["decompress", "-f", "--passphrase-file", "key", "a.mln.age"]);
    assert_eq!(s.read("a"), content);
    let output =
        s.command().args(["-dc", "a.mln.age"]).env("MINLEN_PASSPHRASE", "open sesame").output().unwrap();
    assert_eq!(output.stdout, content);
}

#[test]
fn a_recipient_opens_with_the_identity() {
    let s = Sandbox::new();
    s.write("t/a", text(50_000, 2));
    s.write("id", format!("# a comment\n{SECRET}\n"));
    s.ok(["compress", "-r", PUBLIC, "t"]);
    s.ok(["list", "-i", "id", "t.mln.age"]);
    s.ok(["decompress", "-i", "id", "t.mln.age", "-o", "out"]);
    assert_eq!(s.read("out/t/a"), s.read("t/a"));
    s.ok(["test", "-i", "id", "t.mln.age"]);
    let packed = s.read("t.mln.age");
    assert_eq!(s.pipe(["-dc", "-i", "id"], &packed).stdout, s.read("t/a"));
    assert_eq!(s.run(["test", "t.mln.age"]).code, 7);
    s.fails(["compress", "-r", "age1nonsense", "t", "-o", "x"], 3);
}

#[test]
fn what_cannot_be_read_back_is_not_removed() {
    let s = Sandbox::new();
    s.write("a", "x");
    s.fails(["compress", "--rm", "-r", PUBLIC, "a"], 3);
    assert!(s.exists("a"));
}

/// Refused with exit code 3 and the flag that is missing, and nothing written.
fn refused(s: &Sandbox, args: &[&str], variable: bool, flag: &str) {
    let before = s.names("");
    let mut command = s.command();
    if variable {
        command.env("MINLEN_PASSPHRASE", "open sesame");
    }
    let output = command.args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{args:?}: {said}");
    assert!(said.contains(flag), "{args:?}: {said}");
    assert_eq!(s.names(""), before, "{args:?}");
}

#[test]
fn a_key_that_would_encrypt_nothing_is_refused() {
    let s = Sandbox::new();
    s.write("a", text(1000, 1));
    s.write("dir/b", text(1000, 2));
    s.write("key", "open sesame\n");
    s.write("id", SECRET);
    s.ok(["compress", "-1", "a", "-o", "plain.mln"]);
    for verb in [&["compress"][..], &[]] {
        for what in ["a", "dir"] {
            let with = |more: &[&'static str]| [verb, more, &[what]].concat();
            refused(&s, &with(&["--passphrase-file", "key"]), false, "--encrypt");
            refused(&s, &with(&["-c", "--passphrase-file", "key"]), false, "--encrypt");
            refused(&s, &with(&["-i", "id"]), false, "--recipient");
            refused(&s, &with(&["--encrypt", "--passphrase-file", "key", "-i", "id"]), false, "--recipient");
            refused(&s, &with(&["-r", PUBLIC, "--passphrase-file", "key"]), false, "--encrypt");
            refused(&s, &with(&[]), true, "--no-encrypt");
            refused(&s, &with(&["-r", SECRET]), false, "public key");
        }
    }
    refused(&s, &["rebase", "plain.mln", "-o", "x.mln", "--passphrase-file", "key"], false, "--encrypt");
    refused(&s, &["rebase", "plain.mln", "-o", "x.mln"], true, "--no-encrypt");
    refused(&s, &["quantize", "a", "--target-bpw", "4"], true, "--no-encrypt");
    // What is meant can be said; reading needs no flag.
    s.ok(["compress", "--no-encrypt", "--passphrase-file", "key", "-i", "id", "a", "-o", "said.mln"]);
    let output = s.command().args(["cat", "said.mln"]).env("MINLEN_PASSPHRASE", "x").output().unwrap();
    assert_eq!(output.stdout, s.read("a"));
    let locked =
        s.command().args(["compress", "-r", PUBLIC, "a"]).env("MINLEN_PASSPHRASE", "x").output().unwrap();
    assert!(locked.status.success() && s.read("a.mln.age").starts_with(b"age-encryption.org/v1\n"));
}

#[test]
fn rebasing_keeps_what_was_encrypted_encrypted() {
    let s = Sandbox::new();
    s.write("a", text(1000, 1));
    s.write("key", "open sesame\n");
    s.write("id", SECRET);
    s.ok(["compress", "--encrypt", "--passphrase-file", "key", "a", "-o", "pass.age"]);
    s.ok(["compress", "-r", PUBLIC, "a", "-o", "keys.age"]);
    s.ok(["rebase", "pass.age", "-o", "again.age", "--passphrase-file", "key"]);
    assert!(s.read("again.age").starts_with(b"age-encryption.org/v1\n"));
    assert_eq!(s.ok(["cat", "again.age", "--passphrase-file", "key"]).stdout, s.read("a"));
    refused(&s, &["rebase", "keys.age", "-o", "x.age", "-i", "id"], false, "--recipient");
    s.ok(["rebase", "keys.age", "-o", "x.age", "-i", "id", "-r", PUBLIC]);
    assert_eq!(s.ok(["cat", "x.age", "-i", "id"]).stdout, s.read("a"));
    s.ok(["rebase", "keys.age", "-o", "x.mln", "-i", "id", "--no-encrypt"]);
    assert_eq!(s.ok(["cat", "x.mln"]).stdout, s.read("a"));
}

#[test]
fn secret_keys_are_never_printed() {
    let s = Sandbox::new();
    s.write("a", "x");
    s.write("bad", format!("{SECRET}?\n"));
    s.ok(["compress", "a"]);
    let body = &SECRET[20..60];
    let runs: [&[&str]; 8] = [
        &["compress", "a", "-r", SECRET],
        &["compress", "a", "-i", SECRET],
        &["compress", "a", SECRET, "--format", "json"],
        &["compress", "a", "--nonsense", SECRET],
        &["compress", "a", &format!("--nonsense={SECRET}"), "--format=json"],
        &["cat", "a.mln", SECRET],
        &["compress", "a", "-r", &SECRET.to_lowercase()],
        &["list", "-i", "bad", "a.mln", SECRET],
    ];
    for args in runs {
        let ran = s.run(args);
        assert!(ran.code > 0, "{ran:?}");
        let said = format!("{}{}", ran.stderr, String::from_utf8_lossy(&ran.stdout)).to_uppercase();
        assert!(!said.contains(body), "{args:?}: {said}");
    }
    s.ok(["compress", "a", "-r", PUBLIC, "-f"]);
    let said = s.fails(["cat", "a.mln.age", "-i", "bad"], 3);
    assert!(said.contains("line 1") && !said.contains(body), "{said}");
}

#[test]
fn keys_are_read_from_files_of_any_kind_and_from_standard_input() {
    let s = Sandbox::new();
    s.write("a", text(3000, 3));
    s.write("id", format!("\u{feff}# of a friend\r\n{SECRET}\r\n"));
    s.write("key", "\u{feff}open sesame\r\nsecond line\r\n");
    s.ok(["compress", "-r", PUBLIC, "a", "-o", "k.age"]);
    assert_eq!(s.ok(["cat", "k.age", "-i", "id"]).stdout, s.read("a"));
    assert_eq!(s.pipe(["cat", "k.age", "-i", "-"], SECRET.as_bytes()).stdout, s.read("a"));
    let ran =
        s.pipe(["compress", "--encrypt", "--passphrase-file", "-", "a", "-o", "p.age"], b"open sesame\n");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(s.ok(["cat", "p.age", "--passphrase-file", "key"]).stdout, s.read("a"));
    // Twice, or together with data: refused before anything happens.
    for args in [
        &["compress", "--encrypt", "--passphrase-file", "-"][..],
        &["compress", "-", "--encrypt", "--passphrase-file", "-"],
        &["-d", "-i", "-"],
        &["cat", "-", "-i", "-"],
        &["cat", "k.age", "-i", "-", "--passphrase-file", "-"],
        &["test", "--files-from", "-", "-i", "-"],
    ] {
        let ran = s.pipe(args, SECRET.as_bytes());
        assert_eq!((ran.code, ran.stderr.lines().count()), (3, 1), "{args:?}: {ran:?}");
    }
    // A locked identity is opened with the passphrase of the run.
    use minlen::container::crypt;
    let passphrase = crypt::Recipients::Passphrase(crypt::secret("open sesame"));
    let mut locked = crypt::encrypt_writer(Vec::new(), &passphrase).unwrap();
    std::io::Write::write_all(&mut locked, SECRET.as_bytes()).unwrap();
    s.write("locked", locked.finish().unwrap());
    assert_eq!(s.ok(["cat", "k.age", "-i", "locked", "--passphrase-file", "key"]).stdout, s.read("a"));
    s.write("other", "open barley");
    assert!(s.fails(["cat", "k.age", "-i", "locked", "--passphrase-file", "other"], 7).contains("locked"));
    s.write("plugin", "AGE-PLUGIN-YUBIKEY-1QQQQ\n");
    assert!(s.fails(["cat", "k.age", "-i", "plugin"], 3).contains("plugin"));
    s.write("empty", "# nothing\n");
    assert!(s.fails(["cat", "k.age", "-i", "empty"], 3).contains("no secret key"));
}

#[test]
fn an_encrypted_base_is_opened_with_the_key_of_the_run() {
    let s = Sandbox::new();
    let model = |seed: u64| {
        let header = br#"{"w":{"dtype":"F32","shape":[2048],"data_offsets":[0,8192]}}"#;
        let body: Vec<u8> =
            (0..2048u64).flat_map(|i| ((i * 7 + seed) as f32 / 977.0).sin().to_le_bytes()).collect();
        [&(header.len() as u64).to_le_bytes()[..], header, &body].concat()
    };
    s.write("base.safetensors", model(0));
    s.write(
        "tuned.safetensors",
        model(0).iter().enumerate().map(|(i, b)| b ^ u8::from(i % 997 == 900)).collect::<Vec<u8>>(),
    );
    s.write("key", "open sesame\n");
    s.ok(["compress", "--encrypt", "--passphrase-file", "key", "base.safetensors"]);
    let base = ["--base", "base.safetensors.mln.age", "--passphrase-file", "key"];
    s.ok([&["compress", "tuned.safetensors"][..], &base].concat());
    assert_eq!(
        s.ok([&["cat", "tuned.safetensors.mln"][..], &base].concat()).stdout,
        s.read("tuned.safetensors")
    );
}

#[test]
fn encrypted_archives_are_never_in_plain_on_the_disk() {
    let s = Sandbox::new();
    s.write("t/a", text(400_000, 5));
    s.write("id", SECRET);
    s.ok(["compress", "-1", "-r", PUBLIC, "t"]);
    let packed = s.read("t.mln.age");
    std::fs::create_dir(s.path("tmp")).unwrap();
    // In a pipe, an archive needs room for itself, encrypted, and none for what is in it; in a file, it needs none.
    let trace = |args: &[&str], input: Option<&[u8]>| {
        let mut command = s.command();
        command.args(args).env("TMPDIR", s.path("missing"));
        command.stdin(if input.is_some() {
            std::process::Stdio::piped()
        } else {
            std::process::Stdio::null()
        });
        let mut child = command.spawn().unwrap();
        if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
            let _ = std::io::Write::write_all(&mut pipe, input);
        }
        child.wait_with_output().unwrap()
    };
    let from_file = trace(&["decompress", "t.mln.age", "-i", "id", "-o", "out"], None);
    assert!(from_file.status.success(), "{from_file:?}");
    assert_eq!(s.read("out/t/a"), s.read("t/a"));
    assert!(trace(&["test", "t.mln.age", "-i", "id"], None).status.success());
    assert!(!trace(&["test", "-i", "id"], Some(&packed)).status.success());
    let piped = s.pipe(["test", "-i", "id"], &packed);
    assert_eq!(piped.code, 0, "{piped:?}");
}
