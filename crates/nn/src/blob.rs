//! Trained networks as files: weights at 8 bits with one scale a row.
//!
//! All integers and f32 are little-endian. `mlNN`, version (1 byte), configuration, clock (u64), then for each
//! layer and for the output the tensors in the order of [`tensors`]; last XXH3-64 of everything before it.
//! A matrix row is a scale (f32), its mean square of gradients (f32) and one signed byte a weight.

use minlen_core::varint::Reader;
use minlen_core::{Error, Result};
use xxhash_rust::xxh3::xxh3_64;

use crate::config::Config;
use crate::lstm::ByteLstm;

const MAGIC: [u8; 4] = *b"mlNN";
const VERSION: u8 = 1;
/// A weight is at most this in size (`simd/train.rs`).
const WEIGHT_BOUND: f32 = 60.0;
/// No mean square comes near this (docs/nn.md), and times the largest correction it is still finite.
const SQUARE_BOUND: f32 = 1e30;

/// A matrix, its mean squares, and the length of a row.
type Tensor<'a> = (&'a mut [f32], &'a mut [f32], usize);

/// Every matrix of the network in file order.
fn tensors(net: &mut ByteLstm) -> Vec<Tensor<'_>> {
    let mut all: Vec<Tensor<'_>> = Vec::new();
    for layer in &mut net.layers {
        for table in &mut layer.tables {
            all.push((&mut table.w, &mut table.v, table.width));
        }
        all.push((&mut layer.matrix, &mut layer.matrix_v, layer.width));
        if let Some(affine) = &mut layer.affine {
            all.push((&mut affine.gain, &mut affine.gain_v, 16));
            all.push((&mut affine.bias, &mut affine.bias_v, 16));
        }
    }
    all.push((&mut net.output.matrix, &mut net.output.matrix_v, 256));
    let bias = &mut net.output.bias;
    all.push((&mut bias.w, &mut bias.v, 256));
    all
}

/// The running products of β2, in file order.
fn decays(net: &mut ByteLstm) -> Vec<&mut f32> {
    let tables = net.layers.iter_mut().flat_map(|layer| layer.tables.iter_mut());
    let tables = tables.chain([&mut net.output.bias]);
    net.decay.iter_mut().chain(tables.flat_map(|table| table.decay.iter_mut())).collect()
}

fn put_config(out: &mut Vec<u8>, c: &Config) {
    for field in [c.layers, c.cells, c.horizon, c.out_every] {
        out.extend((field as u16).to_le_bytes());
    }
    let flags = [c.coupled, c.norm, c.second, c.hints];
    out.push(flags.iter().enumerate().fold(0, |all, (k, &flag)| all | u8::from(flag) << k));
    for field in [c.rate, c.rate_end, c.half_life, c.out_scale, c.keep, c.clip] {
        out.extend(field.to_le_bytes());
    }
    out.extend(c.seed.to_le_bytes());
}

fn get_f32(reader: &mut Reader<'_>) -> Result<f32> {
    Ok(f32::from_le_bytes(reader.array()?))
}

fn get_config(reader: &mut Reader<'_>) -> Result<Config> {
    let mut int = || reader.array().map(|b| usize::from(u16::from_le_bytes(b)));
    let (layers, cells, horizon, out_every) = (int()?, int()?, int()?, int()?);
    let flags = reader.u8()?;
    if flags >= 16 {
        return Err(Error::corrupt("network file: unknown flags"));
    }
    let [coupled, norm, second, hints] = [1, 2, 4, 8].map(|flag| flags & flag != 0);
    let mut float = || get_f32(reader);
    let (rate, rate_end, half_life) = (float()?, float()?, float()?);
    let (out_scale, keep, clip) = (float()?, float()?, float()?);
    let seed = reader.u64()?;
    let config = Config {
        layers,
        cells,
        horizon,
        coupled,
        norm,
        second,
        hints,
        rate,
        rate_end,
        half_life,
        out_scale,
        out_every,
        keep,
        clip,
        seed,
    };
    config.check().map_err(|e| Error::corrupt(format!("network file: {e}")))?;
    Ok(config)
}

