//! The steps of operations in words. A step that is not known here is shown by its name: a newer server may
//! have others.

use std::collections::BTreeMap;

/// What instances are called, by their ids: for steps that name one.
pub(crate) type Names = BTreeMap<String, String>;

/// What a step does.
pub(crate) fn words(step: &str, names: &Names) -> String {
    let (kind, argument) = step.split_once(':').unwrap_or((step, ""));
    let words = match kind {
        "cluster" => "Checking the cluster",
        "provision" => "Provisioning the service instance",
        "credentials" => "Recording credentials",
        "bind" => "Making credentials for the new release",
        "build" => "Building the image",
        "prepare" => "Preparing the release",
        "release-commands" => "Running release commands",
        "start" => "Starting the new release",
        "health" => "Checking the new release",
        "switch" => "Making the new release the running one",
        "publish" => "Switching traffic",
        "drain" => "Waiting for requests to the old release",
        "retire" => "Removing the old release",
        "revoke" => "Revoking old credentials",
        "destroy" => "Destroying the data",
        "remove-cluster" => "Removing the cluster if it was a private one",
        "removed" => "Recording the removal",
        "open" => "Making it public on its server",
        "record" => "Recording that it is public",
        "route" => "Giving its public names to the router",
        "hide" => "Taking its public names away from the router",
        "close" => "Making it private on its server",
        "unroute" => "Taking the sites away from the router",
        "stop" => "Stopping the processes",
        "clean-up" => "Removing networks, images, logs and the repository",
        _ => return step.to_owned(),
    };
    match names.get(argument) {
        Some(name) => format!("{words} ({name})"),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_in_words_with_the_name_of_its_instance() {
        let names = Names::from([("0192".to_owned(), "test/DEFAULT".to_owned())]);
        assert_eq!(
            words("destroy:0192", &names),
            "Destroying the data (test/DEFAULT)"
        );
        assert_eq!(words("destroy:0193", &names), "Destroying the data");
        assert_eq!(words("from-tomorrow:0192", &names), "from-tomorrow:0192");
    }
}
