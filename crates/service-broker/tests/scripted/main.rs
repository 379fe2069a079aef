//! The client against a broker that says what it is told to, in memory and with the clock stopped: every way in
//! which an answer can be wrong, late or lost.

mod bind;
mod catalogue;
mod fixture;
mod provision;
mod removal;
mod requests;
mod script;
mod tls;
mod update;