/// A number that must be in a range; NaN is in none.
fn ranged(x: f32, low: f32, high: f32) -> Result<f32> {
    if x >= low && x <= high { Ok(x) } else { Err(Error::corrupt("network file: a number is out of range")) }
}

fn put_row(out: &mut Vec<u8>, w: &[f32], v: &[f32]) {
    let largest = w.iter().fold(0.0f32, |a, &x| if x.abs() > a { x.abs() } else { a });
    let scale = largest / 127.0;
    let mean = v.iter().sum::<f32>() / v.len() as f32;
    out.extend(scale.to_le_bytes());
    out.extend(mean.to_le_bytes());
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    // Half away from zero; `as` truncates and saturates.
    out.extend(w.iter().map(|x| {
        let q = x * inverse;
        (if q < 0.0 { q - 0.5 } else { q + 0.5 }) as i8 as u8
    }));
}

fn get_row(reader: &mut Reader<'_>, w: &mut [f32], v: &mut [f32]) -> Result<()> {
    let scale = ranged(get_f32(reader)?, 0.0, WEIGHT_BOUND / 127.0 * 1.0001)?;
    v.fill(ranged(get_f32(reader)?, 0.0, SQUARE_BOUND)?);
    let bytes = reader.bytes(w.len())?;
    for (w, &q) in w.iter_mut().zip(bytes) {
        *w = f32::from(q as i8) * scale;
    }
    Ok(())
}

impl ByteLstm {
    /// The network as a file: weights at 8 bits, mean squares by row, schedule and clock. What it has just read
    /// is not kept. About 1.03 bytes a weight; loading gives a network that is close, not equal, to this one,
    /// but equal wherever it is loaded.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(VERSION);
        put_config(&mut out, &self.config);
        out.extend(self.seen.to_le_bytes());
        let mut net = self.clone();
        for (w, v, row) in tensors(&mut net) {
            w.chunks(row).zip(v.chunks(row)).for_each(|(w, v)| put_row(&mut out, w, v));
        }
        decays(&mut net).iter().for_each(|x| out.extend(x.to_le_bytes()));
        out.extend(xxh3_64(&out).to_le_bytes());
        out
    }

    /// A network from [`ByteLstm::save`]'s bytes, about to predict the first byte.
    ///
    /// ```
    /// use minlen_nn::{ByteLstm, Config};
    /// let config = Config { layers: 1, cells: 16, horizon: 4, out_every: 4, ..Config::default() };
    /// let mut file = ByteLstm::new(config)?.save();
    /// assert_eq!(ByteLstm::load(&file)?.config(), &config);
    /// file[10] ^= 1;
    /// assert!(ByteLstm::load(&file).is_err());
    /// # Ok::<(), minlen_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Corrupt or truncated: wrong magic, checksum or length, a number out of range. Unsupported: a later version.
    pub fn load(blob: &[u8]) -> Result<Self> {
        let Some((body, sum)) = blob.split_last_chunk::<8>() else {
            return Err(Error::truncated("network file: no room for a checksum"));
        };
        let mut reader = Reader::new(body);
        if reader.array()? != MAGIC {
            return Err(Error::corrupt("not a network file"));
        }
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Error::unsupported(format!("network file of version {version}")));
        }
        if xxh3_64(body).to_le_bytes() != *sum {
            return Err(Error::corrupt("network file: the checksum does not match"));
        }
        let config = get_config(&mut reader)?;
        // Every weight is a byte of the file, so a false shape cannot make us allocate out of proportion.
        if config.weights() > reader.rest().len() {
            return Err(Error::truncated("network file: fewer bytes than weights"));
        }
        let mut net = Self::new(config)?;
        net.seen = reader.u64()?;
        for (w, v, row) in tensors(&mut net) {
            for (w, v) in w.chunks_mut(row).zip(v.chunks_mut(row)) {
                get_row(&mut reader, w, v)?;
            }
        }
        for x in decays(&mut net) {
            // 1 means never changed.
            *x = ranged(get_f32(&mut reader)?, 0.0, 1.0)?;
        }
        if !reader.is_empty() {
            return Err(Error::corrupt("network file: bytes after the end"));
        }
        net.restart();
        Ok(net)
    }
}
