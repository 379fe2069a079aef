//! Where the time of operations goes: the lengths of their steps.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::Value;

use crate::samples::Samples;

/// The lengths of the steps of several operations of one kind, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<(String, Vec<f64>)>);

impl Steps {
    /// Adds the steps of an operation as the API shows it.
    pub(crate) fn add(&mut self, operation: &Value) -> Result<()> {
        for step in operation["steps"]
            .as_array()
            .context("an operation has no steps")?
        {
            let name = step["name"].as_str().context("a step has no name")?;
            // `provision:<id>` is the same step for every instance.
            let name = name.split(':').next().unwrap_or(name);
            let length = moment(&step["finished_at"])? - moment(&step["started_at"])?;
            match self.0.iter_mut().find(|(known, _)| known == name) {
                Some((_, lengths)) => lengths.push(length),
                None => self.0.push((name.to_owned(), vec![length])),
            }
        }
        Ok(())
    }

    /// Each step with its median, in the order in which they run.
    pub(crate) fn medians(self) -> String {
        let medians = self.0.into_iter().filter_map(|(name, lengths)| {
            let median = Samples::new(lengths)?.median();
            Some(format!("{name} {median:.0}"))
        });
        medians.collect::<Vec<_>>().join(", ")
    }
}

fn moment(value: &Value) -> Result<f64> {
    let text = value.as_str().context("a step has no time")?;
    let moment: Timestamp = text
        .parse()
        .with_context(|| format!("'{text}' is no time"))?;
    Ok(moment.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn steps_are_added_up_by_name() {
        let mut steps = Steps::default();
        for (id, end) in [("a", "10"), ("b", "30"), ("c", "20")] {
            let operation = json!({"steps": [
                {"name": format!("cluster:{id}"), "started_at": "2026-01-01T00:00:00.000Z",
                 "finished_at": format!("2026-01-01T00:00:00.0{end}Z")},
                {"name": "switch", "started_at": "2026-01-01T00:00:59Z", "finished_at": "2026-01-01T00:01:00Z"},
            ]});
            steps.add(&operation).unwrap();
        }
        assert_eq!(steps.medians(), "cluster 20, switch 1000");
    }

    #[test]
    fn a_step_that_has_not_ended_is_refused() {
        let operation = json!({"steps": [{"name": "x", "started_at": "2026-01-01T00:00:00Z", "finished_at": null}]});
        Steps::default().add(&operation).unwrap_err();
    }
}
