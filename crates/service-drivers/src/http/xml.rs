//! As much of XML as the answers of object storage need: elements without attributes, whose text is escaped, so that no tag
//! can be in it.

/// What is in each element of that name, one after another.
pub(crate) fn all<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, from) = rest.split_once(&start)?;
        let (inner, after) = from.split_once(&end)?;
        rest = after;
        Some(inner)
    })
}

/// What is in the first element of that name.
pub(crate) fn first<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    all(text, name).next()
}

/// The text that an element's inner text means (XML 1.0, section 4.1): named and numbered characters; what is neither
/// stands for itself.
pub(crate) fn unescaped(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((before, from)) = rest.split_once('&') {
        text.push_str(before);
        let meant = from
            .split_once(';')
            .and_then(|(name, after)| Some((character(name)?, after)));
        let (character, after) = meant.unwrap_or(('&', from));
        text.push(character);
        rest = after;
    }
    text.push_str(rest);
    text
}

fn character(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "amp" => Some('&'),
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{all, first, unescaped};

    #[test]
    fn elements_are_found_in_their_order() {
        let text = "\u{feff}<?xml version=\"1.0\"?><L><B><N>a&amp;lt;</N></B><B><N>b</N></B><M /><E></E></L>";
        assert_eq!(all(text, "N").collect::<Vec<_>>(), ["a&amp;lt;", "b"]);
        assert_eq!(all(text, "B").count(), 2);
        assert_eq!(first(text, "E"), Some(""));
        for absent in ["M", "X"] {
            assert_eq!(first(text, absent), None, "{absent}");
        }
        assert_eq!(unescaped("a&amp;lt;&lt;&quot;"), "a&lt;<\"");
        assert_eq!(unescaped("&#34;&#x9;&#xE9;&amp;#34;"), "\"\té&#34;");
        for odd in ["&", "a&b;c", "&#xD800;", "&#;", "& &"] {
            assert_eq!(unescaped(odd), odd);
        }
    }
}
