//! The conformance suite of the service driver contract. Every driver runs it in its tests, against a
//! real server: what it says about [`crate::Driver`] in words, this says in calls.
//!
//! A driver's test makes a [`Fixture`] and calls [`run`]; a broken sentence of the contract is a panic
//! that quotes it. The checks use instances of their own, so that they may share a cluster with others.

mod bindings;
mod concurrency;
mod crashes;
mod data;
mod faults;
mod fixture;
mod instances;
mod isolation;
mod suite;
mod variables;

pub use crashes::{Cut, cut_after};
pub use fixture::{Fixture, NoTools, Session, Traits};

use crate::contract::Hosting;
use suite::Suite;

/// Runs every check that the type's traits allow, one after the other.
pub async fn run(fixture: &dyn Fixture) {
    let suite = Suite::new(fixture);
    let traits = fixture.traits();
    suite.prepare().await;
    variables::names_are_those_promised(&suite);
    let runs_server = suite.driver().hosting() == Hosting::Server;
    if runs_server {
        variables::server_can_be_run(&suite);
    } else {
        variables::no_server_is_run(&suite);
    }
    instances::provision_is_idempotent(&suite).await;
    instances::absent_may_be_revoked_and_destroyed(&suite).await;
    instances::destroy_leaves_nothing(&suite).await;
    if traits.marks {
        instances::other_parameters_are_a_conflict(&suite).await;
        instances::what_is_foreign_is_left_alone(&suite).await;
        instances::absent_is_missing(&suite).await;
    }
    if traits.users {
        bindings::bind_is_idempotent(&suite).await;
        bindings::bind_sets_the_password_again(&suite).await;
        bindings::generation_of_another_binding_is_a_conflict(&suite).await;
        bindings::two_bindings_share_everything(&suite).await;
        bindings::revoking_one_leaves_the_other(&suite).await;
        bindings::sessions_are_those_of_one_binding(&suite).await;
        if runs_server {
            variables::server_is_told_the_password(&suite);
        }
        faults::wrong_password_is_unauthorized(&suite).await;
    }
    if traits.connection_limit {
        bindings::connections_are_limited_and_counted(&suite).await;
    }
    if traits.connection_limit_per_binding {
        bindings::connections_of_each_are_limited_and_counted(&suite).await;
    }
    if traits.shared {
        isolation::credentials_reach_no_other_instance(&suite).await;
        isolation::calls_for_one_instance_leave_the_other(&suite).await;
        concurrency::many_instances_at_once(&suite).await;
    }
    if let Some(data) = suite.driver().data() {
        data::goes_out_and_in(&suite, data).await;
    }
    crashes::calls_cut_short_are_repaired(&suite).await;
    concurrency::same_call_many_times_at_once(&suite).await;
    faults::no_server_is_unreachable(&suite).await;
    suite.no_password_in_the_server_log().await;
}
