//! What is waited for, and how long at most.

use std::time::Duration;

use crate::step::Step;

/// TCP and the password. A script of the application may hold the server for five seconds before it says
/// that it is busy.
pub(super) const CONNECT: Step = Step::new("connecting", 10);
/// Reads of users, settings and statistics.
pub(super) const LOOK: Step = Step::new("looking at users and settings", 10);
/// Users and settings, and the file of the users with its way to the disk.
pub(super) const USERS: Step = Step::new("setting users and limits", 20);
/// The application sees its data gone at once; memory is freed in the background.
pub(super) const FLUSH: Step = Step::new("destroying users and data", 30);
/// A write that nobody sees.
pub(super) const PROBE: Step = Step::new("writing to the server", 10);
/// A script ends at its next step once it was told to.
pub(super) const SCRIPTS: Step = Step::new("ending a script that keeps the server busy", 10);

/// Between two looks at something that is about to change.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Connections that the server has beyond the instance's limit: one for the call at work, one that is just
/// ending, and two for people.
pub const RESERVED_CONNECTIONS: u32 = 4;
