//! For whom an instance gives variables by further names.

use windlass_model::access::Action;
use windlass_model::id::InstanceId;
use windlass_model::instance::InstanceEvent;
use windlass_model::profile::{NO_PROFILE, Profile};
use windlass_records::Change;
use windlass_services::Driver;

use super::instances::{InstanceView, Names, checked_transition, instance_title};
use super::load::not_removing;
use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;

impl Platform {
    /// Variables by the names of a profile besides, or of none: from the next deployment on.
    pub async fn set_instance_profile(
        &self,
        context: &Context,
        id: InstanceId,
        profile: &str,
    ) -> Result<InstanceView, Error> {
        let (instance, scene) = self
            .load_instance(context, Action::ManageServices, id)
            .await?;
        not_removing(&scene.application)?;
        checked_transition(&instance, InstanceEvent::Rename)?;
        let service = self.parts.service(instance.service).await?;
        let wanted = checked_profile(self.parts.driver(&service)?.as_ref(), Some(profile))?;
        let names = Names {
            profile: wanted,
            ..Names::of(&instance)
        };
        self.check_variable_names(&scene, &service, names, Some(id))
            .await?;
        let changes = vec![
            Change::ExpectApplicationStays(scene.application.id),
            Change::SetInstanceProfile {
                id,
                profile: wanted,
                at: self.parts.now(),
            },
            self.audit(
                context,
                "service.profile",
                instance_title(&scene, &instance),
                Some(scene.application.id),
                profile,
            ),
        ];
        self.parts.store.commit(changes).await?;
        self.instance(context, id).await
    }
}

/// A profile that the type has names for, or none.
pub(super) fn checked_profile(
    driver: &dyn Driver,
    profile: Option<&str>,
) -> Result<Option<Profile>, Error> {
    let Some(text) = profile.filter(|text| *text != NO_PROFILE) else {
        return Ok(None);
    };
    let known = driver.profiles();
    let wanted = text.parse().ok();
    if let Some(profile) = wanted.filter(|profile| known.contains(profile)) {
        return Ok(Some(profile));
    }
    let kind = driver.kind();
    let known: Vec<&str> = known.iter().map(|profile| profile.as_str()).collect();
    let instead = if known.is_empty() {
        "it has no names but its own".to_owned()
    } else {
        format!("it has names for {}", known.join(", "))
    };
    Err(Error::invalid(
        "inject_profile",
        format!("a service of type '{kind}' has no variables for '{text}'; {instead}"),
    ))
}
