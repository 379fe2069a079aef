//! What is waited for, and how long at most.

use crate::step::Step;

/// Rows of ours.
pub(super) const RECORD: Step = Step::new("writing down what is restored", 30);
/// Opens every table and view.
pub(super) const OBJECTS: Step = Step::new("looking at what was restored beside tables", 60);
/// A few files; a trigger waits for those who use its table, and nobody is inside.
pub(super) const MAKE: Step = Step::new("making views, triggers and routines again", 60);
/// A file for each table, after nobody is inside any more.
pub(super) const MOVE: Step = Step::new("swapping the tables", 90);
