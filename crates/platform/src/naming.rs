//! The names of outside things, made from ids so that a repeated call finds its own work.

use windlass_delivery::build::Source;
use windlass_engine::{ImageReference, Labels, labels};
use windlass_model::id::{
    ApplicationId, ClusterId, DeploymentId, EnvironmentId, OrganisationId, ReleaseId, short,
};
use windlass_model::names::{ApplicationSlug, EnvironmentSlug};

/// The network of an environment.
pub(crate) fn environment_network(environment: EnvironmentId) -> String {
    format!("windlass-env-{}", short(environment))
}

/// The container of a process of a release; `index` counts from 1.
pub(crate) fn process_container(release: ReleaseId, process: &str, index: u32) -> String {
    format!("windlass-{}-{process}-{index}", short(release))
}

/// The container of a release command; `index` counts from 1.
pub(crate) fn release_command_container(release: ReleaseId, index: usize) -> String {
    format!("windlass-{}-release-command-{index}", short(release))
}

/// The container of a cluster's server, and its host name for applications.
pub(crate) fn cluster_container(cluster: ClusterId) -> String {
    format!("windlass-cluster-{}", short(cluster))
}

/// The network of a shared cluster's server.
pub(crate) fn cluster_network(cluster: ClusterId) -> String {
    format!("windlass-cluster-{}", short(cluster))
}

/// A volume of a cluster's server.
pub(crate) fn cluster_volume(cluster: ClusterId, volume: &str) -> String {
    format!("windlass-cluster-{}-{volume}", short(cluster))
}

/// The tag by which the release of a deployment holds its image, built for it or taken up again.
pub(crate) fn image_tag(slug: &ApplicationSlug, deployment: DeploymentId) -> ImageReference {
    ImageReference(format!("windlass/{slug}:{}", short(deployment)))
}

/// The host under which an environment is served.
pub(crate) fn host(
    application: &ApplicationSlug,
    environment: &EnvironmentSlug,
    domain: &str,
) -> String {
    format!("{application}-{environment}.{domain}")
}

/// The hosts under which the router serves the server's own API: the two that clients make of a domain. No
/// environment's can be one of them, for its first label has a hyphen.
pub(crate) fn own_hosts(domain: &str) -> [String; 2] {
    [format!("api.{domain}"), format!("control.{domain}")]
}

/// The labels that everything of this installation carries.
pub(crate) fn installation_labels(installation: &str) -> Labels {
    Labels::new().with(labels::INSTALLATION, installation)
}

/// The labels of what belongs to an environment.
pub(crate) fn environment_labels(
    installation: &str,
    organisation: OrganisationId,
    application: ApplicationId,
    environment: EnvironmentId,
) -> Labels {
    installation_labels(installation)
        .with(labels::ORGANISATION, organisation)
        .with(labels::APPLICATION, application)
        .with(labels::ENVIRONMENT, environment)
}

/// A time in the largest unit that it is a whole number of.
pub(crate) fn describe_seconds(seconds: u32) -> String {
    let (number, unit) = if seconds > 0 && seconds.is_multiple_of(3600) {
        (seconds / 3600, "hour")
    } else if seconds > 0 && seconds.is_multiple_of(60) {
        (seconds / 60, "minute")
    } else {
        (seconds, "second")
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

/// A source in a few words, for logs and plans.
pub(crate) fn describe_source(source: &Source) -> String {
    match source {
        Source::Branch { branch, commit } => format!("branch {branch} at {}", cut(commit)),
        Source::Remote {
            url,
            branch,
            commit,
            repository: _,
        } => format!("{url}, branch {branch} at {}", cut(commit)),
        Source::Image { reference } => format!("image {reference}"),
    }
}

fn cut(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is allowed as a name, and under whatever domains.
        #[test]
        fn no_environment_has_a_host_of_the_server(
            application in "(api|control|[a-z][a-z0-9-]{1,20})",
            environment in "(api|control|[a-z][a-z0-9-]{1,10})",
            domain in "(localhost|example\\.org|api\\.example\\.org|a-b\\.example\\.org)",
            own in "(localhost|example\\.org|api\\.example\\.org|a-b\\.example\\.org)",
        ) {
            let (Ok(application), Ok(environment)) = (application.parse(), environment.parse()) else {
                return Ok(());
            };
            let host = host(&application, &environment, &domain);
            prop_assert!(!own_hosts(&own).contains(&host), "{host}");
        }
    }
}
