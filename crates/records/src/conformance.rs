//! What every store must do, as tests over the contract. A back end runs all of them:
//!
//! ```ignore
//! async fn store() -> std::sync::Arc<dyn windlass_records::Store> { /* a new, empty one */ }
//! windlass_records::store_conformance!(store);
//! ```
//!
//! Each case is given a new store; a case that fails panics.
#![expect(
    clippy::missing_panics_doc,
    reason = "a case that fails panics: that is its result"
)]

pub mod account;
pub mod application;
pub mod backup;
pub mod broker;
pub mod catalogue;
pub mod deletion;
pub mod deployment;
pub mod instance;
pub mod lease;
pub mod operation;
pub mod release;
pub mod retention;
pub mod sample;
pub mod secret;
pub mod transfer;
pub mod variable;

use windlass_operations::StoreError;

/// The text of a conflict.
#[track_caller]
pub fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Conflict(text)) => text,
        other => panic!("a conflict was expected, not {other:?}"),
    }
}

/// What does not exist.
#[track_caller]
pub fn not_found<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::NotFound(text)) => text,
        other => panic!("'not found' was expected, not {other:?}"),
    }
}

/// Why it was refused.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Refused(text)) => text,
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

/// Makes a test of each case; the argument is an asynchronous function that gives a new, empty store.
#[macro_export]
macro_rules! store_conformance {
    ($store:path) => {
        $crate::store_conformance!(@cases $store;
            account::users_and_tokens,
            account::settings_are_replaced,
            catalogue::regions_and_services,
            catalogue::one_common_cluster_per_service,
            catalogue::one_private_cluster_per_instance,
            catalogue::clusters_change_in_order,
            catalogue::subnets_are_unique_in_the_region,
            broker::brokers_and_plans,
            broker::brokers_go_last,
            application::slugs_are_unique,
            application::applications_in_pages,
            application::environments_in_order,
            application::nothing_begins_while_removing,
            application::changes_of_rows,
            deletion::deletion_waits_for_what_is_left,
            deletion::deletion_leaves_nothing,
            instance::prefixes_are_unique,
            instance::states_are_guarded,
            instance::media_domains_are_unique,
            instance::removal_keeps_the_state_before,
            instance::deployments_hold_their_instances,
            instance::rows_change,
            instance::lists_are_sorted,
            instance::bindings_are_numbered,
            variable::versions_are_guarded,
            variable::lists_are_sorted_by_environment,
            secret::secrets_are_opened_in_order,
            secret::secrets_in_use_stay,
            secret::pinned_secrets_outlive_their_variable,
            deployment::one_unfinished_per_environment,
            deployment::status_until_the_end,
            deployment::newest_first,
            release::numbers_come_with_the_pivot,
            release::the_running_release_is_guarded,
            release::releases_pin_what_is_there,
            retention::the_oldest_are_too_many,
            retention::leftovers_go_and_what_runs_stays,
            retention::nobody_cleans_up_where_something_is_at_work,
            retention::releases_are_forgotten_before_their_deployments,
            retention::old_operations_are_trimmed,
            backup::backups_end_with_their_parts,
            backup::one_is_written_at_a_time,
            backup::keys_stay_as_long_as_their_archives,
            backup::backups_outlive_what_they_are_of,
            backup::newest_first_and_by_filter,
            backup::what_is_in_use_is_kept,
            backup::schedules_know_the_last,
            transfer::links_open_until_their_end,
            transfer::uploads_come_once,
            transfer::restores_end_with_their_parts,
            operation::created_with_its_changes,
            operation::idempotency_keys,
            operation::one_active_per_subject,
            operation::events_are_numbered,
            operation::progress_changes_nothing,
            operation::all_or_nothing,
            operation::events_together,
            operation::outside_needs_no_lease,
            operation::lists_and_filters,
            lease::oldest_due_first,
            lease::no_double_claim,
            lease::a_stale_epoch_is_refused,
            lease::waiting_ends_the_lease,
            lease::heartbeat_and_release,
            lease::take_over_ends_every_lease,
            lease::next_due,
        );
    };
    (@cases $store:path; $($module:ident :: $case:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::conformance::$module::$case($store().await).await;
            }
        )+
    };
}
