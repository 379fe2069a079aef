//! Settings of the API.

use std::time::Duration;

/// Settings of the API. The defaults are for every installation.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// The base URL of the API: its scheme is that of `next` links, and its host theirs when a request
    /// names none.
    pub public_url: String,
    /// The largest body of a request; pushes and fetches of git have the builder's bounds instead.
    pub max_body_bytes: usize,
    /// How long a client may take to send the head of a request.
    pub head_timeout: Duration,
    /// How long a client may take to send the body of a request; git excepted.
    pub body_timeout: Duration,
    /// How many connections may be open.
    pub max_connections: usize,
    /// How long answers that are being given may go on when the server stops.
    pub drain_deadline: Duration,
    /// How often a stream that has nothing to say says that it is alive.
    pub heartbeat: Duration,
}

impl ApiSettings {
    /// The usual settings.
    pub fn new(public_url: impl Into<String>) -> Self {
        Self {
            public_url: public_url.into(),
            max_body_bytes: 1024 * 1024,
            // A client sends its head at once; more than this is a slow line or a slow attack.
            head_timeout: Duration::from_secs(15),
            // 1 MiB over a slow line.
            body_timeout: Duration::from_mins(1),
            // Each costs a file descriptor, of which a process has 1,024 by default and needs some itself.
            max_connections: 512,
            drain_deadline: Duration::from_secs(10),
            // Proxies give up silent connections after 30 seconds and more.
            heartbeat: Duration::from_secs(15),
        }
    }
}
