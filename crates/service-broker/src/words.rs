//! Somebody else's words before they are shown: on one line, without characters that change how a terminal or
//! a page shows the rest, and not too many.

/// The longest of a broker's words that are passed on.
const MOST: usize = 400;
/// The longest of a name that is quoted.
const MOST_QUOTED: usize = 64;

/// The words on one line.
pub(crate) fn clean(text: &str) -> String {
    // Bounded before the work, for the text may be megabytes; white space at its beginning does not matter.
    let head = text.trim_start().chars().take(MOST * 4);
    let seen: String = head
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !is_invisible(*c))
        .collect();
    let line = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    shortened(&line, MOST)
}

/// A name in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", shortened(&clean(text), MOST_QUOTED))
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most).chain(['…']).collect()
}

/// Characters without a shape: marks of direction, joiners, and what else may hide or turn around text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::{clean, quoted};

    #[test]
    fn hostile_words_are_one_harmless_line() {
        assert_eq!(
            clean("  a\r\n\tb\u{1b}[31mred\u{202e}x\u{0}\u{85}y\u{200b}z "),
            "a b [31mredx yz"
        );
        assert_eq!(clean(&"é".repeat(1_000_000)).chars().count(), 401);
        assert_eq!(quoted(&"n".repeat(100)).chars().count(), 67);
        assert_eq!(clean("\n \n"), "");
    }
}
