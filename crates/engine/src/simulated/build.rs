//! Simulated builds: the Dockerfile in the context says what becomes of them.

use futures::StreamExt;

use super::behaviour::{Behaviour, Outcome};
use crate::error::Error;
use crate::image::BuildRequest;

/// How a build goes.
#[derive(Debug, Clone)]
pub enum BuildScript {
    /// It makes an image that behaves so.
    Succeed {
        /// The TCP ports that the image exposes.
        exposed_ports: Vec<u16>,
        /// What its programs do.
        behaviour: Behaviour,
    },
    /// It fails with this message.
    Fail(String),
    /// It never ends.
    Hang,
}

/// The size of a tar block.
const BLOCK: usize = 512;
/// A context in a test is small; more is a mistake.
const MAXIMUM_CONTEXT: usize = 256 * 1024 * 1024;

/// Reads the whole context, as a real builder does before it begins.
pub(super) async fn read_context(request: &mut BuildRequest) -> Result<Vec<u8>, Error> {
    let mut context = Vec::new();
    while let Some(chunk) = request.context.next().await {
        let chunk = chunk.map_err(|error| {
            Error::BuildFailed(format!("the build context could not be read: {error}"))
        })?;
        context.extend_from_slice(&chunk);
        if context.len() > MAXIMUM_CONTEXT {
            return Err(Error::BuildFailed(
                "the build context is too large for the simulated engine".to_owned(),
            ));
        }
    }
    Ok(context)
}

/// The text of a file in a tar archive.
pub(super) fn file_in(archive: &[u8], wanted: &str) -> Option<String> {
    let wanted = wanted.trim_start_matches("./");
    let mut rest = archive;
    while rest.len() >= BLOCK {
        let (header, after) = rest.split_at(BLOCK);
        if header.iter().all(|byte| *byte == 0) {
            return None;
        }
        let text = |field: &[u8]| {
            let end = field
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(field.len());
            String::from_utf8_lossy(&field[..end]).trim().to_owned()
        };
        let size = usize::from_str_radix(&text(&header[124..136]), 8).ok()?;
        let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
        let path = if prefix.is_empty() || !header[257..].starts_with(b"ustar\0") {
            name
        } else {
            format!("{prefix}/{name}")
        };
        if path.trim_start_matches("./") == wanted && matches!(header[156], 0 | b'0') {
            return after
                .get(..size)
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        }
        rest = after.get(size.next_multiple_of(BLOCK)..)?;
    }
    None
}

/// What a Dockerfile asks the simulated builder for: `EXPOSE`, and comments of the form
/// `# simulated: VERB ARGUMENT`, where the verb is `serve STATUS`, `idle`, `crash CODE`, `programs`, `run CODE`,
/// `exec CODE`, `fail MESSAGE` or `hang`. Without one the image serves 200.
pub(super) fn parse(dockerfile: &str) -> BuildScript {
    let mut exposed_ports = Vec::new();
    let mut behaviour = Behaviour::serving(200);
    let (mut run, mut exec) = (None, None);
    for line in dockerfile.lines().map(str::trim) {
        if let Some(ports) = line.strip_prefix("EXPOSE ") {
            exposed_ports.extend(
                ports
                    .split_whitespace()
                    .filter_map(|port| port.trim_end_matches("/tcp").parse::<u16>().ok()),
            );
        }
        let Some(directive) = line.strip_prefix("# simulated:") else {
            continue;
        };
        let (verb, argument) = directive
            .trim()
            .split_once(' ')
            .unwrap_or((directive.trim(), ""));
        let number = argument.trim().parse::<i64>().unwrap_or(1);
        match verb {
            "serve" => behaviour = Behaviour::serving(u16::try_from(number).unwrap_or(200)),
            "idle" => behaviour = Behaviour::not_listening(),
            "crash" => behaviour = Behaviour::crashing(number),
            "programs" => behaviour = Behaviour::programs(),
            "run" => {
                run = Some(Outcome::code(number).line(format!("simulated run ends with {number}")));
            }
            "exec" => exec = Some(Outcome::code(number)),
            "hang" => return BuildScript::Hang,
            "fail" => return BuildScript::Fail(argument.to_owned()),
            unknown => {
                return BuildScript::Fail(format!("unknown directive 'simulated: {unknown}'"));
            }
        }
    }
    if let Some(outcome) = run {
        behaviour = behaviour.on_run(outcome);
    }
    if let Some(outcome) = exec {
        behaviour = behaviour.on_exec(outcome);
    }
    exposed_ports.sort_unstable();
    exposed_ports.dedup();
    BuildScript::Succeed {
        exposed_ports,
        behaviour,
    }
}

/// The instructions that the image of this Dockerfile brings into builds.
pub(super) fn triggers(dockerfile: &str) -> Vec<String> {
    dockerfile
        .lines()
        .filter_map(|line| line.trim().strip_prefix("ONBUILD "))
        .map(|trigger| trigger.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_decide() {
        assert!(
            matches!(parse("FROM x\n# simulated: fail no such thing"), BuildScript::Fail(why) if why == "no such thing")
        );
        assert!(matches!(parse("# simulated: hang"), BuildScript::Hang));
        assert!(matches!(parse("# simulated: danse"), BuildScript::Fail(_)));
        let BuildScript::Succeed { exposed_ports, .. } =
            parse("FROM x\nEXPOSE 8000 80/tcp\nEXPOSE 53/udp")
        else {
            panic!("must succeed");
        };
        assert_eq!(exposed_ports, [80, 8000]);
    }

    #[test]
    fn damaged_archives_hold_nothing() {
        assert_eq!(file_in(&[1; 700], "Dockerfile"), None);
        assert_eq!(file_in(b"short", "Dockerfile"), None);
    }
}
