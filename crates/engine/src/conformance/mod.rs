//! The conformance suite: every sentence of the contract as a test that any back end runs.
//!
//! A back end implements [`Fixture`] and calls [`run_all`], or [`conformance_tests!`](crate::conformance_tests) for one test each:
//!
//! ```text
//! windlass_engine::conformance_tests!(my_fixture); // async fn my_fixture(case: &str) -> Arc<dyn Fixture>
//! ```
//!
//! A case panics with what went against the contract. What it makes is named with the fixture's prefix and
//! carries its installation's label, so a fixture can clean up after a case that failed.

#![expect(
    clippy::missing_panics_doc,
    reason = "a case says what is wrong by panicking, all of them do"
)]

mod archive;
mod builds;
mod containers;
mod execs;
mod fixture;
mod foreign;
mod images;
mod logs;
mod macros;
mod networks;
mod pipes;
mod runs;
mod support;
mod volumes;
mod watching;

use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;

pub use archive::archive;
pub use builds::{
    builds_fail_with_their_reason, builds_make_images, builds_of_unreadable_contexts_fail,
    builds_outlive_their_reader, dropped_builds_leave_the_engine_usable,
    ensure_of_another_image_conflicts,
};
pub use containers::{
    ended_containers_say_how, engine_restarts_what_it_should, ensure_is_idempotent,
    ensure_of_other_labels_conflicts, ensure_without_its_parts_fails, files_are_there_at_the_start,
    memory_is_limited, removal_is_idempotent, servers_are_reachable,
    stopped_containers_stay_stopped, unlabelled_objects_are_refused, usage_is_measured,
    variables_reach_the_program_only,
};
pub use execs::{exec_collects_output, exec_needs_a_running_container, exec_times_out};
pub use fixture::{BuildCase, Fixture, Foreign, Program};
pub use foreign::{
    foreign_containers_are_left_alone, foreign_networks_are_left_alone,
    foreign_volumes_are_left_alone,
};
pub use images::{
    foreign_images_are_left_alone, images_are_looked_up_and_tagged, images_in_use_stay,
};
pub use logs::{logs_follow, logs_of_nothing_fail, logs_select_lines};
pub use networks::{
    connect_and_disconnect, networks_are_idempotent, networks_go_with_workloads_in_them,
};
pub use pipes::{
    pipes_carry_bytes_unchanged, pipes_end_when_a_stream_fails, pipes_keep_errors_apart,
    pipes_replace_what_was_left, pipes_wait_for_the_slower_side,
};
pub use runs::{
    dropped_runs_are_taken_up, runs_are_not_repeated, runs_end_with_their_status,
    runs_outlive_their_reader,
};
pub use volumes::{volumes_are_idempotent, volumes_outlive_containers};
pub use watching::watch_reports_changes;

/// A case of the suite.
pub struct Case {
    /// Its name, which is its function's.
    pub name: &'static str,
    /// Runs it.
    pub run: fn(Arc<dyn Fixture>) -> BoxFuture<'static, ()>,
}

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        /// Every case.
        pub fn cases() -> Vec<Case> {
            vec![$(Case { name: stringify!($name), run: |fixture| Box::pin(async move { $name(&*fixture).await }) }),*]
        }

        #[doc(hidden)]
        #[macro_export]
        macro_rules! __for_each_conformance_case {
            ($with:ident, $factory:path) => { $($crate::$with!($name, $factory);)* };
        }
    };
}

cases! {
    ensure_is_idempotent,
    ensure_of_other_labels_conflicts,
    ensure_of_another_image_conflicts,
    ensure_without_its_parts_fails,
    unlabelled_objects_are_refused,
    removal_is_idempotent,
    stopped_containers_stay_stopped,
    engine_restarts_what_it_should,
    ended_containers_say_how,
    memory_is_limited,
    variables_reach_the_program_only,
    files_are_there_at_the_start,
    servers_are_reachable,
    usage_is_measured,
    networks_are_idempotent,
    networks_go_with_workloads_in_them,
    connect_and_disconnect,
    volumes_are_idempotent,
    volumes_outlive_containers,
    foreign_containers_are_left_alone,
    foreign_networks_are_left_alone,
    foreign_volumes_are_left_alone,
    logs_select_lines,
    logs_follow,
    logs_of_nothing_fail,
    exec_collects_output,
    exec_needs_a_running_container,
    exec_times_out,
    runs_end_with_their_status,
    runs_are_not_repeated,
    runs_outlive_their_reader,
    dropped_runs_are_taken_up,
    pipes_carry_bytes_unchanged,
    pipes_keep_errors_apart,
    pipes_wait_for_the_slower_side,
    pipes_end_when_a_stream_fails,
    pipes_replace_what_was_left,
    watch_reports_changes,
    images_are_looked_up_and_tagged,
    images_in_use_stay,
    foreign_images_are_left_alone,
    builds_make_images,
    builds_fail_with_their_reason,
    builds_of_unreadable_contexts_fail,
    builds_outlive_their_reader,
    dropped_builds_leave_the_engine_usable,
}

/// Runs every case, one after another, each on a fixture of its own.
pub async fn run_all<F, Made>(factory: F)
where
    F: Fn(&'static str) -> Made,
    Made: Future<Output = Arc<dyn Fixture>>,
{
    for case in cases() {
        tracing::info!(case = case.name, "conformance");
        (case.run)(factory(case.name).await).await;
    }
}
