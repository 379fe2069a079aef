//! The file `.netrc`, from which git, curl and divio-cli take logins.

use std::ops::Range;

/// The machines under which clients look for the login of a server: its host without the port; where that is one of
/// the two names that divio-cli makes of a domain, both.
pub(crate) fn machines(url: &str) -> Vec<String> {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host),
    };
    let zone = host
        .strip_prefix("api.")
        .or_else(|| host.strip_prefix("control."));
    match zone {
        Some(zone) => vec![format!("control.{zone}"), format!("api.{zone}")],
        None => vec![host.to_owned()],
    }
}

/// An entry.
pub(crate) fn entry(machine: &str, login: &str, password: &str) -> String {
    format!("machine {machine}\n\tlogin {login}\n\tpassword {password}\n")
}

/// The text with that entry in the place of one for the same machine, or behind all others. `None` when it cannot be
/// told where the entry that is there ends.
pub(crate) fn with_entry(text: &str, machine: &str, entry: &str) -> Option<String> {
    let words = words(text);
    let value = |index: usize| words.get(index).map(|range| &text[range.clone()]);
    let begin = (0..words.len())
        .find(|&index| value(index) == Some("machine") && value(index + 1) == Some(machine));
    let Some(begin) = begin else {
        let gap = if text.is_empty() || text.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        // An entry `default` stands for all that come after it.
        let before = (0..words.len()).find(|&index| value(index) == Some("default"));
        return match before {
            Some(index) => {
                let at = words[index].start;
                Some(format!("{}{entry}{}", &text[..at], &text[at..]))
            }
            None => Some(format!("{text}{gap}{entry}")),
        };
    };
    // A macro ends with an empty line, and may hold any words.
    if words.iter().any(|range| &text[range.clone()] == "macdef") {
        return None;
    }
    let end = (begin + 2..words.len())
        .find(|&index| matches!(value(index), Some("machine" | "default")))
        .map_or(text.len(), |index| words[index].start);
    Some(format!(
        "{}{entry}{}",
        &text[..words[begin].start],
        &text[end..]
    ))
}

/// The words of the file that are no comments.
fn words(text: &str) -> Vec<Range<usize>> {
    let (mut words, mut at) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let mut place = at;
        for part in line.split(char::is_whitespace) {
            if part.starts_with('#') {
                break;
            }
            if !part.is_empty() {
                words.push(place..place + part.len());
            }
            place += part.len() + 1;
        }
        at += line.len();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_those_that_clients_look_for() {
        for (url, wanted) in [
            ("http://127.0.0.1:8000", vec!["127.0.0.1"]),
            ("http://[::1]:8000", vec!["::1"]),
            ("https://windlass.example.org", vec!["windlass.example.org"]),
            (
                "https://api.example.org",
                vec!["control.example.org", "api.example.org"],
            ),
            (
                "https://control.example.org:8443/x",
                vec!["control.example.org", "api.example.org"],
            ),
        ] {
            assert_eq!(machines(url), wanted, "{url}");
        }
    }

    #[test]
    fn an_entry_takes_its_own_place_and_no_other() {
        let new = entry("b", "me", "new");
        let put = |text: &str| with_entry(text, "b", &new);
        assert_eq!(put("").as_deref(), Some(new.as_str()));
        assert_eq!(
            put("machine a login x password y"),
            Some(format!("machine a login x password y\n{new}"))
        );
        let before =
            "# machine b is old\nmachine a\n\tlogin x\nmachine b\n\tlogin x\n\tpassword old\n";
        let after = "machine c\n\tlogin z\n";
        assert_eq!(
            put(&format!("{before}{after}")),
            Some(format!(
                "# machine b is old\nmachine a\n\tlogin x\n{new}{after}"
            ))
        );
        assert_eq!(
            put("default login x\n"),
            Some(format!("{new}default login x\n"))
        );
        assert_eq!(
            put("machine bb login x\n"),
            Some(format!("machine bb login x\n{new}"))
        );
    }

    #[test]
    fn a_file_with_macros_is_not_guessed_at() {
        let macros = "macdef init\ncd /\n\n";
        assert!(with_entry(macros, "b", "").is_some());
        assert_eq!(
            with_entry(&format!("machine b login x\n{macros}"), "b", ""),
            None
        );
    }
}
