//! Dense parameters in a file: the number of layers, rows and columns of each as u32, then weights and biases of each
//! layer as f32, all little-endian. For handing a trained network from run to run; nothing is compressed.

use super::net::{Architecture, Params};
use minlen_core::varint::Reader;
use minlen_core::{Error, Result};
use std::io::Write;
use std::path::Path;

/// Writes parameters.
///
/// # Errors
/// If the file cannot be written.
pub fn write(file: &Path, architecture: &Architecture, params: &Params) -> Result<()> {
    let mut out = (architecture.layers.len() as u32).to_le_bytes().to_vec();
    for shape in &architecture.layers {
        out.extend((shape.rows as u32).to_le_bytes());
        out.extend((shape.columns as u32).to_le_bytes());
    }
    for (weights, biases) in params.weights.iter().zip(&params.biases) {
        weights.iter().chain(biases).for_each(|v| out.extend(v.to_le_bytes()));
    }
    // Under its name when it is complete only: a run that is stopped here leaves nothing that the next one would read.
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let new = file.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = std::fs::File::create_new(&new).and_then(|mut new| {
        new.write_all(&out)?;
        new.sync_all()
    });
    written.and_then(|()| std::fs::rename(&new, file)).map_err(|e| Error::io("cannot write", e).in_file(file))
}

/// Reads the parameters of a network of this architecture.
///
/// # Errors
/// If the file cannot be read, or belongs to another network.
pub fn read(file: &Path, architecture: &Architecture) -> Result<Params> {
    let bytes = std::fs::read(file).map_err(|e| Error::io("cannot read", e).in_file(file))?;
    parse(&bytes, architecture).map_err(|e| e.in_file(file))
}

fn parse(bytes: &[u8], architecture: &Architecture) -> Result<Params> {
    let mut reader = Reader::new(bytes);
    let mut same = reader.u32()? as usize == architecture.layers.len();
    for shape in &architecture.layers {
        same = same && reader.u32()? as usize == shape.rows && reader.u32()? as usize == shape.columns;
    }
    if !same || reader.rest().len() != 4 * architecture.parameters() {
        return Err(Error::corrupt("the dense network in the file is another one, or is cut short"));
    }
    let mut params = Params::zeros(architecture);
    for (weights, biases) in params.weights.iter_mut().zip(&mut params.biases) {
        for v in weights.iter_mut().chain(biases) {
            *v = f32::from_le_bytes(reader.array()?);
        }
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn parameters_come_back_and_other_files_do_not() {
        let architecture = Architecture::dense(&[3, 2]);
        let params = Params::random(&architecture, &mut Rng(1));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dense");
        write(&file, &architecture, &params).unwrap();
        assert!(read(&file, &architecture).unwrap() == params);
        assert!(read(&file, &Architecture::dense(&[2, 3])).is_err());
        let bytes = std::fs::read(&file).unwrap();
        for cut in 0..40 {
            assert!(parse(&bytes[..bytes.len() - 1 - cut], &architecture).is_err());
            assert!(parse(&bytes[..cut], &architecture).is_err());
        }
    }
}
