//! What a binding has.

use secrecy::{ExposeSecret, SecretString};
use url::Url;
use windlass_model::percent::encode;

use super::place::Place;
use crate::s3::Style;

/// A key: its id, and the secret that requests are signed with.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) secret: SecretString,
}

/// A key with all that an application must know to use it. Kept as a URL:
/// `https://ID:SECRET@HOST/BUCKET?region=REGION&style=STYLE`.
pub(super) struct Credential {
    /// The URL of the endpoint, without a slash at its end.
    pub(super) endpoint: String,
    pub(super) bucket: String,
    pub(super) region: String,
    pub(super) style: Style,
    pub(super) key: Key,
}

impl Credential {
    pub(super) fn of(place: &Place, bucket: &str, key: Key) -> Self {
        Self {
            endpoint: place.endpoint_text().to_owned(),
            bucket: bucket.to_owned(),
            region: place.region.clone(),
            style: place.style,
            key,
        }
    }

    pub(super) fn url(&self) -> SecretString {
        let (scheme, authority) = self.endpoint.split_once("://").unwrap_or_default();
        let (id, secret) = (
            encode(&self.key.id),
            encode(self.key.secret.expose_secret()),
        );
        SecretString::from(format!(
            "{scheme}://{id}:{secret}@{authority}/{}?region={}&style={}",
            self.bucket,
            encode(&self.region),
            self.style.name()
        ))
    }

    pub(super) fn parse(url: &SecretString) -> Option<Self> {
        let mut url = Url::parse(url.expose_secret()).ok()?;
        let decoded = |text: &str| {
            let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
            decoded.ok().map(std::borrow::Cow::into_owned)
        };
        let key = Key {
            id: decoded(url.username())?,
            secret: SecretString::from(decoded(url.password()?)?),
        };
        let parameter = |wanted: &str| {
            let mut pairs = url.query_pairs();
            pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
        };
        let (region, style) = (parameter("region")?, Style::parse(&parameter("style")?)?);
        let bucket = url.path().trim_start_matches('/').to_owned();
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        url.set_query(None);
        url.set_path("/");
        Some(Self {
            endpoint: url.as_str().trim_end_matches('/').to_owned(),
            bucket,
            region,
            style,
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};

    use super::{Credential, Key, Place};

    #[test]
    fn credentials_are_read_again_whatever_is_in_them() {
        for (url, secret) in [
            ("https://s3.eu-central-1.amazonaws.com", "ab/c+d=="),
            ("http://[::1]:7070?region=north", "p@s/:s?w#%+ &=[é]~"),
        ] {
            let place = Place::of(url).expect("it is good");
            let key = Key {
                id: "AKIA:1".to_owned(),
                secret: SecretString::from(secret),
            };
            let written = Credential::of(&place, "svc-1", key).url();
            let read = Credential::parse(&written).expect("it is whole");
            assert_eq!(read.endpoint, place.endpoint_text());
            assert_eq!((read.bucket.as_str(), read.region), ("svc-1", place.region));
            assert_eq!(read.style, place.style);
            assert_eq!(read.key.id, "AKIA:1");
            assert_eq!(read.key.secret.expose_secret(), secret);
        }
        for other in [
            "",
            "hush",
            "https://host/bucket",
            "https://a:b@host/bucket?region=r",
        ] {
            assert!(Credential::parse(&SecretString::from(other)).is_none());
        }
    }
}
