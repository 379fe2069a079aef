//! The rules that need nothing but values: tables, names and texts.

mod access;
mod ids;
mod names;
mod percent;
mod state_table;
mod variables;
