//! What the end of a tool means.

use windlass_services::{Access, Error, Tool, ToolEnd, ToolError};

/// The longest of a program's words that are passed on.
const MOST_WORDS: usize = 300;

/// How a program ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Succeeded,
    /// It, or the server, refuses what it was given.
    Refused(String),
    /// It could not work: another try may help.
    Failed(String),
    /// There is no room.
    Full(String),
}

/// By its exit code and its own words, in which `unreachable` stands when it lost the server.
pub(crate) fn judge(ended: &ToolEnd, secret: &str, unreachable: &[&str]) -> Verdict {
    if ended.out_of_memory {
        return Verdict::Failed("the program was killed for the memory that it took".to_owned());
    }
    if ended.code == 0 {
        return Verdict::Succeeded;
    }
    let words = words(&ended.stderr, secret);
    let says = |markers: &[&str]| markers.iter().any(|marker| ended.stderr.contains(marker));
    if says(&[
        "No space left on device",
        "disk full",
        "could not extend file",
        "is full",
    ]) {
        Verdict::Full(words)
    } else if ended.stderr.contains("permission denied") {
        // Also where it wanted to connect to what is not its own.
        Verdict::Refused(words)
    } else if says(unreachable) || ended.code > 128 && ended.stderr.is_empty() {
        Verdict::Failed(format!("{words} (exit code {})", ended.code))
    } else {
        Verdict::Refused(words)
    }
}

/// The first line that says what was wrong. Neither statements nor details, which can quote values; and a program
/// that runs what it is given may say anything.
fn words(stderr: &str, secret: &str) -> String {
    let lines = || {
        stderr
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let is_error = |line: &&str| {
        ["error", "ERROR", "FATAL", "fatal"]
            .iter()
            .any(|word| line.contains(word))
    };
    let line = lines().find(is_error).or_else(|| lines().last());
    let line = line.unwrap_or("the program says nothing of why");
    let line = line.replace(secret, "...");
    line.chars()
        .filter(|c| !c.is_control())
        .take(MOST_WORDS)
        .collect()
}

/// A program that was not run to its end.
pub(crate) fn failure(access: &Access, tool: &Tool, error: ToolError) -> Error {
    let cluster = access.description.clone();
    match error {
        ToolError::NoImage(images) => {
            let names: Vec<_> = images.iter().map(|image| image.0.as_str()).collect();
            Error::Unsupported {
                cluster,
                reason: format!(
                    "copying its data takes a program that is in one of the images {}, and none of them is there; \
                     get one with `windlass images prepare` or from a registry",
                    names.join(", ")
                ),
            }
        }
        ToolError::Unreachable(reason) => Error::Unreachable {
            cluster,
            reason: format!("the engine that runs programs beside it: {reason}"),
        },
        ToolError::Failed(reason) => Error::Failed {
            cluster,
            doing: format!("running the program for the {}", tool.purpose),
            reason,
        },
    }
}

#[cfg(test)]
mod tests {
    use windlass_services::ToolEnd;

    use super::{Verdict, judge};

    fn ended(code: i64, stderr: &str) -> Verdict {
        let ended = ToolEnd {
            code,
            out_of_memory: false,
            stderr: stderr.to_owned(),
        };
        judge(&ended, "Secret012", &["connection to server"])
    }

    #[test]
    fn the_programs_words_say_whose_fault_it_is() {
        assert_eq!(ended(0, "warning: whatever"), Verdict::Succeeded);
        let refused = "psql:<stdin>:3: NOTICE:  x\npsql:<stdin>:4: ERROR:  no such thing Secret012\nLINE 1: INSERT";
        let words = "psql:<stdin>:4: ERROR:  no such thing ...";
        assert_eq!(ended(3, refused), Verdict::Refused(words.to_owned()));
        let lost = ended(2, "psql: error: connection to server failed");
        assert!(matches!(lost, Verdict::Failed(_)), "{lost:?}");
        let full = ended(
            1,
            "ERROR:  could not extend file \"x\": No space left on device",
        );
        assert!(matches!(full, Verdict::Full(_)), "{full:?}");
        let killed = ended(137, "");
        assert!(matches!(killed, Verdict::Failed(_)), "{killed:?}");
    }
}
