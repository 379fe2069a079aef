//! Service instances: every transition that a user asks for, and every refusal.

use secrecy::SecretString;
use windlass_model::access::Action;
use windlass_model::id::{EnvironmentId, InstanceId, OperationId, OrganisationId};
use windlass_model::instance::{InstanceEvent, InstanceState, transition};
use windlass_model::names::{Prefix, VariableName};
use windlass_model::profile::Profile;
use windlass_operations::{Operation, Submission};
use windlass_records::{
    Change, Instance, InstanceFilter, NewSecret, Page, PageRequest, Service, VariableFilter,
};
use windlass_services::{Driver, VariableRequest};

use super::deployments::Composed;
use super::load::not_removing;
use super::media::public_media;
use super::profile::checked_profile;
use crate::authorize::authorize;
use crate::context::Context;
use crate::definitions::{provisioning, removal};
use crate::error::{Error, refusal_code};
use crate::ids;
use crate::instance_work::Patience;
use crate::platform::Platform;
use crate::scene::Scene;

/// An instance to be added.
#[derive(Debug, Clone)]
pub struct NewInstance {
    /// The environment.
    pub environment: EnvironmentId,
    /// The service: its id, or its identifier in the environment's region.
    pub service: String,
    /// The prefix; `DEFAULT` without.
    pub prefix: Option<String>,
    /// The region, if the client names one: the application's.
    pub region: Option<String>,
    /// The scheme of the URL, if not the type's default.
    pub url_scheme: Option<String>,
    /// For whom its variables have further names, if for anybody.
    pub profile: Option<String>,
    /// The URL with credentials of an external service.
    pub url: Option<SecretString>,
    /// Whether everybody may read what it will hold.
    pub public: bool,
}

/// What the names of an instance's variables depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) prefix: &'a Prefix,
    pub(super) profile: Option<Profile>,
}

impl<'a> Names<'a> {
    pub(super) fn of(instance: &'a Instance) -> Self {
        let (prefix, profile) = (&instance.prefix, instance.profile);
        Self { prefix, profile }
    }

    /// Those that must not be another's. Aliases such as `DATABASE_URL` give way instead.
    fn firm(self, driver: &dyn Driver) -> Vec<VariableName> {
        let variables = driver.variables(&VariableRequest::for_names(self.prefix, self.profile));
        let firm = variables.into_iter().filter(|variable| !variable.is_alias);
        firm.map(|variable| variable.name).collect()
    }

    /// The field that is to be changed where a name is taken, and what is to be done.
    fn remedy(self, name: &VariableName) -> (&'static str, String) {
        let prefix = self.prefix;
        match self.profile {
            Some(profile) if !name.as_str().starts_with(&format!("{prefix}_")) => (
                "inject_profile",
                format!("one instance of an environment has the variables for '{profile}'"),
            ),
            _ => ("prefix", "choose another prefix".to_owned()),
        }
    }
}

/// An instance with its service.
#[derive(Debug, Clone)]
pub struct InstanceView {
    /// The instance.
    pub instance: Instance,
    /// Its service.
    pub service: Service,
    /// The names of the variables that it gives.
    pub variable_names: Vec<VariableName>,
    /// The host of its own at which everybody reads what it holds; none while it is not public.
    pub media_host: Option<String>,
    /// The operation that makes what was just asked for so, where it takes one.
    pub operation: Option<OperationId>,
}

