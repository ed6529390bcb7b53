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
    s.ok(["train", "autoencoder", "m", "-o", "a.mlc"]);
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
