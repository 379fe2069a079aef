//! The server's protocol, as much of it as an administrator needs (RESP, version 2). By hand, because it is
//! five sorts of values, and the field's client brings a licence that is not on our list.

/// The longest answer that is taken: the list of ten thousand clients is 4 MB.
const LONGEST: usize = 64 << 20;
/// Arrays in arrays: a transaction's answers, each an array of entries at most.
const DEEPEST: u32 = 8;

/// A server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing.
    Nil,
    /// A text, short or long.
    Text(String),
    /// A refusal in the server's words; they begin with its code.
    Refusal(String),
    /// A number.
    Number(i64),
    /// Several.
    Array(Vec<Value>),
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(values) => Some(values),
            _ => None,
        }
    }
}

/// What is not the protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Appends a command, word by word.
pub(super) fn encode<'a>(command: impl ExactSizeIterator<Item = &'a str>, into: &mut Vec<u8>) {
    into.extend_from_slice(format!("*{}\r\n", command.len()).as_bytes());
    for word in command {
        into.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        into.extend_from_slice(word.as_bytes());
        into.extend_from_slice(b"\r\n");
    }
}

/// The first answer of what was received and its length; nothing if it is not whole yet.
pub(super) fn decode(received: &[u8]) -> Result<Option<(Value, usize)>, Malformed> {
    let mut rest = Rest { received, at: 0 };
    match rest.value(DEEPEST) {
        Ok(value) => Ok(Some((value, rest.at))),
        Err(Stop::More) if received.len() <= LONGEST => Ok(None),
        Err(_) => Err(Malformed),
    }
}

/// Why an answer could not be read.
enum Stop {
    /// Its end is not there yet.
    More,
    /// It is none.
    Malformed,
}

struct Rest<'a> {
    received: &'a [u8],
    at: usize,
}

impl<'a> Rest<'a> {
    fn value(&mut self, depth: u32) -> Result<Value, Stop> {
        let line = self.line()?;
        let (sort, text) = line.split_at_checked(1).ok_or(Stop::Malformed)?;
        let text = String::from_utf8_lossy(text).into_owned();
        let number = || text.parse::<i64>().map_err(|_| Stop::Malformed);
        match sort {
            b"+" => Ok(Value::Text(text)),
            b"-" => Ok(Value::Refusal(text)),
            b":" => Ok(Value::Number(number()?)),
            b"$" => match length(number()?)? {
                None => Ok(Value::Nil),
                Some(length) => Ok(Value::Text(
                    String::from_utf8_lossy(self.bytes(length)?).into_owned(),
                )),
            },
            b"*" => match length(number()?)? {
                None => Ok(Value::Nil),
                Some(_) if depth == 0 => Err(Stop::Malformed),
                Some(length) => (0..length)
                    .map(|_| self.value(depth - 1))
                    .collect::<Result<_, _>>()
                    .map(Value::Array),
            },
            _ => Err(Stop::Malformed),
        }
    }

    fn line(&mut self) -> Result<&'a [u8], Stop> {
        let rest = &self.received[self.at..];
        let end = rest
            .windows(2)
            .position(|pair| pair == b"\r\n")
            .ok_or(Stop::More)?;
        self.at += end + 2;
        Ok(&rest[..end])
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], Stop> {
        let rest = &self.received[self.at..];
        let (bytes, after) = rest.split_at_checked(length).ok_or(Stop::More)?;
        match after.split_at_checked(2) {
            None => Err(Stop::More),
            Some((b"\r\n", _)) => {
                self.at += length + 2;
                Ok(bytes)
            }
            Some(_) => Err(Stop::Malformed),
        }
    }
}

/// A length; -1 means that there is nothing.
fn length(number: i64) -> Result<Option<usize>, Stop> {
    if number == -1 {
        return Ok(None);
    }
    usize::try_from(number)
        .ok()
        .filter(|length| *length <= LONGEST)
        .map(Some)
        .ok_or(Stop::Malformed)
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Value, decode, encode};

    #[test]
    fn answers_of_every_sort_are_read_and_no_sooner_than_they_are_whole() {
        let whole = b"*5\r\n+OK\r\n-ERR no\r\n:-7\r\n$7\r\na\r\nb \xc3\xa9\r\n*2\r\n$-1\r\n*-1\r\n";
        let expected = Value::Array(vec![
            Value::Text("OK".to_owned()),
            Value::Refusal("ERR no".to_owned()),
            Value::Number(-7),
            Value::Text("a\r\nb \u{e9}".to_owned()),
            Value::Array(vec![Value::Nil, Value::Nil]),
        ]);
        for end in 0..whole.len() {
            assert_eq!(decode(&whole[..end]), Ok(None), "{end}");
        }
        let more = [&whole[..], b"+OK\r\n"].concat();
        assert_eq!(decode(&more), Ok(Some((expected, whole.len()))));
    }

    #[test]
    fn what_is_not_the_protocol_is_refused() {
        let deep = "*1\r\n".repeat(100_000);
        for received in [
            "HTTP/1.1 400 Bad Request\r\n",
            "\r\n",
            ":x\r\n",
            "$-2\r\n",
            "$99999999999\r\n",
            "$1\r\nabc\r\n",
            &deep,
        ] {
            assert_eq!(decode(received.as_bytes()), Err(Malformed));
        }
    }

    #[test]
    fn commands_are_arrays_of_words() {
        let mut into = Vec::new();
        encode(["SET", "k", ""].into_iter(), &mut into);
        assert_eq!(into, b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n");
    }
}
