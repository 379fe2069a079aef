//! Plan groups: an installation has one, whose regions are all that it runs.

use windlass_model::id::RegionId;

use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;

/// What applications may use. Windlass sells nothing, so there is one for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanGroup {
    /// Its id.
    pub id: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// Where its applications may run.
    pub regions: Vec<RegionId>,
}

impl PlanGroup {
    /// The id of the one that there is.
    pub const ONLY: &'static str = "standard";
}

impl Platform {
    /// The plan group of every application.
    pub async fn plan_group(&self, context: &Context) -> Result<PlanGroup, Error> {
        let regions = self.regions(context).await?;
        Ok(PlanGroup {
            id: PlanGroup::ONLY,
            name: "Standard",
            regions: regions.into_iter().map(|region| region.id).collect(),
        })
    }
}
