use super::data::{CLASSES, PIXELS, Set};
use super::grid::Grid;
use super::loss::{Grading, Lesson};
use super::net::{Architecture, Params};
use super::prune::{Score, prune, prune_units, schedule};
use super::quantize::{optimise, ordered, share, shared_network, through_file};
use super::train::{Phase, Trainer, errors, teach};
use minlen_core::testing::Rng;
use minlen_learn::Arena;

/// Blobs whose place tells the class.
fn synthetic(count: usize) -> Set {
    let mut rng = Rng(9);
    let mut set = Set::default();
    for i in 0..count {
        let label = i % CLASSES;
        let mut pixels = vec![0u8; PIXELS];
        for dy in 0..4 {
            for dx in 0..4 {
                pixels[(4 + label / 5 * 12 + dy) * 28 + 3 + label % 5 * 5 + dx] = 100 + rng.below(150) as u8;
            }
        }
        set.pixels.extend(pixels);
        set.labels.push(label as u8);
    }
    set
}

fn loss(architecture: &Architecture, params: &Params, set: &Set, teacher: Option<&[f32]>) -> (f32, Params) {
    let mut pixels = Vec::new();
    (0..set.len()).for_each(|i| set.put(i, 4, &mut pixels));
    let grading = Grading { hard: 0.4, temperature: 2.0 };
    let lesson = Lesson { labels: &set.labels, teacher, grading };
    let mut out = Params::zeros(architecture);
    let loss = architecture.learn(params, &pixels, &lesson, &mut Arena::default(), &mut out);
    (loss, out)
}

#[test]
fn gradients_are_those_of_finite_differences() {
    let mut set = synthetic(4);
    let mut noise = Rng(6);
    set.pixels.iter_mut().for_each(|p| *p = noise.below(256) as u8);
    for architecture in [Architecture::dense(&[7, 5]), Architecture::conv([2, 3], 6)] {
        let mut rng = Rng(4);
        let mut params = Params::random(&architecture, &mut rng);
        params.biases.iter_mut().flatten().for_each(|b| *b = 0.05);
        let teacher: Vec<f32> = (0..4 * CLASSES).map(|i| (i % 7) as f32 * 0.5).collect();
        for teacher in [None, Some(&teacher[..])] {
            let (_, gradient) = loss(&architecture, &params, &set, teacher);
            let check = |part: usize, l: usize, i: usize, expected: f32| {
                let shifted = |by: f32| {
                    let mut params = params.clone();
                    let list = if part == 0 { &mut params.weights[l] } else { &mut params.biases[l] };
                    list[i] += by;
                    loss(&architecture, &params, &set, teacher).0
                };
                let slope = (shifted(1e-3) - shifted(-1e-3)) / 2e-3;
                usize::from((slope - expected).abs() > 3e-3 + 0.03 * expected.abs())
            };
            // Some steps cross a bend of a ReLU or another maximum.
            let mut misses = 0;
            for l in 0..architecture.layers.len() {
                for _ in 0..12 {
                    let i = rng.below(gradient.weights[l].len());
                    misses += check(0, l, i, gradient.weights[l][i]);
                    let i = rng.below(gradient.biases[l].len());
                    misses += check(1, l, i, gradient.biases[l][i]);
                }
            }
            assert!(misses <= 3, "{misses} of {}", 24 * architecture.layers.len());
        }
    }
}

