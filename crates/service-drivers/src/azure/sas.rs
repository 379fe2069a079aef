//! Shared access signatures: what a binding has.

use windlass_model::percent::encode;

use super::account::Account;
use super::limits::VERSION;

/// The URL of a container with a signature that is as good as the stored access policy. It depends on the key, the
/// container and the policy alone, and so is the same at each time. What is allowed, and for how long, is in the policy.
pub(super) fn url(account: &Account, container: &str, policy: &str) -> String {
    let place = &account.place;
    // Without a word on it either protocol will do.
    let protocol = if place.is_encrypted { "https" } else { "" };
    // Permissions, start and expiry are the policy's; between the kind of the resource (a container) and the end there
    // are a snapshot's time, an encryption scope and five headers of answers, none of which is wanted.
    let text = format!(
        "\n\n\n/blob/{}/{container}\n{policy}\n\n{protocol}\n{VERSION}\nc\n\n\n\n\n\n\n",
        place.account
    );
    let signature = encode(&account.code(&text));
    let mut query = format!("sv={VERSION}&sr=c&si={policy}");
    if !protocol.is_empty() {
        query = format!("{query}&spr={protocol}");
    }
    format!("{}/{container}?{query}&sig={signature}", place.url)
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::super::account::{Account, Place};
    use super::url;

    /// As Microsoft's library for Python (azure-storage-blob 12.31) for this version of the protocol computes it.
    #[test]
    fn it_is_what_the_library_makes() {
        let place = Place::of("https://shop.blob.core.windows.net", "shop").expect("it is good");
        let key = Zeroizing::new(b"0123456789abcdef".to_vec());
        let account = Account { place, key };
        assert_eq!(
            url(&account, "svc-1", "windlass-1"),
            "https://shop.blob.core.windows.net/svc-1?sv=2025-07-05&sr=c&si=windlass-1&spr=https&sig=hPeHBXI1DP987xzA9wiVpPQggcPa9LSEZOTRhzioPsA%3D"
        );
    }
}
