//! Archives: what they are, what is found when one was changed, and where they are kept.

#[cfg(feature = "long")]
mod age_tool;
mod archive;
mod directory;
mod full_disk;
mod killed;
#[cfg(feature = "long")]
mod s3;
mod suite;
mod support;
