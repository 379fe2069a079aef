//! Data out of PostgreSQL and in again: what is special to it.

mod forms;
mod hostile;
mod large;
mod whole;

use uuid::Uuid;
use windlass_model::id::OperationId;
use windlass_services::{BackedUp, Data, Driver, Error, InstanceSpec, Source};

use crate::fixture::Postgres;

pub(crate) fn operation() -> OperationId {
    OperationId::from(Uuid::now_v7())
}

impl Postgres {
    pub(crate) fn data(&self) -> &dyn Data {
        self.driver.data().expect("its data can be copied")
    }

    pub(crate) async fn back_up(&self, spec: &InstanceSpec) -> (Vec<u8>, BackedUp) {
        let mut bytes = Vec::new();
        let data = self.data();
        let done = data.back_up(&self.access, spec, &self.server.tools, &mut bytes);
        let done = done.await.expect("a backup");
        (bytes, done)
    }

    pub(crate) async fn restore(
        &self,
        spec: &InstanceSpec,
        operation: OperationId,
        mut bytes: &[u8],
    ) -> Result<(), Error> {
        let (data, tools) = (self.data(), &self.server.tools);
        let source = Source::default();
        data.restore(&self.access, spec, operation, tools, &source, &mut bytes)
            .await
    }

    pub(crate) async fn replace(&self, spec: &InstanceSpec, bytes: &[u8]) {
        let operation = operation();
        let restored = self.restore(spec, operation, bytes).await;
        restored.expect("a restore");
        let swapped = self.data().swap(&self.access, spec, operation).await;
        swapped.expect("a swap");
    }
}

/// The words of a refusal.
pub(crate) fn refusal(result: Result<(), Error>, what: &str) -> String {
    match result {
        Err(Error::Refused { reason, .. }) => reason,
        other => panic!("{what} is refused, not {other:?}"),
    }
}
