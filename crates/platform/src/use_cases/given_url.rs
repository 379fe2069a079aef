//! Another URL for an external service.

use secrecy::SecretString;
use windlass_model::access::Action;
use windlass_model::id::InstanceId;
use windlass_records::{Change, NewSecret};

use super::instances::{InstanceView, instance_title};
use super::load::not_removing;
use crate::context::Context;
use crate::error::Error;
use crate::ids;
use crate::platform::Platform;

impl Platform {
    /// Gives an external service another URL. What runs keeps the one before until its credentials are rotated.
    ///
    /// # Errors
    /// The instance is none of an external service, or the URL cannot be used.
    pub async fn set_instance_url(
        &self,
        context: &Context,
        id: InstanceId,
        url: SecretString,
    ) -> Result<InstanceView, Error> {
        let (instance, scene) = self
            .load_instance(context, Action::ManageServices, id)
            .await?;
        not_removing(&scene.application)?;
        let service = self.parts.service(instance.service).await?;
        self.parts
            .driver(&service)?
            .check_given(Some(&url))
            .map_err(|reason| Error::invalid("url", reason))?;
        let at = self.parts.now();
        let given = NewSecret {
            id: ids::mint(),
            value: url,
            created_at: at,
        };
        let changes = vec![
            Change::ExpectApplicationStays(scene.application.id),
            Change::SetInstanceGivenUrl {
                id,
                given_url: given.id,
                at,
            },
            Change::InsertSecret(given),
            self.audit(
                context,
                "service.set-url",
                instance_title(&scene, &instance),
                Some(scene.application.id),
                "",
            ),
        ];
        self.parts.store.commit(changes).await?;
        self.instance(context, id).await
    }
}
