//! Names of objects.

/// Whether XML has a form for the name: of control characters only three can be written, and one that cannot
/// spoils the request for all.
pub(crate) fn in_xml(name: &str) -> bool {
    name.chars().all(|character| match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => other >= ' ',
    })
}

#[cfg(test)]
mod tests {
    use super::in_xml;

    #[test]
    fn names_that_xml_cannot_hold_are_known() {
        for name in ["a", "a b", "ü/日本", "a\tb\nc\r", "<&>\"'"] {
            assert!(in_xml(name), "{name}");
        }
        for name in ["\u{1}", "a\0b", "\u{1f}", "\u{ffff}"] {
            assert!(!in_xml(name), "{}", name.escape_debug());
        }
    }
}
