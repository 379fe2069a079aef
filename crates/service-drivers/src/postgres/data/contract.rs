//! The contract, call by call.

use async_trait::async_trait;
use windlass_model::id::OperationId;
use windlass_services::data::{Input, Output};
use windlass_services::{Access, BackedUp, Data, DataFormat, Error, InstanceSpec, Source, Tools};

use super::super::driver::PostgresDriver;
use super::{back_up, restore, swap};

#[async_trait]
impl Data for PostgresDriver {
    fn format(&self) -> DataFormat {
        DataFormat {
            name: "postgres-custom",
            extension: "dump",
            is_compressed: true,
        }
    }

    async fn back_up(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        tools: &dyn Tools,
        output: Output<'_>,
    ) -> Result<BackedUp, Error> {
        Box::pin(back_up::back_up(self, access, instance, tools, output)).await
    }

    async fn restore(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        operation: OperationId,
        tools: &dyn Tools,
        source: &Source,
        input: Input<'_>,
    ) -> Result<(), Error> {
        let what = (source, input);
        Box::pin(restore::restore(
            self, access, instance, operation, tools, what,
        ))
        .await
    }

    async fn swap(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        operation: OperationId,
    ) -> Result<(), Error> {
        self.call(access, swap::swap(access, instance, operation))
            .await
    }

    async fn discard(&self, access: &Access, instance: &InstanceSpec) -> Result<(), Error> {
        self.call(access, swap::discard(access, instance)).await
    }
}
