//! The builder with the real git client, real HTTP and the machine's Docker Engine.
#![expect(
    clippy::unwrap_used,
    reason = "a test and what helps it fail by panicking"
)]

mod builds;
mod full_disk;
mod git_http;
mod others_images;
mod support;
