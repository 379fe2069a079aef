//! Which server the tests of a binary run on: the usual version, or another one that is asked for.

#[cfg(feature = "long")]
use std::process::Command;

/// The variable of the environment that asks for another: `TYPE-VERSION`, such as `postgres-17`.
const SERVER: &str = "WINDLASS_TEST_SERVER";
/// What the names of the tests begin with that run all others again.
#[cfg(feature = "long")]
const AGAIN: &str = "all_of_this_on_";

pub(crate) struct Wanted {
    pub(crate) kind: String,
    pub(crate) version: String,
}

impl Wanted {
    /// What the environment asks for, else the usual server.
    #[expect(
        clippy::disallowed_methods,
        reason = "a choice of who runs the tests, not a setting of a program"
    )]
    pub(crate) fn or(usual: &str) -> Self {
        let wanted = std::env::var(SERVER);
        let wanted = wanted.as_deref().unwrap_or(usual);
        let (kind, version) = wanted
            .rsplit_once('-')
            .unwrap_or_else(|| panic!("{SERVER} is {wanted}, and not like {usual}"));
        Self {
            kind: kind.to_owned(),
            version: version.to_owned(),
        }
    }
}

/// Runs all other tests of this binary in a process of their own on another server: the same tests, compiled once. What
/// that process wrote is shown if one fails.
#[cfg(feature = "long")]
pub(crate) fn again_on(server: &str) {
    let program = std::env::current_exe().expect("the path of this binary");
    let output = Command::new(program)
        .env(SERVER, server)
        .args(["--skip", AGAIN])
        .output()
        .expect("this binary can be started");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "not all passed on {server}:\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!text.contains(" 0 passed"), "none ran on {server}:\n{text}");
}
