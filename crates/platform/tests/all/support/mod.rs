//! The world that the tests play in.

pub(crate) mod images;
pub(crate) mod looks;
pub(crate) mod tidy;
pub(crate) mod verbs;
pub(crate) mod world;

pub(crate) use world::World;
