//! Where an endpoint is, as the operator's URL says it.

use url::Url;

use crate::s3::Style;

/// Where an endpoint is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Of S3: scheme, host and, if it is not the usual one, port.
    pub(super) endpoint: Url,
    /// The region that requests to S3 are signed for.
    pub(super) region: String,
    pub(super) style: Style,
    /// Of IAM.
    pub(super) iam: Url,
    /// The region that requests to IAM are signed for: it is one service for all regions, in one of them.
    pub(super) iam_region: &'static str,
    /// What names of resources begin with: `arn:<partition>:s3:::`.
    pub(super) partition: &'static str,
    /// Whether it is Amazon's own.
    pub(super) is_amazon: bool,
}

/// What is known of Amazon's own endpoints (<https://docs.aws.amazon.com/general/latest/gr/iam-service.html>).
struct Amazon {
    region: String,
    iam: String,
    iam_region: &'static str,
    partition: &'static str,
}

impl Place {
    pub(super) fn of(text: &str) -> Result<Self, String> {
        let url = parse(text, "its URL")?;
        if !url.path().trim_matches('/').is_empty() {
            return Err("its URL has a path; buckets are named by Windlass".to_owned());
        }
        let (mut region, mut iam, mut style) = (None, None, None);
        for (name, value) in url.query_pairs() {
            match &*name {
                "region" if is_region(&value) => region = Some(value.into_owned()),
                "region" => return Err(format!("'{value}' is no region")),
                "iam" => iam = Some(of_iam(&value)?),
                "style" => style = Some(Style::parse(&value).ok_or_else(|| {
                    format!(
                        "style is 'path' or 'virtual' (the bucket before the host), not '{value}'"
                    )
                })?),
                other => {
                    return Err(format!(
                        "it takes the parameters region, iam and style, not '{other}'"
                    ));
                }
            }
        }
        let amazon = amazon(url.host_str().unwrap_or_default());
        let mut endpoint = url;
        endpoint.set_query(None);
        endpoint.set_path("/");
        let is_amazon = amazon.is_some();
        let usual = amazon.unwrap_or_else(|| Amazon {
            region: "us-east-1".to_owned(),
            iam: endpoint.to_string(),
            iam_region: "us-east-1",
            partition: "aws",
        });
        let iam = match iam {
            Some(iam) => iam,
            None => parse(&usual.iam, "the URL of IAM")?,
        };
        Ok(Self {
            region: region.unwrap_or(usual.region),
            style: style.unwrap_or(if is_amazon {
                Style::Virtual
            } else {
                Style::Path
            }),
            iam,
            iam_region: usual.iam_region,
            partition: usual.partition,
            is_amazon,
            endpoint,
        })
    }

    /// As applications are told: without a slash at the end.
    pub(super) fn endpoint_text(&self) -> &str {
        self.endpoint.as_str().trim_end_matches('/')
    }
}

fn of_iam(text: &str) -> Result<Url, String> {
    let url = parse(text, "the URL of IAM")?;
    if url.query().is_some() {
        return Err("the URL of IAM has parameters".to_owned());
    }
    Ok(url)
}

fn parse(text: &str, what: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{what} is none: {error}"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(format!(
            "{what} begins with '{}:', not with 'https:'",
            url.scheme()
        ));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(format!("{what} has more than a host and a port"));
    }
    Ok(url)
}

/// What every service that signs takes for a region.
fn is_region(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(is_sign)
}

