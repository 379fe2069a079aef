//! Percent-encoding: strict, and nothing is lost.

use proptest::prelude::*;
use windlass_model::percent::encode;

/// RFC 3986, written the other way round.
fn decode(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let pair = [
                bytes.next().expect("a digit"),
                bytes.next().expect("a digit"),
            ];
            let pair = String::from_utf8(pair.to_vec()).expect("ASCII");
            assert_eq!(pair, pair.to_uppercase(), "in {text}");
            decoded.push(u8::from_str_radix(&pair, 16).expect("two digits"));
        } else {
            decoded.push(byte);
        }
    }
    decoded
}

#[test]
fn what_urls_give_a_meaning_is_encoded() {
    assert_eq!(encode("a-b.c_d~9Z"), "a-b.c_d~9Z");
    assert_eq!(
        encode("p@ss:w/o?r#d&=+ %"),
        "p%40ss%3Aw%2Fo%3Fr%23d%26%3D%2B%20%25"
    );
    assert_eq!(encode("ä"), "%C3%A4");
    assert_eq!(encode(""), "");
}

proptest! {
    #[test]
    fn nothing_is_lost_and_only_safe_characters_are_left(text in "\\PC{0,40}") {
        let encoded = encode(&text);
        prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
        prop_assert_eq!(decode(&encoded), text.as_bytes());
    }
}
