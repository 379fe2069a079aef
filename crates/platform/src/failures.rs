//! The errors of contracts as failures of steps: what went wrong, what to do, and whether to retry.

use windlass_delivery::{build, logs, routing};
use windlass_operations::{Effect, Failure, Retry, StoreError};

/// The code of what says that the server of a cluster cannot be connected to.
pub(crate) const UNREACHABLE: &str = "cluster_unreachable";
/// The code of what says that nothing was done, and why it would not be done the next time either.
pub(crate) const REFUSED: &str = "service_refused";

fn failure(code: &str, message: String, effect_unknown: bool, transient: bool) -> Failure {
    Failure {
        code: code.to_owned(),
        message,
        hint: None,
        effect: if effect_unknown {
            Effect::Unknown
        } else {
            Effect::None
        },
        retry: if transient {
            Retry::AfterMillis(0)
        } else {
            Retry::No
        },
    }
}

/// An engine's error.
pub(crate) fn engine(error: &windlass_engine::Error) -> Failure {
    use windlass_engine::Error as E;
    let made = failure(
        "engine",
        error.to_string(),
        error.effect_unknown(),
        error.is_transient(),
    );
    match error {
        E::Unreachable { .. } => Failure { code: "engine_unreachable".to_owned(), ..made }
            .with_hint("Check that the engine runs: 'docker info' on the server's machine."),
        E::DiskFull { .. } => Failure { code: "disk_full".to_owned(), ..made }
            .with_hint("Make room on the engine's disk ('docker system df' shows what uses it), then deploy again."),
        E::BuildFailed(_) => Failure { code: "build_failed".to_owned(), ..made }
            .with_hint("The log of the deployment shows the build's output; mend the Dockerfile or the code, push, and deploy again."),
        _ => made,
    }
}

/// A service driver's error.
pub(crate) fn service(error: &windlass_services::Error) -> Failure {
    use windlass_services::Error as E;
    let made = failure(
        "service",
        error.to_string(),
        error.effect_unknown(),
        error.is_transient(),
    );
    match error {
        E::Unreachable { .. } => Failure { code: UNREACHABLE.to_owned(), ..made }
            .with_hint("Check that it runs and can be reached from the machine of the Windlass server, then try again."),
        E::Unauthorized { .. } => Failure { code: "cluster_unauthorized".to_owned(), ..made }
            .with_hint("Correct the administrator's URL of the cluster in the server's settings."),
        E::Refused { advice, .. } => Failure { code: REFUSED.to_owned(), ..made }.with_hint(advice),
        E::Spoilt { advice, .. } => made.with_hint(advice),
        E::Full { .. } => Failure { code: "cluster_full".to_owned(), ..made }
            .with_hint("Make room on the cluster, or add the service on another one."),
        _ => made,
    }
}

/// The builder's error.
pub(crate) fn build(error: &build::Error) -> Failure {
    use build::Error as E;
    match error {
        E::Engine(inner) => engine(inner),
        E::EmptyRepository(_) => failure("empty_repository", error.to_string(), false, false)
            .with_hint("Push the code first: 'git push windlass <branch>'."),
        E::NoBranch { .. } => failure("no_branch", error.to_string(), false, false)
            .with_hint("Push that branch, or set another one for the environment."),
        E::NoDockerfile { .. } => failure("no_dockerfile", error.to_string(), false, false)
            .with_hint("Add a file named Dockerfile at the top of the repository that builds the application's image."),
        E::Remote { .. } => failure("remote_repository", error.to_string(), false, false)
            .with_hint("Check the address and the branch, and that the server may read them; then deploy again."),
        E::NoImage { .. } => failure("no_image", error.to_string(), false, false)
            .with_hint("Check the image's name, or load the image on the engine, then deploy again."),
        E::DiskFull(_) => failure("disk_full", error.to_string(), false, false)
            .with_hint("Make room on the server's disk, then deploy again."),
        E::InvalidFile { .. } => failure("invalid_file", error.to_string(), false, false)
            .with_hint("Correct the file, push, and deploy again."),
        E::Template(_) => failure("template", error.to_string(), false, false),
        E::ImageGone(_) => failure("image_gone", error.to_string(), false, false)
            .with_hint("Deploy with the build mode AUTO, which builds it again."),
        E::Git { .. } => failure("git", error.to_string(), false, true),
        E::Cancelled => failure("cancelled", error.to_string(), true, false),
    }
}

/// The router's error.
pub(crate) fn router(error: &routing::Error) -> Failure {
    failure("router", error.to_string(), true, true)
}

/// The store's error, when a step reads or writes by itself.
pub(crate) fn store(error: &StoreError) -> Failure {
    failure("store", error.to_string(), true, true)
}

/// The error of a deployment's log.
pub(crate) fn log(error: &logs::Error) -> Failure {
    failure("log", error.to_string(), false, true).with_hint("Make room on the server's disk.")
}

/// Something that cannot be unless Windlass has a fault.
pub(crate) fn internal(message: impl Into<String>) -> Failure {
    failure("internal", message.into(), true, false)
}
