//! Ids, and the short form that names outside things.

use proptest::prelude::*;
use uuid::Uuid;
use windlass_model::id::{Id, InstanceId, ReleaseId, short};

#[test]
fn texts_that_are_no_ids_are_refused_shortly() {
    for text in [
        "",
        "1",
        "x",
        "../../etc",
        "01a1fd3d-c439-7596-9075-796f3c573a2",
        &"0".repeat(5000),
    ] {
        let refused = text
            .parse::<InstanceId>()
            .map_err(|error| error.to_string());
        assert!(refused.is_err_and(|text| text.len() < 200), "{text}");
    }
}

#[test]
fn the_short_form_is_fixed_for_good() {
    // Outside things are named by it: another form would lose them.
    let id = InstanceId::from(Uuid::from_u128(0x0190_0000_0000_7abc_8def_0123_4567_89ab));
    assert_eq!(short(id), "pk6i33ybencwpcnl");
    let none = InstanceId::from(Uuid::from_u128(0));
    assert_eq!(short(none), "aaaaaaaaaaaaaaaa");
    let all = InstanceId::from(Uuid::from_u128(u128::MAX));
    assert_eq!(short(all), "7777777777777777");
}

proptest! {
    #[test]
    fn ids_survive_text_and_json(bits in any::<u128>()) {
        let id = ReleaseId::from(Uuid::from_u128(bits));
        prop_assert_eq!(id.to_string().parse::<ReleaseId>(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(serde_json::from_str::<ReleaseId>(&json).unwrap(), id);
        prop_assert_eq!(id.uuid().as_u128(), bits);
    }

    /// 16 characters that every server takes, different whenever the random bits are.
    #[test]
    fn short_forms_are_safe_and_differ(left in any::<u128>(), right in any::<u128>()) {
        let of = |bits: u128| short(InstanceId::from(Uuid::from_u128(bits)));
        let text = of(left);
        prop_assert_eq!(text.len(), 16);
        prop_assert!(text.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)));
        let random = |bits: u128| bits & ((1 << 80) - 1);
        prop_assert_eq!(of(left) == of(right), random(left) == random(right));
    }
}
