//! How the driver is set up.

use std::path::PathBuf;
use std::time::Duration;

/// Where Docker listens by default.
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
/// Look-ups take milliseconds; a daemon that is pulling or pruning may take some seconds.
const LOOK_UP: Duration = Duration::from_secs(30);
/// Creating, starting and connecting touch the disk and the firewall's rules; on a machine that swaps or
/// starts a hundred containers at once they have been seen to take half a minute.
const CHANGE: Duration = Duration::from_mins(2);
/// On top of a container's grace: the kill after it and the unmounting.
const STOP_MARGIN: Duration = Duration::from_mins(1);
/// A build from nothing of a large application on two cores, with a slow mirror.
const BUILD: Duration = Duration::from_hours(2);
/// Some gigabytes over a slow line.
const PULL: Duration = Duration::from_hours(1);
/// A migration of a large database; the operation's own time-out ends it sooner.
const RUN: Duration = Duration::from_hours(24);
/// Lines of a log that is read and not followed come without pause.
const LOG_SILENCE: Duration = Duration::from_mins(1);

/// The settings of a [`DockerEngine`](crate::DockerEngine).
#[derive(Debug, Clone)]
pub struct DockerSettings {
    /// The daemon's Unix socket.
    pub socket: PathBuf,
    /// The installation's id. Objects without it in their labels are never touched.
    pub installation: String,
    /// The subnets that all our networks are taken from, as one CIDR: nothing is routed between them.
    /// Without, only Docker's own rules keep networks apart, and those have gaps (see the module
    /// `isolation`).
    pub isolated_subnets: Option<String>,
    /// How long calls may take.
    pub timeouts: Timeouts,
}

impl DockerSettings {
    /// The default socket and time-outs.
    pub fn new(installation: impl Into<String>) -> Self {
        Self {
            socket: PathBuf::from(DEFAULT_SOCKET),
            installation: installation.into(),
            isolated_subnets: None,
            timeouts: Timeouts::default(),
        }
    }
}

/// How long calls may take before they count as unanswered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// A call that only looks.
    pub look_up: Duration,
    /// A call that changes something.
    pub change: Duration,
    /// A stop, beyond the container's own grace.
    pub stop_margin: Duration,
    /// A build.
    pub build: Duration,
    /// A pull.
    pub pull: Duration,
    /// A run to completion.
    pub run: Duration,
    /// Silence in a log that is not followed.
    pub log_silence: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            look_up: LOOK_UP,
            change: CHANGE,
            stop_margin: STOP_MARGIN,
            build: BUILD,
            pull: PULL,
            run: RUN,
            log_silence: LOG_SILENCE,
        }
    }
}
