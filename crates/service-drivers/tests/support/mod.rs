//! What the tests of all drivers share: their servers in containers.

mod container;

pub(crate) use container::Container;
