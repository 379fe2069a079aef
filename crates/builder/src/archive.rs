//! A small tar archive (ustar), for what Windlass puts into build contexts itself.

const BLOCK: usize = 512;
/// The last time that a header has room for.
const LATEST: u64 = 0o777_7777_7777;

/// Packs files; their paths are at most 100 bytes.
pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (path, content) in files {
        archive.extend(entry(path, content, 0));
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}

/// One file of an archive, changed at this time in seconds since the epoch.
pub(crate) fn entry(path: &str, content: &[u8], changed: u64) -> Vec<u8> {
    let mut header = [0u8; BLOCK];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, &path.as_bytes()[..path.len().min(100)]);
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", content.len()).as_bytes());
    put(136, format!("{:011o}\0", changed.min(LATEST)).as_bytes());
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut entry = header.to_vec();
    entry.extend_from_slice(content);
    entry.resize(entry.len().next_multiple_of(BLOCK), 0);
    entry
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    #[test]
    fn the_systems_tar_reads_it() {
        let archive = super::tar(&[("a", b"one"), ("b/c", &[b'x'; 700])]);
        let directory = tempfile::tempdir().unwrap();
        let mut child = Command::new("tar")
            .arg("-x")
            .current_dir(directory.path())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&archive).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(std::fs::read(directory.path().join("a")).unwrap(), b"one");
        assert_eq!(
            std::fs::read(directory.path().join("b/c")).unwrap(),
            [b'x'; 700]
        );
    }
}
