//! What is in a bucket: objects with all their versions, and the markers of deleted ones.

use http::{Method, StatusCode};
use windlass_services::Error;

use super::client::{Ask, Client};
use super::failure::{failed, is, unexpected};
use super::limits::{DELETE, LIST, PAGE};
use crate::http::xml;
use crate::s3::in_xml;

/// An object in one of its versions, or the marker of its deletion.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) name: String,
    /// None at an endpoint that has no versions.
    pub(super) id: Option<String>,
    pub(super) bytes: u64,
}

/// A page of what is in a bucket, and where the next begins.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) versions: Vec<Version>,
    pub(super) next: Option<Next>,
}

/// Where a page begins.
#[derive(Debug)]
pub(super) enum Next {
    Version { name: String, version: String },
    Object { token: String },
}

/// The first page, or the next one; at an endpoint that has no versions, of the objects.
pub(super) async fn page(
    client: &Client<'_>,
    bucket: &str,
    from: Option<&Next>,
) -> Result<Page, Error> {
    if !matches!(from, Some(Next::Object { .. }))
        && let Some(page) = versions(client, bucket, from).await?
    {
        return Ok(page);
    }
    let mut query = vec![("list-type", "2")];
    if let Some(Next::Object { token }) = from {
        query.push(("continuation-token", token));
    }
    let answer = list(client, bucket, query).await?;
    client.accepted(LIST, &answer)?;
    let text = String::from_utf8_lossy(&answer.body);
    let token = xml::first(&text, "NextContinuationToken").map(xml::unescaped);
    Ok(Page {
        versions: read(client, &text, "Contents")?,
        next: token.map(|token| Next::Object { token }),
    })
}

async fn versions(
    client: &Client<'_>,
    bucket: &str,
    from: Option<&Next>,
) -> Result<Option<Page>, Error> {
    let mut query = vec![("versions", "")];
    if let Some(Next::Version { name, version }) = from {
        query.push(("key-marker", name));
        query.push(("version-id-marker", version));
    }
    let answer = list(client, bucket, query).await?;
    let unknown = ["NotImplemented", "VersioningNotConfigured"];
    if from.is_none() && (is(&answer, &unknown) || answer.status == StatusCode::NOT_IMPLEMENTED) {
        return Ok(None);
    }
    client.accepted(LIST, &answer)?;
    let text = String::from_utf8_lossy(&answer.body);
    let mut versions = read(client, &text, "Version")?;
    versions.extend(read(client, &text, "DeleteMarker")?);
    // Some begin with what the page before has ended with.
    if let Some(Next::Version { name, version }) = from {
        let is_last = |found: &Version| found.name == *name && found.id.as_ref() == Some(version);
        versions.retain(|found| !is_last(found));
    }
    let is_truncated = xml::first(&text, "IsTruncated") == Some("true");
    let next = is_truncated.then(|| Next::Version {
        name: named(&text, &text, "NextKeyMarker").unwrap_or_default(),
        version: named_plainly(&text, "NextVersionIdMarker").unwrap_or_default(),
    });
    Ok(Some(Page { versions, next }))
}

async fn list(
    client: &Client<'_>,
    bucket: &str,
    mut query: Vec<(&str, &str)>,
) -> Result<crate::http::Answer, Error> {
    // Names may have characters that XML has no form for.
    query.extend([("encoding-type", "url"), ("max-keys", PAGE)]);
    client
        .look(LIST, Ask::bucket(Method::GET, bucket, &query))
        .await
}

fn read(client: &Client<'_>, text: &str, element: &str) -> Result<Vec<Version>, Error> {
    let mut found = Vec::new();
    for inner in xml::all(text, element) {
        let name = named(text, inner, "Key");
        let name = name.ok_or_else(|| unexpected(client.access, LIST, "an object without name"))?;
        let bytes = match xml::first(inner, "Size") {
            Some(size) => size
                .parse()
                .map_err(|_| unexpected(client.access, LIST, "a size that is no number"))?,
            // Markers have none.
            None => 0,
        };
        found.push(Version {
            name,
            id: named_plainly(inner, "VersionId"),
            bytes,
        });
    }
    Ok(found)
}

