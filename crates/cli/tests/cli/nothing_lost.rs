//! Exit code 0 is a promise: what the run was given can still be had afterwards. One test for each way in which it was broken.

use super::sandbox::{Sandbox, noise, text};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

/// A model of one array that differs a little for each seed.
fn model(seed: u8) -> Vec<u8> {
    let header = br#"{"w":{"dtype":"F32","shape":[64,64],"data_offsets":[0,16384]}}"#;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    let base = noise(4096, 9);
    file.extend(base.iter().enumerate().flat_map(|(i, &b)| {
        let tuned = if i % 16 == 0 { f32::from(seed) / 1024.0 } else { 0.0 };
        (f32::from(b) / 64.0 + tuned).to_le_bytes()
    }));
    file
}

fn with_models() -> Sandbox {
    let s = Sandbox::new();
    s.write("b.safetensors", model(0));
    s.write("t.safetensors", model(1));
    s
}

#[test]
fn what_reading_the_output_needs_is_not_removed() {
    let s = with_models();
    s.write("other", "x");
    s.write("d/b.safetensors", model(0));
    s.write("d/t.safetensors", model(1));
    std::fs::hard_link(s.path("b.safetensors"), s.path("hard")).unwrap();
    symlink("d/b.safetensors", s.path("link")).unwrap();
    for args in [
        ["b.safetensors", "t.safetensors", "--base", "b.safetensors"],
        ["b.safetensors", "t.safetensors", "--base", "hard"],
        ["other", "d", "--base", "d/b.safetensors"],
        ["d", "other", "--base", "link"],
        ["d/b.safetensors", "other", "--base", "./link"],
    ] {
        for more in [&[][..], &["-o", "all.mln"], &["-f"]] {
            let error = s.fails([&["compress", "-3", "--rm"], &args[..], more].concat(), 3);
            assert!(error.contains("the base that reading the output needs"), "{error}");
            assert_eq!(s.names(""), ["b.safetensors", "d", "hard", "link", "other", "t.safetensors"]);
            assert_eq!(s.names("d"), ["b.safetensors", "t.safetensors"]);
        }
    }
    s.ok(["compress", "-3", "--rm", "t.safetensors", "--base", "b.safetensors"]);
    s.ok(["d", "t.safetensors.mln", "--base", "hard"]);
}

