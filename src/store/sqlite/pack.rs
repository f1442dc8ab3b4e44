//! Bytes made small: by zstd, alone or as what differs from other bytes.
//!
//! A frame is kept without its magic number, which is the same for all. It has no checksum: the bytes that come out
//! are compared with their hash.

use zstd::zstd_safe::{CCtx, CParameter, DCtx, get_frame_content_size};

use super::super::LARGEST_PART;

/// What a frame of zstd begins with.
const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();

/// How hard zstd tries. A difference comes to the same at any level; beyond this one whole bytes come to 5 % less, and
/// take twenty times as long.
const LEVEL: i32 = 9;

/// How far back zstd looks at this level, 2^22 bytes.
const NEAR: u32 = 22;

/// How far it is ever told to look: any zstd still reads that.
const FAR: u32 = 27;

/// Packs bytes; `base` are older ones that they resemble. None when zstd cannot, for want of memory.
pub(super) fn pack(bytes: &[u8], base: Option<&[u8]>) -> Option<Vec<u8>> {
    let mut context = CCtx::try_create()?;
    context.set_parameter(CParameter::CompressionLevel(LEVEL)).ok()?;
    context.set_parameter(CParameter::ChecksumFlag(false)).ok()?;
    if let Some(base) = base {
        // A prefix and no dictionary: a dictionary may begin with a magic number of its own, and hosts choose bytes.
        context.ref_prefix(base).ok()?;
        // The same place in the base is as far back as the base is long.
        let window = usize::BITS - (base.len() + bytes.len()).leading_zeros();
        if window > NEAR {
            context.set_parameter(CParameter::WindowLog(window.min(FAR))).ok()?;
            context.set_parameter(CParameter::EnableLongDistanceMatching(true)).ok()?;
        }
    }
    let mut packed = Vec::with_capacity(zstd::zstd_safe::compress_bound(bytes.len()));
    context.compress2(&mut packed, bytes).ok()?;
    packed.strip_prefix(&MAGIC).map(<[u8]>::to_vec)
}

/// The bytes again; none when that is not what was packed, or more than is ever kept.
pub(super) fn unpack(packed: &[u8], base: Option<&[u8]>) -> Option<Vec<u8>> {
    let mut frame = Vec::with_capacity(MAGIC.len() + packed.len());
    frame.extend(MAGIC);
    frame.extend(packed);
    let length = get_frame_content_size(&frame).ok().flatten()?;
    let length = usize::try_from(length).ok().filter(|length| *length <= LARGEST_PART)?;
    let mut context = DCtx::try_create()?;
    if let Some(base) = base {
        context.ref_prefix(base).ok()?;
    }
    let mut bytes = Vec::with_capacity(length);
    context.decompress(&mut bytes, &frame).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::check::hash;
    use super::*;

    /// A listing of 780 packages, as dpkg-query prints it.
    fn listing() -> String {
        (0..780)
            .map(|nth| format!("package-{nth}\tamd64\t{}.{}.2-1+deb13u1\tii \n", nth % 7, nth % 40))
            .collect()
    }

    #[test]
    fn bytes_come_back_as_they_were() {
        let listing = listing();
        let changed = listing.replace("package-400\tamd64\t1", "package-400\tamd64\t2");
        for bytes in [&b""[..], b"x", listing.as_bytes(), &vec![7; 100_000]] {
            let packed = pack(bytes, None).unwrap();
            assert_eq!(unpack(&packed, None).unwrap(), bytes);
            let packed = pack(bytes, Some(changed.as_bytes())).unwrap();
            assert_eq!(unpack(&packed, Some(changed.as_bytes())).unwrap(), bytes);
        }
    }

    #[test]
    fn a_change_costs_what_changed() {
        let listing = listing();
        let changed = listing.replace("package-400\tamd64\t1", "package-400\tamd64\t2");
        let packed = pack(changed.as_bytes(), Some(listing.as_bytes())).unwrap();
        assert!(packed.len() < 80, "{}", packed.len());
        // Neither megabytes nor what a dictionary begins with makes a difference.
        let noise: Vec<u8> = (0..200_000_u32).flat_map(|nth| hash(&nth.to_le_bytes())).collect();
        let large = [&[0x37, 0xa4, 0x30, 0xec][..], &noise].concat();
        let changed = [&large[..5_000_000], b"new", &large[5_000_000..]].concat();
        let packed = pack(&changed, Some(&large)).unwrap();
        assert!(packed.len() < 1000, "{}", packed.len());
        assert_eq!(unpack(&packed, Some(&large)).unwrap(), changed);
    }

    #[test]
    fn what_was_not_packed_is_not_unpacked() {
        let packed = pack(listing().as_bytes(), None).unwrap();
        for length in 0..packed.len().min(400) {
            assert_eq!(unpack(&packed[..length], None), None, "{length}");
        }
        assert_eq!(unpack(b"", None), None);
        // A frame that announces 2^62 bytes.
        let announced = [&[0xe0][..], &(1_u64 << 62).to_le_bytes(), &[0; 8]].concat();
        assert_eq!(unpack(&announced, None), None);
    }
}
