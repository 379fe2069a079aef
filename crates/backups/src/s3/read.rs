//! Objects as streams.

use std::io;

use bytes::Bytes;
use futures::stream;
use http::header::RANGE;
use http::{HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use rusty_s3::S3Action;
use tokio::time::timeout;
use tokio_util::io::StreamReader;

use super::client::{Call, Client};
use super::limits::{PIECE, READ, SIGNED_FOR};
use crate::target::{Content, Error, Name};

/// An object from that byte on.
pub(super) async fn get(client: &Client, name: &Name, offset: u64) -> Result<Content, Error> {
    let key = client.key(name);
    let action = client.bucket.get_object(Some(&client.credentials), &key);
    let sign = || action.sign(SIGNED_FOR);
    let mut call = Call::new(Method::GET, &sign);
    if offset > 0 {
        let range = HeaderValue::from_str(&format!("bytes={offset}-"));
        let range = range.expect("a number is a header's value");
        call.headers.push((RANGE, range));
    }
    let response = client.send(READ, &call).await?;
    let (head, body) = response.into_parts();
    let wanted = if offset > 0 {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    if head.status == wanted {
        return Ok(content(body));
    }
    let answer = client.whole(READ, head.status, head.headers, body).await?;
    if answer.status == StatusCode::RANGE_NOT_SATISFIABLE && offset > 0 {
        return Ok(Box::new(tokio::io::empty()));
    }
    if answer.status == StatusCode::NOT_FOUND && answer.is("NoSuchKey") {
        return Err(Error::Missing {
            place: client.settings.description(),
            name: name.to_string(),
        });
    }
    client.accepted(READ, &answer)?;
    let reason = format!(
        "an answer with status {} to a request for a part",
        answer.status.as_u16()
    );
    Err(client.failed(READ, reason))
}

/// Pieces as they come; one that does not come in time is an error, and so is an end that comes too early.
fn content(body: Incoming) -> Content {
    let pieces = stream::unfold(Some(body), |body| async move {
        let mut body = body?;
        loop {
            let piece = match timeout(PIECE.within, body.frame()).await {
                Ok(None) => return None,
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => return Some((Ok(data), Some(body))),
                    // Trailers.
                    Err(_) => continue,
                },
                Ok(Some(Err(error))) => io::Error::other(error),
                Err(_) => io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!(
                        "no further piece of the object came within {:?}",
                        PIECE.within
                    ),
                ),
            };
            return Some((Err::<Bytes, _>(piece), None));
        }
    });
    Box::new(StreamReader::new(Box::pin(pieces)))
}
