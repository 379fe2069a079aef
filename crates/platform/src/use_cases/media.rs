//! What everybody may read of an instance, and under which name.

use windlass_model::access::Action;
use windlass_model::id::InstanceId;
use windlass_model::instance::InstanceState;
use windlass_model::names::HostName;
use windlass_operations::StoreError;
use windlass_records::{Change, MediaDomain};
use windlass_services::{Driver, Media};

use super::deployments::Composed;
use super::instances::{InstanceView, instance_title};
use super::load::not_removing;
use crate::context::Context;
use crate::definitions::visibility;
use crate::error::Error;
use crate::platform::Platform;

impl Platform {
    /// Lets everybody read what an instance holds, or nobody without credentials: recorded of one that is not
    /// made yet, else by an operation, which the answer names.
    ///
    /// # Errors
    /// What is in an instance of its type cannot be public, or it is just being made or removed.
    pub async fn set_instance_public(
        &self,
        context: &Context,
        id: InstanceId,
        public: bool,
    ) -> Result<InstanceView, Error> {
        let (instance, scene) = self
            .load_instance(context, Action::ManageServices, id)
            .await?;
        if instance.state == InstanceState::New {
            not_removing(&scene.application)?;
            let service = self.parts.service(instance.service).await?;
            public_media(self.parts.driver(&service)?.as_ref(), id)?;
            let changes = vec![
                Change::ExpectApplicationStays(scene.application.id),
                Change::ExpectInstanceState {
                    id,
                    states: vec![InstanceState::New],
                },
                Change::SetInstancePublic {
                    id,
                    public,
                    at: self.parts.now(),
                },
                self.audit(
                    context,
                    action(public),
                    instance_title(&scene, &instance),
                    Some(scene.application.id),
                    "",
                ),
            ];
            self.parts.store.commit(changes).await?;
            return self.instance(context, id).await;
        }
        let (submission, changes) = self.compose_visibility(context, id, public).await?;
        let operation = self.submit(submission, changes).await?;
        Ok(InstanceView {
            operation: Some(operation.id),
            ..self.instance(context, id).await?
        })
    }

    pub(crate) async fn compose_visibility(
        &self,
        context: &Context,
        id: InstanceId,
        public: bool,
    ) -> Result<Composed, Error> {
        let (instance, scene) = self
            .load_instance(context, Action::ManageServices, id)
            .await?;
        not_removing(&scene.application)?;
        let service = self.parts.service(instance.service).await?;
        public_media(self.parts.driver(&service)?.as_ref(), id)?;
        if !instance.state.is_provisioned() {
            return Err(Error::refused(
                "not_provisioned",
                format!(
                    "who may read {} is not to be changed while it is {}; wait for that to end",
                    instance_title(&scene, &instance),
                    instance.state
                ),
            ));
        }
        let params = visibility::Params {
            instance: id,
            public,
            before: instance.public,
        };
        let mut changes = vec![
            Change::ExpectApplicationStays(scene.application.id),
            Change::ExpectInstanceState {
                id,
                states: vec![instance.state],
            },
            self.audit(
                context,
                action(public),
                instance_title(&scene, &instance),
                Some(scene.application.id),
                "",
            ),
        ];
        if !public {
            // From now on no name leads there, whenever its server can be asked to close it.
            changes.push(Change::SetInstancePublic {
                id,
                public,
                at: self.parts.now(),
            });
        }
        let subject = ("service_instance", id.to_string());
        let submission = Self::submission(
            context,
            scene.application.organisation,
            visibility::KIND,
            subject,
            &params,
        )?;
        Ok((submission, changes))
    }

    /// Another name for what is public of an instance, or none: routed at once unless a network of others answers
    /// there, and told to the application by the next deployment.
    ///
    /// # Errors
    /// The instance is not public, or the domain cannot be used, or is taken: by whom is not said.
    pub async fn set_instance_media_domain(
        &self,
        context: &Context,
        id: InstanceId,
        host: Option<&str>,
        is_cdn: bool,
    ) -> Result<InstanceView, Error> {
        let (instance, scene) = self
            .load_instance(context, Action::ManageServices, id)
            .await?;
        not_removing(&scene.application)?;
        let domain = match host {
            None => None,
            Some(host) => {
                let host = host
                    .parse()
                    .map_err(|error| Error::name("media_domain", &error))?;
                Some(MediaDomain { host, is_cdn })
            }
        };
        if let Some(domain) = &domain {
            let service = self.parts.service(instance.service).await?;
            public_media(self.parts.driver(&service)?.as_ref(), id)?;
            if !instance.public {
                return Err(Error::refused(
                    "not_public",
                    format!(
                        "{} is private, so that nothing would be read at '{}'; make it public first: \
                         'windlass service set-public {}'",
                        instance_title(&scene, &instance),
                        domain.host,
                        instance.prefix
                    ),
                ));
            }
            self.check_free(&domain.host).await?;
            let is_own = |own: &MediaDomain| own.host == domain.host && !own.is_cdn;
            let is_own = instance.media_domain.as_ref().is_some_and(is_own);
            let region = scene.region.id;
            if !is_own && !is_cdn && self.parts.is_routed(region, domain.host.as_str()).await {
                return Err(taken("the domain is taken; choose another one"));
            }
        }
        let detail = host.unwrap_or("none").to_ascii_lowercase();
        let changes = vec![
            Change::ExpectApplicationStays(scene.application.id),
            Change::SetInstanceMediaDomain {
                id,
                domain,
                at: self.parts.now(),
            },
            self.audit(
                context,
                "service.set-domain",
                instance_title(&scene, &instance),
                Some(scene.application.id),
                detail,
            ),
        ];
        let committed = self.parts.store.commit(changes).await;
        committed.map_err(|error| match error {
            StoreError::Conflict(message) => taken(message),
            other => other.into(),
        })?;
        // The reconciler would do it within seconds, and does where this fails.
        if let Err(failure) = self.parts.publish_routes(scene.region.id).await {
            tracing::warn!(failure.code, failure.message, "a domain is not routed yet");
        }
        self.instance(context, id).await
    }

    /// Refuses what is under the domains of the installation, where every name is Windlass's to give.
    async fn check_free(&self, host: &HostName) -> Result<(), Error> {
        for region in self.parts.store.regions().await? {
            if host.is_within(&region.domain) {
                return Err(taken(format!(
                    "'{host}' is under {}, where Windlass gives the names; a domain of your own is meant",
                    region.domain
                )));
            }
        }
        Ok(())
    }
}

fn action(public: bool) -> &'static str {
    if public {
        "service.set-public"
    } else {
        "service.set-private"
    }
}

fn taken(message: impl Into<String>) -> Error {
    Error::invalid("media_domain", message)
}

/// Where what is public of it is read, of a type that can be.
pub(super) fn public_media(driver: &dyn Driver, id: InstanceId) -> Result<Media, Error> {
    driver.media(id).ok_or_else(|| {
        let kind = driver.kind();
        let message = format!(
            "what is in a service of type '{kind}' is never public, and has no address for everybody; object storage \
             can be"
        );
        Error::invalid("public", message)
    })
}
