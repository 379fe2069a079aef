//! Keys of credentials as parts of variables' names.

/// Longer ones make no variable's name, and need not be looked at.
const MOST: usize = 128;

/// The key in upper snake case: `jdbcUrl` is `JDBC_URL`, `accessKeyID` is `ACCESS_KEY_ID`. Nothing for a key of
/// which nothing is left, or that is too long.
pub(super) fn upper_snake(key: &str) -> Option<String> {
    if key.len() > MOST {
        return None;
    }
    let characters: Vec<char> = key.chars().collect();
    let mut name = String::with_capacity(key.len() + 8);
    for (place, c) in characters.iter().copied().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !name.is_empty() && !name.ends_with('_') {
                name.push('_');
            }
            continue;
        }
        let before = place.checked_sub(1).map(|place| characters[place]);
        let after = characters.get(place + 1);
        let begins_word = c.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase)
            });
        if begins_word && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    let name = name.trim_end_matches('_');
    (!name.is_empty()).then(|| name.to_owned())
}

/// Whether a value of that name is nothing that must be hidden, as long as it does not look like a URL.
pub(super) fn is_harmless(name: &str, value: &str) -> bool {
    const HARMLESS: [&str; 12] = [
        "HOST",
        "HOSTNAME",
        "PORT",
        "DATABASE",
        "DATABASE_NAME",
        "DB",
        "DBNAME",
        "DB_NAME",
        "NAME",
        "VHOST",
        "BUCKET",
        "REGION",
    ];
    HARMLESS.contains(&name)
        && value.len() <= 255
        && !value.contains(['@', '?', '='])
        && !value.contains("://")
}

#[cfg(test)]
mod tests {
    use super::{is_harmless, upper_snake};

    #[test]
    fn keys_of_all_styles() {
        for (key, name) in [
            ("uri", "URI"),
            ("jdbcUrl", "JDBC_URL"),
            ("jdbc_url", "JDBC_URL"),
            ("JDBCUrl", "JDBC_URL"),
            ("accessKeyID", "ACCESS_KEY_ID"),
            ("s3Bucket", "S3_BUCKET"),
            ("PGHOST", "PGHOST"),
            ("tls.ca-cert", "TLS_CA_CERT"),
            ("  user  name ", "USER_NAME"),
            ("__a__b__", "A_B"),
            ("1st", "1ST"),
            ("grün", "GR_N"),
            ("a=b\nc\0d", "A_B_C_D"),
        ] {
            assert_eq!(upper_snake(key).as_deref(), Some(name), "{key}");
        }
        for key in ["", " ", "_", "日本語", "\0", &"k".repeat(129)] {
            assert_eq!(upper_snake(key), None, "{key}");
        }
    }

    #[test]
    fn what_may_be_seen() {
        assert!(is_harmless("HOST", "db.internal") && is_harmless("PORT", "5432"));
        for (name, value) in [
            ("PASSWORD", "x"),
            ("USERNAME", "x"),
            ("HOST", "postgres://u:p@h"),
            ("HOST", "u:p@h"),
            ("NAME", "x?password=y"),
        ] {
            assert!(!is_harmless(name, value), "{name}");
        }
    }
}
