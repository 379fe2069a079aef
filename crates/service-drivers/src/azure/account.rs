//! The operator's account: where it is, and its key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use url::{Host, Url};
use windlass_services::{Access, Error};
use zeroize::Zeroizing;

use super::failure::unsupported;

/// Where an account is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// `https://ACCOUNT.blob.core.windows.net`, or `http://HOST:10000/ACCOUNT` of an emulator; no slash at its end.
    pub(super) url: String,
    /// The account's name.
    pub(super) account: String,
    /// What comes before the container in the path of a URL: nothing, or `/ACCOUNT`.
    pub(super) path: String,
    pub(super) is_encrypted: bool,
}

impl Place {
    /// The place of the account of that name. Its name must be in the URL, where libraries and applications look for
    /// it: at the start of the host, or as the path.
    pub(super) fn of(url: &str, account: &str) -> Result<Self, String> {
        let parsed = Url::parse(url).map_err(|error| format!("its URL is none: {error}"))?;
        let place = Self::named_in(&parsed)?;
        if parsed.query().is_some() {
            return Err("its URL takes no parameters".to_owned());
        }
        if place.account == account {
            return Ok(place);
        }
        Err(format!(
            "its URL names the account '{}' and its user is '{account}'",
            place.account
        ))
    }

    /// The account that a URL names, which may go on with a container.
    pub(super) fn named_in(url: &Url) -> Result<Self, String> {
        let is_encrypted = match url.scheme() {
            "https" => true,
            "http" => false,
            other => return Err(format!("its URL begins with '{other}:', not with 'https:'")),
        };
        let host = url.host().ok_or("its URL has no host")?;
        let first = url.path().split('/').nth(1).unwrap_or_default();
        let (account, path) = match &host {
            Host::Domain(name) if name.contains('.') => {
                let label = name.split('.').next().unwrap_or_default();
                (label.to_owned(), String::new())
            }
            // An address or a name without a dot has no place for the account.
            _ => (first.to_owned(), format!("/{first}")),
        };
        let is_name = |text: &str| {
            (3..=24).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if !is_name(&account) {
            return Err(
                "its URL does not begin with the account's name, as https://ACCOUNT.blob.core.windows.net does"
                    .to_owned(),
            );
        }
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        Ok(Self {
            url: format!("{}://{host}{port}{path}", url.scheme()),
            account,
            path,
            is_encrypted,
        })
    }
}

/// An account that can be asked.
pub(super) struct Account {
    pub(super) place: Place,
    pub(super) key: Zeroizing<Vec<u8>>,
}

impl Account {
    pub(super) fn of(access: &Access) -> Result<Self, Error> {
        let settings = access.settings.as_ref();
        let url = settings.and_then(|settings| settings.get("url")?.as_str());
        let url = url.ok_or_else(|| {
            let reason = "the URL of the account is not in its settings; name it again with --shared-cluster";
            unsupported(access, reason.to_owned())
        })?;
        let place = Place::of(url, &access.user).map_err(|reason| unsupported(access, reason))?;
        let key = STANDARD.decode(access.password.expose_secret());
        // What it says of the text is left out: it may quote it.
        let key = key.map_err(|_| Error::Unauthorized {
            cluster: access.description.clone(),
            reason: "the account's key is not in base64".to_owned(),
        })?;
        Ok(Self {
            place,
            key: Zeroizing::new(key),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn the_account_is_in_the_host_or_in_the_path() {
        let place = Place::of("https://shop.blob.core.windows.net/", "shop").expect("it is good");
        assert_eq!(place.url, "https://shop.blob.core.windows.net");
        assert_eq!((place.path.as_str(), place.is_encrypted), ("", true));
        for (url, wanted) in [
            ("http://127.0.0.1:10000/shop", "http://127.0.0.1:10000/shop"),
            ("http://[::1]:10000/shop/", "http://[::1]:10000/shop"),
            ("http://azurite:10000/shop", "http://azurite:10000/shop"),
        ] {
            let place = Place::of(url, "shop").expect("it is good");
            assert_eq!(place.url, wanted);
            assert_eq!((place.path.as_str(), place.is_encrypted), ("/shop", false));
        }
    }

    #[test]
    fn what_names_another_account_or_none_is_refused() {
        for (url, words) in [
            ("https://store.blob.core.windows.net", "'store'"),
            ("https://127.0.0.1/", "does not begin"),
            ("https://files.my-domain.org.org", "'files'"),
            ("https://my-files.example.org", "does not begin"),
            ("ftp://shop.blob.core.windows.net", "'ftp:'"),
            ("https://shop.blob.core.windows.net?sv=1", "parameters"),
            ("shop", "relative"),
        ] {
            let reason = Place::of(url, "shop").expect_err(url);
            assert!(reason.contains(words), "{reason}");
        }
    }
}
