//! The operator's certificates inside builds.
//!
//! Behind a proxy that inspects TLS, `pip install` in a Dockerfile fails unless the image that it builds
//! upon trusts the proxy. So each such image gets a derived one, made once: the same with the certificates
//! added, and with the variables that tell programs with certificates of their own where to look.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::StreamExt;
use futures::stream;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use windlass_delivery::build::{BuildOrder, Error};
use windlass_engine::Error as E;
use windlass_engine::{BuildRequest, Engine, ImageId, ImageReference, Labels, labels};

use crate::archive::tar;
use crate::bases::FoundBase;
use crate::image::Log;
use crate::{disk, image};

/// The label of derived images: the digest of the certificates.
const LABEL: &str = "windlass.trust";
/// Raise it when the derived images change for another reason than the certificates.
const RECIPE: &str = "1";
/// Where the usual certificates of a machine are (Debian, Fedora, Alpine, SUSE).
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];
/// Where the bundle is in a derived image.
const BUNDLE: &str = "/usr/local/share/ca-certificates/windlass-bundle.pem";
/// The variables by which programs are told of it.
const VARIABLES: [&str; 7] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "PIP_CERT",
    "NODE_EXTRA_CA_CERTS",
    "CURL_CA_BUNDLE",
    "CARGO_HTTP_CAINFO",
    "GIT_SSL_CAINFO",
];

/// The operator's certificates.
pub(crate) struct Trust {
    /// One certificate each: update-ca-certificates skips files with several.
    certificates: Vec<String>,
    /// Those and the machine's usual ones.
    bundle: String,
    digest: String,
    /// The machine's bundle with the certificates, for git.
    file: PathBuf,
    /// One derived image at a time: two builds may want the same.
    making: tokio::sync::Mutex<()>,
}

impl Trust {
    /// Reads the certificates; `None` without any.
    pub(crate) fn load(paths: &[PathBuf], directory: &Path) -> Result<Option<Self>, Error> {
        let mut certificates: Vec<String> = Vec::new();
        for path in paths {
            let fail = |reason: String| Error::Git {
                doing: format!("reading the certificates in {}", path.display()),
                reason,
            };
            let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
            let before = certificates.len();
            for part in text.split("-----BEGIN CERTIFICATE-----").skip(1) {
                let (body, _) = part
                    .split_once("-----END CERTIFICATE-----")
                    .ok_or_else(|| fail("a certificate in it has no end".to_owned()))?;
                certificates.push(format!(
                    "-----BEGIN CERTIFICATE-----{body}-----END CERTIFICATE-----\n"
                ));
            }
            if certificates.len() == before {
                return Err(fail("it holds no certificate in PEM form".to_owned()));
            }
        }
        if certificates.is_empty() {
            return Ok(None);
        }
        certificates.sort();
        certificates.dedup();
        let own = certificates.concat();
        let digest = hex::encode(Sha256::digest(&own));
        let usual = BUNDLES
            .iter()
            .find_map(|path| std::fs::read_to_string(path).ok())
            .unwrap_or_default();
        let bundle = format!("{usual}\n{own}");
        let file = directory.join("tmp").join("certificates.pem");
        std::fs::write(&file, &bundle)
            .map_err(|error| disk::error(format!("writing {}", file.display()), &error))?;
        Ok(Some(Self {
            certificates,
            bundle,
            digest,
            file,
            making: tokio::sync::Mutex::default(),
        }))
    }

    /// The file of all trusted certificates, for programs on this machine.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The image to be used in the place of a base, if there is one; the log says which, or why there is none.
    pub(crate) async fn derive(
        &self,
        order: &BuildOrder,
        base: &FoundBase,
        log: &Log,
    ) -> Result<Option<ImageReference>, Error> {
        let reference = &base.base.reference;
        let derived = if base.has_triggers {
            // They would be carried out in the derived image's build, and be gone from the image.
            Err(
                "it brings instructions into the build (ONBUILD), and those would be lost"
                    .to_owned(),
            )
        } else {
            self.derived(order, &base.image).await?
        };
        match derived {
            Ok(derived) => {
                log.say(format!(
                    "{reference} is used with the operator's certificates added to it, as {derived}"
                ))
                .await;
                Ok(Some(derived))
            }
            Err(reason) => {
                log.say(format!(
                    "{reference} is used without the operator's certificates: {reason}"
                ))
                .await;
                Ok(None)
            }
        }
    }

