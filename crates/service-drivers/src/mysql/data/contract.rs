//! The contract, call by call.

use async_trait::async_trait;
use windlass_model::id::OperationId;
use windlass_services::data::{Input, Output};
use windlass_services::{Access, BackedUp, Data, DataFormat, Error, InstanceSpec, Source, Tools};

use super::super::driver::MysqlDriver;
use super::{back_up, restore, swap};

#[async_trait]
impl Data for MysqlDriver {
    fn format(&self) -> DataFormat {
        DataFormat {
            name: "sql",
            extension: "sql",
            is_compressed: false,
        }
    }

    async fn back_up(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        tools: &dyn Tools,
        output: Output<'_>,
    ) -> Result<BackedUp, Error> {
        let cluster = self.cluster(access);
        Box::pin(back_up::back_up(self, cluster, instance, tools, output)).await
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
        let (cluster, what) = (self.cluster(access), (source, input));
        let call = restore::restore(self, cluster, instance, operation, tools, what);
        Box::pin(call).await
    }

    async fn swap(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        operation: OperationId,
    ) -> Result<(), Error> {
        let call = swap::swap(self.cluster(access), instance, operation);
        Box::pin(self.call(access, call)).await
    }

    async fn discard(&self, access: &Access, instance: &InstanceSpec) -> Result<(), Error> {
        let call = swap::discard(self.cluster(access), instance);
        Box::pin(self.call(access, call)).await
    }
}
