//! Lines, made fit for a log.

/// The most that one line holds, in bytes.
pub(crate) const MAX_LINE_BYTES: usize = 16 * 1024;

/// The lines as text, each cut and with one line end.
pub(crate) fn lines(lines: &[String]) -> String {
    let mut text = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        let line = &line[..line.floor_char_boundary(MAX_LINE_BYTES)];
        // A line end inside would make two lines of one.
        text.extend(line.chars().map(|c| if c == '\n' { ' ' } else { c }));
        text.push('\n');
    }
    text
}
