//! Which bucket, and where.

use std::fmt;

use rusty_s3::UrlStyle;
use secrecy::SecretString;
use url::Url;

use crate::target::Name;

/// One MiB.
const MEBIBYTE: usize = 1024 * 1024;
/// Two of these are in memory during an upload; ten thousand of them are the longest archive: 78 GiB.
const PART: usize = 8 * MEBIBYTE;
/// What S3 takes for a part: 5 MiB to 5 GiB. What is more than that is better spent on memory.
const PARTS: std::ops::RangeInclusive<usize> = 5..=512;

/// A bucket: `s3://BUCKET[/PREFIX]`, with the parameters `endpoint` (a URL; Amazon's if there is none), `region`
/// (`us-east-1`), `style` (`path` or `virtual`; by default `virtual` at Amazon's endpoints alone) and `part` (MiB; 8).
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) bucket: String,
    /// Empty, or with a `/` at its end.
    pub(super) prefix: String,
    pub(super) endpoint: Url,
    pub(super) region: String,
    pub(super) style: UrlStyle,
    pub(super) part: usize,
}

/// Who asks.
#[derive(Clone)]
pub struct Credentials {
    /// The id of the key.
    pub id: String,
    /// The key.
    pub secret: SecretString,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.id)
    }
}

/// A text that names no bucket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION is expected")]
pub struct InvalidSettings(String);

impl Settings {
    /// From the form that people write.
    pub fn parse(text: &str) -> Result<Self, InvalidSettings> {
        let refused = |reason: String| Err(InvalidSettings(reason));
        let url = match Url::parse(text) {
            Ok(url) if url.scheme() == "s3" => url,
            Ok(url) => {
                return refused(format!(
                    "the place of backups begins with '{}:', not with 's3:'",
                    url.scheme()
                ));
            }
            Err(error) => return refused(format!("the place of backups is no URL: {error}")),
        };
        if !url.username().is_empty()
            || url.password().is_some()
            || url.port().is_some()
            || url.fragment().is_some()
        {
            return refused(
                "the place of backups has more than a bucket, a prefix and parameters".to_owned(),
            );
        }
        let bucket = url.host_str().unwrap_or_default().to_owned();
        let is_sign =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(is_sign) {
            return refused(format!("'{bucket}' is no name of a bucket"));
        }
        let prefix = url.path().trim_matches('/');
        let prefix = match prefix.parse::<Name>() {
            _ if prefix.is_empty() => String::new(),
            Ok(prefix) => format!("{prefix}/"),
            Err(error) => return refused(error.to_string()),
        };
        let (mut endpoint, mut region, mut style, mut part) = (None, None, None, None);
        for (name, value) in url.query_pairs() {
            match &*name {
                "endpoint" => endpoint = Some(endpoint_of(&value)?),
                "region" if is_region(&value) => region = Some(value.into_owned()),
                "region" => return refused(format!("'{value}' is no region")),
                "style" if value == "path" => style = Some(UrlStyle::Path),
                "style" if value == "virtual" => style = Some(UrlStyle::VirtualHost),
                "style" => return refused(format!("style is 'path' or 'virtual', not '{value}'")),
                "part" => match value.parse::<usize>() {
                    Ok(size) if PARTS.contains(&size) => part = Some(size * MEBIBYTE),
                    _ => {
                        return refused(format!(
                            "part is a number of MiB from 5 to 512, not '{value}'"
                        ));
                    }
                },
                other => {
                    return refused(format!(
                        "it takes endpoint, region, style and part, not '{other}'"
                    ));
                }
            }
        }
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        let endpoint = match endpoint {
            Some(endpoint) => endpoint,
            None => endpoint_of(&format!("https://s3.{region}.amazonaws.com"))?,
        };
        let is_amazon = endpoint
            .host_str()
            .is_some_and(|host| host.ends_with(".amazonaws.com"));
        let usual = if is_amazon {
            UrlStyle::VirtualHost
        } else {
            UrlStyle::Path
        };
        Ok(Self {
            bucket,
            prefix,
            endpoint,
            region,
            style: style.unwrap_or(usual),
            part: part.unwrap_or(PART),
        })
    }

    pub(super) fn description(&self) -> String {
        let endpoint = self.endpoint.as_str().trim_end_matches('/');
        format!(
            "the bucket of backups '{}/{}' at {endpoint}",
            self.bucket, self.prefix
        )
    }
}

fn endpoint_of(text: &str) -> Result<Url, InvalidSettings> {
    let invalid = |reason: String| InvalidSettings(format!("the endpoint {reason}"));
    let url = Url::parse(text).map_err(|error| invalid(format!("is no URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(format!(
            "begins with '{}:', not with 'https:'",
            url.scheme()
        )));
    }
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !is_bare || !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("has more than a host and a port".to_owned()));
    }
    Ok(url)
}

/// What every service that signs takes for a region.
fn is_region(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(is_sign)
}

#[cfg(test)]
mod tests {
    use rusty_s3::UrlStyle;

    use super::Settings;

    #[test]
    fn buckets_are_read_as_people_write_them() {
        let amazon = Settings::parse("s3://backups?region=eu-central-1").unwrap();
        assert_eq!(
            amazon.endpoint.as_str(),
            "https://s3.eu-central-1.amazonaws.com/"
        );
        assert!(matches!(amazon.style, UrlStyle::VirtualHost) && amazon.prefix.is_empty());
        let own = "s3://backups/windlass/one/?endpoint=http://10.0.0.1:9000&part=64";
        let own = Settings::parse(own).unwrap();
        assert!(matches!(own.style, UrlStyle::Path));
        let found = (own.prefix.as_str(), own.part, own.region.as_str());
        assert_eq!(found, ("windlass/one/", 64 << 20, "us-east-1"));
        assert_eq!(
            own.description(),
            "the bucket of backups 'backups/windlass/one/' at http://10.0.0.1:9000"
        );
        let set = Settings::parse("s3://backups?endpoint=https://s3.example.org&style=virtual");
        assert!(matches!(set.unwrap().style, UrlStyle::VirtualHost));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("/var/backups", "no URL"),
            ("https://backups", "'https:'"),
            ("s3://B", "'B'"),
            ("s3://key:secret@backups", "more than a bucket"),
            ("s3://backups/..%2f", "no name"),
            ("s3://backups?endpoint=ftp://x", "'ftp:'"),
            ("s3://backups?endpoint=https://x/y", "a host and a port"),
            ("s3://backups?endpoint=https://a:b@x", "a host and a port"),
            ("s3://backups?region=a/b", "'a/b'"),
            ("s3://backups?style=x", "'x'"),
            ("s3://backups?part=1", "'1'"),
            ("s3://backups?secret=x", "'secret'"),
        ] {
            let error = Settings::parse(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
