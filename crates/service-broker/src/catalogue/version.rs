//! Semantic versions, as far as it matters whether something is one.

/// Whether that is a semantic version (2.0.0 of that specification).
pub(super) fn is_semantic(text: &str) -> bool {
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    let (numbers, before) = match text.split_once('-') {
        Some((numbers, before)) => (numbers, Some(before)),
        None => (text, None),
    };
    let numbers: Vec<&str> = numbers.split('.').collect();
    numbers.len() == 3
        && numbers.into_iter().all(is_number)
        && build.is_none_or(|build| build.split('.').all(is_word))
        && before.is_none_or(|before| {
            let mut parts = before.split('.');
            parts.all(|part| is_word(part) && (!is_digits(part) || is_number(part)))
        })
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && is_digits(text) && (text == "0" || !text.starts_with('0'))
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::is_semantic;

    #[test]
    fn the_forms_of_the_specification() {
        for good in [
            "0.0.0",
            "1.2.3",
            "10.20.30-alpha.1",
            "1.0.0-0.3.7",
            "1.0.0+001",
            "1.0.0-x-y.z+exp.sha.5114f85",
        ] {
            assert!(is_semantic(good), "{good}");
        }
        for bad in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "01.2.3",
            "v1.2.3",
            "1.2.3-",
            "1.2.3+",
            "1.2.3-01",
            "1.2.3-a..b",
            "1.2.x",
            "1.2.3 ",
            "1.2.3+ä",
        ] {
            assert!(!is_semantic(bad), "{bad}");
        }
    }
}
