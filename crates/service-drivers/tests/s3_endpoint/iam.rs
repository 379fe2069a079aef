//! IAM as the operator uses it, or somebody else who has a key.

use hmac::{Hmac, Mac};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use windlass_services::Access;

use crate::s3::{Answer, send_form};

/// Posts a form to IAM, signed for it (AWS Signature Version 4).
pub(crate) async fn iam(url: &str, id: &str, secret: &str, form: &str) -> Answer {
    let form = format!("{form}&Version=2010-05-08");
    let (_, host) = url.split_once("://").expect("a URL");
    let date = jiff::Timestamp::now()
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    let digest = |text: &str| hex::encode(Sha256::digest(text.as_bytes()));
    let signed = "host;x-amz-date";
    let request = format!(
        "POST\n/\n\nhost:{host}\nx-amz-date:{date}\n\n{signed}\n{}",
        digest(&form)
    );
    let scope = format!("{}/us-east-1/iam/aws4_request", &date[..8]);
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", digest(&request));
    let mut code = format!("AWS4{secret}").into_bytes();
    for part in scope.split('/').chain([text.as_str()]) {
        let mut next = Hmac::<Sha256>::new_from_slice(&code).expect("a key");
        next.update(part.as_bytes());
        code = next.finalize().into_bytes().to_vec();
    }
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={signed}, Signature={}",
        hex::encode(code)
    );
    let headers = [
        ("authorization", authorization.as_str()),
        ("x-amz-date", date.as_str()),
    ];
    send_form(url, &headers, form).await
}

/// The same as the operator; it succeeds.
pub(crate) async fn as_operator(url: &str, access: &Access, form: &str) -> Answer {
    let answer = iam(url, &access.user, access.password.expose_secret(), form).await;
    assert!(answer.status.is_success(), "{form}: {answer:?}");
    answer
}
