//! Files as a tar archive, the form in which engines take them.

const BLOCK: usize = 512;
/// The longest path that a plain header holds.
pub const LONGEST_PATH: usize = 100;

/// An uncompressed tar archive of files, each with its path, content and permissions, of user and group 0.
///
/// # Panics
///
/// When a path is longer than [`LONGEST_PATH`].
pub fn archive<'a>(files: impl IntoIterator<Item = (&'a str, &'a str, u32)>) -> Vec<u8> {
    let mut tar = Vec::new();
    for (path, content, mode) in files {
        assert!(
            path.len() <= LONGEST_PATH,
            "the path {path} is too long for a plain tar header"
        );
        let mut header = [0u8; BLOCK];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, path.as_bytes());
        put(100, format!("{:07o}\0", mode & 0o7777).as_bytes());
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, format!("{:011o}\0", content.len()).as_bytes());
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, b"0");
        put(257, b"ustar\0");
        put(263, b"00");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        tar.extend_from_slice(&header);
        tar.extend_from_slice(content.as_bytes());
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    tar
}
