//! The store on SQLite, as its users rely on it.

#[cfg(test)]
mod common;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod secrets;
