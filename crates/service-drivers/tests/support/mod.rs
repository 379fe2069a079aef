//! What the tests of all drivers share: their servers in containers.
#![allow(dead_code, reason = "the tests of each type use a part of it")]

mod container;

pub(crate) use container::Container;
