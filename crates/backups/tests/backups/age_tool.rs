//! The age tool and zstd as peers: archives are theirs too.

use std::io::Write;
use std::process::{Command, Stdio};

use secrecy::ExposeSecret;
use windlass_backups::archive::{Effort, Key};

use crate::support::{noise, seal};

#[tokio::test]
async fn the_age_tool_and_zstd_open_what_is_written() {
    let key = Key::generate().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let identity = directory.path().join("key");
    std::fs::write(&identity, key.to_text().expose_secret()).unwrap();
    for (content, effort) in [
        (Vec::new(), Effort::Usual),
        (noise(64 * 1024), Effort::Least),
        (noise(1_000_000), Effort::Least),
        (vec![b'x'; 3_000_000], Effort::Usual),
    ] {
        let (stored, _) = seal(&content, &key, effort).await;
        let archive = directory.path().join("archive");
        std::fs::write(&archive, stored).unwrap();
        let opened = Command::new("age")
            .arg("--decrypt")
            .arg("--identity")
            .args([&identity, &archive])
            .output()
            .expect("the age tool is there: apt-get install age");
        assert!(
            opened.status.success(),
            "{}",
            String::from_utf8_lossy(&opened.stderr)
        );
        let mut zstd = Command::new("zstd")
            .args(["--decompress", "--stdout"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("zstd is there: apt-get install zstd");
        let mut input = zstd.stdin.take().expect("a pipe");
        let feeding = std::thread::spawn(move || input.write_all(&opened.stdout));
        let unpacked = zstd.wait_with_output().unwrap();
        feeding.join().expect("no panic").unwrap();
        assert!(
            unpacked.status.success() && unpacked.stdout == content,
            "{} bytes",
            content.len()
        );
    }
}
