//! What users do, in one call each.

use std::time::Duration;

use secrecy::SecretString;
use windlass_model::id::{ApplicationId, EnvironmentId, InstanceId, short};
use windlass_model::instance::InstanceState;
use windlass_operations::{Operation, OperationState};
use windlass_platform::{
    DeployRequest, DeploymentView, Error, NewApplication, NewInstance, NewVariable, RequestedSource,
};
use windlass_records::{DeploymentStatus, ReleaseCommand};

use super::World;
use super::images::{MOVING, next};

/// The longest that a test waits for an operation: a machine that is busy with other tests is slow.
const PATIENCE: Duration = Duration::from_mins(1);
/// The shared and the private service of the catalogue.
pub(crate) const SHARED: &str = "postgres-15-shared";
/// A server of its own for each instance.
pub(crate) const PRIVATE: &str = "postgres-15-private";

/// An application and its first environments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct App {
    pub(crate) id: ApplicationId,
    pub(crate) test: EnvironmentId,
    pub(crate) live: EnvironmentId,
}

impl World {
    pub(crate) async fn create(&self, slug: &str) -> App {
        let created = self.try_create(slug, None).await;
        created.expect("the application is created")
    }

    pub(crate) async fn try_create(&self, slug: &str, region: Option<&str>) -> Result<App, Error> {
        let new = NewApplication {
            slug: slug.to_owned(),
            region: region.map(str::to_owned),
            ..NewApplication::default()
        };
        let view = self.platform.create_application(&self.context, new).await?;
        let named = |slug: &str| {
            let environment = view
                .environments
                .iter()
                .find(|environment| environment.slug.as_str() == slug);
            environment.expect("every application has it").id
        };
        Ok(App {
            id: view.application.id,
            test: named("test"),
            live: named("live"),
        })
    }

    pub(crate) async fn try_add(
        &self,
        environment: EnvironmentId,
        service: &str,
        prefix: &str,
    ) -> Result<InstanceId, Error> {
        let new = NewInstance {
            environment,
            service: service.to_owned(),
            prefix: Some(prefix.to_owned()),
            region: None,
            url_scheme: None,
            profile: None,
            url: None,
            public: false,
        };
        let view = self.platform.add_instance(&self.context, new).await?;
        Ok(view.instance.id)
    }

    pub(crate) async fn add(
        &self,
        environment: EnvironmentId,
        service: &str,
        prefix: &str,
    ) -> InstanceId {
        self.try_add(environment, service, prefix)
            .await
            .expect("the instance is added")
    }

    pub(crate) async fn provision(&self, id: InstanceId) -> Operation {
        let operation = self.platform.provision_instance(&self.context, id).await;
        self.ended(operation.expect("it is begun")).await
    }

    pub(crate) async fn provision_if_new(&self, id: InstanceId) {
        if self.instance(id).await.state == InstanceState::New {
            self.provision(id).await;
        }
    }

    /// Makes a provisioned instance public, or private, and waits for the end, whichever it is.
    pub(crate) async fn set_public_any(&self, id: InstanceId, public: bool) -> Operation {
        let set = self.platform.set_instance_public(&self.context, id, public);
        let operation = set.await.expect("it is begun").operation;
        let operation = operation.expect("it takes an operation");
        let operation = self.platform.operation(&self.context, operation).await;
        self.ended(operation.expect("it is there")).await
    }

    pub(crate) async fn set_public(&self, id: InstanceId, public: bool) {
        let ended = self.set_public_any(id, public).await;
        assert_eq!(ended.state, OperationState::Succeeded, "{ended:?}");
    }

    /// The hosts at which everybody reads what an instance holds.
    pub(crate) fn media_hosts(&self, id: InstanceId) -> Vec<String> {
        let name = format!("svc_{}", short(id));
        let routes = self.router.table().routes.into_iter();
        routes
            .filter(|route| route.upstream_host.as_ref() == Some(&name))
            .inspect(|route| assert!(route.upstreams.iter().all(|place| place.port() == 3902)))
            .map(|route| route.host)
            .collect()
    }

