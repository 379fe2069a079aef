//! `Procfile`: the processes that a repository declares.

use windlass_delivery::build::Manifest;
use windlass_model::names::ProcessName;

/// The most that a `Procfile` may hold, in bytes.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// The name whose command runs before the switch instead of being a process.
const RELEASE: &str = "release";

/// Reads a `Procfile`; the error says the line and what is wrong with it.
pub(crate) fn parse(content: &[u8]) -> Result<Manifest, String> {
    if content.len() > MAX_BYTES {
        return Err(format!("it is larger than {MAX_BYTES} bytes"));
    }
    let text = std::str::from_utf8(content).map_err(|error| {
        let line = content[..error.valid_up_to()]
            .split(|byte| *byte == b'\n')
            .count();
        format!("line {line}: it is not UTF-8")
    })?;
    let mut manifest = Manifest::default();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        add(&mut manifest, line).map_err(|reason| format!("line {}: {reason}", index + 1))?;
    }
    Ok(manifest)
}

fn add(manifest: &mut Manifest, line: &str) -> Result<(), String> {
    let (name, command) = line
        .split_once(':')
        .map(|(name, command)| (name.trim(), command.trim()))
        .ok_or("'name: command' is expected")?;
    let name: ProcessName = name.parse().map_err(|error| format!("{error}"))?;
    if command.is_empty() {
        return Err(format!("'{name}' has no command"));
    }
    if command.contains('\0') {
        return Err(format!("the command of '{name}' holds a NUL character"));
    }
    let is_release = name.as_str() == RELEASE;
    let known = if is_release {
        manifest.release_command.is_some()
    } else {
        manifest
            .processes
            .iter()
            .any(|(other, _)| other == name.as_str())
    };
    if known {
        return Err(format!("'{name}' is there twice"));
    }
    if is_release {
        manifest.release_command = Some(command.to_owned());
    } else {
        manifest
            .processes
            .push((name.as_str().to_owned(), command.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_keep_their_order_and_release_is_apart() {
        let text = "# what runs\r\nweb: gunicorn site.wsgi --bind 0.0.0.0:$PORT\r\n\n  worker : celery -A site worker\nrelease: python manage.py migrate\n";
        let manifest = parse(text.as_bytes()).unwrap();
        assert_eq!(
            manifest.processes,
            [
                (
                    "web".to_owned(),
                    "gunicorn site.wsgi --bind 0.0.0.0:$PORT".to_owned()
                ),
                ("worker".to_owned(), "celery -A site worker".to_owned())
            ]
        );
        assert_eq!(
            manifest.release_command.as_deref(),
            Some("python manage.py migrate")
        );
        assert_eq!(parse(b"").unwrap(), Manifest::default());
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, words) in [
            ("web: a\n\nweb: b", "line 3: 'web' is there twice"),
            ("release: a\nrelease: b", "line 2: 'release' is there twice"),
            ("web", "line 1: 'name: command' is expected"),
            ("web:", "line 1: 'web' has no command"),
            (
                "# x\nWEB_1: a",
                "line 2: process name 'WEB_1' is not allowed",
            ),
            (": a", "line 1: process name '' is not allowed"),
            ("web: a\0b", "line 1: the command of 'web' holds a NUL"),
        ] {
            let reason = parse(text.as_bytes()).unwrap_err();
            assert!(reason.starts_with(words), "{text:?}: {reason}");
        }
        assert_eq!(
            parse(b"web: a\n\xff: b").unwrap_err(),
            "line 2: it is not UTF-8"
        );
        assert!(
            parse(&vec![b'#'; MAX_BYTES + 1])
                .unwrap_err()
                .contains("larger than")
        );
    }

    proptest::proptest! {
        #[test]
        fn no_content_panics(content: Vec<u8>) {
            let _ = parse(&content);
        }
    }
}