#[test]
fn a_small_network_goes_all_the_way() {
    let set = synthetic(200);
    let architecture = Architecture::dense(&[20, 12]);
    let mut trainer = Trainer::new(&architecture, &set, 3);
    trainer.batch = 20;
    let mut losses = Vec::new();
    let phase = Phase { epochs: 12, rates: (3e-3, 1e-3) };
    trainer.run(phase, |_, _, _| (), |_, _, loss| losses.push(loss));
    assert!(losses[11] < losses[0] * 0.2, "{losses:?}");
    assert_eq!(errors(&architecture, &trainer.params, &set), 0);
    trainer.teacher = teach(&architecture, &trainer.params, &set, true);
    trainer.run(
        phase,
        |t, part, _| prune(t, (schedule(part * 1.3, 0.05) * 15_920.0) as usize, Score::Both),
        |_, _, _| (),
    );
    assert!(trainer.alive() <= 796);
    let mut again = Trainer::new(&architecture, &set, 3);
    (again.params, again.masks) = (trainer.params.clone(), trainer.masks.clone());
    // Uniform steps.
    let grid = Grid::relative(&trainer.params, 0.4, 0.5);
    trainer.grid = Some(grid.clone());
    trainer.run(
        phase,
        |t, part, step| {
            if part < 0.7 && step == 5 {
                optimise(t, 1e-6 * part).unwrap();
            }
        },
        |_, _, _| (),
    );
    let (bytes, back, params) = through_file(&grid.network(&architecture, &trainer.params)).unwrap();
    assert!(back == architecture && params == trainer.used() && bytes.len() < 900, "{}", bytes.len());
    let wrong = errors(&back, &params, &set);
    assert!(wrong <= 10, "{wrong}");
    // Shared weights.
    share(&mut again, 15);
    again.run(Phase { epochs: 3, rates: (1e-4, 1e-4) }, |_, _, _| (), |_, _, _| ());
    let (_, back, params) = through_file(&shared_network(&architecture, &again.params, &grid)).unwrap();
    let (before, after) = (errors(&architecture, &again.params, &set), errors(&back, &params, &set));
    assert!(after <= 2, "{before} {after}");
    for weights in &params.weights {
        let mut levels: Vec<u32> = weights.iter().map(|w| w.to_bits()).collect();
        levels.sort_unstable();
        levels.dedup();
        assert!(levels.len() <= 16);
    }
}

#[test]
fn training_repeats_for_a_seed() {
    let set = synthetic(60);
    let architecture = Architecture::conv([2, 3], 8);
    let train = || {
        let mut trainer = Trainer::new(&architecture, &set, 5);
        trainer.batch = 20;
        trainer.run(Phase { epochs: 2, rates: (1e-3, 1e-3) }, |_, _, _| (), |_, _, _| ());
        trainer.params
    };
    assert!(train() == train());
}

#[test]
fn names_make_networks() {
    assert_eq!(Architecture::named("lenet-300-100").unwrap().parameters(), 266_610);
    assert_eq!(Architecture::named("lenet-5").unwrap().parameters(), 431_080);
    assert_eq!(Architecture::named("100-50").unwrap().layers.len(), 3);
    assert!(Architecture::named("conv-4-8").is_err() && Architecture::named("x").is_err());
}

#[test]
fn useless_units_go_and_the_answers_stay() {
    let set = synthetic(40);
    for architecture in [Architecture::dense(&[9, 8]), Architecture::conv([4, 6], 8)] {
        let mut trainer = Trainer::new(&architecture, &set, 5);
        trainer.batch = 20;
        trainer.run(Phase { epochs: 2, rates: (1e-3, 1e-3) }, |_, _, _| (), |_, _, _| ());
        let counts = if architecture.layers.len() == 3 { vec![5, 6] } else { vec![3, 4, 5] };
        prune_units(&mut trainer, &counts);
        prune(&mut trainer, 150, Score::Magnitude);
        let before = teach(&trainer.architecture, &trainer.params, &set, false);
        trainer.compact();
        assert!(trainer.architecture.units().iter().zip(&counts).all(|(units, most)| units <= most));
        assert!(trainer.alive() <= 150);
        let (reordered, params) = ordered(&trainer.architecture, &trainer.params);
        for (architecture, params) in [(&trainer.architecture, &trainer.params), (&reordered, &params)] {
            let after = teach(architecture, params, &set, false);
            assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() < 1e-4));
        }
    }
}

#[test]
fn the_committed_networks_decode_to_what_was_measured() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/lenet");
    let files = [
        ("lenet-300-100-138.mlq", 9_792, 266_610, 138),
        ("lenet-300-100-178.mlq", 7_155, 266_610, 178),
        ("lenet-300-100-223.mlq", 5_425, 266_610, 223),
        ("lenet-5-318.mlq", 8_562, 431_080, 318),
        ("lenet-5-479.mlq", 4_918, 431_080, 479),
    ];
    for (name, alive, parameters, ratio) in files {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let network = minlen_tensor::quantized::decode(&bytes, &minlen_core::Env::default()).unwrap();
        assert_eq!(minlen_tensor::quantized::encode(&network).unwrap(), bytes, "{name}");
        let (_, params) = super::restore(&network).unwrap();
        assert_eq!(params.weights.iter().flatten().filter(|&&w| w != 0.0).count(), alive, "{name}");
        assert_eq!((4 * parameters + bytes.len() / 2) / bytes.len(), ratio, "{name}");
    }
}
