//! What a codec file knows, on small records of which it is known.

use super::sample::Maker;
use super::transforms::Transform;
use super::{Held, Quantiles, each, embed, eval, member, score, sheet, write};
use crate::autoencoder::codec_file::{Kind, Recipe, learn};
use crate::autoencoder::report::{Report, Usual, quantiles};
use crate::records::Records;
use minlen_core::{Dtype, Env};
use minlen_latent::Model;
use minlen_learn::Random;

/// Bumps of 16 numbers, at any place and height.
fn bumps(count: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut out = Vec::new();
    for _ in 0..count {
        let (place, height) = (random.uniform(4.0, 12.0), random.uniform(100.0, 220.0));
        for i in 0..16 {
            let off = (i as f32 - place).abs();
            out.push((height * (1.0 - off / 4.0).max(0.0) + random.uniform(0.0, 6.0)) as u8);
        }
    }
    out
}

fn model() -> Model {
    let recipe = Recipe {
        shape: vec![16],
        dtype: Dtype::U8,
        members: vec![
            Kind::Klt { coordinates: 12 },
            Kind::Cklt { classes: 4, coordinates: 12, coefficients: 10 },
        ],
        seed: 1,
        threads: 1,
    };
    learn(&recipe, &bumps(2000, 1), &Env::default(), |_, _| {}).unwrap()
}

fn records(bytes: Vec<u8>) -> Records {
    Records::new(vec![16], Dtype::U8, bytes).unwrap()
}

#[test]
fn odd_records_score_above_usual_ones_and_threads_change_nothing() {
    let mut model = model();
    let mut bytes = bumps(600, 2);
    // Every sixth is noise.
    let mut random = Random::new(3);
    for record in bytes.chunks_mut(16).step_by(6) {
        record.iter_mut().for_each(|byte| *byte = random.uniform(0.0, 200.0) as u8);
    }
    let is_odd: Vec<bool> = (0..600).map(|i| i % 6 == 0).collect();
    let (records, env) = (records(bytes), Env::default());
    let settings = score::Settings { threads: 1, ..score::Settings::default() };
    let found = score::all(&model, &records, &settings, &env).unwrap();
    assert!(!found.by_held_out);
    let areas = found.areas(&is_odd).unwrap();
    assert!(areas.rank > 0.99 && areas.bits > 0.95 && areas.distance.is_none(), "{areas:?}");
    let again = score::Settings { threads: 3, ..settings };
    assert_eq!(score::all(&model, &records, &again, &env).unwrap().each, found.each);
    // What was held out is what counts where the report says it.
    let usual = super::tests::records(bumps(500, 5));
    let of_usual = score::all(&model, &usual, &again, &env).unwrap();
    let values = |f: fn(&score::Score) -> f64| quantiles(of_usual.each.iter().map(f).collect());
    let usual_here = Usual { rate: 5, bits: values(|s| s.bits), squares: values(|s| s.error) };
    model.report = Report { usual: usual_here, ..Report::default() }.inside();
    let found = score::all(&model, &records, &again, &env).unwrap();
    assert!(found.by_held_out && found.rate == 5);
    assert!(found.each.iter().step_by(6).all(|score| score.percentile() == 100.0));
    // With the nearest usual records as a third view.
    let near = score::Settings { neighbours: Some((3, &usual)), ..again };
    let found = score::all(&model, &records, &near, &env).unwrap();
    assert!(found.areas(&is_odd).unwrap().distance.unwrap() > 0.99);
}

#[test]
fn percentiles_go_from_what_is_least_to_what_is_most_and_on() {
    let quantiles = Quantiles::of(&(0..=1000).map(f64::from).collect::<Vec<_>>());
    for (x, percentile) in
        [(-1.0, 0.0), (0.0, 0.0), (500.0, 50.0), (995.0, 99.5), (1000.0, 100.0), (2e9, 100.0)]
    {
        assert!((quantiles.percentile(x) - percentile).abs() < 1e-9, "{x}");
    }
    assert!((quantiles.rank(1500.0) - 101.0).abs() < 1e-9);
    assert!(quantiles.rank(f64::NAN).is_infinite());
    assert_eq!(Quantiles::of(&[3.0; 9]).percentile(3.0), 50.0);
    for bad in ["", "{}", "{\"rate\":3,\"bits\":[1],\"squares\":[2]}"] {
        assert_eq!(Held::of_report(bad), None, "{bad}");
    }
}

#[test]
fn places_give_records_back() {
    let (model, records, env) = (model(), records(bumps(300, 4)), Env::default());
    for member in 0..2 {
        let places = embed::places(&model, member, 0, &records, 2, &env).unwrap();
        assert_eq!(places, embed::places(&model, member, 0, &records, 1, &env).unwrap());
        assert_eq!((places.len(), places[7].len()), (300, 12));
        let mut view = minlen_latent::View::new(&model, member, &env).unwrap();
        let mut made = Vec::new();
        places.iter().for_each(|place| view.record_at(place, 0, &mut made).unwrap());
        let errors = eval::errors(&model, &records.bytes, &made, 255.0);
        assert!(errors.psnr > 38.0, "{errors:?}");
    }
    let file = write::npy_rows(&[vec![1.0, 2.0], vec![3.0, 4.5]], 2).unwrap();
    assert!(
        file.starts_with(b"\x93NUMPY")
            && file.ends_with(&4.5f32.to_le_bytes())
            && file.len().is_multiple_of(16)
    );
}