impl Platform {
    /// Adds an instance: recorded only.
    pub async fn add_instance(
        &self,
        context: &Context,
        new: NewInstance,
    ) -> Result<InstanceView, Error> {
        let scene = self
            .load_scene(context, Action::ManageServices, new.environment)
            .await?;
        not_removing(&scene.application)?;
        let prefix = new.prefix.as_deref().unwrap_or("DEFAULT");
        let prefix: Prefix = prefix
            .parse()
            .map_err(|error| Error::name("prefix", &error))?;
        let service = self.offered_service(&scene, &new).await?;
        let driver = self.parts.driver(&service)?;
        check_url_scheme(driver.as_ref(), new.url_scheme.as_deref())?;
        driver
            .check_given(new.url.as_ref())
            .map_err(|reason| Error::invalid("url", reason))?;
        let profile = checked_profile(driver.as_ref(), new.profile.as_deref())?;
        let id = ids::mint();
        if new.public {
            public_media(driver.as_ref(), id)?;
        }
        let names = Names {
            prefix: &prefix,
            profile,
        };
        self.check_variable_names(&scene, &service, names, None)
            .await?;
        let now = self.parts.now();
        let given = new.url.map(|value| NewSecret {
            id: ids::mint(),
            value,
            created_at: now,
        });
        let instance = Instance {
            id,
            environment: scene.environment.id,
            service: service.id,
            kind: service.kind.clone(),
            prefix,
            url_scheme: new.url_scheme,
            profile,
            given_url: given.as_ref().map(|given| given.id),
            public: new.public,
            media_domain: None,
            state: InstanceState::New,
            state_before_removal: None,
            cluster: None,
            generation: 0,
            last_error: None,
            created_at: now,
            updated_at: now,
        };
        let mut changes: Vec<Change> = given.map(Change::InsertSecret).into_iter().collect();
        changes.extend([
            Change::InsertInstance(instance.clone()),
            self.audit(
                context,
                "service.add",
                instance_title(&scene, &instance),
                Some(scene.application.id),
                &service.identifier,
            ),
        ]);
        self.parts
            .store
            .commit(changes)
            .await
            .map_err(prefix_taken)?;
        self.instance(context, instance.id).await
    }

    /// The names that an instance gives must not be another's, and must not be hidden by a custom one.
    /// Aliases such as `DATABASE_URL` give way instead.
    pub(super) async fn check_variable_names(
        &self,
        scene: &Scene,
        service: &Service,
        names: Names<'_>,
        own: Option<InstanceId>,
    ) -> Result<(), Error> {
        let firm = names.firm(self.parts.driver(service)?.as_ref());
        let filter = InstanceFilter {
            environment: Some(scene.environment.id),
            ..InstanceFilter::default()
        };
        for other in self
            .parts
            .store
            .instances(&filter, &PageRequest::first(u32::MAX))
            .await?
            .rows
        {
            if Some(other.id) == own {
                continue;
            }
            let other_service = self.parts.service(other.service).await?;
            let taken = Names::of(&other).firm(self.parts.driver(&other_service)?.as_ref());
            if let Some(name) = firm.iter().find(|name| taken.contains(name)) {
                let (field, remedy) = names.remedy(name);
                return Err(Error::invalid(
                    field,
                    format!(
                        "the variable {name} would have two values: the instance with the prefix '{}' gives it already; {remedy}",
                        other.prefix
                    ),
                ));
            }
        }
        let filter = VariableFilter {
            environment: Some(scene.environment.id),
            ..VariableFilter::default()
        };
        for variable in self
            .parts
            .store
            .variables(&filter, &PageRequest::first(u32::MAX))
            .await?
            .rows
        {
            if !variable.overrides && firm.contains(&variable.name) {
                return Err(Error::invalid(
                    names.remedy(&variable.name).0,
                    format!(
                        "the custom variable {} would hide the instance's; unset it, or set it again with override",
                        variable.name
                    ),
                ));
            }
        }
        Ok(())
    }

    /// The instances of an environment or application.
    pub async fn instances(
        &self,
        context: &Context,
        environment: EnvironmentId,
        page: &PageRequest,
    ) -> Result<Page<InstanceView>, Error> {
        self.load_scene(context, Action::ViewApplication, environment)
            .await?;
        let filter = InstanceFilter {
            environment: Some(environment),
            ..InstanceFilter::default()
        };
        let found = self.parts.store.instances(&filter, page).await?;
        let mut rows = Vec::with_capacity(found.rows.len());
        for instance in found.rows {
            rows.push(self.instance_view(instance).await?);
        }
        Ok(Page {
            rows,
            count: found.count,
            next: found.next,
        })
    }

    /// An instance. One that is removed does not exist any more.
    pub async fn instance(&self, context: &Context, id: InstanceId) -> Result<InstanceView, Error> {
        let (instance, _) = self
            .load_instance(context, Action::ViewApplication, id)
            .await?;
        if instance.state == InstanceState::Removed {
            return Err(Error::not_found("service instance", id));
        }
        self.instance_view(instance).await
    }

    async fn instance_view(&self, instance: Instance) -> Result<InstanceView, Error> {
        let service = self.parts.service(instance.service).await?;
        let given = self.parts.given(&instance, &service)?;
        let names = self.parts.given_variables(given, &service);
        let variable_names = names.await?.into_iter().map(|it| it.name).collect();
        let media = self.parts.driver(&service)?.media(instance.id);
        let media = media.filter(|_| instance.public);
        Ok(InstanceView {
            instance,
            service,
            variable_names,
            media_host: media.map(|media| media.host),
            operation: None,
        })
    }

