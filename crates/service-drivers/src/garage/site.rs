//! The region that servers say they are in, and the domain under which buckets have public names.

/// Where buckets are, in the words of S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Site {
    /// The region that our servers say they are in, and applications have to name: S3 signs it.
    pub(super) region: String,
    /// What stands behind a bucket's name in its public host name: `s3.<region>.<domain>`.
    pub(super) domain: Option<String>,
    /// The port where these names are served by TLS.
    pub(super) https: Option<u16>,
    /// What stands behind a bucket's name in the host name at which everybody reads it while it is public:
    /// `media.<region>.<domain>`.
    pub(super) media_domain: Option<String>,
}

impl Default for Site {
    /// Without public names.
    fn default() -> Self {
        let region = "garage".to_owned();
        Self {
            region,
            domain: None,
            https: None,
            media_domain: None,
        }
    }
}

impl Site {
    /// A region of ours, whose router answers to its domain.
    pub(super) fn of(region: &str, domain: &str) -> Self {
        Self {
            region: region.to_owned(),
            domain: Some(format!("s3.{region}.{domain}")),
            https: None,
            media_domain: Some(format!("media.{region}.{domain}")),
        }
    }

    /// The public host name of a bucket.
    pub(super) fn host(&self, bucket: &str) -> Option<String> {
        let domain = self.domain.as_ref()?;
        Some(format!("{bucket}.{domain}"))
    }

    /// The URL under which applications find every bucket by its public host name.
    pub(super) fn endpoint(&self) -> Option<String> {
        let domain = self.domain.as_ref()?;
        Some(match self.https? {
            443 => format!("https://{domain}"),
            port => format!("https://{domain}:{port}"),
        })
    }

    /// The host name of what is public of a bucket. Another one than that of S3, where requests are signed: the
    /// server answers them at another port.
    pub(super) fn media_host(&self, bucket: &str) -> Option<String> {
        let domain = self.media_domain.as_ref()?;
        Some(format!("{bucket}.{domain}"))
    }
}
