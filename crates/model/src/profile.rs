//! For whom an instance gives further variables: frameworks and libraries have names of their own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A group of names that a framework, a library or another platform knows. An instance has one at the most, as
/// these names have no prefix that would tell two instances apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// `PGHOST` and the like, of `PostgreSQL`'s own library and what follows it.
    Libpq,
    /// `MYSQL_HOST` and the like, as the servers' images name them.
    Mysql,
    /// Django with django-environ, django-storages and Celery.
    Django,
    /// Laravel's configuration files.
    Laravel,
    /// Ruby on Rails and the usual gems.
    Rails,
    /// Spring Boot's properties.
    Spring,
    /// The SDKs of Amazon Web Services.
    Aws,
    /// What the usual add-ons of Heroku give.
    Heroku,
}

/// The name of no profile.
pub const NO_PROFILE: &str = "none";

/// A text that names no profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such profile")]
pub struct UnknownProfile;

impl Profile {
    /// Every profile, for tables and tests.
    pub const ALL: [Self; 8] = [
        Self::Libpq,
        Self::Mysql,
        Self::Django,
        Self::Laravel,
        Self::Rails,
        Self::Spring,
        Self::Aws,
        Self::Heroku,
    ];

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Libpq => "libpq",
            Self::Mysql => "mysql",
            Self::Django => "django",
            Self::Laravel => "laravel",
            Self::Rails => "rails",
            Self::Spring => "spring",
            Self::Aws => "aws",
            Self::Heroku => "heroku",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|profile| profile.as_str() == text)
            .ok_or(UnknownProfile)
    }
}

#[cfg(test)]
mod tests {
    use super::{NO_PROFILE, Profile, UnknownProfile};

    #[test]
    fn names_are_read_as_they_are_written() {
        for profile in Profile::ALL {
            assert_eq!(profile.as_str().parse(), Ok(profile));
            let document = serde_json::to_string(&profile).expect("it is a word");
            assert_eq!(document, format!("\"{profile}\""));
        }
        for text in ["", NO_PROFILE, "Laravel", "laravel "] {
            assert_eq!(text.parse::<Profile>(), Err(UnknownProfile), "{text}");
        }
    }
}
