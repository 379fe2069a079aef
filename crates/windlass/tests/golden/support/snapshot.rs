//! Committed transcripts.

use std::path::Path;

/// The transcript must be the committed one, byte by byte; with `UPDATE_GOLDEN` it becomes it.
#[track_caller]
pub(crate) fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/snapshots")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("it can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if committed == text {
        return;
    }
    let same = committed
        .lines()
        .zip(text.lines())
        .take_while(|(before, now)| before == now)
        .count();
    let around = |text: &str| {
        let lines = text.lines().skip(same.saturating_sub(3)).take(12);
        lines.collect::<Vec<_>>().join("\n")
    };
    panic!(
        "{} differs from line {} on. Look at the difference after 'UPDATE_GOLDEN=1 cargo test -p windlass'.\n--- committed\n{}\n--- now\n{}",
        path.display(),
        same + 1,
        around(&committed),
        around(text)
    );
}
