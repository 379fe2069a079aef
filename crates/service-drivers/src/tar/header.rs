//! Headers: 512 bytes, numbers in octal.

use super::BLOCK;

/// Where the fields are.
const NAME: std::ops::Range<usize> = 0..100;
const SIZE: std::ops::Range<usize> = 124..136;
const CHANGED: std::ops::Range<usize> = 136..148;
const SUM: std::ops::Range<usize> = 148..156;
const KIND: usize = 156;
const MAGIC: std::ops::Range<usize> = 257..263;
const PREFIX: std::ops::Range<usize> = 345..500;
/// What fits into the field of the size in octal.
const MOST_OCTAL: u64 = 0o77_777_777_777;

/// What a header says, before records of another one change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) path: Vec<u8>,
    pub(super) size: u64,
    pub(super) changed: u64,
    pub(super) kind: u8,
}

impl Header {
    /// The bytes. A path that does not fit is cut: records say it whole.
    pub(super) fn bytes(&self) -> [u8; BLOCK] {
        let mut block = [0u8; BLOCK];
        let length = self.path.len().min(NAME.len());
        block[..length].copy_from_slice(&self.path[..length]);
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(100, b"0000644\0");
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(
            SIZE.start,
            format!("{:011o}\0", self.size.min(MOST_OCTAL)).as_bytes(),
        );
        put(
            CHANGED.start,
            format!("{:011o}\0", self.changed.min(MOST_OCTAL)).as_bytes(),
        );
        put(SUM.start, b"        ");
        put(KIND, &[self.kind]);
        put(MAGIC.start, b"ustar\0");
        put(263, b"00");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[SUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }

    /// What the bytes say; `None` if their sum is another.
    pub(super) fn parse(block: &[u8; BLOCK]) -> Option<Self> {
        let sum: u64 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| {
                if SUM.contains(&at) {
                    32
                } else {
                    u64::from(*byte)
                }
            })
            .sum();
        if number(&block[SUM])? != sum {
            return None;
        }
        let mut path = text(&block[NAME]).to_vec();
        // Others write older or GNU headers, in which these bytes mean something else.
        let prefix = text(&block[PREFIX]);
        if &block[MAGIC] == b"ustar\0" && !prefix.is_empty() {
            path = [prefix, b"/", &path].concat();
        }
        Some(Self {
            path,
            size: number(&block[SIZE])?,
            changed: number(&block[CHANGED]).unwrap_or_default(),
            kind: block[KIND],
        })
    }

    /// Whether the size has to be in a record too.
    pub(super) fn is_too_large(size: u64) -> bool {
        size > MOST_OCTAL
    }
}

fn text(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|byte| *byte == 0);
    &field[..end.unwrap_or(field.len())]
}

/// Octal, or GNU's binary form of what does not fit.
fn number(field: &[u8]) -> Option<u64> {
    if field.first()? & 0x80 != 0 {
        let mut bytes = field.iter().skip(field.len().saturating_sub(8));
        return Some(
            bytes
                .by_ref()
                .fold(0, |number, byte| number << 8 | u64::from(*byte)),
        );
    }
    let digits = String::from_utf8_lossy(text(field));
    let digits = digits.trim();
    if digits.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::Header;

    #[test]
    fn what_is_written_is_read_again() {
        for size in [0, 1, 0o77_777_777_777] {
            let header = Header {
                path: b"a/b".to_vec(),
                size,
                changed: 1_700_000_000,
                kind: b'0',
            };
            let mut block = header.bytes();
            assert_eq!(Header::parse(&block), Some(header));
            block[0] = b'x';
            assert_eq!(Header::parse(&block), None, "the sum is checked");
        }
    }

    #[test]
    fn large_numbers_in_gnus_form_are_understood() {
        let mut field = [0u8; 12];
        field[0] = 0x80;
        field[11] = 5;
        field[6] = 1;
        assert_eq!(super::number(&field), Some((1 << 40) + 5));
    }
}
