//! Percent-encoding of the parts of connection URLs: one function, the strict form.

/// `text` with everything but RFC 3986 section 2.3 *unreserved* characters (`A-Z a-z 0-9 - . _ ~`)
/// as upper-case `%XX` of its UTF-8 bytes. Every client library that was tried decodes this form.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                encoded.push('%');
                encoded.push(char::from(HEX[usize::from(other >> 4)]));
                encoded.push(char::from(HEX[usize::from(other & 15)]));
            }
        }
    }
    encoded
}