    /// Provisions an instance without a deployment.
    pub async fn provision_instance(
        &self,
        context: &Context,
        id: InstanceId,
    ) -> Result<Operation, Error> {
        match self.compose_provisioning(context, id).await {
            Ok((submission, changes)) => self.submit(submission, changes).await,
            Err(refusal) => {
                let again =
                    |organisation| provisioning_of(context, organisation, id, Patience::default());
                self.replay(context, again, refusal).await
            }
        }
    }

    pub(crate) async fn compose_provisioning(
        &self,
        context: &Context,
        id: InstanceId,
    ) -> Result<Composed, Error> {
        let (instance, scene) = self
            .load_instance(context, Action::ManageServices, id)
            .await?;
        not_removing(&scene.application)?;
        let to = checked_transition(&instance, InstanceEvent::Provision)?;
        let changes = vec![
            Change::ExpectApplicationStays(scene.application.id),
            Change::SetInstanceState {
                id,
                from: instance.state,
                to,
                at: self.parts.now(),
            },
            self.audit(
                context,
                "service.provision",
                instance_title(&scene, &instance),
                Some(scene.application.id),
                "",
            ),
        ];
        let patience = self.parts.patience(&[instance]).await?;
        Ok((
            provisioning_of(context, scene.application.organisation, id, patience)?,
            changes,
        ))
    }

    /// The next deployment attaches it again.
    pub async fn attach_instance(
        &self,
        context: &Context,
        id: InstanceId,
    ) -> Result<InstanceView, Error> {
        self.wish(context, id, InstanceEvent::Attach, "service.attach")
            .await
    }

    /// The next deployment detaches it.
    pub async fn detach_instance(
        &self,
        context: &Context,
        id: InstanceId,
    ) -> Result<InstanceView, Error> {
        self.wish(context, id, InstanceEvent::Detach, "service.detach")
            .await
    }

    /// The wish to detach it is taken back.
    pub async fn cancel_detachment(
        &self,
        context: &Context,
        id: InstanceId,
    ) -> Result<InstanceView, Error> {
        self.wish(context, id, InstanceEvent::CancelDetach, "service.cancel")
            .await
    }

    async fn wish(
        &self,
        context: &Context,
        id: InstanceId,
        event: InstanceEvent,
        action: &str,
    ) -> Result<InstanceView, Error> {
        let (instance, scene) = self
            .load_instance(context, Action::ManageServices, id)
            .await?;
        not_removing(&scene.application)?;
        let to = checked_transition(&instance, event)?;
        if to.is_wished() {
            // Custom variables may have been set meanwhile that would hide the instance's.
            let service = self.parts.service(instance.service).await?;
            self.check_variable_names(&scene, &service, Names::of(&instance), Some(id))
                .await?;
        }
        let changes = vec![
            Change::ExpectApplicationStays(scene.application.id),
            Change::SetInstanceState {
                id,
                from: instance.state,
                to,
                at: self.parts.now(),
            },
            self.audit(
                context,
                action,
                instance_title(&scene, &instance),
                Some(scene.application.id),
                "",
            ),
        ];
        self.parts.store.commit(changes).await?;
        self.instance(context, id).await
    }

    /// Another prefix or URL scheme: new variables from the next deployment on.
    pub async fn rename_instance(
        &self,
        context: &Context,
        id: InstanceId,
        prefix: Option<&str>,
        url_scheme: Option<&str>,
    ) -> Result<InstanceView, Error> {
        let (instance, scene) = self
            .load_instance(context, Action::ManageServices, id)
            .await?;
        not_removing(&scene.application)?;
        checked_transition(&instance, InstanceEvent::Rename)?;
        let service = self.parts.service(instance.service).await?;
        let at = self.parts.now();
        let mut changes = vec![Change::ExpectApplicationStays(scene.application.id)];
        if let Some(prefix) = prefix {
            let prefix: Prefix = prefix
                .parse()
                .map_err(|error| Error::name("prefix", &error))?;
            let names = Names {
                prefix: &prefix,
                ..Names::of(&instance)
            };
            self.check_variable_names(&scene, &service, names, Some(id))
                .await?;
            changes.push(Change::SetInstancePrefix { id, prefix, at });
        }
        if let Some(scheme) = url_scheme {
            check_url_scheme(self.parts.driver(&service)?.as_ref(), Some(scheme))?;
            changes.push(Change::SetInstanceUrlScheme {
                id,
                url_scheme: Some(scheme.to_owned()),
                at,
            });
        }
        changes.push(self.audit(
            context,
            "service.rename",
            instance_title(&scene, &instance),
            Some(scene.application.id),
            prefix.or(url_scheme).unwrap_or_default(),
        ));
        self.parts
            .store
            .commit(changes)
            .await
            .map_err(prefix_taken)?;
        self.instance(context, id).await
    }

