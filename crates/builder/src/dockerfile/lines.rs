//! From the lines of a Dockerfile to its instructions, as versions of Docker do it.

use std::ops::Range;

/// The byte order mark, which Docker passes over at the very beginning.
const MARK: char = '\u{feff}';
/// The most that is read, in bytes, when every line may be the beginning of an instruction. An honest
/// Dockerfile has some kilobytes; a made-up one could have us join its lines again and again.
const MAXIMUM_READ: usize = 8 * 1024 * 1024;
/// What a line counts for beside its bytes.
const PER_LINE: usize = 16;

/// One way to read lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// The character that continues a line.
    escape: char,
    /// The version of Docker.
    version: Version,
}

/// What differs between versions of Docker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    /// Docker Engine 20.10.
    V20,
    /// From 23 on: here-documents, and all carriage returns at a line's end are dropped, not one.
    V23,
    /// Later: two escape characters at a line's end do not continue it.
    V25,
}

/// The ways in which Docker may read this text.
pub(super) fn manners(text: &str) -> Vec<Manner> {
    // A directive counts only among the first lines, and which those are differs; so any line that looks like
    // one brings both characters in.
    let has_directive = text.lines().any(|line| {
        let line = line.trim_start_matches(MARK).trim_start();
        line.starts_with('#') && line.contains('=') && line.to_ascii_lowercase().contains("escape")
    });
    let escapes: &[char] = if has_directive { &['\\', '`'] } else { &['\\'] };
    let versions = [Version::V20, Version::V23, Version::V25];
    escapes
        .iter()
        .flat_map(|&escape| versions.map(|version| Manner { escape, version }))
        .collect()
}

/// An instruction with all the lines that it goes over.
#[derive(Debug)]
pub(super) struct Line {
    /// The number of its first line, from 1.
    pub(super) number: usize,
    /// It, joined.
    pub(super) text: String,
    /// Whether this version of Docker takes it for an instruction for sure.
    pub(super) is_certain: bool,
    /// Where each piece begins: in the joined text, and in the file.
    pieces: Vec<(usize, usize)>,
}

impl Line {
    /// Where a part of the joined text stands in the file; `None` when it goes over a line's end.
    pub(super) fn place(&self, part: Range<usize>) -> Option<Range<usize>> {
        let (begin, at) = *self
            .pieces
            .iter()
            .rev()
            .find(|(begin, _)| *begin <= part.start)?;
        let is_whole = self
            .pieces
            .iter()
            .all(|(other, _)| *other <= part.start || part.end <= *other);
        is_whole.then(|| at + part.start - begin..at + part.end - begin)
    }
}

/// The instructions of the text; `None` when reading them all would take too long.
///
/// Docker skips the lines of a here-document from version 23 on. Which lines those are is not for us to find
/// out exactly: after one, every line is taken for the beginning of an instruction, and a line in the middle
/// of one as well.
pub(super) fn lines(text: &str, manner: Manner) -> Option<Vec<Line>> {
    let mut all = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.strip_suffix('\n').unwrap_or(line);
        let content = match manner.version {
            Version::V20 => content.strip_suffix('\r').unwrap_or(content),
            Version::V23 | Version::V25 => content.trim_end_matches('\r'),
        };
        all.push((offset, content));
        offset += line.len();
    }
    if let Some((offset, first)) = all.first_mut()
        && let Some(rest) = first.strip_prefix(MARK)
    {
        *offset += MARK.len_utf8();
        *first = rest;
    }

    let mut found = Vec::new();
    let mut is_scattered = false;
    let mut read = 0;
    let mut next = 0;
    while next < all.len() {
        let (line, end) = join(&all, next, manner);
        read += (end - next) * PER_LINE;
        next = if is_scattered { next + 1 } else { end };
        let Some(mut line) = line else { continue };
        read += line.text.len();
        if is_scattered && read > MAXIMUM_READ {
            return None;
        }
        line.is_certain = !is_scattered;
        if manner.version != Version::V20 && has_here_document(&line.text) {
            is_scattered = true;
        }
        found.push(line);
    }
    Some(found)
}

/// The instruction that begins in this line, and the line behind it.
fn join(all: &[(usize, &str)], first: usize, manner: Manner) -> (Option<Line>, usize) {
    let (offset, content) = all[first];
    let trimmed = content.trim_start();
    if trimmed.starts_with('#') {
        return (None, first + 1);
    }
    let (kept, mut is_continued) = without_continuation(trimmed, manner);
    if kept.is_empty() && !is_continued {
        return (None, first + 1);
    }
    let mut line = Line {
        number: first + 1,
        text: kept.to_owned(),
        is_certain: true,
        pieces: vec![(0, offset + content.len() - trimmed.len())],
    };
    let mut next = first + 1;
    while is_continued && let Some((offset, content)) = all.get(next) {
        next += 1;
        let trimmed = content.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let (kept, goes_on) = without_continuation(content, manner);
        line.pieces.push((line.text.len(), *offset));
        line.text.push_str(kept);
        is_continued = goes_on;
    }
    (Some(line), next)
}

/// The line without the character that continues it, and whether it had one.
fn without_continuation(line: &str, manner: Manner) -> (&str, bool) {
    match line
        .trim_end_matches([' ', '\t'])
        .strip_suffix(manner.escape)
    {
        Some(kept) if manner.version != Version::V25 || !kept.ends_with(manner.escape) => {
            (kept, true)
        }
        _ => (line, false),
    }
}

/// Whether a word of the line could begin a here-document: `<<NAME`, `3<<-"NAME"`.
pub(super) fn has_here_document(line: &str) -> bool {
    line.split_whitespace().any(|word| {
        let word = word.trim_start_matches(|c: char| c.is_ascii_digit());
        word.strip_prefix("<<")
            .is_some_and(|name| !name.is_empty() && !name.starts_with('<') && name != "-")
    })
}
