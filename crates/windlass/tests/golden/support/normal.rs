//! What differs from run to run gets a name, so that the rest can be compared byte by byte.

/// Replaces ids, times and images, and the given texts; keeps columns where they were.
#[derive(Default)]
pub(crate) struct Normal {
    /// Texts of this run with their names, longest first.
    texts: Vec<(String, String)>,
    ids: Vec<String>,
    images: Vec<String>,
    names: Vec<String>,
}

impl Normal {
    pub(crate) fn new(texts: &[(&str, &str)]) -> Self {
        let mut normal = Self::default();
        for (text, name) in texts {
            normal.add(text, name);
        }
        normal
    }

    /// One more text of this run.
    pub(crate) fn add(&mut self, text: &str, name: &str) {
        self.texts.push((text.to_owned(), name.to_owned()));
        self.texts
            .sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    }

    pub(crate) fn apply(&mut self, text: &str) -> String {
        let mut done = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            // Not within a word: a hash may contain what looks like the beginning of an id.
            let inside = done.ends_with(|c: char| c.is_ascii_alphanumeric());
            let Some((length, name)) = self.known(rest).filter(|_| !inside) else {
                done.push(next);
                rest = &rest[next.len_utf8()..];
                continue;
            };
            done.push_str(&name);
            rest = &rest[length..];
            // A column's cell: the next column stays where it was.
            if rest.starts_with("  ") {
                done.push_str(&" ".repeat(length.saturating_sub(name.len())));
            }
        }
        done
    }

    fn known(&mut self, rest: &str) -> Option<(usize, String)> {
        for (text, name) in &self.texts {
            if rest.starts_with(text.as_str()) {
                return Some((text.len(), name.clone()));
            }
        }
        if let Some(length) = matches(rest, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
            return Some((length, numbered(&mut self.ids, "id", &rest[..length])));
        }
        if let Some(digest) = rest.strip_prefix("sha256:") {
            let hex = digest.bytes().take_while(u8::is_ascii_hexdigit).count();
            let whole = &rest[..rest.len() - digest.len() + hex];
            return Some((whole.len(), numbered(&mut self.images, "image", whole)));
        }
        // The name that an instance has on its server.
        if let Some(short) = rest.strip_prefix("svc-")
            && short.bytes().take_while(u8::is_ascii_alphanumeric).count() == 16
        {
            let whole = &rest[.."svc-".len() + 16];
            return Some((whole.len(), numbered(&mut self.names, "svc", whole)));
        }
        time(rest).map(|length| (length, "<time>".to_owned()))
    }
}

/// The name of a text: by the order in which they were first seen.
fn numbered(seen: &mut Vec<String>, kind: &str, text: &str) -> String {
    let place = seen.iter().position(|known| known == text);
    let place = place.unwrap_or_else(|| {
        seen.push(text.to_owned());
        seen.len() - 1
    });
    format!("<{kind} {}>", place + 1)
}

/// The length of a time in UTC: as in RFC 3339, or for people with a space.
fn time(rest: &str) -> Option<usize> {
    let length =
        matches(rest, "0000-00-00T00:00:00").or_else(|| matches(rest, "0000-00-00 00:00:00"))?;
    let after = &rest[length..];
    let fraction = after.strip_prefix('.').map_or(0, |digits| {
        1 + digits.bytes().take_while(u8::is_ascii_digit).count()
    });
    after[fraction..]
        .starts_with('Z')
        .then_some(length + fraction + 1)
}

/// The pattern's length if the text begins so: `x` is a hex digit, `0` a digit, anything else itself.
fn matches(text: &str, pattern: &str) -> Option<usize> {
    let text = text.as_bytes().get(..pattern.len())?;
    let fits = text
        .iter()
        .zip(pattern.bytes())
        .all(|(byte, wanted)| match wanted {
            b'x' => byte.is_ascii_hexdigit(),
            b'0' => byte.is_ascii_digit(),
            other => *byte == other,
        });
    fits.then_some(pattern.len())
}

#[test]
fn names_take_the_place_of_what_differs() {
    let mut normal = Normal::new(&[("http://127.0.0.1:4711", "<server>")]);
    let (one, other) = (
        "0192f0c1-2345-7000-8000-000000000001",
        "0192f0c1-2345-7000-8000-00000000000f",
    );
    assert_eq!(
        normal.apply(&format!("{one}  next\n{other} {one}\n")),
        format!("<id 1>{}  next\n<id 2> <id 1>\n", " ".repeat(30))
    );
    assert_eq!(
        normal.apply("\"2026-01-02T03:04:05.6Z\" 2026-01-02 03:04:05Z http://127.0.0.1:4711/x"),
        "\"<time>\" <time> <server>/x"
    );
    assert_eq!(
        normal.apply("2026-01-02 and sha256:00ff."),
        "2026-01-02 and <image 1>."
    );
}
