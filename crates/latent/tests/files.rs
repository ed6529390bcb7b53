//! Codec files: they come back as they were, and damage is refused.

use crate::small::model;
use minlen_core::{Dtype, Env, Error};
use minlen_latent::linear::Class;
use minlen_latent::{Model, RATES_MAX};

#[test]
fn files_come_back_as_they_were() {
    for dtype in [Dtype::U8, Dtype::I16, Dtype::F32] {
        let model = model(dtype);
        let bytes = model.write().unwrap();
        let back = Model::read(&bytes, &Env::default()).unwrap();
        assert_eq!(back, model);
        assert_eq!(back.write().unwrap(), bytes);
    }
}

#[test]
fn damage_is_refused() {
    let bytes = model(Dtype::U8).write().unwrap();
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
        model.write().unwrap_err()
    };
    let changes: [fn(&mut Model); 12] = [
        |m| m.shape = vec![],
        |m| m.shape = vec![0, 24],
        |m| m.shape = vec![4, 7],
        |m| m.shape = vec![1 << 31; 4],
        |m| m.members.clear(),
        |m| m.rates = 0,
        |m| m.rates = RATES_MAX + 1,
        |m| m.coarsest = m.rates - 2,
        |m| m.members[0].linear.classes.clear(),
        |m| m.members[1].linear.classes.push(Class::default()),
        |m| m.members[1].linear.basis.rows.truncate(5),
        |m| m.members[0].start.counts.truncate(9),
    ];
    for change in changes {
        assert!(refused(change).to_string().contains("codec file"));
    }
}
