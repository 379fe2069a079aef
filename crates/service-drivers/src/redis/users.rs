//! The users on the server.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::failure::unexpected;
use super::limits::LOOK;
use super::names::{InstanceMark, binding_mark_of, instance_user};
use super::rights::RIGHTS;
use super::session::{Command, Session, command};

/// The user of those who give no name.
pub(super) const DEFAULT: &str = "default";

/// A user, as far as it concerns us.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct User {
    pub(super) name: String,
    /// SHA-256 of its passwords, in hex.
    pub(super) hashes: Vec<String>,
    /// Its key patterns, those of its selectors apart.
    pub(super) patterns: Vec<String>,
    /// The key patterns of its selectors.
    pub(super) selected: Vec<String>,
}

impl User {
    /// Reads a line of ACL LIST: `user NAME on #HASH ~PATTERN ... (~PATTERN ...)`.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("user ")?.split(' ');
        let mut user = Self {
            name: words.next()?.to_owned(),
            ..Self::default()
        };
        let mut is_selector = false;
        for word in words {
            is_selector |= word.starts_with('(');
            let bare = word.trim_start_matches('(').trim_end_matches(')');
            if let Some(pattern) = bare.strip_prefix('~') {
                let patterns = if is_selector {
                    &mut user.selected
                } else {
                    &mut user.patterns
                };
                patterns.push(pattern.to_owned());
            } else if let Some(hash) = bare.strip_prefix('#') {
                user.hashes.push(hash.to_owned());
            }
            is_selector &= !word.ends_with(')');
        }
        Some(user)
    }

    /// The mark that it bears, if it is an instance's.
    pub(super) fn mark(&self) -> Option<InstanceMark> {
        self.patterns
            .iter()
            .find_map(|text| InstanceMark::parse(text))
    }

    /// Whether it is a binding of the instance.
    pub(super) fn is_binding_of(&self, instance: InstanceId) -> bool {
        let mark = binding_mark_of(instance);
        self.selected.iter().any(|text| text.starts_with(&mark))
    }
}

/// All users of a server.
#[derive(Debug)]
pub(super) struct Users(pub(super) Vec<User>);

impl Users {
    pub(super) async fn read(session: &mut Session<'_>) -> Result<Self, Error> {
        let listed = session.run(LOOK, &command(["ACL", "LIST"])).await?;
        let lines = listed
            .array()
            .ok_or_else(|| unexpected(session.access, LOOK, "list of users"))?;
        let parsed: Option<_> = lines
            .iter()
            .map(|line| line.text().and_then(User::parse))
            .collect();
        parsed
            .map(Self)
            .ok_or_else(|| unexpected(session.access, LOOK, "user that can be read"))
    }

    pub(super) fn named(&self, name: &str) -> Option<&User> {
        self.0.iter().find(|user| user.name == name)
    }

    /// The instance's mark; a user of that name without it is somebody else's.
    pub(super) fn own_mark(
        &self,
        access: &Access,
        instance: InstanceId,
    ) -> Result<Option<InstanceMark>, Error> {
        let name = instance_user(instance);
        let Some(user) = self.named(&name) else {
            return Ok(None);
        };
        match user.mark() {
            Some(mark) if mark.is_of(instance) => Ok(Some(mark)),
            _ => Err(conflict(
                access,
                &name,
                "its key patterns do not bear the mark of this instance",
            )),
        }
    }

    /// The same of an instance that must be there.
    pub(super) fn made(
        &self,
        access: &Access,
        instance: InstanceId,
    ) -> Result<InstanceMark, Error> {
        self.own_mark(access, instance)?
            .ok_or_else(|| Error::Missing {
                cluster: access.description.clone(),
                what: format!(
                    "user '{}', the mark of the instance,",
                    instance_user(instance)
                ),
            })
    }

    /// The users of the instance's bindings.
    pub(super) fn bindings_of(&self, instance: InstanceId) -> impl Iterator<Item = &User> {
        let start = format!("{}_", instance_user(instance));
        self.0
            .iter()
            .filter(move |user| user.name.starts_with(&start) && user.is_binding_of(instance))
    }
}

/// Makes a user anew, switched on, with these passwords and what applications may do.
pub(super) fn set_user<'a>(name: &str, hashes: impl IntoIterator<Item = &'a str>) -> Command {
    let mut words = command(["ACL", "SETUSER", name, "reset", "on"]);
    words.extend(hashes.into_iter().map(|hash| format!("#{hash}")));
    words.extend(command(RIGHTS));
    words
}

/// Makes `default` what the bindings make it: their passwords, or none and switched off.
pub(super) fn set_default<'a>(hashes: impl IntoIterator<Item = &'a str>) -> Command {
    let mut hashes = hashes.into_iter().peekable();
    if hashes.peek().is_none() {
        command(["ACL", "SETUSER", DEFAULT, "reset"])
    } else {
        set_user(DEFAULT, hashes)
    }
}

/// Ends the sessions of those who gave no name.
pub(super) fn end_default_sessions() -> Command {
    command(["CLIENT", "KILL", "USER", DEFAULT, "SKIPME", "yes"])
}

/// Writes the users to their file.
pub(super) fn save() -> Command {
    command(["ACL", "SAVE"])
}

/// What the server keeps of a password.
pub(super) fn hash(password: &SecretString) -> String {
    hex::encode(Sha256::digest(password.expose_secret()))
}

pub(super) fn conflict(access: &Access, user: &str, reason: &str) -> Error {
    Error::Conflict {
        cluster: access.description.clone(),
        what: format!("user '{user}'"),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::User;

    #[test]
    fn lines_of_every_version_are_read() {
        for line in [
            "user svc_a_1 on sanitize-payload #00ff #11aa ~* &* +@all -@admin +client|list (~mark/1 resetchannels -@all)",
            "user svc_a_1 on nopass #00ff #11aa ~* resetchannels &* alldbs -@all +get (~mark/1 resetchannels -@all)",
        ] {
            let user = User::parse(line).expect("a user");
            assert_eq!(user.name, "svc_a_1");
            assert_eq!(user.hashes, ["00ff", "11aa"]);
            assert_eq!(user.patterns, ["*"]);
            assert_eq!(user.selected, ["mark/1"]);
        }
        assert_eq!(User::parse("group x"), None);
    }

    #[test]
    fn patterns_after_a_selector_are_the_users_own() {
        let user = User::parse("user a off (~x) (~y -@all) ~z").expect("a user");
        assert_eq!(user.selected, ["x", "y"]);
        assert_eq!(user.patterns, ["z"]);
    }
}
