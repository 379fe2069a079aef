//! The marks by which we know what is ours: documents among the custom data of users.

use bson::{Bson, Document, doc};
use windlass_model::id::{BindingId, InstanceId};

/// What a user of ours says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// It stands for the instance, made with so many connections.
    Instance { instance: String, connections: u32 },
    /// It is a binding of the instance.
    Binding { instance: String, binding: String },
}

impl Mark {
    /// Reads what `instance` or `binding` wrote.
    pub(super) fn parse(data: &Document) -> Option<Self> {
        let mark = data.get_document("windlass").ok()?;
        let instance = mark.get_str("instance").ok()?.to_owned();
        match mark.get_str("binding") {
            Ok(binding) => Some(Self::Binding {
                instance,
                binding: binding.to_owned(),
            }),
            Err(_) => Some(Self::Instance {
                instance,
                connections: mark.get("connections").and_then(whole)?.try_into().ok()?,
            }),
        }
    }

    /// Whether it is the instance's own or one of its bindings'.
    pub(super) fn is_of(&self, instance: InstanceId) -> bool {
        let (Self::Instance { instance: of, .. } | Self::Binding { instance: of, .. }) = self;
        *of == instance.to_string()
    }
}

/// The custom data of the user that stands for the instance; the comment is for people.
pub(super) fn instance(instance: InstanceId, connections: u32, comment: &str) -> Document {
    doc! { "windlass": {
        "instance": instance.to_string(), "connections": i64::from(connections), "comment": comment,
    } }
}

/// The custom data of a binding's user.
pub(super) fn binding(instance: InstanceId, binding: BindingId) -> Document {
    doc! { "windlass": { "instance": instance.to_string(), "binding": binding.to_string() } }
}

/// A whole number, in whichever of its types a server gives it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "sizes are far below the 2^53 up to which a double is exact"
)]
pub(super) fn whole(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Int64(number) => Some(*number),
        Bson::Double(number) if number.is_finite() => Some(*number as i64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;
    use uuid::Uuid;
    use windlass_model::id::{BindingId, InstanceId};

    use super::{Mark, binding, instance};

    #[test]
    fn marks_are_read_back() {
        let id = InstanceId::from(Uuid::now_v7());
        let mark = Mark::parse(&instance(id, 60, "shop")).expect("a mark");
        assert!(mark.is_of(id));
        assert!(matches!(
            mark,
            Mark::Instance {
                connections: 60,
                ..
            }
        ));
        let mark = Mark::parse(&binding(id, BindingId::from(Uuid::now_v7()))).expect("a mark");
        assert!(mark.is_of(id));
        assert!(matches!(mark, Mark::Binding { .. }));
        for data in [
            doc! {},
            doc! { "windlass": "yes" },
            doc! { "windlass": { "instance": id.to_string() } },
            doc! { "instance": id.to_string(), "connections": 3 },
        ] {
            assert_eq!(Mark::parse(&data), None, "{data}");
        }
    }
}
