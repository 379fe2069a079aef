//! Reading an archive that anybody has made.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::header::Header;
use super::name::{is_key, key_of};
use super::write::padding;
use super::{BLOCK, Entry, OURS};

/// Records and long names of one file: more than any object's are together.
const MOST_RECORDS: u64 = 256 * 1024;

/// Why an archive cannot be read.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It is not as it should be.
    Bad(String),
    /// The stream failed.
    Stream(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Bad("it is cut off".to_owned()),
            io::ErrorKind::InvalidData => Self::Bad(error.to_string()),
            _ => Self::Stream(error),
        }
    }
}

/// An archive that is being read.
pub(crate) struct Reader<R> {
    input: R,
    left: u64,
    padding: usize,
}

/// What headers before a file's say about it.
#[derive(Default)]
struct Before {
    path: Option<String>,
    key: Option<String>,
    size: Option<u64>,
    headers: Vec<(String, String)>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            left: 0,
            padding: 0,
        }
    }

    /// The next file; none at the end of the archive.
    pub(crate) async fn entry(&mut self) -> Result<Option<Entry>, Trouble> {
        // Whatever was not read of the one before.
        while self.left > 0 {
            let mut rest = [0; 8 * BLOCK];
            self.content(&mut rest).await?;
        }
        self.skip(self.padding).await?;
        self.padding = 0;
        let mut before = Before::default();
        loop {
            let mut block = [0u8; BLOCK];
            self.input.read_exact(&mut block).await?;
            if block.iter().all(|byte| *byte == 0) {
                return self.end().await.map(|()| None);
            }
            let header = Header::parse(&block)
                .ok_or_else(|| Trouble::Bad("it is no tar archive, or is damaged".to_owned()))?;
            match header.kind {
                b'x' => {
                    let text = self.records(header.size).await?;
                    read_records(&text, &mut before)?;
                }
                b'L' => {
                    let text = self.records(header.size).await?;
                    let text = text.trim_end_matches('\0').to_owned();
                    before.path = Some(text);
                }
                // What holds for all files is nothing of an object's, and directories are none.
                b'g' | b'K' => drop(self.records(header.size).await?),
                b'5' => {
                    self.skip(padding(header.size)).await?;
                    before = Before::default();
                }
                b'0' | 0 | b'7' => return self.file(&header, before).map(Some),
                kind => return Err(Trouble::Bad(refusal(kind, &header.path))),
            }
        }
    }

    fn file(&mut self, header: &Header, before: Before) -> Result<Entry, Trouble> {
        let bad = Trouble::Bad;
        let own = String::from_utf8(header.path.clone());
        let path = match before.path {
            Some(path) => path,
            None => own.map_err(|_| bad("a name is no UTF-8".to_owned()))?,
        };
        // Old archives have directories so.
        let key = match before.key {
            Some(key) if is_key(&key) => key,
            Some(_) => return Err(bad("an object's name is empty or too long".to_owned())),
            None => key_of(&path).map_err(bad)?.to_owned(),
        };
        let size = before.size.unwrap_or(header.size);
        self.left = size;
        self.padding = padding(size);
        Ok(Entry {
            key,
            size,
            changed: header.changed,
            headers: before.headers,
        })
    }

    /// Reads on in the file; nothing at its end.
    pub(crate) async fn content(&mut self, buffer: &mut [u8]) -> Result<usize, Trouble> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.input.read(&mut buffer[..most]).await?;
        if read == 0 {
            return Err(Trouble::Bad("it is cut off within a file".to_owned()));
        }
        self.left -= read as u64;
        Ok(read)
    }

    async fn records(&mut self, size: u64) -> Result<String, Trouble> {
        if size > MOST_RECORDS {
            return Err(Trouble::Bad("a header is far too long".to_owned()));
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
        self.input.read_exact(&mut bytes).await?;
        self.skip(padding(size)).await?;
        String::from_utf8(bytes).map_err(|_| Trouble::Bad("a header is no UTF-8".to_owned()))
    }

    async fn skip(&mut self, count: usize) -> Result<(), Trouble> {
        let mut rest = [0; BLOCK];
        self.input.read_exact(&mut rest[..count]).await?;
        Ok(())
    }

    /// Two blocks of zeros, and whatever fills up the medium behind them.
    async fn end(&mut self) -> Result<(), Trouble> {
        let mut block = [0u8; BLOCK];
        self.input.read_exact(&mut block).await?;
        if block.iter().any(|byte| *byte != 0) {
            return Err(Trouble::Bad("its end is damaged".to_owned()));
        }
        let mut rest = [0u8; 8 * BLOCK];
        loop {
            let read = self.input.read(&mut rest).await?;
            if read == 0 {
                return Ok(());
            }
            if rest[..read].iter().any(|byte| *byte != 0) {
                return Err(Trouble::Bad("something comes after its end".to_owned()));
            }
        }
    }
}

