//! The places where pages end: opaque to clients, refused when they are not ours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use windlass_operations::StoreError;
use windlass_records::PageRequest;

/// The sort values of the last row, with the name of the list, as one text.
pub(crate) fn encode<K: Serialize>(list: &str, key: &K) -> String {
    URL_SAFE_NO_PAD.encode(crate::row::to_document(&(list, key)))
}

/// The sort values behind which the page begins; `None` for the first page.
pub(crate) fn decode<K: DeserializeOwned>(
    list: &str,
    page: &PageRequest,
) -> Result<Option<K>, StoreError> {
    let Some(text) = &page.after else {
        return Ok(None);
    };
    let refused = || {
        StoreError::Refused(
            "this place in the list is not one that Windlass gave; begin with the first page"
                .to_owned(),
        )
    };
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| refused())?;
    let (name, key): (String, K) = serde_json::from_slice(&bytes).map_err(|_| refused())?;
    if name == list {
        Ok(Some(key))
    } else {
        Err(refused())
    }
}
