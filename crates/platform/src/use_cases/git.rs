//! git over HTTP, on the application's repository.

use windlass_delivery::build::{Error as BuildError, GitRequest, GitResponse};
use windlass_model::access::Action;
use windlass_records::{Application, PageRequest};

use super::load::not_removing;
use crate::authorize::authorize;
use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;

impl Platform {
    /// Serves a git request on the repository of the application of that name.
    pub async fn serve_git(
        &self,
        context: &Context,
        slug: &str,
        request: GitRequest,
    ) -> Result<GitResponse, Error> {
        let pushes = is_push(&request);
        let action = if pushes {
            Action::PushCode
        } else {
            Action::ReadCode
        };
        let found = self
            .applications(context, None, Some(slug), &PageRequest::first(1))
            .await?;
        let missing = || Error::not_found("application", slug);
        let application = found.rows.into_iter().next().ok_or_else(missing)?;
        authorize(context, action, &application, missing)?;
        not_removing(&application)?;
        if let Some(elsewhere) = self.application_repository(&application).await? {
            return Err(Error::refused(
                "repository_elsewhere",
                format!(
                    "the code of '{}' is in {}; clone it there, and push it there",
                    application.slug, elsewhere.url
                ),
            ));
        }
        if pushes && request.method == "POST" {
            let id = Some(application.id);
            let entry = self.audit(context, "code.push", application.slug.as_str(), id, "");
            self.parts.store.commit(vec![entry]).await?;
        }
        self.ensure_repository(&application).await?;
        self.parts
            .builder
            .serve_git(application.id, request)
            .await
            .map_err(|error| match error {
                BuildError::Git { .. } | BuildError::DiskFull(_) => {
                    Error::Unavailable(error.to_string())
                }
                other => Error::refused("git", other.to_string()),
            })
    }

    /// The address of an application's repository.
    pub fn repository_url(&self, application: &Application) -> String {
        format!(
            "{}/git/{}.git",
            self.parts.settings.public_url.trim_end_matches('/'),
            application.slug
        )
    }

    /// Where the site of an environment is.
    pub fn site_url(&self, scene: &crate::Scene) -> String {
        self.parts.site_url(scene)
    }
}

/// Whether git is about to change the repository: it says so in the query at first, and in the path then.
fn is_push(request: &GitRequest) -> bool {
    const PUSH: &str = "git-receive-pack";
    request.path.contains(PUSH) || request.query.contains(PUSH)
}
