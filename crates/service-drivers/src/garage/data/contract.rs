//! The contract, call by call.

use async_trait::async_trait;
use windlass_model::id::OperationId;
use windlass_services::data::{Input, Output};
use windlass_services::{Access, BackedUp, Data, DataFormat, Error, InstanceSpec, Source, Tools};

use super::super::driver::GarageDriver;
use super::{filler, swap, transfer};

#[async_trait]
impl Data for GarageDriver {
    fn format(&self) -> DataFormat {
        DataFormat {
            name: "tar",
            extension: "tar",
            is_compressed: false,
        }
    }

    async fn back_up(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        _: &dyn Tools,
        output: Output<'_>,
    ) -> Result<BackedUp, Error> {
        Box::pin(transfer::back_up(self, access, instance, output)).await
    }

    async fn restore(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        operation: OperationId,
        _: &dyn Tools,
        source: &Source,
        input: Input<'_>,
    ) -> Result<(), Error> {
        let what = (source, input);
        Box::pin(transfer::restore(self, access, instance, operation, what)).await
    }

    async fn swap(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        operation: OperationId,
    ) -> Result<(), Error> {
        let client = self.change(access, instance.instance).await?;
        Box::pin(swap::swap(&client, instance, operation)).await
    }

    async fn discard(&self, access: &Access, instance: &InstanceSpec) -> Result<(), Error> {
        let client = self.change(access, instance.instance).await?;
        Box::pin(filler::clear(&client, instance.instance)).await
    }
}
