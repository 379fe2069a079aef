//! Reads the archive of a template: what it may hold, and what is refused.

use std::io::{Cursor, Read};

use windlass_delivery::build::Error;
use zip::ZipArchive;

use super::File;

/// More files than any template has.
const MAX_FILES: usize = 5_000;
/// What the files may have together, unpacked: they are held in memory.
const MAX_UNPACKED: u64 = 64 * 1024 * 1024;
/// The length of a path; git and tar take no more everywhere.
const MAX_PATH: usize = 1024;

/// The files of an archive. A directory that holds everything, as the archives of git hosts have one, is left out.
pub(super) fn unpack(archive: &[u8]) -> Result<Vec<File>, Error> {
    let mut archive = ZipArchive::new(Cursor::new(archive))
        .map_err(|error| refused(format!("it is no zip archive: {error}")))?;
    if archive.len() > MAX_FILES {
        return Err(refused(format!("it has more than {MAX_FILES} entries")));
    }
    let (mut files, mut left) = (Vec::new(), MAX_UNPACKED);
    for index in 0..archive.len() {
        let mut entry = archive
            .by_index(index)
            .map_err(|error| refused(format!("its entry {index} cannot be read: {error}")))?;
        let name = std::str::from_utf8(entry.name_raw())
            .map_err(|_| refused(format!("the name of its entry {index} is no text in UTF-8")))?
            .to_owned();
        let shown = shown(&name);
        if entry.is_dir() {
            continue;
        }
        let mode = entry.unix_mode().unwrap_or(0o100_644);
        // Links could lead out of the repository in a build; a template has no need of them.
        if !matches!(mode & 0o170_000, 0 | 0o100_000) {
            return Err(refused(format!("'{shown}' is a link or no plain file")));
        }
        check_path(&name).map_err(|why| refused(format!("the name '{shown}' {why}")))?;
        let mut content = Vec::new();
        // What the archive says about sizes is not believed.
        (&mut entry)
            .take(left + 1)
            .read_to_end(&mut content)
            .map_err(|error| refused(format!("'{shown}' cannot be read: {error}")))?;
        left = left
            .checked_sub(content.len() as u64)
            .ok_or_else(|| refused(format!("it unpacks to more than {MAX_UNPACKED} bytes")))?;
        if !name.starts_with("__MACOSX/") {
            files.push(File {
                path: name,
                is_executable: mode & 0o111 != 0,
                content,
            });
        }
    }
    if files.is_empty() {
        return Err(refused("it has no files".to_owned()));
    }
    strip_common(&mut files);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    if let Some(pair) = files.windows(2).find(|pair| pair[0].path == pair[1].path) {
        return Err(refused(format!("it has '{}' twice", shown(&pair[0].path))));
    }
    Ok(files)
}

fn refused(why: String) -> Error {
    Error::Template(why)
}

fn shown(name: &str) -> String {
    name.chars()
        .take(100)
        .collect::<String>()
        .escape_default()
        .to_string()
}

fn check_path(path: &str) -> Result<(), &'static str> {
    if path.len() > MAX_PATH {
        return Err("is too long");
    }
    if path.chars().any(char::is_control) || path.contains('\\') {
        return Err("has characters that no file of a repository may have");
    }
    for part in path.split('/') {
        if part.is_empty() || part == "." || part == ".." {
            return Err("is no path within the repository");
        }
        // Some file systems leave out characters that are not seen, dots and spaces at the end, and case.
        let seen: String = part.chars().filter(char::is_ascii).collect();
        let seen = seen.trim_end_matches(['.', ' ']).to_ascii_lowercase();
        if matches!(seen.as_str(), ".git" | "git~1" | ".gitmodules") {
            return Err("is git's own");
        }
    }
    Ok(())
}

/// Without the one directory that all of them are in, if there is one.
fn strip_common(files: &mut [File]) {
    let Some((top, _)) = files[0].path.split_once('/') else {
        return;
    };
    let top = format!("{top}/");
    if files.iter().all(|file| file.path.starts_with(&top)) {
        for file in files {
            file.path.drain(..top.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    use super::*;
    use crate::template::pack;

    fn words(archive: &[u8]) -> String {
        unpack(archive).unwrap_err().to_string()
    }

    #[test]
    fn a_directory_around_everything_is_left_out() {
        let around = pack(&[
            ("shop-main/Dockerfile", false, b"a"),
            ("shop-main/app/run", true, b"b"),
            ("__MACOSX/x", false, b""),
        ]);
        let files = unpack(&around.unwrap()).unwrap();
        let seen: Vec<(&str, bool)> = files
            .iter()
            .map(|file| (file.path.as_str(), file.is_executable))
            .collect();
        assert_eq!(seen, [("Dockerfile", false), ("app/run", true)]);
        let beside = pack(&[("a/x", false, b""), ("b", false, b"")]).unwrap();
        assert_eq!(unpack(&beside).unwrap()[0].path, "a/x");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for path in [
            "../x",
            "a/../../x",
            "/etc/passwd",
            "a//b",
            "./a",
            "a\\b",
            "a\nb",
            ".git/config",
            "a/.GIT/hooks/x",
            "GIT~1/config",
        ] {
            let archive = pack(&[(path, false, b"")]).unwrap();
            assert!(
                words(&archive).contains("name"),
                "{path}: {}",
                words(&archive)
            );
        }
    }

    #[test]
    fn links_are_refused() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive
            .add_symlink("link", "/etc/passwd", SimpleFileOptions::default())
            .unwrap();
        let archive = archive.finish().unwrap().into_inner();
        assert!(words(&archive).contains("link"), "{}", words(&archive));
    }

    #[test]
    fn a_bomb_is_given_up() {
        let zeros = vec![0; 8 * 1024 * 1024];
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for name in 0..9 {
            archive.start_file(name.to_string(), options).unwrap();
            archive.write_all(&zeros).unwrap();
        }
        let archive = archive.finish().unwrap().into_inner();
        assert!(archive.len() < 1024 * 1024);
        assert!(words(&archive).contains("more than"), "{}", words(&archive));
    }

    #[test]
    fn what_is_no_archive_says_so() {
        for archive in [b"".as_slice(), b"<html>", b"PK\x05\x06"] {
            assert!(
                words(archive).contains("no zip archive"),
                "{}",
                words(archive)
            );
        }
        let cut = pack(&[("a", false, &[1; 4096])]).unwrap();
        assert!(!words(&cut[..cut.len() / 2]).is_empty());
        let empty = pack(&[]).unwrap();
        assert!(words(&empty).contains("no files"), "{}", words(&empty));
    }

    #[test]
    fn damage_is_seen() {
        let mut archive = pack(&[("a", false, b"some text that is changed on its way")]).unwrap();
        let at = 30 + 1 + 5;
        archive[at] ^= 0x55;
        assert!(!words(&archive).is_empty());
    }
}
