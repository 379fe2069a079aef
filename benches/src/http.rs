//! A client for HTTP/1.1 that does exactly what is measured: no pool, no retry, no redirect.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// On this machine: what takes longer is not going to happen.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection(BufReader<TcpStream>);

/// An answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Whether the connection may be used again.
    pub(crate) stays_open: bool,
}

impl Connection {
    /// Connects. `timeout` is for each read and write.
    pub(crate) fn open(address: SocketAddr, timeout: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request as it is, and reads the whole answer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> io::Result<Response> {
        self.0.get_mut().write_all(request)?;
        read_response(&mut self.0)
    }
}

/// `GET /` of a host, as bytes.
pub(crate) fn get(host: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()
}

fn read_response(from: &mut impl BufRead) -> io::Result<Response> {
    let status_line = line(from)?;
    let status = status_line
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| invalid("no status line"))?;
    let (mut length, mut chunked, mut stays_open) = (None, false, true);
    loop {
        let header = line(from)?;
        let Some((name, value)) = header.split_once(':') else {
            if header.is_empty() {
                break;
            }
            return Err(invalid("a header without a colon"));
        };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(
                value
                    .parse::<u64>()
                    .map_err(|_| invalid("a length that is no number"))?,
            );
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("connection") {
            stays_open = !value.eq_ignore_ascii_case("close");
        }
    }
    let mut body = Vec::new();
    match (chunked, length) {
        (true, _) => read_chunks(from, &mut body)?,
        (false, Some(length)) => take(from, length, &mut body)?,
        (false, None) if status == 204 || status == 304 => {}
        (false, None) => {
            from.read_to_end(&mut body)?;
            stays_open = false;
        }
    }
    Ok(Response {
        status,
        body,
        stays_open,
    })
}

fn read_chunks(from: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let size = line(from)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| invalid("a chunk without a size"))?;
        take(from, size, body)?;
        if !line(from)?.is_empty() {
            return Err(invalid("a chunk that is longer than its size"));
        }
        if size == 0 {
            return Ok(());
        }
    }
}

fn take(from: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let read = from.take(length).read_to_end(body)?;
    if u64::try_from(read).unwrap_or(u64::MAX) < length {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the answer is cut off",
        ));
    }
    Ok(())
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "closed before an answer",
        ));
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("not an answer in HTTP/1.1: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<Response> {
        read_response(&mut text.as_bytes())
    }

    #[test]
    fn every_way_to_end_a_body_is_understood() {
        let answers = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore", true),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 2\r\n\r\nok",
                false,
            ),
            ("HTTP/1.1 200 OK\r\n\r\nok", false),
        ];
        for (text, stays_open) in answers {
            let response = read(text).unwrap();
            assert_eq!(response.body, b"ok", "{text}");
            assert_eq!(response.stays_open, stays_open, "{text}");
        }
    }

    #[test]
    fn answers_that_are_cut_off_are_failures() {
        let whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        for end in 0..whole.len() {
            read(&whole[..end]).unwrap_err();
        }
    }
}
