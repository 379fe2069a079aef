//! How we prove who we are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::registration::Invalid;
use crate::words::clean;

/// How we prove who we are.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// A user and a password, in each request.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A token, in each request.
    Bearer(SecretString),
}

impl Authentication {
    /// A user with a password; without a user the password is a token.
    pub(crate) fn of(user: &str, password: &SecretString) -> Self {
        let password = password.clone();
        if user.is_empty() {
            Self::Bearer(password)
        } else {
            Self::Basic {
                user: user.to_owned(),
                password,
            }
        }
    }

    /// The header.
    pub(crate) fn header(&self) -> Result<HeaderValue, Invalid> {
        let text = match self {
            Self::Basic { user, .. } if user.contains(':') => {
                return Err(Invalid::new("the user's name must not contain a colon"));
            }
            Self::Basic { user, password } => {
                format!("Basic {}", encoded(user, password.expose_secret()))
            }
            Self::Bearer(token) => {
                let token = token.expose_secret();
                if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(Invalid::new(
                        "the token must be printable ASCII without blanks",
                    ));
                }
                format!("Bearer {token}")
            }
        };
        let mut header = HeaderValue::from_str(&text)
            .map_err(|_| Invalid::new("the credentials do not fit into a header"))?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// The text, cleaned already, without our own secret, in case that the broker says it back to us.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let secrets = match self {
            Self::Basic { user, password } => vec![
                encoded(user, password.expose_secret()),
                password.expose_secret().to_owned(),
                clean(password.expose_secret()),
            ],
            Self::Bearer(token) => vec![token.expose_secret().to_owned()],
        };
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret.as_str(), "[secret]");
        }
        text
    }
}

fn encoded(user: &str, password: &str) -> String {
    STANDARD.encode(format!("{user}:{password}"))
}

#[cfg(test)]
mod tests {
    use super::Authentication;

    fn basic(user: &str, password: &str) -> Authentication {
        Authentication::Basic {
            user: user.to_owned(),
            password: password.to_owned().into(),
        }
    }

    #[test]
    fn headers_are_made_and_hidden() {
        let header = basic("admin", "p@s:wörd").header().expect("good");
        assert_eq!(header.as_bytes(), b"Basic YWRtaW46cEBzOnfDtnJk");
        assert!(header.is_sensitive() && !format!("{header:?}").contains("YWRt"));
        let header = Authentication::Bearer("abc".to_owned().into()).header();
        assert_eq!(header.expect("good").as_bytes(), b"Bearer abc");
        assert!(!format!("{:?}", basic("admin", "hidden")).contains("hidden"));
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        assert!(basic("a:b", "x").header().is_err());
        for token in ["", "a b", "a\nb", "é"] {
            let token = Authentication::Bearer(token.to_owned().into());
            assert!(token.header().is_err());
        }
    }

    #[test]
    fn our_secret_is_taken_out_of_the_brokers_words() {
        let blanks = basic("admin", "two  blanks");
        assert_eq!(blanks.redacted("bad two blanks"), "bad [secret]");
        let basic = basic("admin", "hunter2");
        assert_eq!(
            basic.redacted("bad password hunter2 or YWRtaW46aHVudGVyMg=="),
            "bad password [secret] or [secret]"
        );
    }
}
