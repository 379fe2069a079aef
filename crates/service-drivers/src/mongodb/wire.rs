//! MongoDB's wire protocol, as far as it is used: one document there and one back (`OP_MSG`).

use std::io;

use bson::Document;

/// The message's kind.
const OP_MSG: i32 = 2013;
const HEADER: usize = 16;
/// Of the flags: a checksum of four bytes follows.
const CHECKSUM_PRESENT: u32 = 1;
/// What MongoDB takes and sends at most.
const LONGEST: usize = 48_000_000;

/// A request with one document.
pub(super) fn encode(id: i32, document: &Document) -> io::Result<Vec<u8>> {
    let body = document.to_vec().map_err(|_| invalid("a document"))?;
    // Flags, and the kind of the only section.
    let rest = [&[0_u8; 5], body.as_slice()].concat();
    let length = i32::try_from(HEADER + rest.len()).map_err(|_| invalid("a document"))?;
    let mut message = Vec::with_capacity(HEADER + rest.len());
    for number in [length, id, 0, OP_MSG] {
        message.extend(number.to_le_bytes());
    }
    message.extend(rest);
    Ok(message)
}

/// The document of the first answer, and the answer's length; nothing if it is not all there.
pub(super) fn decode(received: &[u8]) -> io::Result<Option<(Document, usize)>> {
    let Some(length) = number(received, 0) else {
        return Ok(None);
    };
    let length = length as usize;
    if !(HEADER + 5..=LONGEST).contains(&length) {
        return Err(invalid("an answer's length"));
    }
    // What speaks another protocol is found out without waiting for as many bytes as its text means.
    if number(received, 12).is_some_and(|kind| kind != OP_MSG.cast_unsigned()) {
        return Err(invalid("an answer"));
    }
    let Some(message) = received.get(..length) else {
        return Ok(None);
    };
    let flags = number(message, HEADER).unwrap_or_default();
    let end = length - if flags & CHECKSUM_PRESENT == 0 { 0 } else { 4 };
    let body = message.get(HEADER + 4..end).and_then(<[u8]>::split_first);
    let Some((0, body)) = body else {
        return Err(invalid("an answer"));
    };
    let document = Document::from_reader(body).map_err(|_| invalid("a document"))?;
    Ok(Some((document, length)))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    bytes.try_into().map(u32::from_le_bytes).ok()
}

fn invalid(what: &str) -> io::Error {
    let words =
        format!("what answers there does not speak MongoDB's protocol: {what} cannot be read");
    io::Error::new(io::ErrorKind::InvalidData, words)
}

#[cfg(test)]
mod tests {
    use bson::doc;
    use proptest::prelude::*;

    use super::{decode, encode};

    #[test]
    fn a_message_is_read_when_it_is_all_there() {
        let document = doc! { "hello": 1, "text": "é" };
        let mut message = encode(7, &document).expect("a message");
        let length = message.len();
        for end in 0..length {
            assert!(decode(&message[..end]).expect("a beginning").is_none());
        }
        message.extend(b"more");
        let decoded = decode(&message).expect("a message");
        assert_eq!(decoded, Some((document, length)));
    }

    #[test]
    fn a_checksum_is_no_part_of_the_document() {
        let document = doc! { "ok": 1.0 };
        let mut message = encode(7, &document).expect("a message");
        message[16] = 1;
        message.extend([1, 2, 3, 4]);
        let length = u32::try_from(message.len()).expect("short");
        message[..4].copy_from_slice(&length.to_le_bytes());
        let decoded = decode(&message).expect("a message");
        assert_eq!(decoded, Some((document, message.len())));
    }

    #[test]
    fn other_protocols_are_refused() {
        for answer in [
            b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(),
            b"-ERR unknown command 'hello'\r\n",
            b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n",
            &[0; 30],
        ] {
            decode(answer).expect_err("another protocol");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(mut bytes: Vec<u8>, length in 0_u8..80) {
            drop(decode(&bytes));
            let header = [length, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0xdd, 7, 0, 0];
            bytes.splice(0..0, header);
            drop(decode(&bytes));
        }
    }
}
