//! Which server the tests of a binary run on: the usual version, or another one that is asked for. `./test --all` runs
//! them again on each of the newer ones, one after the other: two servers at once are too much for small machines.

/// The variable of the environment that asks for another: `TYPE-VERSION`, such as `postgres-17`.
const SERVER: &str = "WINDLASS_TEST_SERVER";

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
