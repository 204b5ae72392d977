//! The requests of a complet in memory, compressed, in parts: the files are read once, and the schools of a part are read
//! from what was kept.

use super::requests::{AafRequest, attribute_name, attribute_number};
use crate::roster::formats::reader::packed::{PackedBytes, pack, unpack};

/// The bytes that are compressed at a time: some, for each part of the schools, wait for it.
const BLOCK_BYTES: usize = 16 << 10;

/// The requests of some schools, in their order.
#[derive(Debug, Default)]
pub struct KeptRequests {
    closed: Vec<PackedBytes>,
    open: Vec<u8>,
}

/// The kept requests do not come back as they were: memory is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what was read of it and kept in memory cannot be unpacked")]
pub struct KeptRequestsError;

impl KeptRequests {
    /// Keeps an addition, with the number of its document.
    pub fn push(&mut self, document: usize, request: &AafRequest) {
        let out = &mut self.open;
        write_number(out, document as u64);
        write_number(out, request.line);
        write_text(out, &request.id);
        write_number(out, request.attributes().len() as u64);
        for (name, values) in request.attributes() {
            write_number(out, attribute_number(name) as u64);
            write_number(out, values.len() as u64);
            values.iter().for_each(|value| write_text(out, value));
        }
        if out.len() >= BLOCK_BYTES {
            self.close_block();
        }
    }

    /// Compresses what is not yet.
    pub fn close_block(&mut self) {
        if !self.open.is_empty() {
            self.closed.push(pack(std::mem::take(&mut self.open)));
        }
    }

    /// Calls `visit` with each request and the number of its document, in the order in which they were kept. Memory is
    /// given back block by block.
    pub fn for_each(mut self, mut visit: impl FnMut(usize, AafRequest)) -> Result<(), KeptRequestsError> {
        self.close_block();
        for block in self.closed {
            let block = unpack(block).ok_or(KeptRequestsError)?;
            let mut rest = block.as_slice();
            while !rest.is_empty() {
                let (document, request) = read_request(&mut rest).ok_or(KeptRequestsError)?;
                visit(document, request);
            }
        }
        Ok(())
    }
}

fn read_request(from: &mut &[u8]) -> Option<(usize, AafRequest)> {
    let document = usize::try_from(read_number(from)?).ok()?;
    let line = read_number(from)?;
    let id = read_text(from)?;
    let mut attributes = Vec::new();
    for _ in 0..read_number(from)? {
        let name = attribute_name(usize::try_from(read_number(from)?).ok()?)?;
        let mut values = Vec::new();
        for _ in 0..read_number(from)? {
            values.push(read_text(from)?.to_owned());
        }
        attributes.push((name, values));
    }
    let mut request = AafRequest::of_known(id, attributes);
    request.line = line;
    Some((document, request))
}

/// Writes seven bits a byte, the lowest first; the highest bit says that more follow.
fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    write_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn read_text<'a>(from: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::try_from(read_number(from)?).ok()?;
    let (text, rest) = from.split_at_checked(length)?;
    *from = rest;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(n: usize) -> AafRequest {
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let long = "é".repeat(n % 300);
        let attributes = vec![
            ("sn", texts(&["DURAND"])),
            ("ENTElevePersRelEleve", texts(&["3500001$10$1$1$1$1", long.as_str(), ""])),
            ("homePhone", Vec::new()),
        ];
        let mut request = AafRequest::of_known(&format!("{n}"), attributes);
        request.line = 1 << (n % 60);
        request
    }

    #[test]
    fn what_is_kept_comes_back_in_its_order_over_many_blocks() {
        let mut kept = KeptRequests::default();
        for n in 0..3_000 {
            kept.push(n % 200, &request(n));
        }
        assert!(kept.closed.len() > 5, "{}", kept.closed.len());
        let mut back = Vec::new();
        kept.for_each(|document, request| back.push((document, request))).unwrap();
        assert_eq!(back, (0..3_000).map(|n| (n % 200, request(n))).collect::<Vec<_>>());
    }

    #[test]
    fn half_a_request_is_an_error_and_no_end() {
        let mut kept = KeptRequests::default();
        kept.push(0, &request(250));
        let whole = kept.open.clone();
        for length in 1..whole.len() {
            let cut = KeptRequests { closed: Vec::new(), open: whole[..length].to_vec() };
            assert_eq!(cut.for_each(|_, _| {}), Err(KeptRequestsError), "{length}");
        }
        let doubled = KeptRequests { closed: Vec::new(), open: [whole.clone(), whole].concat() };
        let mut count = 0;
        doubled.for_each(|_, _| count += 1).unwrap();
        assert_eq!(count, 2);
    }

    #[test]
    fn every_attribute_has_a_number_of_its_own() {
        for number in 0..100 {
            let Some(name) = attribute_name(number) else { continue };
            assert_eq!(attribute_name(attribute_number(name)), Some(name));
        }
    }
}
