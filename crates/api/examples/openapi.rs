//! Prints the OpenAPI document: `cargo run -p windlass-api --example openapi > crates/api/openapi.json`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    let document = windlass_api::openapi()
        .to_pretty_json()
        .map_err(std::io::Error::other)?;
    writeln!(std::io::stdout(), "{document}")
}
