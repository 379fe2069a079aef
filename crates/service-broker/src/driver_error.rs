//! A broker's failure in the words of the driver contract.

use windlass_services::Error as DriverError;

use crate::error::{Error, Removal};
use crate::failure::Failure;

impl Error {
    /// The same for those who know drivers and not brokers; `cluster` is the broker's name for people.
    ///
    /// What is said to be unreachable had no effect. That a removal is owed, or done, is not among the
    /// contract's variants: the text says it, and [`Error::removal`] is for who must know.
    pub fn into_driver_error(self, cluster: &str) -> DriverError {
        let cluster = cluster.to_owned();
        let reason = match &self.removal {
            Removal::NotNeeded => self.failure.to_string(),
            Removal::Left | Removal::Done | Removal::Owed(_) => {
                return DriverError::Failed {
                    cluster,
                    doing: self.doing.to_owned(),
                    reason: self.without_doing(),
                };
            }
        };
        let doing = self.doing.to_owned();
        match self.failure {
            Failure::NotSent(reason) => DriverError::Unreachable { cluster, reason },
            Failure::Unauthorized(reason) => DriverError::Unauthorized { cluster, reason },
            Failure::Version(reason) => DriverError::Unsupported { cluster, reason },
            Failure::Conflict(reason) => DriverError::Conflict {
                cluster,
                what: "something of this id".to_owned(),
                reason,
            },
            Failure::Missing(what) => DriverError::Missing { cluster, what },
            Failure::NoAnswer(after) => DriverError::NoAnswer {
                cluster,
                doing,
                after,
            },
            _ => DriverError::Failed {
                cluster,
                doing,
                reason,
            },
        }
    }

    fn without_doing(&self) -> String {
        let text = self.to_string();
        let begin = format!("{} failed: ", self.doing);
        text.strip_prefix(&begin).unwrap_or(&text).to_owned()
    }
}
