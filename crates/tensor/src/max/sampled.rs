//! Numbers of an array as the encoder's choices and trials look at them.

use super::header::Header;
use super::number::{Form, Number, number_at};
use super::run::delta_hint;
use crate::{Array, delta};

/// Numbers of the array.
pub(super) fn len(array: &Array<'_>) -> usize {
    array.bytes.len() / array.dtype.unit()
}

/// The bits of a number.
pub(super) fn raw(array: &Array<'_>, at: usize) -> u64 {
    number_at(array.bytes, array.dtype.unit(), at)
}

/// The number as it will be coded, and how many classes its scale is up.
pub(super) fn coded(array: &Array<'_>, header: &Header, at: usize) -> (Number, i32) {
    let form = header.form(array.dtype);
    let value = raw(array, at);
    let Some(base) = array.base.filter(|_| header.delta) else { return (form.split(value), 0) };
    let (own, shift) = (Form::of(array.dtype).shifted(header.shift), header.shift);
    let old = number_at(base, array.dtype.unit(), at);
    let change = delta::difference(value >> shift, old >> shift, own.width - shift, own.float);
    (form.split(change), delta_hint(&own, own.split(old)).offset)
}
