//! Data out of a simulated instance and in again: a line that says what it is, a line of JSON for each value, and one
//! that says how many there were.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use windlass_model::id::{OperationId, short};

use super::SimulatedDriver;
use super::cluster::{Cluster, Fresh};
use super::driver::{own, ready};
use super::fault::Call;
use crate::data::{BackedUp, Data, DataFormat, Input, Output, Source};
use crate::error::Error;
use crate::spec::{Access, InstanceSpec};
use crate::tools::Tools;

/// What every simulated server runs.
const VERSION: u32 = 1;
const HEAD: &str = "simulated ";
const END: &str = "end ";

type Values = BTreeMap<String, String>;

#[async_trait]
impl Data for SimulatedDriver {
    fn format(&self) -> DataFormat {
        DataFormat {
            name: "simulated",
            extension: "txt",
            is_compressed: false,
        }
    }

    async fn back_up(
        &self,
        access: &Access,
        spec: &InstanceSpec,
        _: &dyn Tools,
        output: Output<'_>,
    ) -> Result<BackedUp, Error> {
        let name = short(spec.instance);
        let whole =
            |cluster: &mut Cluster| ready(cluster, access, &name).map(|found| found.data.clone());
        let data = self
            .call(Call::BackUp, access, Some(spec.instance), |_| Ok(()), whole)
            .await?;
        let text = text_of(&data);
        let broken = |error: std::io::Error| Error::Failed {
            cluster: access.description.clone(),
            doing: "writing the backup".to_owned(),
            reason: error.to_string(),
        };
        output.write_all(text.as_bytes()).await.map_err(broken)?;
        output.flush().await.map_err(broken)?;
        Ok(BackedUp {
            bytes: u64::try_from(text.len()).unwrap_or(u64::MAX),
            server_version: VERSION.to_string(),
        })
    }

    async fn restore(
        &self,
        access: &Access,
        spec: &InstanceSpec,
        operation: OperationId,
        _: &dyn Tools,
        source: &Source,
        input: Input<'_>,
    ) -> Result<(), Error> {
        let name = short(spec.instance);
        let mut bytes = Vec::new();
        let read = input.read_to_end(&mut bytes).await;
        let text = String::from_utf8_lossy(&bytes);
        let data = self.check_source(source).and_then(|()| values_of(&text));
        let half = |cluster: &mut Cluster| {
            own(cluster, access, &name)?;
            let instance = ready(cluster, access, &name)?;
            instance.fresh = Some(Fresh {
                operation,
                data: None,
            });
            Ok(())
        };
        let whole = |cluster: &mut Cluster| {
            read.map_err(|error| Error::Failed {
                cluster: access.description.clone(),
                doing: "reading what is to be restored".to_owned(),
                reason: error.to_string(),
            })?;
            let data = data.map_err(|reason| Error::Refused {
                cluster: access.description.clone(),
                doing: "restoring".to_owned(),
                reason,
                advice: "restore a backup of this type that is whole".to_owned(),
            })?;
            ready(cluster, access, &name)?.fresh = Some(Fresh {
                operation,
                data: Some(data),
            });
            Ok(())
        };
        self.call(Call::Restore, access, Some(spec.instance), half, whole)
            .await
    }

    async fn swap(
        &self,
        access: &Access,
        spec: &InstanceSpec,
        operation: OperationId,
    ) -> Result<(), Error> {
        let name = short(spec.instance);
        let half = |cluster: &mut Cluster| {
            own(cluster, access, &name)?;
            ready(cluster, access, &name)?.sessions.clear();
            Ok(())
        };
        let whole = |cluster: &mut Cluster| {
            let instance = ready(cluster, access, &name)?;
            let fresh = instance.fresh.take_if(|fresh| fresh.operation == operation);
            let data = fresh.and_then(|fresh| fresh.data);
            if data.is_none() && instance.restored == Some(operation) {
                return Ok(());
            }
            instance.data = data.ok_or_else(|| Error::Missing {
                cluster: access.description.clone(),
                what: format!("what operation {operation} restored for svc_{name}"),
            })?;
            instance.restored = Some(operation);
            instance.sessions.clear();
            Ok(())
        };
        self.call(Call::Swap, access, Some(spec.instance), half, whole)
            .await
    }

    async fn discard(&self, access: &Access, spec: &InstanceSpec) -> Result<(), Error> {
        let name = short(spec.instance);
        let whole = |cluster: &mut Cluster| {
            own(cluster, access, &name)?;
            if let Some(instance) = cluster.instances.get_mut(&name) {
                instance.fresh = None;
            }
            Ok(())
        };
        self.call(
            Call::Discard,
            access,
            Some(spec.instance),
            |_| Ok(()),
            whole,
        )
        .await
    }
}

impl SimulatedDriver {
    fn check_source(&self, source: &Source) -> Result<(), String> {
        if let Some(kind) = source.kind.as_deref().filter(|kind| *kind != self.kind) {
            return Err(format!("it is of type '{kind}', not '{}'", self.kind));
        }
        let version = source.server_version.as_deref().unwrap_or_default();
        check_version(version.split('.').next().unwrap_or_default())
    }
}

fn check_version(version: &str) -> Result<(), String> {
    let number = version.parse().unwrap_or(VERSION);
    if number > VERSION {
        return Err(format!(
            "it comes from version {number}, newer than {VERSION}"
        ));
    }
    Ok(())
}

fn text_of(data: &Values) -> String {
    let mut text = format!("{HEAD}{VERSION}\n");
    for pair in data {
        text.push_str(&serde_json::json!(pair).to_string());
        text.push('\n');
    }
    text.push_str(&format!("{END}{}\n", data.len()));
    text
}

fn values_of(text: &str) -> Result<Values, String> {
    let body = text
        .strip_prefix(HEAD)
        .and_then(|rest| rest.split_once('\n'));
    let (version, body) = body.ok_or("it is no backup of a simulated instance")?;
    check_version(version)?;
    let cut = || "it is cut off".to_owned();
    let at = body.rfind(END).ok_or_else(cut)?;
    let (lines, end) = body.split_at(at);
    let values: Result<Values, _> = lines
        .lines()
        .map(serde_json::from_str::<(String, String)>)
        .collect();
    let values = values.map_err(|error| format!("a line is not as it should be: {error}"))?;
    if end != format!("{END}{}\n", values.len()) {
        return Err(cut());
    }
    Ok(values)
}
