//! The real binary on the real Docker Engine: what users rely on, end to end.

#![expect(
    clippy::print_stderr,
    reason = "what a test did is shown when it fails"
)]

mod broker;
mod divio_create;
mod divio_domain_zone;
mod divio_templates;
mod divio_url_zone;
mod external;
mod failing;
mod fifty;
mod isolation;
mod killing;
mod load;
mod main_job;
#[cfg(feature = "long")]
mod media;
mod outages;
mod refused;
#[cfg(feature = "long")]
mod regions;
mod rollback;
mod rotation;
#[cfg(feature = "long")]
mod storage;
mod support;
mod tls;
mod types;
mod upgrade;