fn read_records(text: &str, before: &mut Before) -> Result<(), Trouble> {
    let bad = || Trouble::Bad("a header's records are damaged".to_owned());
    let mut rest = text;
    while !rest.is_empty() && !rest.starts_with('\0') {
        let (length, _) = rest.split_once(' ').ok_or_else(bad)?;
        let whole: usize = length.parse().map_err(|_| bad())?;
        let line = rest.get(length.len() + 1..whole).ok_or_else(bad)?;
        let line = line.strip_suffix('\n').ok_or_else(bad)?;
        let (name, value) = line.split_once('=').ok_or_else(bad)?;
        rest = &rest[whole..];
        match name {
            "path" => before.path = Some(value.to_owned()),
            "size" => before.size = Some(value.parse().map_err(|_| bad())?),
            name if name.starts_with("GNU.sparse") => {
                return Err(Trouble::Bad("it has a sparse file".to_owned()));
            }
            name => match name.strip_prefix(OURS) {
                Some("key") => before.key = Some(value.to_owned()),
                Some(name) => before.headers.push((name.to_owned(), value.to_owned())),
                None => {}
            },
        }
    }
    Ok(())
}

fn refusal(kind: u8, path: &[u8]) -> String {
    let what = match kind {
        b'1' | b'2' => "a link",
        b'3' | b'4' => "a device",
        b'6' => "a pipe",
        b'S' => "a sparse file",
        _ => "an entry of an unknown sort",
    };
    let path = String::from_utf8_lossy(path);
    format!("it has {what}, '{}'", path.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, Writer};
    use super::{Header, Reader, Trouble};

    async fn written(entries: &[(Entry, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        for (entry, content) in entries {
            writer.begin(entry).await.expect("a header");
            writer.content(content).await.expect("content");
            writer.finish().await.expect("its end");
        }
        writer.end().await.expect("the end")
    }

    async fn read(bytes: &[u8]) -> Result<Vec<(Entry, Vec<u8>)>, String> {
        let mut reader = Reader::new(bytes);
        let mut found = Vec::new();
        loop {
            let words = |trouble| match trouble {
                Trouble::Bad(words) => words,
                Trouble::Stream(error) => error.to_string(),
            };
            let Some(entry) = reader.entry().await.map_err(words)? else {
                return Ok(found);
            };
            let mut content = Vec::new();
            loop {
                let mut buffer = [0; 7];
                let length = reader.content(&mut buffer).await.map_err(words)?;
                if length == 0 {
                    break;
                }
                content.extend_from_slice(&buffer[..length]);
            }
            found.push((entry, content));
        }
    }

    fn entry(key: &str, size: u64) -> Entry {
        Entry {
            key: key.to_owned(),
            size,
            changed: 1_700_000_000,
            headers: vec![
                ("content-type".to_owned(), "image/png".to_owned()),
                ("x-amz-meta-odd".to_owned(), "a=b é".to_owned()),
            ],
        }
    }

    #[tokio::test]
    async fn objects_of_every_name_come_back() {
        let long = "x/".repeat(300) + "y";
        let names = [
            "a",
            "a/b",
            "é 漢",
            "../up",
            "/absolute",
            "a//b",
            "folder/",
            "a\nb",
            "windlass-odd-names/x",
            &long,
        ];
        let contents = [b"".as_slice(), b"1", &[7; 511], &[7; 512], &[7; 513]];
        let entries: Vec<_> = names
            .iter()
            .zip(contents.iter().cycle())
            .map(|(name, content)| (entry(name, content.len() as u64), *content))
            .collect();
        let bytes = written(&entries).await;
        let found = read(&bytes).await.expect("an archive");
        assert_eq!(found.len(), entries.len());
        for ((wanted, content), (entry, found)) in entries.iter().zip(&found) {
            assert_eq!((entry, found.as_slice()), (wanted, *content));
        }
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).await.is_err(), "cut at {length}");
        }
        assert_eq!(
            read(&written(&[]).await)
                .await
                .expect("an empty archive")
                .len(),
            0
        );
    }

    fn plain(path: &str, kind: u8) -> Vec<u8> {
        let header = Header {
            path: path.as_bytes().to_vec(),
            size: 0,
            changed: 0,
            kind,
        };
        [header.bytes().as_slice(), &[0; 1024]].concat()
    }

    #[tokio::test]
    async fn hostile_archives_are_refused() {
        for path in [
            "/etc/passwd",
            "../x",
            "a/../../b",
            "a/..",
            "windlass-odd-names/..%2f",
        ] {
            assert!(read(&plain(path, b'0')).await.is_err(), "{path}");
        }
        for kind in *b"12346SZ" {
            assert!(
                read(&plain("a", kind)).await.is_err(),
                "{}",
                char::from(kind)
            );
        }
        assert_eq!(
            read(&plain("a/", b'5')).await.expect("a directory").len(),
            0
        );
        assert_eq!(read(&plain("./a", b'0')).await.expect("a file").len(), 1);
        for records in [
            "9999 path=a\n",
            "5 pa",
            "x path=a\n",
            "10 path=a\n7 size=",
            "12 size=-12\n",
        ] {
            let header = Header {
                path: b"pax".to_vec(),
                size: records.len() as u64,
                changed: 0,
                kind: b'x',
            };
            let mut bytes = header.bytes().to_vec();
            bytes.extend_from_slice(records.as_bytes());
            bytes.resize(1024, 0);
            bytes.extend(plain("a", b'0'));
            assert!(read(&bytes).await.is_err(), "{records}");
        }
        let mut huge = Header {
            path: b"x".to_vec(),
            size: 1 << 30,
            changed: 0,
            kind: b'x',
        }
        .bytes()
        .to_vec();
        huge.extend([0; 4096]);
        assert!(read(&huge).await.is_err());
    }
}
