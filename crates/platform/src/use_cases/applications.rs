//! Applications.

use windlass_model::access::Action;
use windlass_model::id::{ApplicationId, OrganisationId, RepositoryId};
use windlass_model::instance::InstanceState;
use windlass_model::names::{ApplicationSlug, BranchName};
use windlass_operations::{Operation, StoreError, Submission};
use windlass_records::{
    Application, ApplicationFilter, Change, DeploymentFilter, Environment, NewSecret, Page,
    PageRequest, ReleaseCommand,
};

use super::deployments::Composed;
use super::load::not_removing;
use super::plan_groups::PlanGroup;
use crate::authorize::{Place, authorize, may};
use crate::context::Context;
use crate::definitions::teardown;
use crate::error::Error;
use crate::ids;
use crate::instance_work::Patience;
use crate::platform::Platform;

/// The environments that every application begins with.
const FIRST_ENVIRONMENTS: [&str; 2] = ["test", "live"];
/// More release commands than anyone has.
const MAX_RELEASE_COMMANDS: usize = 50;

/// An application to be created.
#[derive(Debug, Clone, Default)]
pub struct NewApplication {
    /// Its name in host names and repositories.
    pub slug: String,
    /// Its name for people; the slug without.
    pub name: Option<String>,
    /// The organisation; the caller's without.
    pub organisation: Option<OrganisationId>,
    /// The region, by id or name; that of the server's machine without.
    pub region: Option<String>,
    /// The branch of its environments; `main` without.
    pub branch: Option<String>,
    /// What runs before each switch.
    pub release_commands: Vec<ReleaseCommand>,
    /// The URL of the archive that its repository begins with; empty without.
    pub template: Option<String>,
    /// A registered repository elsewhere that has its code; one of its own without.
    pub repository: Option<RepositoryId>,
    /// The plan group, of which there is one.
    pub plan_group: Option<String>,
}

/// An application with its environments.
#[derive(Debug, Clone)]
pub struct ApplicationView {
    /// The application.
    pub application: Application,
    /// Its environments: `test`, `live`, others.
    pub environments: Vec<Environment>,
}

