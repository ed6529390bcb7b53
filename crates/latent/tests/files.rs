//! Codec files: they come back as they were, and damage is refused.

use crate::small::model;
use minlen_core::{Dtype, Env, Error};
use minlen_latent::linear::{Class, Linear};
use minlen_latent::network::{Latents, Residual};
use minlen_latent::tables::Start;
use minlen_latent::{Body, Model, RATES_MAX};

fn linear(model: &mut Model, member: usize) -> (&mut Linear, &mut Start) {
    match &mut model.members[member].body {
        Body::Linear { linear, start, .. } => (linear, start),
        Body::Network(_) => unreachable!(),
    }
}

fn network(model: &mut Model) -> &mut Latents {
    match &mut model.members[2].body {
        Body::Network(latents) => latents,
        Body::Linear { .. } => unreachable!(),
    }
}

fn residual(model: &mut Model) -> &mut Residual {
    network(model).residual.as_mut().unwrap()
}

#[test]
fn files_come_back_as_they_were() {
    for dtype in [Dtype::U8, Dtype::I16, Dtype::F32] {
        let model = model(dtype);
        let bytes = model.write(&Env::default()).unwrap();
        let back = Model::read(&bytes, &Env::default()).unwrap();
        assert_eq!(back, model);
        assert_eq!(back.write(&Env::default()).unwrap(), bytes);
    }
}

const PREDICTOR: &[u8] = include_bytes!("../../../testdata/golden/networks/predictor.mlc");

#[test]
fn files_with_a_predictor_alone_or_beside_members_are_read() {
    let env = Env::default();
    let alone = Model::read(PREDICTOR, &env).unwrap();
    assert!(alone.members.is_empty() && alone.shape == [20, 20]);
    assert_eq!(alone.write(&env).unwrap(), PREDICTOR);
    let mut predictor = alone.predictor.clone().unwrap();
    let mut both = model(Dtype::U8);
    assert_eq!(both.numbers(), 24);
    both.predictor = Some(predictor.clone());
    // Of records of another size.
    assert!(both.write(&env).is_err());
    (predictor.geometry.width, predictor.geometry.rows) = (6, 4);
    both.predictor = Some(predictor.clone());
    let bytes = both.write(&env).unwrap();
    assert_eq!(Model::read(&bytes, &env).unwrap(), both);
    // Of numbers that are no bytes, of nothing that computes, and of nothing at all.
    let mut floats = model(Dtype::F32);
    floats.predictor = Some(predictor.clone());
    assert!(floats.write(&env).is_err());
    predictor.graph.nodes.truncate(2);
    both.predictor = Some(predictor);
    assert!(both.write(&env).is_err());
    assert!(Model { predictor: None, ..alone }.write(&env).is_err());
}

#[test]
fn damage_is_refused() {
    let bytes = model(Dtype::U8).write(&Env::default()).unwrap();
    for cut in 0..bytes.len() {
        assert!(Model::read(&bytes[..cut], &Env::default()).is_err(), "cut at {cut}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut other = bytes.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(Model::read(&other, &Env::default()).is_err(), "bit {bit}");
    }
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let refused = |change: fn(&mut Model)| -> Error {
        let mut model = model(Dtype::U8);
        change(&mut model);
        model.write(&Env::default()).unwrap_err()
    };
    let changes: [fn(&mut Model); 22] = [
        |m| m.members[0].name = "x".repeat(33),
        |m| m.shape = vec![],
        |m| m.shape = vec![0, 24],
        |m| m.shape = vec![4, 7],
        |m| m.shape = vec![1 << 31; 4],
        |m| m.members.clear(),
        |m| m.rates = 0,
        |m| m.rates = RATES_MAX + 1,
        |m| m.coarsest = m.rates - 2,
        |m| linear(m, 0).0.classes.clear(),
        |m| linear(m, 1).0.classes.push(Class::default()),
        |m| linear(m, 1).0.basis.rows.truncate(5),
        |m| linear(m, 0).1.counts.truncate(9),
        |m| network(m).rates.clear(),
        |m| network(m).rates[1].gains.truncate(1),
        |m| network(m).unit = 0,
        |m| network(m).most = 9999,
        |m| network(m).context_bits = 16,
        |m| network(m).decoder = network(m).prior.clone(),
        |m| residual(m).linear.mean.truncate(3),
        |m| residual(m).start.counts.truncate(9),
        |m| residual(m).steps = vec![9; 60],
    ];
    for change in changes {
        assert!(!refused(change).to_string().is_empty());
    }
}
