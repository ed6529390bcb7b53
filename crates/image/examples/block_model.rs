//! Experiments with models: `block_model TRAIN TEST OUT` learns from one dump of `block_train`, says how many bytes another takes (`-`:
//! none), and writes the models.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

use minlen_core::Env;
use minlen_image::block;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let env = Env::default();
    let train = block::lab::Trainer::load(&std::fs::read(&arguments[1]).unwrap());
    let file = train.train(3, &env, |bytes| println!("{bytes} bytes")).unwrap();
    if arguments[2] != "-" {
        let test = block::lab::Trainer::load(&std::fs::read(&arguments[2]).unwrap());
        let sizes = test.sizes(&file, &env).unwrap();
        println!("models {} test {} {sizes:?}", file.len(), sizes.iter().sum::<usize>());
    }
    std::fs::write(&arguments[3], file).unwrap();
}
