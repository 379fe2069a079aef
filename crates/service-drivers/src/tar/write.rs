//! Writing an archive.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::header::Header;
use super::name::path_of;
use super::{BLOCK, Entry, OURS};

/// An archive that is being written.
pub(crate) struct Writer<W> {
    output: W,
    /// What is still to come of the last entry, and the zeros behind it.
    left: u64,
    padding: usize,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    pub(crate) fn new(output: W) -> Self {
        Self {
            output,
            left: 0,
            padding: 0,
        }
    }

    /// Begins an entry, of which exactly so many bytes as it says must follow.
    pub(crate) async fn begin(&mut self, entry: &Entry) -> io::Result<()> {
        let path = path_of(&entry.key);
        let mut records = Vec::new();
        if path.len() > 100 || !path.is_ascii() {
            records.extend(record("path", &path));
        }
        if path != entry.key {
            records.extend(record(&format!("{OURS}key"), &entry.key));
        }
        if Header::is_too_large(entry.size) {
            records.extend(record("size", &entry.size.to_string()));
        }
        for (name, value) in &entry.headers {
            records.extend(record(&format!("{OURS}{name}"), value));
        }
        if !records.is_empty() {
            self.header("pax", records.len() as u64, entry.changed, b'x')
                .await?;
            self.output.write_all(&records).await?;
            self.zeros(padding(records.len() as u64)).await?;
        }
        self.header(&path, entry.size, entry.changed, b'0').await?;
        self.left = entry.size;
        self.padding = padding(entry.size);
        Ok(())
    }

    /// What comes next of the entry.
    pub(crate) async fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = bytes.len() as u64;
        let Some(left) = self.left.checked_sub(length) else {
            return Err(io::Error::other("an object is longer than its server said"));
        };
        self.left = left;
        self.output.write_all(bytes).await
    }

    /// The end of the entry.
    pub(crate) async fn finish(&mut self) -> io::Result<()> {
        if self.left > 0 {
            return Err(io::Error::other(
                "an object is shorter than its server said",
            ));
        }
        self.zeros(self.padding).await
    }

    /// The end of the archive.
    pub(crate) async fn end(mut self) -> io::Result<W> {
        self.zeros(2 * BLOCK).await?;
        self.output.flush().await?;
        Ok(self.output)
    }

    async fn header(&mut self, path: &str, size: u64, changed: u64, kind: u8) -> io::Result<()> {
        let header = Header {
            path: path.as_bytes().to_vec(),
            size,
            changed,
            kind,
        };
        self.output.write_all(&header.bytes()).await
    }

    async fn zeros(&mut self, count: usize) -> io::Result<()> {
        self.output.write_all(&[0; 2 * BLOCK][..count]).await
    }
}

/// The zeros that fill the last block.
pub(super) fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
    (BLOCK - over) % BLOCK
}

/// `LENGTH NAME=VALUE`, the length being that of the whole line.
fn record(name: &str, value: &str) -> Vec<u8> {
    let rest = name.len() + value.len() + 3;
    let mut length = rest;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    format!("{length} {name}={value}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::record;

    #[test]
    fn records_count_themselves() {
        assert_eq!(record("path", "a"), b"10 path=a\n");
        let long = record("path", &"x".repeat(90));
        assert!(
            long.starts_with(b"100 path=") && long.len() == 100,
            "{}",
            long.len()
        );
        for length in 80..110 {
            let line = record("k", &"é".repeat(length));
            let said = String::from_utf8_lossy(&line);
            let said: usize = said
                .split(' ')
                .next()
                .and_then(|n| n.parse().ok())
                .expect("a number");
            assert_eq!(said, line.len());
        }
    }
}
