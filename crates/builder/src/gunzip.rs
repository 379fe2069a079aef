//! Request bodies that may be compressed.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;

/// How much compressed data is unpacked before what came out is handed on: gzip grows data at most about
/// a thousandfold, so this bounds the memory that one request can take to some MiB.
const STEP: usize = 4 * 1024;

/// Gives a request's body as its sender meant it.
pub(crate) enum Decoder {
    /// As it comes.
    Identity,
    /// Compressed with gzip.
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

impl Decoder {
    /// The decoder for a `Content-Encoding`; `None` for one that is not known.
    pub(crate) fn new(encoding: Option<&str>) -> Option<Self> {
        match encoding
            .map(|name| name.trim().to_ascii_lowercase())
            .as_deref()
        {
            None | Some("" | "identity") => Some(Self::Identity),
            Some("gzip" | "x-gzip") => Some(Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))),
            Some(_) => None,
        }
    }

    /// Takes the next part of `input` and gives what it stands for; call it until `input` is empty.
    pub(crate) fn step(&mut self, input: &mut Bytes) -> io::Result<Bytes> {
        match self {
            Self::Identity => Ok(std::mem::take(input)),
            Self::Gzip(decoder) => {
                let part = input.split_to(input.len().min(STEP));
                decoder.write_all(&part)?;
                Ok(std::mem::take(decoder.get_mut()).into())
            }
        }
    }

    /// Gives what is left at the end of the body; an error when the body was cut off.
    pub(crate) fn finish(&mut self) -> io::Result<Bytes> {
        match self {
            Self::Identity => Ok(Bytes::new()),
            Self::Gzip(decoder) => {
                decoder.try_finish()?;
                Ok(std::mem::take(decoder.get_mut()).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(mut decoder: Decoder, input: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        for chunk in input.chunks(1000) {
            let mut chunk = Bytes::copy_from_slice(chunk);
            while !chunk.is_empty() {
                out.extend_from_slice(&decoder.step(&mut chunk)?);
            }
        }
        out.extend_from_slice(&decoder.finish()?);
        Ok(out)
    }

    #[test]
    fn gzip_is_unpacked_and_the_rest_passes() {
        let content: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        assert_eq!(
            decode(Decoder::new(Some("gzip")).unwrap(), &zip(&content)).unwrap(),
            content
        );
        assert_eq!(
            decode(Decoder::new(None).unwrap(), &content).unwrap(),
            content
        );
        assert!(Decoder::new(Some("br")).is_none());
    }

    #[test]
    fn damaged_and_cut_off_bodies_are_errors() {
        let zipped = zip(&[7; 10_000]);
        assert!(
            decode(
                Decoder::new(Some("x-gzip")).unwrap(),
                &zipped[..zipped.len() - 4]
            )
            .is_err()
        );
        assert!(decode(Decoder::new(Some("gzip")).unwrap(), b"this is not gzip").is_err());
    }

    #[test]
    fn a_step_of_a_bomb_stays_small() {
        let mut input = Bytes::from(zip(&vec![0; 64 * 1024 * 1024]));
        let mut decoder = Decoder::new(Some("gzip")).unwrap();
        while !input.is_empty() {
            assert!(decoder.step(&mut input).unwrap().len() < 8 * 1024 * 1024);
        }
    }
}