#[test]
fn a_folder_with_another_name_of_what_reading_needs_stays_whole() {
    let s = with_models();
    s.write("d/sub/t.safetensors", model(1));
    std::fs::hard_link(s.path("b.safetensors"), s.path("d/sub/b.safetensors")).unwrap();
    let ran = s.run(["compress", "-3", "--rm", "d", "--base", "b.safetensors"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("nothing was removed"), "{ran:?}");
    assert_eq!(s.names("d/sub"), ["b.safetensors", "t.safetensors"]);
}

#[test]
fn the_passphrase_is_not_locked_in_with_the_data() {
    let s = Sandbox::new();
    s.write("d/secret", "xyz\n");
    s.write("d/a", "content");
    for input in ["d", "d/secret"] {
        s.fails(["compress", "--rm", "--encrypt", "--passphrase-file", "d/secret", input], 3);
        assert_eq!(s.names("d"), ["a", "secret"]);
    }
}

#[test]
fn two_inputs_do_not_become_one_output() {
    let s = Sandbox::new();
    for name in ["a/x", "b/x"] {
        s.write(name, name);
    }
    std::fs::create_dir(s.path("out")).unwrap();
    for flags in [&["-f", "--rm"][..], &[], &["--rm"]] {
        let error = s.fails([&["compress", "a/x", "b/x", "-o", "out/"], flags].concat(), 3);
        assert!(error.contains("a/x and b/x"), "{error}");
        assert!(s.names("out").is_empty() && s.exists("a/x") && s.exists("b/x"));
    }
    s.ok(["compress", "a/x", "a/../a/x", "-o", "out/"]);
    s.ok(["compress", "a/x"]);
    s.ok(["compress", "b/x"]);
    for flags in [&["-f", "--rm"][..], &[]] {
        let error = s.fails([&["d", "a/x.mln", "b/x.mln", "-o", "out/"], flags].concat(), 3);
        assert!(error.contains("a/x.mln and b/x.mln"), "{error}");
        assert_eq!(s.names("out"), ["x.mln"]);
    }
}

#[test]
fn two_archives_do_not_write_one_file() {
    let s = Sandbox::new();
    for name in ["1/t/x", "2/t/x", "2/t/y", "3/t"] {
        s.write(name, name);
    }
    for n in ["1", "2"] {
        s.ok(["compress", &format!("{n}/t"), "-o", &format!("{n}.mln")]);
    }
    s.ok(["compress", "3/t"]);
    std::fs::rename(s.path("3/t.mln"), s.path("t.mln")).unwrap();
    for (one, two) in [("1.mln", "2.mln"), ("t.mln", "1.mln"), ("1.mln", "t.mln")] {
        for flags in [&["-f", "--rm"][..], &[]] {
            let error = s.fails([&["d", one, two, "-o", "out/"], flags].concat(), 3);
            assert!(error.contains(one) && error.contains(two), "{error}");
            assert!(!s.exists("out") && s.exists("1.mln") && s.exists("t.mln"), "something was written");
        }
    }
    s.ok(["d", "-f", "1.mln", "-o", "out"]);
    s.ok(["d", "-f", "2.mln", "-o", "out"]);
    assert_eq!(s.names("out/t"), ["x", "y"]);
}

#[test]
fn nothing_is_written_over_what_the_run_reads() {
    let s = with_models();
    let pick =
        |s: &Sandbox| (s.read("b.safetensors"), s.read("a.mln"), s.read("list"), s.read("t.safetensors"));
    s.ok(["compress", "-3", "b.safetensors", "-o", "a.mln"]);
    s.write("list", "t.safetensors\n");
    symlink("a.mln", s.path("link")).unwrap();
    std::fs::hard_link(s.path("a.mln"), s.path("hard")).unwrap();
    let before = pick(&s);
    for args in [
        &["compress", "t.safetensors", "--base", "b.safetensors", "-o", "b.safetensors"][..],
        &["compress", "--files-from", "list", "-o", "list"],
        &["compress", "t.safetensors", "b.safetensors", "-o", "b.safetensors"],
        &["extract", "a.mln", "--range", "0..5", "-o", "a.mln"],
        &["extract", "a.mln", "--range", "0..5", "-o", "link"],
        &["extract", "a.mln", "--range", "0..5", "-o", "hard"],
        &["extract", "a.mln", "--tensor", "w", "-o", "./a.mln"],
        &["extract", "a.mln", "--tensor", "w", "--rows", "0..2", "-o", "a.mln"],
        &["extract", "a.mln", "--base", "b.safetensors", "-o", "b.safetensors"],
        &["d", "a.mln", "--base", "b.safetensors", "-o", "b.safetensors"],
        &["d", "link", "-o", "a.mln"],
        &["rebase", "a.mln", "-o", "a.mln"],
        &["rebase", "a.mln", "--onto", "b.safetensors", "-o", "b.safetensors"],
        &["quantize", "b.safetensors", "--target-bpw", "4", "-o", "b.safetensors"],
        &["train", "prior", "t.safetensors", "list", "-o", "t.safetensors"],
        &["repair", "a.mln", "-o", "a.mln"],
        &["bench", "t.safetensors", "--save", "t.safetensors"],
    ] {
        let error = s.fails([args, &["-f"][..usize::from(args[0] != "bench")]].concat(), 3);
        assert!(error.contains("same file"), "{args:?}: {error}");
        assert_eq!(pick(&s), before, "{args:?}");
    }
}

#[test]
fn a_later_input_is_not_replaced_before_it_is_read() {
    let s = Sandbox::new();
    s.write("foo", "new");
    s.write("old", "old");
    s.ok(["compress", "old", "-o", "foo.mln"]);
    let before = s.read("foo.mln");
    for args in [&["compress", "-f", "foo", "foo.mln"][..], &["compress", "-f", "foo.mln", "foo"]] {
        s.fails(args, 3);
        assert_eq!(s.read("foo.mln"), before);
    }
    // Without -f it is passed over, and nothing is replaced.
    assert_eq!(s.run(["compress", "foo", "foo.mln"]).code, 1);
    assert_eq!(s.read("foo.mln"), before);
}

#[test]
fn an_archive_does_not_replace_itself_or_what_reading_it_needs() {
    let s = Sandbox::new();
    s.write("t/a.mln", "decoy");
    s.write("t/key", "decoy");
    s.ok(["compress", "t", "-o", "a.mln"]);
    std::fs::create_dir(s.path("t2")).unwrap();
    std::fs::rename(s.path("a.mln"), s.path("t/a.mln")).unwrap();
    let before = s.read("t/a.mln");
    for args in
        [&["d", "-f", "t/a.mln"][..], &["extract", "-f", "t/a.mln"], &["extract", "-f", "t/a.mln", "t/a.mln"]]
    {
        s.fails(args, 3);
        assert_eq!(s.read("t/a.mln"), before);
    }
    s.ok(["extract", "-f", "t/a.mln", "t/key"]);
    assert_eq!(s.read("t/key"), b"decoy");
}

#[test]
fn standard_output_is_not_the_input() {
    let s = Sandbox::new();
    s.write("a", text(5000, 1));
    s.ok(["compress", "a"]);
    for args in [&["cat", "a.mln"][..], &["compress", "-c", "a.mln"], &["list", "a.mln"]] {
        let file = std::fs::File::options().append(true).open(s.path("a.mln")).unwrap();
        let before = s.read("a.mln");
        let ran = s.command().args(args).stdout(file).output().unwrap();
        assert_eq!(ran.status.code(), Some(3), "{args:?}: {ran:?}");
        assert_eq!(s.read("a.mln"), before);
    }
}

#[test]
fn rm_needs_an_output_that_can_be_read_back() {
    let s = Sandbox::new();
    s.write("a", "content");
    s.ok(["compress", "a", "-o", "b.mln"]);
    symlink("/dev/null", s.path("null")).unwrap();
    let fifo = s.path("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for output in ["/dev/null", "null", "fifo", "/dev/stdout"] {
        s.fails(["compress", "--rm", "-f", "a", "-o", output], 3);
        s.fails(["d", "--rm", "-f", "b.mln", "-o", output], 3);
        assert!(s.exists("a") && s.exists("b.mln") && s.exists("fifo"));
    }
    let ran = s.pipe(["compress", "--rm"], b"x");
    assert_eq!((ran.code, ran.stdout.len()), (3, 0));
}

#[test]
fn devices_and_sockets_are_not_replaced() {
    let s = Sandbox::new();
    s.write("a", "content");
    symlink("/dev/null", s.path("null")).unwrap();
    s.ok(["compress", "-f", "a", "-o", "null"]);
    assert!(s.path("null").symlink_metadata().unwrap().is_symlink());
    let _socket = std::os::unix::net::UnixListener::bind(s.path("socket")).unwrap();
    s.fails(["compress", "-f", "a", "-o", "socket"], 3);
    s.write("t/socket", "x");
    s.ok(["compress", "t"]);
    std::fs::remove_file(s.path("t/socket")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(s.path("t/socket")).unwrap();
    s.fails(["d", "-f", "t.mln"], 3);
    assert!(!s.path("t/socket").symlink_metadata().unwrap().is_file());
}

#[test]
fn the_own_output_is_left_out_and_the_bytes_are_the_same_each_time() {
    let s = Sandbox::new();
    s.write("d/1", "one");
    s.write("d/sub/2", "two");
    let ran = s.ok(["compress", "d", "-o", "d/o.mln"]);
    assert!(ran.stderr.is_empty(), "{ran:?}");
    let first = s.read("d/o.mln");
    let ran = s.ok(["compress", "-f", "d", "-o", "d/o.mln"]);
    assert!(ran.stderr.contains("is the output itself: left out"), "{ran:?}");
    assert_eq!(s.read("d/o.mln"), first);
    let list = s.ok(["list", "d/o.mln"]).text();
    assert!(!list.contains("partial") && !list.contains("o.mln"), "{list}");
    s.ok(["compress", "-f", "d", "-o", "d/o.mln", "--rm"]);
    assert_eq!(s.names("d"), ["o.mln"]);
    // A file of the folder that is no output of ours is not replaced, whatever -f says.
    s.ok(["d", "-f", "d/o.mln"]);
    s.fails(["compress", "-f", "d", "-o", "d/1"], 3);
    assert_eq!(s.read("d/1"), b"one");
}

#[test]
fn every_name_of_a_file_is_stored_and_only_chosen_ones_are_replaced() {
    let s = Sandbox::new();
    s.write("a/x", "one");
    std::fs::create_dir(s.path("b")).unwrap();
    std::fs::hard_link(s.path("a/x"), s.path("b/x")).unwrap();
    s.ok(["compress", "a/x", "b/x", "-o", "h.mln"]);
    s.ok(["d", "h.mln", "-o", "out"]);
    assert_eq!((s.read("out/a/x"), s.read("out/b/x")), (b"one".to_vec(), b"one".to_vec()));
    s.write("out/a/x", "newer work");
    s.ok(["extract", "h.mln", "b/x", "-f", "-o", "out"]);
    assert_eq!(s.read("out/a/x"), b"newer work");
    s.ok(["compress", "--rm", "a/x", "b/x", "-o", "r.mln"]);
    assert!(!s.exists("a/x") && !s.exists("b/x"));
}

#[test]
fn a_link_to_a_folder_is_followed_where_it_is_an_input() {
    let s = Sandbox::new();
    s.write("real/file", "content");
    symlink("real", s.path("link")).unwrap();
    s.ok(["compress", "link"]);
    assert!(s.ok(["list", "link.mln"]).text().contains("link/file"));
    for link in ["link", "link/", "./link"] {
        let ran = s.run(["compress", "-f", "--rm", link]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(s.exists("link") && s.exists("real/file"));
    }
    // From a list, a link is one thing among the others; named on the command line beside it, it is followed.
    s.write("other", "x");
    s.pipe(["compress", "--files-from", "-", "-o", "1.mln", "other"], b"link\n");
    assert!(s.ok(["list", "1.mln"]).text().contains("link -> real"));
    s.pipe(["compress", "--files-from", "-", "-o", "2.mln", "link"], b"other\n");
    assert!(s.ok(["list", "2.mln"]).text().contains("link/file"));
    s.pipe(["compress", "--files-from", "-", "-f"], b"link\n");
    assert!(s.ok(["list", "link.mln"]).text().contains("link/file"));
}

#[test]
fn files_that_say_they_are_empty_are_read() {
    let s = Sandbox::new();
    let Ok(content) = std::fs::read("/proc/version") else { return };
    s.ok(["compress", "-3", "/proc/version", "-o", "v.mln"]);
    assert_eq!(s.ok(["cat", "v.mln"]).stdout, content);
    s.write("a", "x");
    s.ok(["compress", "-3", "a", "/proc/version", "-o", "two.mln"]);
    assert_eq!(s.ok(["cat", "two.mln", "version"]).stdout, content);
}

#[test]
fn what_is_private_stays_private() {
    let s = Sandbox::new();
    let private =
        |name: &str| std::fs::set_permissions(s.path(name), PermissionsExt::from_mode(0o600)).unwrap();
    let mode = |name: &str| s.path(name).metadata().unwrap().mode() & 0o077;
    s.write("a", text(2000, 3));
    s.write("d/a", text(2000, 3));
    s.write("m.safetensors", model(0));
    ["a", "d/a", "m.safetensors"].iter().for_each(|name| private(name));
    s.ok(["compress", "a", "-o", "1"]);
    s.ok(["compress", "d", "-o", "2"]);
    s.ok(["compress", "--encrypt", "--recovery", "50%", "--passphrase-file", "a", "d", "-o", "3"]);
    s.ok(["compress", "m.safetensors"]);
    s.ok(["extract", "2", "d/a", "--range", "0..5", "-o", "4"]);
    s.ok(["extract", "m.safetensors.mln", "--tensor", "w", "-o", "5.npy"]);
    s.ok(["rebase", "m.safetensors.mln", "-o", "6"]);
    s.ok(["train", "prior", "d", "-o", "7"]);
    s.ok(["quantize", "m.safetensors", "--target-bpw", "6", "-o", "8.mln"]);
    s.ok(["compress", "--recovery", "50%", "a", "-o", "r"]);
    s.ok(["repair", "r", "-o", "9"]);
    for name in ["1", "2", "3", "3.rec", "4", "5.npy", "6", "7", "8.mln", "9"] {
        assert_eq!(mode(name), 0, "{name} can be read by others");
    }
}

#[test]
fn recovery_data_beside_an_archive_is_not_overwritten_unasked() {
    let s = Sandbox::new();
    s.write("y", "1");
    s.write("y.mln.age.rec", "precious");
    s.write("pass", "x");
    let args = ["compress", "y", "--encrypt", "--passphrase-file", "pass", "--recovery", "50%"];
    s.fails(args, 1);
    assert_eq!(s.read("y.mln.age.rec"), b"precious");
    assert!(!s.exists("y.mln.age"));
    s.ok([&args[..], &["-f"]].concat());
    assert_ne!(s.read("y.mln.age.rec"), b"precious");
}

#[test]
fn a_folder_named_as_unfinished_output_is_somebodys() {
    let s = Sandbox::new();
    s.write("t/a", "x");
    s.ok(["compress", "t"]);
    s.write("out/.minlen-abcdef.partial/work", "mine");
    s.write("out/.t.minlen-abcdef.partial", "mine");
    s.ok(["d", "t.mln", "-o", "out"]);
    assert!(s.exists("out/.minlen-abcdef.partial/work") && s.exists("out/.t.minlen-abcdef.partial"));
}

#[test]
fn a_file_that_is_written_to_while_it_is_read_is_named_and_kept() {
    use std::io::Write;
    use std::sync::atomic::{AtomicBool, Ordering};
    let s = Sandbox::new();
    s.write("log", noise(6 << 20, 1));
    s.write("d/log", noise(6 << 20, 1));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let open = |name: &str| std::fs::File::options().append(true).open(s.path(name)).unwrap();
            let mut files = [open("log"), open("d/log")];
            while !stop.load(Ordering::Relaxed) {
                files.iter_mut().for_each(|file| file.write_all(b"line\n").unwrap());
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        });
        for input in ["log", "d"] {
            let ran = s.run(["compress", "-1", "--rm", input]);
            assert_eq!(ran.code, 2, "{ran:?}");
            assert!(ran.stderr.contains("log: was changed"), "{ran:?}");
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(s.exists("log") && s.exists("d/log"));
    assert!(s.ok(["cat", "log.mln"]).stdout.len() >= 6 << 20);
    s.ok(["test", "d.mln"]);
}

#[test]
fn a_stop_is_heard_while_a_hole_of_terabytes_goes_by() {
    let s = Sandbox::new();
    std::fs::create_dir(s.path("d")).unwrap();
    std::fs::File::create(s.path("d/hole")).unwrap().set_len(4 << 40).unwrap();
    for args in [&["compress", "-1", "d"][..], &["compress", "-1", "d/hole"]] {
        let mut child = s.command().args(args).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(700));
        let start = std::time::Instant::now();
        assert!(std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        child.wait().unwrap();
        assert!(start.elapsed().as_millis() < 1500, "{args:?}: {:?}", start.elapsed());
    }
    assert_eq!(s.names(""), ["d"]);
}

#[test]
fn generated_pages_do_not_replace_files_of_somebody_else_unasked() {
    let s = Sandbox::new();
    s.write("man/minlen.1", "mine");
    s.fails(["generate", "man", "man"], 1);
    assert_eq!((s.names("man").len(), s.read("man/minlen.1")), (1, b"mine".to_vec()));
    s.ok(["generate", "man", "man", "-f"]);
    s.ok(["generate", "man", "man"]);
}

#[test]
fn encrypted_files_are_not_put_in_a_row() {
    let s = Sandbox::new();
    s.write("a", "1");
    s.write("b", "2");
    let args = ["compress", "-c", "--encrypt", "--passphrase-file", "a", "a", "b"];
    let ran = s.run(args);
    assert_eq!((ran.code, ran.stdout.len()), (3, 0), "{ran:?}");
    let ran = s.run(["compress", "-c", "a", "b"]);
    assert_eq!(s.pipe(["d"], &ran.stdout).stdout, b"12");
    let twice = s.run(["compress", "-c", "a", "b", "a"]);
    assert_eq!(s.pipe(["d"], &twice.stdout).stdout, b"121");
}

#[test]
fn standard_output_in_the_folder_is_left_out() {
    let s = Sandbox::new();
    s.write("d/a", "1");
    let file = std::fs::File::create(s.path("d/o.mln")).unwrap();
    let ran = s.command().args(["compress", "-c", "d"]).stdout(file).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    assert!(!s.ok(["list", "d/o.mln"]).text().contains("o.mln"));
}
