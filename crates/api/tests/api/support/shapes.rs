//! The keys of objects that several tests look at.

pub(crate) const APPLICATION: &str =
    "uuid slug name organisation region repository created_at removing";
pub(crate) const ENVIRONMENT: &str = "uuid slug application branch site_url last_deployment last_finished_deployment running_release";
pub(crate) const INSTANCE: &str = "uuid prefix type service_status region service service_identifier service_name environment cluster \
    attached provisioned in_running_release url_scheme inject_profile public media_host media_domain media_domain_is_cdn \
    variables last_error operation created_at updated_at";
pub(crate) const DEPLOYMENT: &str = "uuid environment number operation status percent success started_at ended_at commit actor failed_step \
    error hint release_number site_url";
pub(crate) const OPERATION: &str = "uuid kind state subject steps error cancel_requested_at created_at finished_at actor abandon_reason";
pub(crate) const VARIABLE: &str = "uuid environment name value is_sensitive source updated_at";
