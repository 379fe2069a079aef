//! The parts of an instruction: its name, its flags, its words.

use std::borrow::Cow;

/// What Docker's parser splits an instruction at.
const BLANKS: [char; 5] = [' ', '\t', '\r', '\u{b}', '\u{c}'];

/// The instruction's name in small letters, and what follows it.
pub(super) fn name_and_rest(line: &str) -> (String, &str) {
    let line = line.trim();
    let (name, rest) = line.split_once(BLANKS).unwrap_or((line, ""));
    // Letter by letter, as Go does it: `İ` becomes `i`.
    let name = name
        .chars()
        .map(|c| c.to_lowercase().next().unwrap_or(c))
        .collect();
    (name, rest.trim_start_matches(BLANKS))
}

/// The words of a text with the places where they begin.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace()
        .map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// The words as Docker reads flags: byte by byte, so that the second byte of a letter such as `à` ends a word,
/// and without quotes and backslashes. Docker takes flags from the first words only; here every word is
/// looked at.
fn flag_words(text: &str) -> Vec<Vec<u8>> {
    let is_blank = |byte: u8| matches!(byte, b' ' | 9..=13 | 0x85 | 0xa0);
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if quote.is_none() && is_blank(byte) {
            words.extend(word.take());
            continue;
        }
        let word = word.get_or_insert_default();
        match byte {
            b'\\' => word.extend(bytes.next()),
            _ if quote == Some(byte) => quote = None,
            b'"' | b'\'' if quote.is_none() => quote = Some(byte),
            _ => word.push(byte),
        }
    }
    words.extend(word);
    words
}

/// The values of a flag such as `--from`, wherever in the text. From some version on a flag's value may be the
/// next word.
pub(super) fn flag_values(text: &str, flag: &str) -> Vec<String> {
    let words = flag_words(text);
    let mut values = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let Some(rest) = word.strip_prefix(flag.as_bytes()) else {
            continue;
        };
        let value = match rest {
            [] => words.get(index + 1).map(Vec::as_slice),
            [b'=', value @ ..] => Some(value),
            _ => None,
        };
        values.extend(value.map(|value| String::from_utf8_lossy(value).into_owned()));
    }
    values
}

/// The values of `from` in a `--mount`.
pub(super) fn mount_sources(mount: &str) -> Vec<String> {
    let fields = mount.split(',').map(|field| field.replace('"', ""));
    fields
        .filter_map(|field| {
            let (name, value) = field.split_once('=')?;
            (name.trim().eq_ignore_ascii_case("from")).then(|| value.trim().to_owned())
        })
        .collect()
}

/// Whether nothing is in the text but what names of images, stages and tags are made of.
pub(super) fn is_plain_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte))
}

/// A text of somebody else's for a message: short, and nothing in it moves the cursor.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 120;
    let is_plain = text.len() <= LONGEST && !text.chars().any(char::is_control);
    if is_plain {
        return Cow::Borrowed(text);
    }
    let mut short: String = text.escape_debug().take(LONGEST).collect();
    short.push_str("...");
    Cow::Owned(short)
}