impl Platform {
    /// Checks what an application would be created from, and creates nothing.
    pub fn check_application(
        &self,
        context: &Context,
        new: &NewApplication,
    ) -> Result<(ApplicationSlug, String, BranchName), Error> {
        let slug: ApplicationSlug = new
            .slug
            .parse()
            .map_err(|error| Error::name("slug", &error))?;
        let name = new
            .name
            .clone()
            .unwrap_or_else(|| slug.to_string())
            .trim()
            .to_owned();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(Error::invalid("name", "1 to 100 characters are needed"));
        }
        let branch = new
            .branch
            .as_deref()
            .unwrap_or("main")
            .parse()
            .map_err(|error| Error::name("branch", &error))?;
        chosen_organisation(context, new.organisation)?;
        check_release_commands(&new.release_commands)?;
        if new
            .plan_group
            .as_deref()
            .is_some_and(|group| group != PlanGroup::ONLY)
        {
            return Err(Error::invalid(
                "plan_group",
                format!("there is one plan group, '{}'", PlanGroup::ONLY),
            ));
        }
        if let Some(url) = &new.template {
            self.template_at(url)?;
            if new.repository.is_some() {
                return Err(Error::invalid(
                    "app_template",
                    "a template fills the application's own repository; leave it out, or the repository elsewhere",
                ));
            }
        }
        Ok((slug, name, branch))
    }

    /// Creates an application with its first environments and its repository.
    pub async fn create_application(
        &self,
        context: &Context,
        new: NewApplication,
    ) -> Result<ApplicationView, Error> {
        let organisation = chosen_organisation(context, new.organisation)?;
        let place = Place::Organisation(organisation);
        authorize(context, Action::CreateApplication, &place, no_organisation)?;
        let (slug, name, branch) = self.check_application(context, &new)?;
        let region = self.region_named(context, new.region.as_deref()).await?.id;
        if let Some(id) = new.repository {
            let missing = || Error::invalid("repository", "this repository does not exist");
            let loaded = self.load_repository(context, Action::CreateApplication, id);
            let repository = loaded.await.map_err(|error| match error {
                Error::NotFound { .. } => missing(),
                other => other,
            })?;
            // Its credentials are those of its organisation.
            if repository.organisation != organisation {
                return Err(missing());
            }
        }
        let application = Application {
            id: ids::mint(),
            organisation,
            slug,
            name,
            region,
            release_commands: new.release_commands,
            repository: new.repository,
            removing: false,
            created_at: self.parts.now(),
        };
        if let Some(url) = &new.template {
            self.fill_repository(&application, &branch, url).await?;
        }
        let made = self
            .insert_application(context, &application, &branch)
            .await;
        // Of an error that leaves open what happened the repository stays: the application may be there.
        let is_refused = matches!(
            made,
            Err(Error::Invalid(_) | Error::Refused { .. } | Error::NotFound { .. })
        );
        if is_refused && new.template.is_some() {
            let id = application.id;
            if let Err(error) = self.parts.builder.remove_repository(id).await {
                tracing::warn!(application.id = %id, %error, "the repository of an application that was not made is left");
            }
        }
        made?;
        // The repository is made again whenever it is needed, so a crash here costs nothing.
        self.ensure_repository(&application).await?;
        self.application(context, application.id).await
    }

    /// Before there is an application: one whose template cannot be used is not made.
    async fn fill_repository(
        &self,
        application: &Application,
        branch: &BranchName,
        url: &str,
    ) -> Result<(), Error> {
        let taken = ApplicationFilter {
            slug: Some(application.slug.clone()),
            ..ApplicationFilter::default()
        };
        let taken = self
            .parts
            .store
            .applications(&taken, &PageRequest::first(1))
            .await?;
        if taken.count > 0 {
            return Err(Error::invalid(
                "slug",
                format!(
                    "an application with the name '{}' exists already; choose another name",
                    application.slug
                ),
            ));
        }
        let template = self.template_at(url)?;
        self.parts
            .builder
            .fill_repository(application.id, branch, &template)
            .await
            .map_err(|error| match error {
                windlass_delivery::build::Error::Template(_) => {
                    Error::invalid("app_template", error.to_string())
                }
                other => Error::Unavailable(other.to_string()),
            })
    }

    /// Its rows, with those of its first environments.
    async fn insert_application(
        &self,
        context: &Context,
        application: &Application,
        branch: &BranchName,
    ) -> Result<(), Error> {
        let region = application.region;
        loop {
            let mut changes = vec![
                Change::InsertApplication(application.clone()),
                self.audit(
                    context,
                    "application.create",
                    application.slug.as_str(),
                    Some(application.id),
                    "",
                ),
            ];
            let subnets = self.parts.free_subnets(region, 2).await?;
            for ((position, slug), subnet) in
                (0..).zip(FIRST_ENVIRONMENTS).zip(subnets.iter().copied())
            {
                let slug = slug.parse().map_err(|error| Error::name("slug", &error))?;
                changes.extend(self.new_environment(
                    application,
                    slug,
                    branch.clone(),
                    position,
                    subnet,
                ));
            }
            match self.parts.store.commit(changes).await {
                Ok(()) => return Ok(()),
                Err(StoreError::Conflict(message)) => {
                    // Someone else took the subnets in between: look again. A slug that is taken is final.
                    if self.parts.store.free_subnets(region, 2).await? == subnets {
                        return Err(Error::invalid("slug", message));
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(crate) fn new_environment(
        &self,
        application: &Application,
        slug: windlass_model::names::EnvironmentSlug,
        branch: BranchName,
        position: i64,
        subnet: u32,
    ) -> [Change; 2] {
        let now = self.parts.now();
        let secret_key = NewSecret {
            id: ids::mint(),
            value: ids::password(50),
            created_at: now,
        };
        let environment = Environment {
            id: ids::mint(),
            application: application.id,
            slug,
            position,
            branch,
            subnet,
            secret_key: secret_key.id,
            running_release: None,
            created_at: now,
        };
        [
            Change::InsertSecret(secret_key),
            Change::InsertEnvironment(environment),
        ]
    }

    pub(crate) async fn ensure_repository(&self, application: &Application) -> Result<(), Error> {
        self.parts
            .builder
            .ensure_repository(application.id, &application.slug)
            .await
            .map_err(|error| Error::Unavailable(error.to_string()))
    }

    /// The caller's applications, by slug; those of one organisation, or all.
    pub async fn applications(
        &self,
        context: &Context,
        organisation: Option<OrganisationId>,
        slug: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Application>, Error> {
        let slug = match slug {
            None => None,
            // What cannot be a name is the name of nothing.
            Some(text) => match text.parse() {
                Ok(slug) => Some(slug),
                Err(_) => {
                    return Ok(Page {
                        rows: Vec::new(),
                        count: 0,
                        next: None,
                    });
                }
            },
        };
        let only = context.scope.application();
        let mut organisations = context.organisations();
        organisations.retain(|id| {
            let place = Place::Application(*id, only);
            organisation.is_none_or(|wanted| wanted == *id)
                && may(context, Action::ViewApplication, &place)
        });
        let filter = ApplicationFilter {
            organisations: Some(organisations),
            id: only,
            slug,
        };
        Ok(self.parts.store.applications(&filter, page).await?)
    }

    /// An application with its environments.
    pub async fn application(
        &self,
        context: &Context,
        id: ApplicationId,
    ) -> Result<ApplicationView, Error> {
        let application = self
            .load_application(context, Action::ViewApplication, id)
            .await?;
        let environments = self.parts.store.environments(id).await?;
        Ok(ApplicationView {
            application,
            environments,
        })
    }

    /// New release commands, from the next deployment on.
    pub async fn set_release_commands(
        &self,
        context: &Context,
        id: ApplicationId,
        commands: Vec<ReleaseCommand>,
    ) -> Result<ApplicationView, Error> {
        let application = self
            .load_application(context, Action::ChangeApplication, id)
            .await?;
        not_removing(&application)?;
        check_release_commands(&commands)?;
        let detail = commands
            .iter()
            .map(|command| command.label.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        self.parts
            .store
            .commit(vec![
                Change::SetReleaseCommands { id, commands },
                self.audit(
                    context,
                    "application.release-commands",
                    application.slug.as_str(),
                    Some(id),
                    detail,
                ),
            ])
            .await?;
        self.application(context, id).await
    }

    /// Removes an application with everything in it. `confirmation` is its slug.
    pub async fn remove_application(
        &self,
        context: &Context,
        id: ApplicationId,
        confirmation: &str,
    ) -> Result<Operation, Error> {
        match self.compose_teardown(context, id, confirmation).await {
            Ok((submission, changes)) => self.submit(submission, changes).await,
            Err(refusal) => {
                let params = teardown::Params {
                    application: id,
                    environments: Vec::new(),
                    instances: Vec::new(),
                    patience: Patience::default(),
                };
                let again = |organisation| teardown_of(context, organisation, &params);
                self.replay(context, again, refusal).await
            }
        }
    }

    pub(crate) async fn compose_teardown(
        &self,
        context: &Context,
        id: ApplicationId,
        confirmation: &str,
    ) -> Result<Composed, Error> {
        let application = self
            .load_application(context, Action::RemoveApplication, id)
            .await?;
        not_removing(&application)?;
        if confirmation != application.slug.as_str() {
            return Err(Error::invalid(
                "confirm",
                format!(
                    "this destroys everything of the application; give its name, '{}', to confirm",
                    application.slug
                ),
            ));
        }
        let filter = DeploymentFilter {
            application: Some(id),
            environment: None,
            unfinished: true,
        };
        let unfinished = self
            .parts
            .store
            .deployments(&filter, &PageRequest::first(1))
            .await?;
        if let Some(deployment) = unfinished.rows.first() {
            return Err(Error::Refused {
                code: "deploying",
                message: format!(
                    "deployment {} of '{}' is still running; wait for it to end, or cancel it",
                    deployment.id, application.slug
                ),
                operation: Some(deployment.operation),
            });
        }
        let instances = self.parts.application_instances(id).await?;
        let params = teardown::Params {
            application: id,
            patience: self.parts.patience(&instances).await?,
            environments: self
                .parts
                .store
                .environments(id)
                .await?
                .into_iter()
                .map(|environment| environment.id)
                .collect(),
            instances: instances.iter().map(|instance| instance.id).collect(),
        };
        let mut changes = vec![
            Change::SetApplicationRemoving { id, removing: true },
            self.audit(
                context,
                "application.remove",
                application.slug.as_str(),
                Some(id),
                "",
            ),
        ];
        // What another operation makes or destroys just now is that one's.
        changes.extend(
            params
                .instances
                .iter()
                .map(|instance| Change::ExpectInstanceState {
                    id: *instance,
                    states: vec![
                        InstanceState::New,
                        InstanceState::PendingAttachment,
                        InstanceState::Attached,
                        InstanceState::PendingDetachment,
                        InstanceState::Detached,
                    ],
                }),
        );
        Ok((
            teardown_of(context, application.organisation, &params)?,
            changes,
        ))
    }
}

/// The organisation that is named, else the only one that the caller is in.
fn chosen_organisation(
    context: &Context,
    wanted: Option<OrganisationId>,
) -> Result<OrganisationId, Error> {
    let own = context.organisations();
    match (wanted, own.as_slice()) {
        (Some(wanted), own) if own.contains(&wanted) => Ok(wanted),
        (Some(_), _) => Err(no_organisation()),
        (None, [only]) => Ok(*only),
        (None, []) => Err(Error::invalid(
            "organisation",
            "you are in no organisation; an application belongs to one",
        )),
        (None, _) => Err(Error::invalid(
            "organisation",
            "you are in several organisations; name the one that the application is for",
        )),
    }
}

pub(super) fn no_organisation() -> Error {
    Error::invalid("organisation", "this organisation does not exist")
}

fn teardown_of(
    context: &Context,
    organisation: OrganisationId,
    params: &teardown::Params,
) -> Result<Submission, Error> {
    let subject = ("application", params.application.to_string());
    Platform::submission(context, organisation, teardown::KIND, subject, params)
}

fn check_release_commands(commands: &[ReleaseCommand]) -> Result<(), Error> {
    let good = |command: &ReleaseCommand| {
        (1..=100).contains(&command.label.chars().count())
            && (1..=4000).contains(&command.command.len())
            && !command.command.contains('\0')
    };
    if commands.len() > MAX_RELEASE_COMMANDS {
        return Err(Error::invalid(
            "release_commands",
            format!("at most {MAX_RELEASE_COMMANDS} are allowed"),
        ));
    }
    if !commands.iter().all(good) {
        return Err(Error::invalid(
            "release_commands",
            "each needs a label of 1 to 100 characters and a command of 1 to 4000",
        ));
    }
    Ok(())
}
