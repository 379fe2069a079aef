//! Environments.

use windlass_model::access::Action;
use windlass_model::id::{ApplicationId, EnvironmentId};
use windlass_model::names::{BranchName, EnvironmentSlug};
use windlass_operations::StoreError;
use windlass_records::{Application, Change, Deployment, DeploymentFilter, PageRequest};

use super::copies::Copied;
use super::load::not_removing;
use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;
use crate::scene::Scene;

/// An environment to be created.
#[derive(Debug, Clone)]
pub struct NewEnvironment {
    /// The application.
    pub application: ApplicationId,
    /// Its name.
    pub slug: String,
    /// Its branch; its name without.
    pub branch: Option<String>,
}

/// An environment with what people ask of it.
#[derive(Debug, Clone)]
pub struct EnvironmentView {
    /// The environment and what it belongs to.
    pub scene: Scene,
    /// Where its site is; `None` before its first release.
    pub site_url: Option<String>,
    /// The newest deployment.
    pub last_deployment: Option<Deployment>,
    /// The newest deployment that has ended.
    pub last_finished_deployment: Option<Deployment>,
}

/// An environment whose names are checked.
pub(super) struct Made {
    pub(super) slug: EnvironmentSlug,
    pub(super) branch: BranchName,
    pub(super) copied: Copied,
}

impl Platform {
    /// Creates an environment.
    pub async fn create_environment(
        &self,
        context: &Context,
        new: NewEnvironment,
    ) -> Result<EnvironmentView, Error> {
        let application = self
            .load_application(context, Action::ChangeApplication, new.application)
            .await?;
        not_removing(&application)?;
        let slug: EnvironmentSlug = new
            .slug
            .parse()
            .map_err(|error| Error::name("slug", &error))?;
        let branch = new
            .branch
            .as_deref()
            .unwrap_or(slug.as_str())
            .parse()
            .map_err(|error| Error::name("branch", &error))?;
        let made = Made {
            slug,
            branch,
            copied: Copied::default(),
        };
        self.make_environment(context, &application, made).await
    }

    /// Makes the rows of an environment, with what is copied into it.
    pub(super) async fn make_environment(
        &self,
        context: &Context,
        application: &Application,
        made: Made,
    ) -> Result<EnvironmentView, Error> {
        let Made {
            slug,
            branch,
            copied,
        } = made;
        loop {
            let existing = self.parts.store.environments(application.id).await?;
            let position = existing
                .iter()
                .map(|environment| environment.position)
                .max()
                .unwrap_or(-1)
                + 1;
            let Some(subnet) = self
                .parts
                .free_subnets(application.region, 1)
                .await?
                .first()
                .copied()
            else {
                return Err(Error::Unavailable(
                    "the address pool of the region is used up".to_owned(),
                ));
            };
            let made =
                self.new_environment(application, slug.clone(), branch.clone(), position, subnet);
            let subject = format!("{}/{slug}", application.slug);
            let copies = made.iter().filter_map(|change| match change {
                Change::InsertEnvironment(environment) => Some(environment.id),
                _ => None,
            });
            let copies: Vec<Change> = copies
                .flat_map(|id| copied.changes(id, self.parts.now()))
                .collect();
            let mut changes: Vec<Change> = made.into();
            changes.extend(copies);
            changes.push(self.audit(
                context,
                "environment.create",
                subject,
                Some(application.id),
                copied.from.as_str(),
            ));
            match self.parts.store.commit(changes).await {
                Ok(()) => break,
                Err(StoreError::Conflict(message)) => {
                    // Someone else took the subnet in between: look again. A name that is taken is final.
                    let free = self.parts.store.free_subnets(application.region, 1).await?;
                    if free == [subnet] {
                        return Err(Error::invalid("slug", message));
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        let made = self
            .parts
            .store
            .environment_by_slug(application.id, &slug)
            .await?;
        let made = made.ok_or_else(|| Error::not_found("environment", &slug))?;
        self.environment(context, made.id).await
    }

    /// The environments of an application: `test`, `live`, others.
    pub async fn environments(
        &self,
        context: &Context,
        application: ApplicationId,
        slug: Option<&str>,
    ) -> Result<Vec<EnvironmentView>, Error> {
        self.load_application(context, Action::ViewApplication, application)
            .await?;
        let mut views = Vec::new();
        for environment in self.parts.store.environments(application).await? {
            if slug.is_none_or(|slug| slug == environment.slug.as_str()) {
                views.push(self.environment(context, environment.id).await?);
            }
        }
        Ok(views)
    }

    /// An environment.
    pub async fn environment(
        &self,
        context: &Context,
        id: EnvironmentId,
    ) -> Result<EnvironmentView, Error> {
        let scene = self
            .load_scene(context, Action::ViewApplication, id)
            .await?;
        let filter = DeploymentFilter {
            environment: Some(id),
            ..DeploymentFilter::default()
        };
        // At most one is unfinished, so the newest two hold the newest that has ended.
        let newest = self
            .parts
            .store
            .deployments(&filter, &PageRequest::first(2))
            .await?
            .rows;
        let last_finished_deployment = newest
            .iter()
            .find(|deployment| deployment.status.is_finished())
            .cloned();
        let site_url = scene
            .environment
            .running_release
            .map(|_| self.parts.site_url(&scene));
        Ok(EnvironmentView {
            scene,
            site_url,
            last_deployment: newest.into_iter().next(),
            last_finished_deployment,
        })
    }

    /// Another branch, from the next deployment on.
    pub async fn set_branch(
        &self,
        context: &Context,
        id: EnvironmentId,
        branch: &str,
    ) -> Result<EnvironmentView, Error> {
        let scene = self
            .load_scene(context, Action::ChangeApplication, id)
            .await?;
        not_removing(&scene.application)?;
        let branch: windlass_model::names::BranchName = branch
            .parse()
            .map_err(|error| Error::name("branch", &error))?;
        self.parts
            .store
            .commit(vec![
                Change::SetBranch {
                    id,
                    branch: branch.clone(),
                },
                self.audit(
                    context,
                    "environment.branch",
                    scene.title(),
                    Some(scene.application.id),
                    branch.as_str(),
                ),
            ])
            .await?;
        self.environment(context, id).await
    }
}

impl crate::parts::Parts {
    /// Where the site of an environment is.
    pub(crate) fn site_url(&self, scene: &Scene) -> String {
        let host = scene.host();
        match (self.settings.router_tls_port, self.settings.router_port) {
            (Some(443), _) => format!("https://{host}/"),
            (Some(port), _) => format!("https://{host}:{port}/"),
            (None, 80) => format!("http://{host}/"),
            (None, port) => format!("http://{host}:{port}/"),
        }
    }
}
