//! Codec files: trainings that are stopped, inputs and files that are damaged.

use super::sandbox::{Ran, Sandbox};
use std::process::{Command, Stdio};
use std::time::Duration;

fn idx(sizes: &[u32], data: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(data);
    file
}

#[test]
fn idx_files_that_are_cut_off_and_labels_are_told_from_pictures() {
    let s = Sandbox::new();
    let pixels: Vec<u8> = (0..100 * 64u32).map(|i| ((i * i) >> 5) as u8).collect();
    s.write("m/train-images-idx3-ubyte", idx(&[100, 8, 8], &pixels));
    s.write("m/train-labels-idx1-ubyte", idx(&[100], &[3; 100]));
    let said = s.ok(["train", "autoencoder", "m", "-o", "a.mlc"]).stderr;
    assert!(said.contains("labels were found in m/train-labels-idx1-ubyte"), "{said}");
    let error = s.fails(["train", "autoencoder", "m/train-labels-idx1-ubyte", "-o", "b.mlc"], 3);
    assert!(error.contains("these look like labels") && error.contains("--labels"), "{error}");
    s.write("cut-idx3-ubyte", idx(&[100, 8, 8], &pixels[..6000]));
    let error = s.fails(["train", "autoencoder", "cut-idx3-ubyte", "-o", "b.mlc"], 4);
    assert!(error.contains("cut-idx3-ubyte") && error.contains("400 of the 6400 bytes"), "{error}");
    assert_eq!(s.names(""), ["a.mlc", "cut-idx3-ubyte", "m"]);
}

#[test]
fn damaged_codec_files_give_one_clear_line() {
    let s = Sandbox::new();
    s.ok(["generate", "ecg", "w", "--count", "100", "--samples", "16"]);
    s.ok(["train", "autoencoder", "w", "-o", "a.mlc"]);
    let file = s.read("a.mlc");
    for at in (8..file.len()).step_by(file.len() / 12) {
        let mut damaged = file.clone();
        damaged[at] ^= 0x40;
        s.write("b.mlc", damaged);
        let ran = s.run(["info", "b.mlc"]);
        // Another version number is one of a later version.
        let codes = if at == 8 { [4, 5] } else { [4, 4] };
        assert!(codes.contains(&ran.code) && ran.stderr.lines().count() == 1, "{at}: {ran:?}");
        assert!(ran.stderr.contains("b.mlc"), "{ran:?}");
        for args in [
            &["compress", "--model", "b.mlc", "--psnr", "20", "w/ecg.npy", "-o", "x.mln"][..],
            &["score", "b.mlc", "w"],
            &["embed", "b.mlc", "w", "-o", "x.npy"],
            &["sample", "b.mlc", "-o", "x.npy"],
            &["eval", "autoencoder", "b.mlc", "w"],
        ] {
            let ran = s.run(args);
            let is_told = ran.stderr.lines().count() == 1 && ran.stderr.contains("b.mlc");
            assert!([3, 4, 5].contains(&ran.code) && is_told, "{at}: {args:?}: {ran:?}");
        }
        assert_eq!(s.names(""), ["a.mlc", "b.mlc", "w"]);
    }
    s.write("b.mlc", &file[..file.len() / 2]);
    assert!(s.fails(["info", "b.mlc"], 4).contains("b.mlc"));
}

/// Starts a long training, and stops it as Ctrl-C does after some time.
fn interrupted(s: &Sandbox, args: &[&str], after: Duration) -> Ran {
    let mut command = s.command();
    let child = command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(after);
    assert!(Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap().success());
    Ran::new(child.wait_with_output().unwrap())
}

#[test]
fn a_training_that_is_stopped_is_kept_and_goes_on() {
    let s = Sandbox::new();
    s.ok(["generate", "ecg", "w", "--count", "1000", "--samples", "32"]);
    let long = ["train", "autoencoder", "w", "--members", "dense:4:32", "-o", "a.mlc", "--epochs", "1000000"];
    let ran = interrupted(&s, &long, Duration::from_millis(1500));
    assert!(ran.code != 0 && ran.stderr.contains("--resume"), "{ran:?}");
    assert_eq!(s.names(""), ["a.mlc.checkpoint", "w"]);
    let before = s.read("a.mlc.checkpoint");
    // Other options are not those of the checkpoint.
    let other = [&long[..8], &["7", "--resume"]].concat();
    assert!(s.fails(&other, 3).contains("the checkpoint is that of other records, or of other options"));
    let ran = interrupted(&s, &[&long[..], &["--resume"]].concat(), Duration::from_millis(1500));
    assert!(ran.stderr.contains("--resume"), "{ran:?}");
    assert!(s.read("a.mlc.checkpoint") != before);
    assert_eq!(s.names(""), ["a.mlc.checkpoint", "w"]);
}

#[test]
fn the_training_of_a_predictor_is_kept_too() {
    let s = Sandbox::new();
    s.ok(["generate", "ecg", "w", "--count", "1000", "--samples", "32", "--type", "u8"]);
    for members in [&[][..], &["--members", "klt"]] {
        let long = ["train", "autoencoder", "w", "--exact", "-o", "a.mlc", "--epochs", "1000000"];
        let long = [&long[..], members].concat();
        let ran = interrupted(&s, &long, Duration::from_millis(2500));
        assert!(ran.code != 0 && ran.stderr.contains("--resume"), "{ran:?}");
        assert_eq!(s.names(""), ["a.mlc.checkpoint", "w"]);
        let before = s.read("a.mlc.checkpoint");
        let other =
            s.fails(["train", "autoencoder", "w", "--exact", "-o", "a.mlc", "--epochs", "7", "--resume"], 3);
        assert!(other.contains("the checkpoint is that of other records, or of other options"), "{other}");
        let ran = interrupted(&s, &[&long[..], &["--resume"]].concat(), Duration::from_millis(2500));
        assert!(ran.stderr.contains("--resume"), "{ran:?}");
        assert!(s.read("a.mlc.checkpoint") != before);
        let short = ["train", "autoencoder", "w", "--exact", "-o", "a.mlc", "--epochs", "1", "-f"];
        s.ok([&short[..], members].concat());
        assert_eq!(s.names(""), ["a.mlc", "w"]);
        std::fs::remove_file(s.path("a.mlc")).unwrap();
    }
}

#[test]
fn columns_that_are_always_the_same_do_no_harm_and_one_of_labels_is_said() {
    let s = Sandbox::new();
    let row = |i: u32| format!("7,{},{},{},0\n", i % 3, i * i % 251, i % 97);
    s.write("t.csv", "a,label,b,c,d\n".to_owned() + &(0..200).map(row).collect::<String>());
    let said = s.ok(["train", "autoencoder", "t.csv", "-o", "a.mlc"]).stderr;
    assert!(said.contains("labels were found in column 2 (\"label\") of t.csv"), "{said}");
    s.ok(["sample", "a.mlc", "-n", "150", "-o", "new.npy"]);
    s.ok(["compress", "--model", "a.mlc", "--max-error", "5", "new.npy", "-o", "x.mln"]);
    s.ok(["decompress", "--model", "a.mlc", "x.mln", "-o", "y.npy"]);
    assert_eq!(s.read("new.npy").len(), s.read("y.npy").len());
    s.ok(["score", "a.mlc", "t.csv"]);
}
