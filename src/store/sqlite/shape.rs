//! Lists of parts, written short: names and statuses once for all hosts that send the same, then only the ids.
//!
//! What is read here was verified before; it is still parsed as if it were not.

use std::sync::Arc;

use super::rows::Parts;
use super::trouble::Trouble;
use crate::store::{Kept, PartId};

/// Names and statuses of parts, in their order.
pub(super) type Shape = Vec<(Arc<str>, i32)>;

/// The bytes of a shape.
pub(super) fn encode<'n>(parts: impl Iterator<Item = (&'n str, i32)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, status) in parts {
        put(&mut bytes, name.len() as u64);
        bytes.extend(name.as_bytes());
        bytes.extend(status.to_le_bytes());
    }
    bytes
}

/// The shape again.
pub(super) fn decode(mut bytes: &[u8]) -> Result<Shape, Trouble> {
    let mut shape = Shape::new();
    while !bytes.is_empty() {
        let mut one = || {
            let length = usize::try_from(take(&mut bytes)?).ok()?;
            let name = bytes.split_off(..length)?;
            let status = bytes.split_off(..4)?.first_chunk().copied()?;
            Some((Arc::from(std::str::from_utf8(name).ok()?), i32::from_le_bytes(status)))
        };
        shape.push(one().ok_or_else(|| Trouble::damaged("a list of names cannot be read"))?);
    }
    Ok(shape)
}

/// The bytes of a list of ids: each as far from the one before as it is.
pub(super) fn encode_ids(ids: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ids.len() * 3);
    let mut last = 0_i64;
    for id in ids {
        let step = id.wrapping_sub(last);
        put(&mut bytes, ((step << 1) ^ (step >> 63)).cast_unsigned());
        last = *id;
    }
    bytes
}

/// The ids again.
pub(super) fn decode_ids(mut bytes: &[u8]) -> Result<Vec<i64>, Trouble> {
    let (mut ids, mut last) = (Vec::with_capacity(bytes.len() / 2), 0_i64);
    while !bytes.is_empty() {
        let folded = take(&mut bytes).ok_or_else(|| Trouble::damaged("a list of numbers cannot be read"))?;
        last = last.wrapping_add((folded >> 1).cast_signed() ^ -((folded & 1).cast_signed()));
        ids.push(last);
    }
    Ok(ids)
}

/// The parts of a list, whose shape is given.
pub(super) fn kept(shape: &Shape, parts: &Parts) -> Result<Vec<Kept>, Trouble> {
    let ids = decode_ids(&parts.ids)?;
    if ids.len() != shape.len() {
        return Err(Trouble::damaged("a list of parts has another length than its names"));
    }
    let one = |((name, status), id): (&(Arc<str>, i32), i64)| Kept {
        name: Arc::clone(name),
        status: *status,
        part: PartId(id),
    };
    Ok(shape.iter().zip(ids).map(one).collect())
}

/// A number, seven bits in a byte, the lowest first.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for nth in 0..10 {
        let byte = *bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << (7 * nth);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lists_come_back_as_they_were(
            ids in prop::collection::vec(any::<i64>(), 0..30),
            names in prop::collection::vec((".{0,200}", any::<i32>()), 0..30),
        ) {
            prop_assert_eq!(&decode_ids(&encode_ids(&ids)).unwrap(), &ids);
            let bytes = encode(names.iter().map(|(name, status)| (name.as_str(), *status)));
            let shape = decode(&bytes).unwrap();
            let again: Vec<(String, i32)> =
                shape.iter().map(|(name, status)| (name.to_string(), *status)).collect();
            prop_assert_eq!(again, names);
        }

        #[test]
        fn anything_else_is_an_error_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = decode(&bytes);
            let _ = decode_ids(&bytes);
        }
    }
}
