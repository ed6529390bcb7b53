//! The minlen command. Being built.
fn main() {}
