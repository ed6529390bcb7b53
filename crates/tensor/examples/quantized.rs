//! Sizes of coded networks: `quantized FILE.mlq ...` prints, for each layer, its shape, non-zeros and the bits of its
//! integers. `quantized --dump FILE.mlq` prints the integers, and files of that form are read as well.
#![allow(clippy::expect_used, clippy::print_stdout)]

use minlen_core::Env;
use minlen_tensor::quantized::{Layer, Network, Pricer, decode, encode};

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let dump = args.first().is_some_and(|arg| arg == "--dump");
    if dump {
        args.remove(0);
    }
    for name in &args {
        let bytes = std::fs::read(name).expect("a readable file");
        let network =
            decode(&bytes, &Env::default()).unwrap_or_else(|_| parse(&String::from_utf8_lossy(&bytes)));
        if dump { print(&network) } else { sizes(name, &network) }
    }
}

fn sizes(name: &str, network: &Network) {
    let mut pricer = Pricer::new();
    print!("{name}: {} bytes", encode(network).expect("layers that fit").len());
    for layer in &network.layers {
        pricer.begin(layer).expect("a layer that fits");
        let bits: f32 = layer.integers.iter().map(|&q| pricer.commit(q)).sum();
        print!("; {}x{} {} non-zeros {:.0} bytes", layer.rows, layer.columns, layer.non_zeros(), bits / 8.0);
    }
    println!();
}

fn print(network: &Network) {
    for layer in &network.layers {
        let (h, w) = (layer.height, layer.width);
        print!("{} {} {h} {w}", layer.rows, layer.columns);
        layer.integers.iter().chain(&layer.biases).for_each(|q| print!(" {q}"));
        println!();
    }
}

fn parse(text: &str) -> Network {
    let layers = text.lines().map(|line| {
        let mut numbers = line.split(' ').map(|n| n.parse::<i32>().expect("a number"));
        let [rows, columns, height, width] =
            std::array::from_fn(|_| numbers.next().expect("a shape") as usize);
        let mut layer = Layer::new(rows, columns, numbers.by_ref().take(rows * columns).collect());
        (layer.height, layer.width) = (height, width);
        layer.biases = numbers.collect();
        layer
    });
    Network { label: Vec::new(), layers: layers.collect() }
}
