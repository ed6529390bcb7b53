//! Inputs of a network with the hash of the outputs: whether this machine computes what the trainer's did.

use super::ModelFile;
use crate::integer::Network;
use minlen_core::{Env, Error, Result};
use xxhash_rust::xxh3::xxh3_64;

/// Most products of all records of a probe: seconds of work.
const PRODUCTS_MAX: u64 = 1 << 31;

/// What a network must give for some records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The network.
    pub network: String,
    /// Whole records.
    pub inputs: Vec<i16>,
    /// XXH3-64 of all outputs as little-endian bytes.
    pub hash: u64,
}

impl ModelFile {
    /// Notes what a network gives for some records.
    ///
    /// # Errors
    /// As [`Network::new`] and [`Network::run`]; corrupt if there is no such network.
    pub fn add_probe(&mut self, network: &str, inputs: Vec<i16>, env: &Env) -> Result<()> {
        let hash = self.hash(network, &inputs, env)?;
        self.probes.push(Probe { network: network.to_string(), inputs, hash });
        Ok(())
    }

    /// Computes all probes.
    ///
    /// # Errors
    /// Corrupt if a network is refused or gives something else; limit where memory or work does not allow it.
    pub fn verify(&self, env: &Env) -> Result<()> {
        for probe in &self.probes {
            if self.hash(&probe.network, &probe.inputs, env)? != probe.hash {
                return Err(Error::corrupt(format!(
                    "the network {:?} of a model file does not give what it gave where it was made",
                    probe.network
                ))
                .remedy("get the file again; if that does not help, report it with your processor's name"));
            }
        }
        Ok(())
    }

    fn hash(&self, name: &str, inputs: &[i16], env: &Env) -> Result<u64> {
        let network = Network::new(self.network(name)?, env)?;
        let records = (inputs.len() / network.input().count()?) as u64;
        if network.products().saturating_mul(records) > PRODUCTS_MAX {
            return Err(Error::limit(format!("the probe of the network {name:?} takes too much work")));
        }
        let mut work = network.workspace(env)?;
        let size = network.output().count()? as u64 * records;
        let _held = env.budget.reserve(4 * size)?;
        let mut out = Vec::new();
        network.run(&mut work, inputs, &mut out)?;
        let bytes: Vec<u8> = out.iter().flat_map(|x| x.to_le_bytes()).collect();
        Ok(xxh3_64(&bytes))
    }
}
