//! What an instance uses on its server.

use windlass_model::id::InstanceId;

use crate::context::Context;
use crate::error::Error;
use crate::failures;
use crate::platform::Platform;

/// What an instance uses, and what it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceUsage {
    /// Bytes on disk, or in memory where the type keeps nothing on a disk.
    pub bytes: u64,
    /// Bytes that it may have, where its server holds it to that.
    pub byte_limit: Option<u64>,
    /// Connections open now.
    pub connections: u32,
    /// Connections that it may have.
    pub connection_limit: u32,
}

impl Platform {
    /// What an instance uses now: asked of its server, and kept nowhere.
    ///
    /// # Errors
    /// It is not provisioned, or its server does not answer.
    pub async fn instance_usage(
        &self,
        context: &Context,
        id: InstanceId,
    ) -> Result<InstanceUsage, Error> {
        let instance = self.instance(context, id).await?.instance;
        if !instance.state.is_provisioned() {
            return Err(Error::refused(
                "not_provisioned",
                format!(
                    "service instance '{}' is not provisioned, so it uses nothing yet",
                    instance.prefix
                ),
            ));
        }
        let scene = self.parts.instance_scene(id).await?;
        let cluster = self.parts.instance_cluster(&scene).await?;
        let access = self.parts.access(&cluster, &scene.service).await?;
        let used = self
            .parts
            .driver(&scene.service)?
            .usage(&access, id)
            .await
            .map_err(|error| failures::service(&error))?;
        Ok(InstanceUsage {
            bytes: used.bytes,
            byte_limit: scene
                .service
                .storage_bytes
                .and_then(|bytes| bytes.try_into().ok()),
            connections: used.connections,
            connection_limit: scene.service.connection_limit,
        })
    }
}
