//! How much of a broker's credentials goes into an environment.

/// Variables of one binding. An environment is copied into each process.
pub(super) const MOST_VARIABLES: usize = 200;
/// Bytes of one value: Linux takes 128 KiB for a variable with its name.
pub(super) const MOST_OF_VALUE: usize = 64 * 1024;
/// Bytes of all values: Linux takes about 2 MiB for all variables and arguments of a process.
pub(super) const MOST_OF_ALL: usize = 512 * 1024;