/// A name, encoded if the answer says that it is.
pub(super) fn named(answer: &str, inner: &str, element: &str) -> Option<String> {
    let text = named_plainly(inner, element)?;
    if xml::first(answer, "EncodingType") != Some("url") {
        return Some(text);
    }
    // Blanks are written as in forms by some, and signs of plus never are.
    let text = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&text).decode_utf8();
    decoded.ok().map(std::borrow::Cow::into_owned)
}

fn named_plainly(inner: &str, element: &str) -> Option<String> {
    xml::first(inner, element).map(xml::unescaped)
}

/// Deletes all that is in the bucket, markers and older versions included: each time the first page, until there is
/// nothing on it.
pub(super) async fn delete_all(client: &Client<'_>, bucket: &str) -> Result<(), Error> {
    let mut before = Vec::new();
    loop {
        let found = page(client, bucket, None).await?.versions;
        let Some(first) = found.first() else {
            return Ok(());
        };
        // Else this would never end.
        if found == before {
            let reason = format!(
                "the endpoint says that it has deleted them, and still lists '{}' and {} others; delete them by hand",
                first.name.escape_debug(),
                found.len() - 1
            );
            return Err(failed(client.access, DELETE, reason));
        }
        delete(client, bucket, &found).await?;
        before = found;
    }
}

async fn delete(client: &Client<'_>, bucket: &str, versions: &[Version]) -> Result<(), Error> {
    let (plain, odd): (Vec<_>, Vec<_>) = versions.iter().partition(|version| in_xml(&version.name));
    if !plain.is_empty() {
        delete_together(client, bucket, &plain).await?;
    }
    for Version { name, id, .. } in odd {
        let mut ask = Ask::bucket(Method::DELETE, bucket, &[]);
        ask.object = Some(name);
        if let Some(id) = id {
            ask.query = vec![("versionId", id)];
        }
        let answer = client.act(DELETE, ask).await?;
        if answer.status != StatusCode::NOT_FOUND {
            client.accepted(DELETE, &answer)?;
        }
    }
    Ok(())
}

async fn delete_together(
    client: &Client<'_>,
    bucket: &str,
    versions: &[&Version],
) -> Result<(), Error> {
    let mut ask = Ask::bucket(Method::POST, bucket, &[("delete", "")]);
    ask.body = deletion(versions);
    let answer = client.act(DELETE, ask).await?;
    client.accepted(DELETE, &answer)?;
    let text = String::from_utf8_lossy(&answer.body);
    let refused: Vec<_> = xml::all(&text, "Error").collect();
    let Some(first) = refused.first() else {
        return Ok(());
    };
    let reason = format!(
        "{} objects were refused, the first with {}",
        refused.len(),
        xml::first(first, "Code").unwrap_or("no reason")
    );
    Err(failed(client.access, DELETE, reason))
}

/// The document that names what is to be deleted.
fn deletion(versions: &[&Version]) -> String {
    let object = |version: &&Version| {
        let id = version.id.as_deref().map(escaped);
        let id = id.map(|id| format!("<VersionId>{id}</VersionId>"));
        format!(
            "<Object><Key>{}</Key>{}</Object>",
            escaped(&version.name),
            id.unwrap_or_default()
        )
    };
    let objects: String = versions.iter().map(object).collect();
    format!(
        "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>{objects}</Delete>"
    )
}

/// The text as XML has it; a carriage return would else be read as the end of a line.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('\r', "&#13;")
}

#[cfg(test)]
mod tests {
    use super::{Version, deletion, named};

    #[test]
    fn names_are_read_as_the_answer_says_and_written_for_xml() {
        let encoded = "<EncodingType>url</EncodingType><Key>a+b%2Bc/%C3%A9%01</Key>";
        assert_eq!(
            named(encoded, encoded, "Key").as_deref(),
            Some("a b+c/é\u{1}")
        );
        let plain = "<Key>a+b&amp;c%20</Key>";
        assert_eq!(named(plain, plain, "Key").as_deref(), Some("a+b&c%20"));
        let versions = [
            Version {
                name: "a<b>&\r".to_owned(),
                id: Some("null".to_owned()),
                bytes: 1,
            },
            Version {
                name: "c".to_owned(),
                id: None,
                bytes: 0,
            },
        ];
        assert!(deletion(&versions.each_ref()).contains(
            "<Object><Key>a&lt;b&gt;&amp;&#13;</Key><VersionId>null</VersionId></Object><Object><Key>c</Key></Object>"
        ));
    }
}