#[test]
fn new_records_are_like_those_learned_from_and_come_from_the_seed() {
    let (model, env) = (model(), Env::default());
    for member in 0..2 {
        let maker = Maker { model: &model, member, rate: 8, seed: 7 };
        let drawn = maker.draw(200, &env).unwrap();
        assert_eq!(drawn[..160], maker.draw(10, &env).unwrap()[..]);
        assert_ne!(drawn[..160], Maker { seed: 8, ..maker }.draw(10, &env).unwrap()[..]);
        // They take about as many bits as records do, where noise takes several times as many.
        let mean = |bytes: &[u8]| {
            let bits = each(&model, bytes, 8, 1, &env, |found| found.bits).unwrap();
            bits.iter().sum::<f64>() / bits.len() as f64
        };
        let ratio = mean(&drawn) / mean(&bumps(200, 9));
        assert!((0.7..2.0).contains(&ratio), "{ratio}");
        let two = records(bumps(2, 11));
        let ends = [two.record(0), two.record(1)];
        let way = maker.between(ends, 5, &env).unwrap();
        let off = |a: &[u8], b: &[u8]| eval::errors(&model, a, b, 255.0).mse;
        assert!(off(&way[..16], ends[0]) < 30.0 && off(&way[64..], ends[1]) < 30.0);
        assert!(off(&way[32..48], ends[0]) > off(&way[16..32], ends[0]));
        let near = maker.perturbed(&two, 3, &[], &env).unwrap();
        assert_eq!(near.len(), 6 * 16);
        assert!(off(&near[..16], ends[0]) < 900.0 && near[..16] != near[16..32]);
        let all = [Transform::Shift, Transform::Noise, Transform::Scale];
        assert_ne!(maker.perturbed(&two, 3, &all, &env).unwrap(), near);
    }
}

#[test]
fn rates_trade_bytes_for_errors() {
    let (model, records, env) = (model(), records(bumps(400, 6)), Env::default());
    let curve = eval::curve(&model, &records, &[], &env).unwrap();
    assert!(curve.len() > 4);
    for pair in curve.windows(2) {
        assert!(pair[0].per_record < pair[1].per_record && pair[0].errors.psnr < pair[1].errors.psnr);
    }
    let last = &curve[curve.len() - 1].errors;
    assert!(last.psnr_worst <= last.psnr_low && last.psnr_low <= last.psnr_mean && last.bce.is_some());
    // 255 is more than these records vary by, and by as much at each rate.
    let apart = |point: &eval::Point| point.errors.psnr - point.errors.snr;
    assert!((5.0..25.0).contains(&apart(&curve[0])) && (apart(&curve[0]) - apart(&curve[1])).abs() < 1e-9);
    let between = (curve[1].errors.psnr + curve[2].errors.psnr) / 2.0;
    let bytes = eval::bytes_at(&curve, between).unwrap();
    assert!(bytes > curve[1].per_record && bytes < curve[2].per_record);
    assert_eq!(eval::bytes_at(&curve, 200.0), None);
}

#[test]
fn what_is_of_another_kind_is_refused_by_name() {
    let (model, env) = (model(), Env::default());
    let other = Records::new(vec![4, 4], Dtype::U8, vec![0; 64]).unwrap();
    let error = eval::curve(&model, &other, &[], &env).unwrap_err().to_string();
    assert!(error.contains("4x4 u8") && error.contains("16 u8"), "{error}");
    assert!(member(&model, "cklt").unwrap() == 1 && member(&model, "0").unwrap() == 0);
    assert!(member(&model, "conv2d").unwrap_err().advice().is_none());
    let settings = score::Settings { rate: Some(99), ..score::Settings::default() };
    assert!(score::all(&model, &records(bumps(9, 1)), &settings, &env).is_err());
}

#[test]
fn pictures_of_all_layouts_lie_on_sheets() {
    let scaling = minlen_latent::Scaling::new(Dtype::U8, 0.0, 1.0).unwrap();
    for (shape, numbers) in [(&[8, 8][..], 64), (&[8, 6, 3], 144), (&[3, 6, 8], 144), (&[1, 8, 8], 64)] {
        let look = sheet::Look::of(shape).unwrap();
        let one: Vec<u8> = (0..numbers as u8).collect();
        let file = look.sheet(&[&one, &one, &one], &scaling, 2).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.png"), file).unwrap();
        let back = crate::records::Source::new([folder.path().join("a.png")]).read(&Env::default()).unwrap();
        let [rows, columns] = look.size();
        assert_eq!(back.shape[..2], [2 * (4 * rows as u32 + 2) + 2, 2 * (4 * columns as u32 + 2) + 2]);
    }
    let file = write::idx(Dtype::I16, &[1, 2], &[1, 0, 2, 1]).unwrap();
    assert_eq!(file, [0, 0, 0x0b, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 1, 2]);
    assert!(write::idx(Dtype::U16, &[1], &[0, 0]).is_err());
}
