//! Networks: bridges with our subnets.

use std::collections::HashMap;

use bollard::models::{
    ContainerInspectResponse, EndpointSettings, Ipam, IpamConfig, Network, NetworkConnectRequest,
    NetworkCreateRequest, NetworkDisconnectRequest,
};
use bollard::query_parameters::{
    InspectContainerOptions, InspectNetworkOptions, ListNetworksOptionsBuilder,
};
use windlass_engine::ownership::{check_own, check_same, is_own, require_own};
use windlass_engine::{Attachment, Error, Labels, NetworkSpec};

use crate::containers::label_filter;
use crate::observing::{id_of, name_of};
use crate::{DockerEngine, isolation, names, spec};

/// Times that a container may join a network while it is being removed.
const ATTEMPTS: usize = 3;

fn labels_of(network: &Network) -> Labels {
    Labels(
        network
            .labels
            .clone()
            .unwrap_or_default()
            .into_iter()
            .collect(),
    )
}

fn subnet_of(network: &Network) -> &str {
    let configs = network.ipam.as_ref().and_then(|ipam| ipam.config.as_ref());
    configs
        .and_then(|configs| configs.first())
        .and_then(|config| config.subnet.as_deref())
        .unwrap_or_default()
}

fn endpoints(container: &ContainerInspectResponse) -> Option<&HashMap<String, EndpointSettings>> {
    container.network_settings.as_ref()?.networks.as_ref()
}

impl DockerEngine {
    /// All networks of exactly that name: Docker allows several.
    async fn named(&self, name: &str) -> Result<Vec<Network>, Error> {
        names::check("network", name)?;
        let client = self.client().await?;
        let filters = HashMap::from([("name".to_owned(), vec![name.to_owned()])]);
        let options = ListNetworksOptionsBuilder::default()
            .filters(&filters)
            .build();
        let mut found = self
            .look(
                &format!("looking at network '{name}'"),
                client.docker.list_networks(Some(options)),
            )
            .await?;
        found.retain(|network| network.name.as_deref() == Some(name));
        Ok(found)
    }

    /// The network of that name, if it is ours.
    pub(crate) async fn own_network(&self, name: &str) -> Result<Network, Error> {
        let network = self
            .named(name)
            .await?
            .pop()
            .ok_or_else(|| Error::NotFound {
                what: "network",
                name: name.to_owned(),
            })?;
        check_own(
            &labels_of(&network),
            &self.settings.installation,
            "network",
            name,
        )?;
        Ok(network)
    }

    pub(crate) async fn do_ensure_network(&self, wanted: &NetworkSpec) -> Result<(), Error> {
        let name = &wanted.name;
        let installation = &self.settings.installation;
        require_own(&wanted.labels, installation, "network", name)?;
        let conflict = |reason: String| Error::Conflict {
            what: "network",
            name: name.clone(),
            reason,
        };
        let _one_at_a_time = self.connection.making_networks.lock().await;
        // Before the network is there, and again for one that is: a restart of the machine forgets rules.
        if let Some(pool) = &self.settings.isolated_subnets {
            isolation::ensure(pool).await?;
        }
        if let Some(found) = self.named(name).await?.first() {
            check_same(
                &wanted.labels,
                &labels_of(found),
                installation,
                "network",
                name,
            )?;
            let subnet = subnet_of(found);
            if subnet != wanted.subnet {
                return Err(conflict(format!(
                    "its subnet is {subnet}, asked for was {}",
                    wanted.subnet
                )));
            }
            return Ok(());
        }
        let client = self.client().await?;
        let body = NetworkCreateRequest {
            name: name.clone(),
            driver: Some("bridge".to_owned()),
            ipam: Some(Ipam {
                config: Some(vec![IpamConfig {
                    subnet: Some(wanted.subnet.clone()),
                    ..IpamConfig::default()
                }]),
                ..Ipam::default()
            }),
            labels: Some(wanted.labels.0.clone().into_iter().collect()),
            ..NetworkCreateRequest::default()
        };
        match self
            .change(
                &format!("making network '{name}'"),
                client.docker.create_network(body),
            )
            .await
        {
            Err(failure) if failure.mentions("overlaps") => Err(conflict(format!(
                "the subnet {} overlaps with one that is in use",
                wanted.subnet
            ))),
            answer => Ok(answer.map(drop)?),
        }
    }

