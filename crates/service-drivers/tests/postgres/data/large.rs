//! Much data in little memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

use super::operation;
use crate::fixture::{Postgres, name};
use crate::server::shared;

/// Of data that does not compress.
const MEGABYTES: u32 = 200;
/// What a stream of any length may take.
const MOST_GROWTH: u64 = 40 * 1024 * 1024;

/// What this process has in memory, in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: u64 = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .expect("a number");
    pages * 4096
}

/// Keeps a file, and the most memory that was seen while it was written.
struct Watching {
    file: tokio::fs::File,
    most: u64,
}

impl AsyncWrite for Watching {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.most = self.most.max(resident());
        Pin::new(&mut self.file).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_shutdown(context)
    }
}

#[tokio::test]
async fn much_data_passes_in_little_memory() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.superuser.clone());
    let (spec, binding) = fixture.made().await;
    let tenant = fixture.tenant(&spec, &binding).await;
    // A megabyte of random bytes for each row: 2,000 UUIDs as text, and 28 bytes more of each.
    let sql = format!(
        "CREATE TABLE much (a text); ALTER TABLE much ALTER a SET STORAGE EXTERNAL; INSERT INTO much
         SELECT (SELECT string_agg(gen_random_uuid()::text, '') FROM generate_series(1, 29127) WHERE n > 0)
         FROM generate_series(1, {MEGABYTES}) n"
    );
    tenant
        .batch_execute(&sql)
        .await
        .expect("a tenant may do this");
    drop(tenant);
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("much.dump");
    let mut output = Watching {
        file: tokio::fs::File::create(&path).await.expect("a file"),
        most: 0,
    };
    let before = resident();
    let tools = &server.tools;
    let done = fixture
        .data()
        .back_up(&fixture.access, &spec, tools, &mut output);
    let done = done.await.expect("a backup");
    assert!(done.bytes > u64::from(MEGABYTES) * 400_000, "{done:?}");
    let growth = output.most.saturating_sub(before);
    assert!(growth < MOST_GROWTH, "a backup took {growth} bytes");
    let file = tokio::fs::File::open(&path).await.expect("the file");
    let before = resident();
    let mut most = 0;
    let operation = operation();
    let mut input = tokio_util::io::InspectReader::new(file, |_| most = most.max(resident()));
    let source = windlass_services::Source::default();
    let data = fixture.data();
    data.restore(
        &fixture.access,
        &spec,
        operation,
        tools,
        &source,
        &mut input,
    )
    .await
    .expect("a restore");
    drop(input);
    let growth = most.saturating_sub(before);
    assert!(growth < MOST_GROWTH, "a restore took {growth} bytes");
    data.swap(&fixture.access, &spec, operation)
        .await
        .expect("a swap");
    let client = server.connect(&name(&spec)).await;
    let row = client
        .query_one("SELECT count(*), sum(length(a)) FROM much", &[])
        .await;
    let row = row.expect("the table");
    assert_eq!(row.get::<_, i64>(0), i64::from(MEGABYTES));
    assert_eq!(row.get::<_, i64>(1), i64::from(MEGABYTES) * 29127 * 36);
    drop(client);
    fixture.destroy(&spec).await;
}
