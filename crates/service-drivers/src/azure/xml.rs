//! As much of XML as the service's answers need: elements without attributes, whose text is escaped, so that no tag can
//! be in it.

/// What is in each element of that name, one after another.
pub(super) fn all<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
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
pub(super) fn first<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    all(text, name).next()
}

/// The text that an element's inner text means.
pub(super) fn unescaped(inner: &str) -> String {
    let named = inner.replace("&lt;", "<").replace("&gt;", ">");
    let named = named.replace("&quot;", "\"").replace("&apos;", "'");
    named.replace("&amp;", "&")
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
    }
}
