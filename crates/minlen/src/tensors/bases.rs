//! What arrays are differences from.

use super::describe::Described;
use minlen_core::{Env, Error, Reservation, Result};

/// The bytes of bases, and their memory.
pub(super) type Held = (Vec<Option<Vec<u8>>>, Vec<Reservation>);

/// The bytes of the arrays' bases, and their memory.
pub(super) fn read_bases<'a>(arrays: impl Iterator<Item = &'a Described>, env: &Env) -> Result<Held> {
    let (mut bases, mut held) = (Vec::new(), Vec::new());
    for array in arrays {
        let Some(base) = array.base else {
            bases.push(None);
            continue;
        };
        held.push(env.budget.reserve(array.len as u64)?);
        let end = base.start.checked_add(array.len as u64);
        let end = end.ok_or_else(|| Error::corrupt("tensors: a base of impossible length"))?;
        let bytes = env.resources.base(&base.file, base.start..end)?;
        if bytes.len() != array.len {
            return Err(Error::corrupt("tensors: the base is shorter than the array"));
        }
        bases.push(Some(bytes));
    }
    Ok((bases, held))
}
