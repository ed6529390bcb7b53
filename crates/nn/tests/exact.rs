//! A whole training run gives the same bits on every instruction set, in every process, on every machine.

use minlen_nn::{BitTree, ByteLstm, Config, Isa};

/// FNV-1a over the bits of every prediction.
struct Hash(u64);

impl Hash {
    fn take(&mut self, x: u32) {
        for byte in x.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Text-like, repetitive and random bytes in turn.
fn data(n: usize) -> Vec<u8> {
    let mut state = 12_345u32;
    let mut out = Vec::new();
    while out.len() < n {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match state >> 29 {
            0 => out.extend(state.to_le_bytes()),
            1 => out.extend([0; 9]),
            k => out.extend(&b"the quick brown fox jumps over the lazy dog "[k as usize * 4..][..8]),
        }
    }
    out.truncate(n);
    out
}

fn run(config: Config, isa: Isa, n: usize) -> u64 {
    let mut net = ByteLstm::with_isa(config, isa).unwrap();
    let mut tree = BitTree::default();
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    for byte in data(n) {
        net.probs().iter().for_each(|p| hash.take(p.to_bits()));
        tree.set(net.probs());
        (1..256).for_each(|node| hash.take(u32::from(tree.p16(node))));
        net.update(byte);
    }
    hash.0
}

/// Every field is named: a new default must not change the hashes.
fn shapes() -> [Config; 4] {
    let plain = Config {
        layers: 1,
        cells: 32,
        horizon: 16,
        coupled: false,
        norm: false,
        second: false,
        hints: false,
        rate: 0.008,
        rate_end: 0.001,
        half_life: 60_000.0,
        out_scale: 1.0,
        out_every: 16,
        keep: 0.995,
        clip: 2.0,
        seed: 1,
    };
    [
        plain,
        Config { norm: true, coupled: true, cells: 48, layers: 2, horizon: 8, out_every: 8, ..plain },
        Config { layers: 3, cells: 16, horizon: 10, out_every: 3, rate: 0.02, ..plain },
        Config { norm: true, out_scale: 4.0, ..plain },
    ]
}

/// The hashes of 1500 bytes. A change here breaks every archive that used a network: it needs a new codec id.
const GOLDEN: [u64; 4] =
    [0xca05_d55e_4439_43f5, 0x6a07_0a89_6d0a_a813, 0x5558_9eaf_1d94_d5f4, 0xcf25_0a17_4adc_292d];

#[test]
fn training_is_equal_on_every_instruction_set() {
    for (shape, golden) in shapes().into_iter().zip(GOLDEN) {
        for isa in Isa::available() {
            assert_eq!(run(shape, isa, 1500), golden, "{} {shape:?}", isa.name());
        }
    }
}

/// Run by [`a_forced_instruction_set_changes_nothing`] in processes of its own.
#[test]
fn child_prints_its_hash() {
    if std::env::var("MINLEN_NN_CHILD").is_ok() {
        let isa = Isa::detect();
        println!("result {} {:016x}", isa.name(), run(shapes()[0], isa, 200));
    }
}

#[test]
fn a_forced_instruction_set_changes_nothing() {
    let expected = run(shapes()[0], Isa::available()[0], 200);
    let best = *Isa::available().last().unwrap();
    for name in ["scalar", "sse2", "avx2", "avx512", "nonsense"] {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "exact::child_prints_its_hash", "--nocapture"])
            .env("MINLEN_NN_CHILD", "1")
            .env("MINLEN_ISA", name)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let used = Isa::available().into_iter().find(|isa| isa.name() == name).unwrap_or(best);
        let line = format!("result {} {expected:016x}", used.name());
        assert!(text.contains(&line), "{line} expected in {text}");
    }
}
