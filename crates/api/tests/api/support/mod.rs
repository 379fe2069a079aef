//! A whole platform with its API on a port, and a client for it.

mod client;
mod events;
mod logs;
pub(crate) mod shapes;
mod world;

pub(crate) use client::{Answer, Client, assert_keys};
pub(crate) use events::Event;
pub(crate) use logs::logged;
pub(crate) use world::{BROKER, Demo, IMAGE, World, eventually};
