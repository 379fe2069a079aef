//! Signatures of requests to IAM: AWS Signature Version 4, in a header
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>). Requests to S3 have
//! theirs in the URL, made by `rusty_s3`, which knows no other service.

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use url::{Position, Url};

use super::credential::Key;

/// What requests to IAM have for a body.
pub(super) const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SIGNED: &str = "content-type;host;x-amz-date";

/// A signature, and the date that it is of: the headers `authorization` and `x-amz-date`.
pub(super) struct Signature {
    pub(super) authorization: String,
    pub(super) date: String,
}

/// The signature of a form that is posted.
pub(super) fn sign(key: &Key, region: &str, url: &Url, form: &str, at: Timestamp) -> Signature {
    let date = at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = &date[..8];
    let host = &url[Position::BeforeHost..Position::AfterPort];
    let request = format!(
        "POST\n{}\n\ncontent-type:{FORM}\nhost:{host}\nx-amz-date:{date}\n\n{SIGNED}\n{}",
        url.path(),
        digest(form)
    );
    let scope = format!("{day}/{region}/iam/aws4_request");
    let text = format!("{ALGORITHM}\n{date}\n{scope}\n{}", digest(&request));
    let mut code = format!("AWS4{}", key.secret.expose_secret()).into_bytes();
    for part in [day, region, "iam", "aws4_request", &text] {
        code = self::code(&code, part);
    }
    let signature = hex::encode(code);
    let id = &key.id;
    Signature {
        authorization: format!(
            "{ALGORITHM} Credential={id}/{scope}, SignedHeaders={SIGNED}, Signature={signature}"
        ),
        date,
    }
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn code(key: &[u8], text: &str) -> Vec<u8> {
    let mut code = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    code.update(text.as_bytes());
    code.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use url::Url;

    use super::{Key, sign};

    /// As Amazon's library for Python (botocore 1.44) computes it.
    #[test]
    fn it_is_what_the_library_makes() {
        let key = Key {
            id: "AKIDEXAMPLE".to_owned(),
            secret: SecretString::from("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        };
        let at = "2015-08-30T12:36:00Z".parse().expect("a time");
        let form = "Action=ListUsers&Version=2010-05-08";
        for (url, wanted) in [
            (
                "https://iam.amazonaws.com/",
                "5d76d0de3e0ffe5a7a23cfce21b99d6f4e5060aad86bd9dc7c617f224e5b492a",
            ),
            (
                "http://127.0.0.1:7070/iam",
                "56f8650e5e2a9248903eb90e7afc254245611ae88356e30cff4246852c581b57",
            ),
        ] {
            let url = Url::parse(url).expect("a URL");
            let signature = sign(&key, "us-east-1", &url, form, at);
            assert_eq!(signature.date, "20150830T123600Z");
            let wanted = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date, Signature={wanted}"
            );
            assert_eq!(signature.authorization, wanted);
        }
    }
}