/// `s3.<region>.amazonaws.com` and its variants: `s3.dualstack.<region>`, `s3-fips.<region>`, `s3-<region>`, `s3`.
fn amazon(host: &str) -> Option<Amazon> {
    let (name, is_china) = match host.strip_suffix(".amazonaws.com.cn") {
        Some(name) => (name, true),
        None => (host.strip_suffix(".amazonaws.com")?, false),
    };
    if name.split(['.', '-']).next() != Some("s3") {
        return None;
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    let region = match last.strip_prefix("s3-").unwrap_or(last) {
        "s3" | "fips" => "us-east-1",
        region => region,
    };
    let (iam, iam_region, partition) = if is_china {
        (
            "https://iam.cn-north-1.amazonaws.com.cn/",
            "cn-north-1",
            "aws-cn",
        )
    } else if region.starts_with("us-gov-") {
        (
            "https://iam.us-gov.amazonaws.com/",
            "us-gov-west-1",
            "aws-us-gov",
        )
    } else {
        ("https://iam.amazonaws.com/", "us-east-1", "aws")
    };
    Some(Amazon {
        region: region.to_owned(),
        iam: iam.to_owned(),
        iam_region,
        partition,
    })
}

#[cfg(test)]
mod tests {
    use super::Place;
    use crate::s3::Style;

    #[test]
    fn amazons_endpoints_need_no_parameters() {
        for (url, region, iam, signed, partition) in [
            (
                "https://s3.eu-central-1.amazonaws.com",
                "eu-central-1",
                "https://iam.amazonaws.com/",
                "us-east-1",
                "aws",
            ),
            (
                "https://s3.amazonaws.com/",
                "us-east-1",
                "https://iam.amazonaws.com/",
                "us-east-1",
                "aws",
            ),
            (
                "https://s3-eu-west-1.amazonaws.com",
                "eu-west-1",
                "https://iam.amazonaws.com/",
                "us-east-1",
                "aws",
            ),
            (
                "https://s3.dualstack.eu-west-3.amazonaws.com",
                "eu-west-3",
                "https://iam.amazonaws.com/",
                "us-east-1",
                "aws",
            ),
            (
                "https://s3.us-gov-east-1.amazonaws.com",
                "us-gov-east-1",
                "https://iam.us-gov.amazonaws.com/",
                "us-gov-west-1",
                "aws-us-gov",
            ),
            (
                "https://s3.cn-north-1.amazonaws.com.cn",
                "cn-north-1",
                "https://iam.cn-north-1.amazonaws.com.cn/",
                "cn-north-1",
                "aws-cn",
            ),
        ] {
            let place = Place::of(url).expect(url);
            assert!(place.is_amazon, "{url}");
            assert_eq!(place.region, region, "{url}");
            assert_eq!((place.iam.as_str(), place.iam_region), (iam, signed));
            assert_eq!((place.partition, place.style), (partition, Style::Virtual));
        }
    }

    #[test]
    fn others_have_iam_at_the_same_place_unless_it_is_said() {
        let place = Place::of("http://[::1]:8333").expect("it is good");
        assert_eq!(place.endpoint_text(), "http://[::1]:8333");
        assert_eq!(place.iam.as_str(), "http://[::1]:8333/");
        assert_eq!(
            (place.region.as_str(), place.style),
            ("us-east-1", Style::Path)
        );
        assert!(!place.is_amazon);
        let place = Place::of(
            "https://objects.example.org:443?region=north&style=virtual&iam=http://10.0.0.1:7070/iam",
        );
        let place = place.expect("it is good");
        assert_eq!(place.endpoint_text(), "https://objects.example.org");
        assert_eq!(place.iam.as_str(), "http://10.0.0.1:7070/iam");
        assert_eq!(
            (place.region.as_str(), place.style),
            ("north", Style::Virtual)
        );
        let place = Place::of("https://s3.amazonaws.com.example.org").expect("it is good");
        assert!(!place.is_amazon);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (url, words) in [
            ("s3.example.org", "relative"),
            ("ftp://s3.example.org", "'ftp:'"),
            ("https://s3.example.org/bucket", "path"),
            ("https://s3.example.org?acl=private", "'acl'"),
            ("https://s3.example.org?region=a%20b", "no region"),
            ("https://s3.example.org?region=", "no region"),
            ("https://s3.example.org?style=host", "'host'"),
            ("https://s3.example.org?iam=iam.example.org", "URL of IAM"),
            (
                "https://s3.example.org?iam=https://me:hush@iam.example.org",
                "more than a host",
            ),
        ] {
            let reason = Place::of(url).expect_err(url);
            assert!(
                reason.contains(words) && !reason.contains("hush"),
                "{reason}"
            );
        }
    }
}
