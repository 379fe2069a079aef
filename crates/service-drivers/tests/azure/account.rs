//! Accounts that cannot be used, and how that is said.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use windlass_services::{Access, Driver, Error};

use crate::fixture::Azure;
use crate::imposter::{Imposter, answer};
use crate::server::{key, shared};

async fn refused(access: Access) -> Error {
    let driver = windlass_service_drivers::azure::AzureDriver::new();
    let error = driver.prepare(&access).await.expect_err("it is refused");
    let text = format!("{error} {error:?}");
    let secret = access.password.expose_secret();
    assert!(!text.contains(secret), "no error shows the key: {text}");
    assert!(text.contains(&access.description), "{text}");
    error
}

#[tokio::test]
async fn a_wrong_key_is_unauthorized() {
    let fixture = Azure::new(shared().await);
    for password in [key(), SecretString::from("not in base64!")] {
        let error = refused(Access {
            password,
            ..fixture.access.clone()
        });
        let error = error.await;
        assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn an_account_must_be_the_one_in_its_url() {
    let fixture = Azure::new(shared().await);
    for settings in [
        None,
        Some(json!({})),
        Some(json!({ "url": "https://store.blob.core.windows.net" })),
        Some(json!({ "url": "https://blobs-of.example.org" })),
    ] {
        let error = refused(Access {
            settings,
            ..fixture.access.clone()
        });
        let error = error.await;
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_no_account_for_blobs_of_our_version_is_not_supported() {
    let fixture = Azure::new(shared().await);
    for (wrong, words) in [
        (
            answer("400 Bad", "", "InvalidHeaderValue"),
            "does not speak version",
        ),
        (
            answer("200 OK", "x-ms-account-kind: FileStorage\r\n", ""),
            "for files",
        ),
    ] {
        let imposter = Imposter::start(&fixture.access, vec![wrong]).await;
        let error = refused(imposter.access.clone()).await;
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let page = Imposter::start(&fixture.access, vec![answer("200 OK", "", "")]).await;
    let error = refused(page.access.clone()).await;
    assert!(error.to_string().contains("not Azure's"), "{error}");
    let busy = answer("503 Busy", "", "ServerBusy");
    let busy = Imposter::start(&fixture.access, vec![busy]).await;
    let error = refused(busy.access.clone()).await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}
