//! What a dump says about itself at its beginning and its end.

use super::super::administrator::numbers;
use super::super::dialect::Dialect;

/// What is read of a dump before anything is done with it.
pub(super) const AHEAD: u64 = 16 * 1024;
/// How dumps begin that say at their end that they are whole.
pub(super) const TITLE: &str = "-- Windlass dump";
const TITLES: [&str; 3] = ["-- MySQL dump ", "-- MariaDB dump ", TITLE];
const SERVER: &str = "-- Server version";
const END: &str = "-- Dump completed";

/// A dump, as far as it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dump {
    /// The version of the server that it comes from.
    pub(super) server: Option<String>,
    has_end: bool,
}

impl Dump {
    /// By its beginning; why it is none.
    pub(super) fn of(head: &[u8]) -> Result<Self, String> {
        if head.starts_with(b"PGDMP") {
            return Err("it is a dump of PostgreSQL".to_owned());
        }
        let text = String::from_utf8_lossy(head);
        let is_all = u64::try_from(head.len()).is_ok_and(|length| length < AHEAD);
        if is_all && !text.contains(';') {
            return Err("there is no statement in it".to_owned());
        }
        if text.contains("-- PostgreSQL database dump") {
            return Err("it is a dump of PostgreSQL".to_owned());
        }
        if head.starts_with(&[0x1f, 0x8b]) || head.starts_with(b"PK") {
            return Err("it is compressed: unpack it first".to_owned());
        }
        let server = text.split_once(SERVER).map(|(_, rest)| {
            let version = rest.split_whitespace().next().unwrap_or_default();
            version.to_owned()
        });
        let is_titled = |line: &str| TITLES.iter().any(|title| line.starts_with(title));
        Ok(Self {
            server,
            has_end: text.lines().any(is_titled),
        })
    }

    /// Whether the end is that of a whole dump, as far as that can be told by it.
    pub(super) fn is_whole(&self, tail: &[u8]) -> bool {
        !self.has_end || String::from_utf8_lossy(tail).contains(END)
    }
}

/// Why a dump from a server of that version does not go into one of this: it is newer.
pub(super) fn newer(dialect: Dialect, from: &str, server: &str) -> Option<String> {
    // Of the other product nothing can be said by its number: its server takes it or not.
    if !from.contains('.') || Dialect::of_server(from) != dialect && from.contains("MariaDB") {
        return None;
    }
    let (theirs, ours) = (numbers(from), numbers(server));
    (theirs > ours).then(|| {
        format!(
            "it comes from version {}.{}, which is newer than this server's {}.{}",
            theirs.0, theirs.1, ours.0, ours.1
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::dialect::Dialect;
    use super::{Dump, newer};

    #[test]
    fn dumps_say_where_they_come_from() {
        for title in [
            "-- MySQL dump 10.13  Distrib 8.0.36, for Linux",
            "-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB",
        ] {
            let text = format!(
                "{title}\n--\n-- Host: x\n-- Server version\t10.11.6-MariaDB-0+deb12u1\n\nCREATE TABLE t (a int);\n"
            );
            let dump = Dump::of(text.as_bytes()).expect("a dump");
            assert_eq!(dump.server.as_deref(), Some("10.11.6-MariaDB-0+deb12u1"));
            assert!(dump.is_whole(b"\n-- Dump completed on 2026-11-30 12:00:00\n"));
            assert!(!dump.is_whole(b"INSERT INTO t VALUES (1"));
        }
        let dump = Dump::of(b"SELECT 1;").expect("a dump");
        assert!(dump.server.is_none() && dump.is_whole(b""));
        for none in [
            b"".as_slice(),
            b"-- ",
            b"PGDMP;",
            b"\x1f\x8b;",
            b"-- PostgreSQL database dump\n;",
        ] {
            assert!(Dump::of(none).is_err(), "{none:?}");
        }
    }

    #[test]
    fn older_comes_in_and_newer_does_not() {
        let newer = |from: &str, server: &str| newer(Dialect::Mariadb, from, server).is_some();
        assert!(newer("11.8.2-MariaDB", "10.11.6-MariaDB"));
        assert!(!newer("10.11.9-MariaDB", "10.11.6-MariaDB"));
        assert!(!newer("10.6.1-MariaDB", "10.11.6-MariaDB"));
        assert!(newer("999.1", "10.11.6-MariaDB"));
        assert!(!newer("", "10.11.6-MariaDB"));
    }
}
