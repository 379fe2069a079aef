//! The life cycle as a table that people read, and what holds for every sequence of events.

use std::fmt::Write;

use proptest::prelude::*;
use windlass_model::instance::{InstanceEvent as E, InstanceState as S, Refusal, transition};

/// Every pair, by state: what it becomes, or why not.
#[test]
fn the_table_is_the_one_that_was_reviewed() {
    let mut table = String::new();
    for state in S::ALL {
        writeln!(table, "{state}").unwrap();
        for event in E::ALL {
            let becomes = match transition(state, event) {
                Ok(next) => next.to_string(),
                Err(Refusal::Impossible) => "(impossible)".to_owned(),
                Err(refusal) => format!("refused: {refusal}"),
            };
            let event = format!("{event:?}");
            writeln!(table, "  {event:<20} {becomes}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

/// What users can ask for; everything else is the operations' own.
const BY_USERS: [E; 6] = [
    E::Provision,
    E::Attach,
    E::Detach,
    E::CancelDetach,
    E::Rename,
    E::Remove,
];

#[test]
fn no_user_is_told_of_a_fault_of_windlass() {
    for state in S::ALL {
        for event in BY_USERS {
            assert_ne!(
                transition(state, event),
                Err(Refusal::Impossible),
                "{event:?} in {state}"
            );
        }
    }
}

#[test]
fn states_have_one_name_each() {
    for state in S::ALL {
        assert_eq!(state.as_str().parse(), Ok(state));
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(json, format!("\"{state}\""));
    }
    assert!("new".parse::<S>().is_err());
}

proptest! {
    /// Data is destroyed by a removal only, which an attached instance never gets into.
    #[test]
    fn nothing_but_a_removal_ends_what_is_provisioned(
        events in proptest::collection::vec(proptest::sample::select(E::ALL.to_vec()), 0..60)
    ) {
        let mut state = S::New;
        for event in events {
            let Ok(next) = transition(state, event) else { continue };
            if state.is_provisioned() && !next.is_provisioned() {
                prop_assert_eq!(event, E::Remove);
                prop_assert!(!state.is_in_running_release());
            }
            if next.is_in_running_release() && !state.is_in_running_release() {
                prop_assert_eq!((state, event), (S::PendingAttachment, E::DeployedWith));
            }
            if state == S::Removed {
                prop_assert_eq!(next, S::Removed);
            }
            state = next;
        }
    }

    /// A deployment that fails changes no state, whenever it ends.
    #[test]
    fn a_failed_deployment_changes_nothing(state in proptest::sample::select(S::ALL.to_vec())) {
        prop_assert_eq!(transition(state, E::DeploymentFailed), Ok(state));
    }
}