    /// The derived image; the inner error says why there is none, which the build may survive.
    async fn derived(
        &self,
        order: &BuildOrder,
        base: &ImageId,
    ) -> Result<Result<ImageReference, String>, Error> {
        let key = hex::encode(Sha256::digest(format!("{base}\n{}\n{RECIPE}", self.digest)));
        let _one_at_a_time = self.making.lock().await;
        let tag = ImageReference(format!("windlass/trust:{}", &key[..32]));
        if order
            .engine
            .image(&tag)
            .await
            .map_err(image::engine_error)?
            .is_some()
        {
            return Ok(Ok(tag));
        }
        // The second way needs no shell in the image, and loses certificates that only the image has.
        let source = ImageReference(format!("windlass/trust-source:{}", &key[..32]));
        let mut made = self
            .make(
                &order.engine,
                &source,
                &source_dockerfile(base),
                &order.labels,
            )
            .await;
        if made.is_ok() {
            let dockerfile = with_source(base, &source);
            made = self
                .make(&order.engine, &tag, &dockerfile, &order.labels)
                .await;
            if let Err(error) = order.engine.remove_image(&source).await {
                // It costs room, not the build.
                tracing::warn!(image = %source, error = %error, "an image of no more use stays");
            }
        }
        if matches!(made, Err(E::BuildFailed(_) | E::Refused { .. })) {
            made = self
                .make(&order.engine, &tag, &without_source(base), &order.labels)
                .await;
        }
        let reason = match made {
            Ok(_) => return Ok(Ok(tag)),
            Err(E::BuildFailed(words) | E::Refused { reason: words, .. }) => words,
            Err(error) => return Err(image::engine_error(error)),
        };
        Ok(Err(format!("they could not be added ({reason})")))
    }

    async fn make(
        &self,
        engine: &Arc<dyn Engine>,
        tag: &ImageReference,
        dockerfile: &str,
        order: &Labels,
    ) -> Result<ImageId, windlass_engine::Error> {
        let all = self.certificates.concat();
        let names: Vec<String> = (1..=self.certificates.len())
            .map(|number| format!("certificates/windlass-extra-{number}.crt"))
            .collect();
        let mut files = vec![
            ("Dockerfile", dockerfile.as_bytes()),
            ("add.sh", SCRIPT.as_bytes()),
            ("extra.pem", all.as_bytes()),
            ("bundle.pem", self.bundle.as_bytes()),
        ];
        files.extend(
            names
                .iter()
                .map(String::as_str)
                .zip(self.certificates.iter().map(String::as_bytes)),
        );
        let archive = tar(&files);
        let mut own = Labels::new()
            .with(labels::ROLE, "image")
            .with(LABEL, &self.digest);
        if let Some(installation) = order.value(labels::INSTALLATION) {
            own = own.with(labels::INSTALLATION, installation);
        }
        let request = BuildRequest {
            tag: tag.clone(),
            context: stream::once(async move { Ok(archive.into()) }).boxed(),
            dockerfile: "Dockerfile".to_owned(),
            target: None,
            arguments: Vec::new(),
            cache: false,
            memory_bytes: None,
            labels: own,
        };
        let (sender, mut lines) = mpsc::channel(64);
        let swallow = async { while lines.recv().await.is_some() {} };
        tokio::join!(engine.build(request, sender), swallow).0
    }
}

/// Makes the files in an image of its own, because the user of `base` may not write and has to stay the
/// user of the derived image. Not in a stage, because Docker keeps those without a name for ever; and the
/// shell is tried first, so that nothing is left when there is none.
fn source_dockerfile(base: &ImageId) -> String {
    format!(
        "FROM {base}\nRUN [\"/bin/sh\", \"-c\", \":\"]\nUSER 0\nCOPY . /windlass-in/\n\
         RUN [\"/bin/sh\", \"/windlass-in/add.sh\"]\n"
    )
}

fn with_source(base: &ImageId, source: &ImageReference) -> String {
    format!(
        "FROM {base}\nCOPY --from={source} /windlass-out/ /\n{}",
        variables()
    )
}

fn without_source(base: &ImageId) -> String {
    format!(
        "FROM {base}\nCOPY certificates/ /usr/local/share/ca-certificates/\nCOPY bundle.pem {BUNDLE}\n{}",
        variables()
    )
}

fn variables() -> String {
    let pairs: Vec<String> = VARIABLES
        .iter()
        .map(|name| format!("{name}={BUNDLE}"))
        .collect();
    format!("ENV {}\n", pairs.join(" "))
}

/// Makes `/windlass-out`. Where the image has Debian's file of certificates, that one is replaced, for the
/// programs that know no variable, and the bundle is a link to it, for what a Dockerfile adds there later.
const SCRIPT: &str = r#"set -eu
in=/windlass-in
out=/windlass-out
store=$out/usr/local/share/ca-certificates
mkdir -p "$store"
cp "$in"/certificates/*.crt "$store/"
found=$in/bundle.pem
for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem /etc/ssl/ca-bundle.pem; do
    if [ -s "$file" ]; then
        cat "$file" "$in/extra.pem" >"$in/joined.pem"
        found=$in/joined.pem
        break
    fi
done
usual=/etc/ssl/certs/ca-certificates.crt
if [ -f "$usual" ] && [ ! -L "$usual" ] && [ ! -L /etc/ssl/certs ] && [ ! -L /etc/ssl ]; then
    mkdir -p "$out/etc/ssl/certs"
    cp "$found" "$out$usual"
    ln -s "$usual" "$store/windlass-bundle.pem"
else
    cp "$found" "$store/windlass-bundle.pem"
fi
"#;
