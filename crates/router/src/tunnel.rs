//! Upgraded connections (WebSocket and others): bytes in both directions until one side ends.

use std::sync::Arc;

use http::header::{CONNECTION, HeaderValue, UPGRADE};
use http::{Response, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::body::ResponseBody;
use crate::connection::Client;
use crate::exchange::{Answer, Failure};
use crate::headers;

/// Passes a `101` on and joins the two connections behind it. The tunnel is in flight until its end,
/// so a drain waits for it, up to the drain's deadline.
pub(crate) fn open(
    client: &Arc<Client>,
    answer: Answer,
    client_side: Option<OnUpgrade>,
) -> Result<Response<ResponseBody>, Failure> {
    let Answer {
        mut response,
        in_flight,
        sender,
        environment: _,
    } = answer;
    let (Some(client_side), Some(protocol)) =
        (client_side, response.headers().get(UPGRADE).cloned())
    else {
        return Err(Failure::UnwantedUpgrade {
            upstream: in_flight.upstream().address,
        });
    };
    let upstream_side = hyper::upgrade::on(&mut response);
    // In the limit of connections as long as it is open.
    let counted = Arc::clone(client);
    client.worker.tasks.spawn(async move {
        // Whoever leaves before the hand-over ends the tunnel; there is nobody to tell.
        if let (Ok(upstream), Ok(client)) = tokio::join!(upstream_side, client_side) {
            let (mut upstream, mut client) = (TokioIo::new(upstream), TokioIo::new(client));
            let _ = tokio::io::copy_bidirectional(&mut client, &mut upstream).await;
        }
        drop((sender, in_flight, counted));
    });

    let (mut head, _) = response.into_parts();
    headers::strip_hop_by_hop(&mut head.headers);
    head.headers
        .insert(CONNECTION, HeaderValue::from_static("upgrade"));
    head.headers.insert(UPGRADE, protocol);
    head.version = Version::HTTP_11;
    head.extensions.clear();
    Ok(Response::from_parts(head, ResponseBody::Own(None)))
}
