//! The images that a Dockerfile builds upon.

use std::collections::HashMap;
use std::ops::Range;

/// An image of another's that a stage begins from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct External {
    /// Its name, with variables filled in.
    pub(crate) reference: String,
    /// Where it stands in the text.
    pub(crate) range: Range<usize>,
}

/// The external images of a Dockerfile in their order. What cannot be read is left out: the engine says
/// better what is wrong with it.
pub(crate) fn externals(text: &str) -> Vec<External> {
    let mut found = Vec::new();
    let mut stages: Vec<String> = Vec::new();
    let mut arguments: HashMap<String, String> = HashMap::new();
    let escape = escape(text);
    let mut is_continued = false;
    let mut begin = 0;
    for line in text.split_inclusive('\n') {
        let start = begin;
        begin += line.len();
        let content = line.trim_end();
        if content.trim_start().starts_with('#') || content.is_empty() {
            continue;
        }
        let was_continued = std::mem::replace(&mut is_continued, content.ends_with(escape));
        if was_continued || is_continued {
            continue;
        }
        let mut words = words(content);
        let Some((_, instruction)) = words.next() else {
            continue;
        };
        if instruction.eq_ignore_ascii_case("arg") && found.is_empty() && stages.is_empty() {
            for (_, word) in words {
                let (name, value) = word.split_once('=').unwrap_or((word, ""));
                let value = expand(value.trim_matches(['"', '\'']), &arguments);
                arguments.insert(name.to_owned(), value);
            }
        } else if instruction.eq_ignore_ascii_case("from") {
            let Some((at, image)) = words.find(|(_, word)| !word.starts_with("--")) else {
                continue;
            };
            let reference = expand(image, &arguments);
            let stage = match (words.next(), words.next()) {
                (Some((_, word)), Some((_, name))) if word.eq_ignore_ascii_case("as") => {
                    name.to_lowercase()
                }
                _ => String::new(),
            };
            let is_stage = stages
                .iter()
                .any(|stage| !stage.is_empty() && *stage == reference.to_lowercase());
            stages.push(stage);
            if !is_stage && reference != "scratch" && !reference.is_empty() {
                found.push(External {
                    reference,
                    range: start + at..start + at + image.len(),
                });
            }
        }
    }
    found
}

/// The words of a line with their places.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    line.split_whitespace()
        .map(move |word| (word.as_ptr() as usize - line.as_ptr() as usize, word))
}

/// The character that continues a line, by the `# escape=` directive.
fn escape(text: &str) -> char {
    for line in text.lines() {
        let Some(directive) = line.trim().strip_prefix('#') else {
            break;
        };
        let Some((name, value)) = directive.split_once('=') else {
            break;
        };
        if name.trim().eq_ignore_ascii_case("escape") && value.trim() == "`" {
            return '`';
        }
    }
    '\\'
}

/// Fills in `$NAME`, `${NAME}`, `${NAME:-other}` and `${NAME:+other}`.
fn expand(text: &str, arguments: &HashMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some((inside, behind)) = after
            .strip_prefix('{')
            .and_then(|inside| inside.split_once('}'))
        {
            let name = inside.split(':').next().unwrap_or_default();
            let value = arguments.get(name).map(String::as_str).unwrap_or_default();
            out.push_str(match inside[name.len()..].split_at_checked(2) {
                Some((":-", other)) if value.is_empty() => other,
                Some((":+", other)) => {
                    if value.is_empty() {
                        ""
                    } else {
                        other
                    }
                }
                _ => value,
            });
            rest = behind;
        } else {
            let length = after
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(after.len());
            out.push_str(
                arguments
                    .get(&after[..length])
                    .map(String::as_str)
                    .unwrap_or_default(),
            );
            rest = &after[length..];
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_images_are_found_with_their_places() {
        let text = "# syntax=docker/dockerfile:1\nARG TAG=3.12\nARG NAME=\"python:${TAG}\"\n\
            FROM --platform=linux/amd64 node:20 AS Assets\nRUN echo \\\n  FROM fake:1\n# FROM fake:2\n\
            from assets\nFROM scratch\n  FROM $NAME\nARG TAG=no\nFROM x:${TAG}-slim as y\nFROM z:${NONE:-1}${TAG:+a}\n";
        let found = externals(text);
        let names: Vec<&str> = found
            .iter()
            .map(|external| external.reference.as_str())
            .collect();
        assert_eq!(names, ["node:20", "python:3.12", "x:3.12-slim", "z:1a"]);
        assert_eq!(&text[found[0].range.clone()], "node:20");
        assert_eq!(&text[found[1].range.clone()], "$NAME");
        assert_eq!(&text[found[3].range.clone()], "z:${NONE:-1}${TAG:+a}");
    }

    #[test]
    fn the_escape_directive_is_followed() {
        let found = externals("# escape=`\nRUN a `\nFROM fake:1\nFROM b:1\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].reference, "b:1");
    }

    proptest::proptest! {
        #[test]
        fn ranges_are_within_the_text(text: String) {
            for external in externals(&text) {
                assert!(text.get(external.range).is_some());
            }
        }

        #[test]
        fn odd_variables_do_not_panic(rest in r"[${}:A-Z+\-]{0,12}") {
            externals(&format!("ARG A=b\nFROM {rest}\n"));
        }
    }
}
