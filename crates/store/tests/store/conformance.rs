//! The store's conformance suite on SQLite.

use std::sync::Arc;

use windlass_records::Store;
use windlass_store::SqliteStore;

async fn store() -> Arc<dyn Store> {
    Arc::new(
        SqliteStore::open_temporary()
            .await
            .expect("a new store opens"),
    )
}

windlass_records::store_conformance!(store);
