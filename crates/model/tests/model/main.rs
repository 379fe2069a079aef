//! The rules that need nothing but values: tables, names and texts.

mod backup_alarm;
mod backup_retention;
mod backup_schedule;
mod ids;
mod names;
mod percent;
mod state_table;
mod variables;
