//! What a dump says about itself at its beginning.

/// What is read of a dump before anything is done with it.
pub(super) const AHEAD: u64 = 16 * 1024;
const MAGIC: &[u8] = b"PGDMP";
const FROM: &str = "-- Dumped from database version ";
const BY: &str = "-- Dumped by pg_dump version ";
const TITLE: &str = "-- PostgreSQL database dump";
const END: &str = "-- PostgreSQL database dump complete";

/// A dump, by its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dump {
    /// The custom format of `pg_dump -Fc`, for `pg_restore`.
    Archive(Versions),
    /// Statements, for `psql`.
    Sql {
        versions: Versions,
        /// Whether `pg_dump` wrote it, which says so again at the end.
        has_end: bool,
    },
}

/// Major versions, as far as the dump tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Versions {
    /// Of the server that it comes from.
    pub(super) server: Option<i32>,
    /// Of the program that wrote it.
    pub(super) program: Option<i32>,
}

impl Dump {
    /// By its beginning; why it is none.
    pub(super) fn of(head: &[u8]) -> Result<Self, String> {
        if head.is_empty() {
            return Err("it is empty".to_owned());
        }
        if head.starts_with(MAGIC) {
            return versions_of_archive(head).map(Self::Archive);
        }
        if head.contains(&0) {
            return Err("it is neither an archive of pg_dump -Fc nor SQL".to_owned());
        }
        let text = String::from_utf8_lossy(head);
        let after = |marker: &str| {
            let (_, rest) = text.split_once(marker)?;
            major(rest)
        };
        Ok(Self::Sql {
            versions: Versions {
                server: after(FROM),
                program: after(BY),
            },
            has_end: text.lines().any(|line| line == TITLE),
        })
    }

    pub(super) fn versions(&self) -> Versions {
        match self {
            Self::Archive(versions) | Self::Sql { versions, .. } => *versions,
        }
    }

    /// Whether the end is that of a whole dump, as far as that can be told by it.
    pub(super) fn is_whole(&self, tail: &[u8]) -> bool {
        match self {
            Self::Sql { has_end: true, .. } => String::from_utf8_lossy(tail).contains(END),
            Self::Sql { has_end: false, .. } | Self::Archive(_) => true,
        }
    }
}

/// The number that a version begins with; up to 9.6 that is all that matters here.
pub(super) fn major(version: &str) -> Option<i32> {
    let digits = version
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap_or_default();
    digits.parse().ok()
}

/// The header of an archive: src/bin/pg_dump/pg_backup_archiver.c, `ReadHead`.
fn versions_of_archive(head: &[u8]) -> Result<Versions, String> {
    let cut = || "it is cut off in its header".to_owned();
    let mut rest = Bytes(&head[MAGIC.len()..]);
    let version = (rest.byte().ok_or_else(cut)?, rest.byte().ok_or_else(cut)?);
    let (_revision, int_size) = (rest.byte().ok_or_else(cut)?, rest.byte().ok_or_else(cut)?);
    let (_offset_size, format) = (rest.byte().ok_or_else(cut)?, rest.byte().ok_or_else(cut)?);
    // The oldest are of version 7.4; the servers that they come from are not restored to any that is supported.
    if version < (1, 10) || int_size > 8 || format != 1 {
        return Err("it is an archive, but not of the custom format (pg_dump -Fc)".to_owned());
    }
    let int_size = usize::from(int_size);
    if version >= (1, 15) {
        rest.byte().ok_or_else(cut)?;
    } else {
        rest.int(int_size).ok_or_else(cut)?;
    }
    // When it was made.
    for _ in 0..7 {
        rest.int(int_size).ok_or_else(cut)?;
    }
    let _database = rest.text(int_size).ok_or_else(cut)?;
    let server = rest.text(int_size).ok_or_else(cut)?;
    let program = rest.text(int_size).ok_or_else(cut)?;
    Ok(Versions {
        server: major(&server),
        program: major(&program),
    })
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A sign, and the number, lowest byte first.
    fn int(&mut self, size: usize) -> Option<i64> {
        let is_negative = self.byte()? != 0;
        let mut number = 0i64;
        for at in 0..size {
            let byte = i64::from(self.byte()?);
            number |= byte.checked_shl(u32::try_from(8 * at).ok()?)?;
        }
        Some(if is_negative {
            number.wrapping_neg()
        } else {
            number
        })
    }

    /// A length, and so many bytes; a negative one is of no text.
    fn text(&mut self, size: usize) -> Option<String> {
        let length = usize::try_from(self.int(size)?.max(0)).ok()?;
        let text = self.0.get(..length)?;
        self.0 = &self.0[length..];
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Dump, Versions, major};

    /// A header as `pg_dump` of that version of the format writes it.
    fn header(minor: u8, server: &str, program: &str) -> Vec<u8> {
        let int = |number: usize| {
            let mut bytes = vec![0];
            bytes.extend_from_slice(&u32::try_from(number).expect("small").to_le_bytes());
            bytes
        };
        let text = |text: &str| [int(text.len()), text.as_bytes().to_vec()].concat();
        let mut head = b"PGDMP".to_vec();
        head.extend_from_slice(&[1, minor, 0, 4, 8, 1]);
        head.extend(if minor >= 15 { vec![1] } else { int(9) });
        head.extend((0..7).flat_map(int));
        head.extend([text("shop"), text(server), text(program)].concat());
        head
    }

    #[test]
    fn archives_say_where_they_come_from() {
        for minor in [13, 14, 15, 16] {
            let head = header(minor, "15.14 (Debian 15.14-0+deb12u1)", "17.6");
            let versions = Versions {
                server: Some(15),
                program: Some(17),
            };
            assert_eq!(Dump::of(&head), Ok(Dump::Archive(versions)), "{minor}");
            for length in 1..head.len() {
                if let Ok(Dump::Archive(versions)) = Dump::of(&head[..length]) {
                    panic!("a header that is cut at {length} gives {versions:?}");
                }
            }
        }
        assert!(Dump::of(b"PGDMP\x01\x0e\x00\xff\x08\x01").is_err());
    }

    #[test]
    fn sql_says_it_in_comments_or_not_at_all() {
        let text = "--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n\n\
                    -- Dumped from database version 14.2\n-- Dumped by pg_dump version 15.3 (Debian)\n\nSET x;";
        let dump = Dump::of(text.as_bytes()).expect("a dump");
        let versions = Versions {
            server: Some(14),
            program: Some(15),
        };
        assert_eq!(
            dump,
            Dump::Sql {
                versions,
                has_end: true
            }
        );
        assert!(dump.is_whole(b"--\n-- PostgreSQL database dump complete\n--\n\n"));
        assert!(!dump.is_whole(b"COPY public.t (a) FROM stdin;\n1\n"));
        let dump = Dump::of(b"SELECT 1;").expect("a dump");
        assert!(matches!(dump, Dump::Sql { has_end: false, .. }) && dump.is_whole(b""));
        for none in [b"".as_slice(), b"\x1f\x8b\x08\x00", b"SELECT\0"] {
            assert!(Dump::of(none).is_err(), "{none:?}");
        }
    }

    #[test]
    fn versions_are_their_first_number() {
        for (version, number) in [
            ("15.3 (Debian)", Some(15)),
            ("9.6.24", Some(9)),
            ("18beta1", Some(18)),
            ("x", None),
        ] {
            assert_eq!(major(version), number, "{version}");
        }
    }
}