    /// Destroys an instance and its data. `confirmation` is its prefix.
    pub async fn remove_instance(
        &self,
        context: &Context,
        id: InstanceId,
        confirmation: &str,
    ) -> Result<Operation, Error> {
        match self.compose_removal(context, id, confirmation).await {
            Ok((submission, changes)) => self.submit(submission, changes).await,
            Err(refusal) => {
                let again =
                    |organisation| removal_of(context, organisation, id, Patience::default());
                self.replay(context, again, refusal).await
            }
        }
    }

    pub(crate) async fn compose_removal(
        &self,
        context: &Context,
        id: InstanceId,
        confirmation: &str,
    ) -> Result<Composed, Error> {
        let loaded = self.load_instance(context, Action::ManageServices, id);
        let (instance, scene) = loaded.await?;
        // Of one that was only recorded there is no data to be destroyed.
        if instance.state != InstanceState::New {
            authorize(context, Action::RemoveService, &scene, || {
                Error::not_found("service instance", id)
            })?;
        }
        not_removing(&scene.application)?;
        let to = checked_transition(&instance, InstanceEvent::Remove)?;
        if confirmation != instance.prefix.as_str() {
            return Err(Error::invalid(
                "confirm",
                format!(
                    "this destroys the instance's data; give its prefix, '{}', to confirm",
                    instance.prefix
                ),
            ));
        }
        let changes = vec![
            Change::ExpectApplicationStays(scene.application.id),
            Change::ExpectInstanceUnused { id },
            Change::SetInstanceState {
                id,
                from: instance.state,
                to,
                at: self.parts.now(),
            },
            self.audit(
                context,
                "service.remove",
                instance_title(&scene, &instance),
                Some(scene.application.id),
                "",
            ),
        ];
        let patience = self.parts.patience(&[instance]).await?;
        Ok((
            removal_of(context, scene.application.organisation, id, patience)?,
            changes,
        ))
    }
}

fn provisioning_of(
    context: &Context,
    organisation: OrganisationId,
    id: InstanceId,
    patience: Patience,
) -> Result<Submission, Error> {
    let subject = ("service_instance", id.to_string());
    let params = provisioning::Params {
        instance: id,
        patience,
    };
    Platform::submission(context, organisation, provisioning::KIND, subject, &params)
}

fn removal_of(
    context: &Context,
    organisation: OrganisationId,
    id: InstanceId,
    patience: Patience,
) -> Result<Submission, Error> {
    let subject = ("service_instance", id.to_string());
    let params = removal::Params {
        instance: id,
        patience,
    };
    Platform::submission(context, organisation, removal::KIND, subject, &params)
}

fn check_url_scheme(driver: &dyn Driver, scheme: Option<&str>) -> Result<(), Error> {
    let Some(scheme) = scheme else { return Ok(()) };
    let allowed = driver.url_schemes();
    if allowed.contains(&scheme) {
        return Ok(());
    }
    let allowed = if allowed.is_empty() {
        "the default only".to_owned()
    } else {
        allowed.join(", ")
    };
    Err(Error::invalid(
        "url_scheme",
        format!("'{scheme}' is not possible here; allowed: {allowed}"),
    ))
}

pub(super) fn checked_transition(
    instance: &Instance,
    event: InstanceEvent,
) -> Result<InstanceState, Error> {
    transition(instance.state, event).map_err(|refusal| {
        Error::refused(
            refusal_code(refusal),
            format!(
                "{} (prefix {}, state {})",
                refusal, instance.prefix, instance.state
            ),
        )
    })
}

fn prefix_taken(error: windlass_operations::StoreError) -> Error {
    match error {
        windlass_operations::StoreError::Conflict(message) => Error::invalid("prefix", message),
        other => other.into(),
    }
}

pub(crate) fn instance_title(scene: &Scene, instance: &Instance) -> String {
    format!("{}/{} {}", scene.title(), instance.kind, instance.prefix)
}
