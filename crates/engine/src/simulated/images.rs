//! What the calls about images do.

use super::control::insert_image;
use super::state::{Shared, State};
use crate::error::Error;
use crate::image::{ImageId, ImageReference};
use crate::ownership::{check_own, is_own_image_name};

/// Whether the name may be given to another image: it is free, or ours to move.
pub(super) fn check_name(
    shared: &Shared,
    state: &State,
    reference: &ImageReference,
) -> Result<(), Error> {
    match state.image(reference) {
        Some(image) if !is_own_image_name(reference) => check_own(
            &image.labels,
            &shared.settings.installation,
            "image",
            &reference.0,
        ),
        _ => Ok(()),
    }
}

pub(super) fn tag(
    state: &mut State,
    id: &ImageId,
    reference: &ImageReference,
) -> Result<(), Error> {
    let id = state.image_of(id)?.id.clone();
    if let Some(holder) = state.image(reference)
        && holder.id != id
    {
        let reason = format!("it names {}, not {id}; take it away first", holder.id);
        return Err(Error::Conflict {
            what: "image",
            name: reference.0.clone(),
            reason,
        });
    }
    if let Some(image) = state.images.get_mut(&id.0) {
        image.references.insert(reference.0.clone());
    }
    Ok(())
}

pub(super) fn remove(
    shared: &Shared,
    state: &mut State,
    reference: &ImageReference,
) -> Result<(), Error> {
    check_name(shared, state, reference)?;
    let Some(image) = state.image(reference) else {
        return Ok(());
    };
    let id = image.id.clone();
    let by_id = id.0 == reference.0;
    let in_use = state
        .containers
        .values()
        .any(|container| container.workload.image == id);
    let names = image.references.len();
    // As Docker does: the last name stays as long as a container needs the image, and by its id only an
    // image goes that at most one name stands for.
    let needed = in_use && names <= 1;
    if needed || (by_id && names > 1) {
        return Ok(());
    }
    let Some(image) = state.images.get_mut(&id.0) else {
        return Ok(());
    };
    image.references.remove(&reference.0);
    if by_id || image.references.is_empty() {
        state.images.remove(&id.0);
    }
    Ok(())
}

pub(super) fn pull(state: &mut State, reference: &ImageReference) -> Result<ImageId, Error> {
    if let Some((ports, behaviour)) = state.registry.get(&reference.0).cloned() {
        if let Some(image) = state.image(reference) {
            return Ok(image.id.clone());
        }
        return Ok(insert_image(
            state,
            &reference.0,
            ports,
            behaviour,
            crate::Labels::new(),
        ));
    }
    Err(Error::NotFound {
        what: "image",
        name: reference.0.clone(),
    })
}