    pub(crate) async fn do_remove_network(&self, name: &str) -> Result<(), Error> {
        let client = self.client().await?;
        let found = self.named(name).await?;
        for network in &found {
            check_own(
                &labels_of(network),
                &self.settings.installation,
                "network",
                name,
            )?;
        }
        for network in found {
            let id = network.id.as_deref().unwrap_or_default();
            for attempt in 1.. {
                self.empty(id, name).await?;
                match self
                    .change(
                        &format!("removing network '{name}'"),
                        client.docker.remove_network(id),
                    )
                    .await
                {
                    Err(failure) if failure.is(404) => break,
                    Err(failure) if failure.mentions("active endpoints") && attempt < ATTEMPTS => {}
                    answer => {
                        answer?;
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes our containers out of the network; one of someone else stands in the way.
    async fn empty(&self, id: &str, name: &str) -> Result<(), Error> {
        let client = self.client().await?;
        let doing = format!("emptying network '{name}'");
        let network = match self
            .look(
                &doing,
                client
                    .docker
                    .inspect_network(id, None::<InspectNetworkOptions>),
            )
            .await
        {
            Err(failure) if failure.is(404) => return Ok(()),
            answer => answer?,
        };
        let inside: Vec<String> = network.containers.unwrap_or_default().into_keys().collect();
        for container in &inside {
            match self
                .look(
                    &doing,
                    client
                        .docker
                        .inspect_container(container, None::<InspectContainerOptions>),
                )
                .await
            {
                Ok(found) if self.check_ours(&found).is_err() => {
                    let reason = format!(
                        "the container '{}', which does not belong to this installation, is in it",
                        name_of(&found)
                    );
                    return Err(Error::Conflict {
                        what: "network",
                        name: name.to_owned(),
                        reason,
                    });
                }
                Ok(_) => {}
                // An endpoint that its container left behind.
                Err(failure) if failure.is(404) => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        for container in &inside {
            self.take_out(id, container, &doing).await?;
        }
        Ok(())
    }

    async fn take_out(&self, network: &str, container: &str, doing: &str) -> Result<(), Error> {
        let client = self.client().await?;
        let body = NetworkDisconnectRequest {
            container: container.to_owned(),
            force: Some(true),
        };
        match self
            .change(doing, client.docker.disconnect_network(network, body))
            .await
        {
            Err(failure) if failure.is(404) || failure.mentions("is not connected to") => Ok(()),
            answer => Ok(answer?),
        }
    }

    /// Connects the container to the network, if it is not in it.
    pub(crate) async fn join(
        &self,
        container: &ContainerInspectResponse,
        attachment: &Attachment,
    ) -> Result<(), Error> {
        let name = name_of(container);
        let endpoints = endpoints(container);
        let inside =
            |network: &str| endpoints.is_some_and(|endpoints| endpoints.contains_key(network));
        if inside(&attachment.network) {
            return Ok(());
        }
        let network = self.own_network(&attachment.network).await?;
        let id = network.id.as_deref().unwrap_or_default();
        let doing = format!(
            "connecting container '{name}' to network '{}'",
            attachment.network
        );
        let client = self.client().await?;
        if inside(spec::NO_NETWORK) {
            // Docker's stand-in for "no network" admits no other beside it.
            self.take_out(spec::NO_NETWORK, id_of(container), &doing)
                .await?;
        }
        let body = NetworkConnectRequest {
            container: id_of(container).to_owned(),
            endpoint_config: Some(spec::endpoint(attachment)),
        };
        match self
            .change(&doing, client.docker.connect_network(id, body))
            .await
        {
            Err(failure) if failure.mentions("already exists in network") => Ok(()),
            answer => Ok(answer?),
        }
    }

    pub(crate) async fn do_connect(
        &self,
        name: &str,
        attachment: &Attachment,
    ) -> Result<(), Error> {
        let container = self.own(name).await?;
        self.join(&container, attachment).await
    }

    pub(crate) async fn do_disconnect(&self, name: &str, network: &str) -> Result<(), Error> {
        names::check("network", network)?;
        let Some(container) = self.find_own(name).await? else {
            return Ok(());
        };
        let Some(endpoint) = endpoints(&container).and_then(|endpoints| endpoints.get(network))
        else {
            return Ok(());
        };
        let id = endpoint
            .network_id
            .as_deref()
            .filter(|id| !id.is_empty())
            .unwrap_or(network);
        self.take_out(
            id,
            id_of(&container),
            &format!("disconnecting container '{name}' from network '{network}'"),
        )
        .await
    }

    pub(crate) async fn do_networks(&self, filter: &Labels) -> Result<Vec<NetworkSpec>, Error> {
        let client = self.client().await?;
        let filters = label_filter(&self.settings.installation, filter);
        let options = ListNetworksOptionsBuilder::default()
            .filters(&filters)
            .build();
        let found = self
            .look(
                "listing networks",
                client.docker.list_networks(Some(options)),
            )
            .await?;
        let mut specs: Vec<_> = found
            .iter()
            .map(|network| NetworkSpec {
                name: network.name.clone().unwrap_or_default(),
                subnet: subnet_of(network).to_owned(),
                labels: labels_of(network),
            })
            .filter(|spec| {
                is_own(&spec.labels, &self.settings.installation) && spec.labels.matches(filter)
            })
            .collect();
        specs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(specs)
    }
}
