//! Bytes that are kept in memory for a while, compressed: names and ids shrink to a third.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Bytes as they are kept.
#[derive(Debug)]
pub enum PackedBytes {
    Packed(Vec<u8>),
    Plain(Vec<u8>),
}

/// Compresses bytes; where that fails they are kept as they are.
pub fn pack(bytes: Vec<u8>) -> PackedBytes {
    let compress = || {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let fast = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file("r", fast.compression_level(Some(1))).ok()?;
        archive.write_all(&bytes).ok()?;
        let mut packed = archive.finish().ok()?.into_inner();
        packed.shrink_to_fit();
        Some(packed)
    };
    match compress() {
        Some(packed) => PackedBytes::Packed(packed),
        None => PackedBytes::Plain(bytes),
    }
}

/// Returns the bytes again; `None` if the memory was changed meanwhile.
pub fn unpack(packed: PackedBytes) -> Option<Vec<u8>> {
    match packed {
        PackedBytes::Plain(bytes) => Some(bytes),
        PackedBytes::Packed(packed) => {
            let mut archive = ZipArchive::new(Cursor::new(packed)).ok()?;
            let mut bytes = Vec::new();
            archive.by_index(0).ok()?.read_to_end(&mut bytes).ok()?;
            Some(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_the_same_and_smaller() {
        let text: String = (0..2_000).map(|n| format!("{n} DURAND Zoé 14/02/2013 06399800{:02}\n", n % 100)).collect();
        let packed = pack(text.clone().into_bytes());
        let PackedBytes::Packed(bytes) = &packed else { panic!("it was not compressed") };
        assert!(bytes.len() * 3 < text.len(), "{} of {}", bytes.len(), text.len());
        assert_eq!(unpack(packed).unwrap(), text.as_bytes());
        assert_eq!(unpack(pack(Vec::new())).unwrap(), b"");
    }

    #[test]
    fn what_was_changed_meanwhile_is_not_given_out() {
        let PackedBytes::Packed(mut bytes) = pack(vec![7; 5_000]) else { panic!("it was not compressed") };
        let middle = bytes.len() / 3;
        bytes[middle] ^= 0x55;
        assert!(unpack(PackedBytes::Packed(bytes)).is_none_or(|bytes| bytes == vec![7; 5_000]));
        assert!(unpack(PackedBytes::Packed(b"PK".to_vec())).is_none());
    }
}
