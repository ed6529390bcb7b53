//! Notes which compiler builds the crate, so that a table of speeds can say so.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().ok();
    let text = version.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
    println!("cargo:rustc-env=MINLEN_BENCH_RUSTC={}", text.as_deref().unwrap_or("unknown compiler"));
}