    pub(crate) async fn remove(&self, id: InstanceId) -> Operation {
        let prefix = self.instance(id).await.prefix;
        let operation = self
            .platform
            .remove_instance(&self.context, id, prefix.as_str())
            .await;
        self.ended(operation.expect("it is begun")).await
    }

    pub(crate) async fn detach(&self, id: InstanceId) {
        let detached = self.platform.detach_instance(&self.context, id).await;
        detached.expect("it can be detached");
    }

    pub(crate) async fn try_set(
        &self,
        environment: EnvironmentId,
        name: &str,
        value: &str,
        overrides: bool,
    ) -> Result<(), Error> {
        let new = NewVariable {
            name: name.to_owned(),
            value: SecretString::from(value.to_owned()),
            is_sensitive: None,
            overrides,
        };
        self.platform
            .set_variables(&self.context, environment, vec![new])
            .await
            .map(drop)
    }

    pub(crate) async fn set(&self, environment: EnvironmentId, name: &str, value: &str) {
        let set = self.try_set(environment, name, value, false).await;
        set.expect("the variable is set");
    }

    pub(crate) async fn set_release_commands(&self, app: App, commands: &[&str]) {
        let commands = commands
            .iter()
            .map(|command| ReleaseCommand {
                label: (*command).to_owned(),
                command: (*command).to_owned(),
            })
            .collect();
        let set = self
            .platform
            .set_release_commands(&self.context, app.id, commands)
            .await;
        set.expect("release commands are set");
    }

    pub(crate) async fn begin(
        &self,
        environment: EnvironmentId,
        image: &str,
    ) -> Result<DeploymentView, Error> {
        self.platform
            .deploy(&self.context, request(environment, image))
            .await
    }

    /// Deploys an image and waits for the end, whichever it is.
    pub(crate) async fn deploy(&self, environment: EnvironmentId, image: &str) -> DeploymentView {
        let begun = self.begin(environment, image).await;
        self.finished(begun.expect("the deployment is begun")).await
    }

    /// Deploys an image, which succeeds.
    pub(crate) async fn deploy_well(
        &self,
        environment: EnvironmentId,
        image: &str,
    ) -> DeploymentView {
        let view = self.deploy(environment, image).await;
        assert_eq!(
            view.status,
            DeploymentStatus::Completed,
            "{:?}",
            view.deployment
        );
        view
    }

    /// Deploys an image that nobody has seen yet, and that only this release holds.
    pub(crate) async fn deploy_next(&self, environment: EnvironmentId) -> DeploymentView {
        next(&self.engine);
        self.deploy_well(environment, MOVING).await
    }

    pub(crate) async fn roll_back(
        &self,
        environment: EnvironmentId,
        number: u32,
    ) -> Result<DeploymentView, Error> {
        let begun = self
            .platform
            .rollback(&self.context, environment, number)
            .await?;
        Ok(self.finished(begun).await)
    }

    pub(crate) async fn finished(&self, begun: DeploymentView) -> DeploymentView {
        let operation = self
            .platform
            .operation(&self.context, begun.deployment.operation)
            .await
            .expect("the operation is there");
        self.ended(operation).await;
        self.platform
            .deployment(&self.context, begun.deployment.id)
            .await
            .expect("the deployment is there")
    }

    /// Waits for the end of an operation, which must not need an operator.
    pub(crate) async fn ended(&self, operation: Operation) -> Operation {
        let operation = self
            .platform
            .wait_for_operation(&self.context, operation.id, PATIENCE)
            .await
            .expect("it can be waited for");
        assert!(
            matches!(
                operation.state,
                OperationState::Succeeded | OperationState::RolledBack
            ),
            "{operation:?}"
        );
        operation
    }
}

/// A deployment of an image.
pub(crate) fn request(environment: EnvironmentId, image: &str) -> DeployRequest {
    DeployRequest {
        environment,
        source: RequestedSource::Image(image.to_owned()),
        cache: false,
        build_mode: windlass_platform::BuildMode::Auto,
    }
}
