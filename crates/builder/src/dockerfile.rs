//! Which images a Dockerfile uses, read as Docker's classic builder reads it.
//!
//! All applications' images are in the engine's one store, so a Dockerfile that may name any of them reads
//! what is not its own. Therefore every image that a build would use is found here first, and private names
//! are refused. What Docker's versions from 20.10 on read differently is read in each of their ways: it is
//! better to refuse a strange file with its line than to miss an instruction in it. Where a reading here is
//! not exactly Docker's, it sees more instructions than Docker does, never fewer.

mod lines;
#[cfg(test)]
mod tests;
mod variables;
mod words;

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use windlass_engine::ownership::{PrivateName, private_name};

use lines::{Line, Manner};
use variables::Variables;
use words::{flag_values, is_plain_name, mount_sources, name_and_rest, words};

pub(crate) use words::shown;

/// More than any Dockerfile has.
const MAXIMUM_STAGES: usize = 1000;

/// An image of a registry that a stage begins from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    /// Its name, with variables filled in.
    pub(crate) reference: String,
    /// Where it stands in the text.
    pub(crate) range: Range<usize>,
    /// The number of the line, from 1.
    pub(crate) line: usize,
    /// The names of the stages before.
    pub(crate) stages: HashSet<String>,
}

/// Why a Dockerfile is not built.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(crate) struct Refusal {
    pub(crate) line: usize,
    pub(crate) reason: String,
}

/// The images that the Dockerfile's stages begin from, in their order, if nothing in it names an image that
/// may be another's. `given` are the names of the build arguments that the server gives.
pub(crate) fn read(text: &str, given: &[String]) -> Result<Vec<Base>, Refusal> {
    let mut agreed: Option<Vec<Base>> = None;
    for manner in lines::manners(text) {
        let mut reader = Reader::new(given, HashSet::new(), Place::Dockerfile);
        reader.read(text, manner)?;
        let bases = match agreed {
            None => reader.bases,
            Some(before) => agree(before, &reader.bases)?,
        };
        agreed = Some(bases);
    }
    Ok(agreed.unwrap_or_default())
}

/// What two ways to read a Dockerfile have found, if it is the same.
fn agree(mut one: Vec<Base>, other: &[Base]) -> Result<Vec<Base>, Refusal> {
    let (first, second) = (places(&one), places(other));
    if first != second {
        // One that only one of the two has.
        let line = first
            .symmetric_difference(&second)
            .next()
            .map(|place| place.0);
        return Err(Refusal {
            line: line.unwrap_or(1),
            reason: "whether this FROM is one depends on the version of Docker: a line before it ends in two \
                     escape characters, or begins a here-document (<<), or sets the escape character. Write \
                     that line plainly, or put what it does into a script of its own"
                .to_owned(),
        });
    }
    for (base, again) in one.iter_mut().zip(other) {
        base.stages.retain(|stage| again.stages.contains(stage));
    }
    Ok(one)
}

fn places(bases: &[Base]) -> BTreeSet<(usize, usize, &str)> {
    bases
        .iter()
        .map(|base| (base.line, base.range.start, base.reference.as_str()))
        .collect()
}

/// Whether an instruction that a base brings into the build (`ONBUILD`) names an image that may be another's;
/// the error is the reason.
pub(crate) fn check_trigger(trigger: &str, stages: &HashSet<String>) -> Result<(), String> {
    for manner in lines::manners(trigger) {
        Reader::new(&[], stages.clone(), Place::Trigger)
            .read(trigger, manner)
            .map_err(|refusal| refusal.reason)?;
    }
    Ok(())
}

/// Where instructions stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Dockerfile,
    /// In an `ONBUILD`: Docker reads it as a file of its own when a build begins from the image.
    Trigger,
}

/// Goes through a Dockerfile in one of the ways to read it.
struct Reader<'a> {
    place: Place,
    variables: Variables<'a>,
    /// The names of the stages that are built when the instruction is carried out.
    stages: HashSet<String>,
    /// The stage that the instruction is in: the name, and whether it is one for sure.
    current: Option<(String, bool)>,
    /// How many stages there are so far.
    count: usize,
    bases: Vec<Base>,
}

impl<'a> Reader<'a> {
    fn new(given: &'a [String], stages: HashSet<String>, place: Place) -> Self {
        Self {
            place,
            variables: Variables::new(given),
            stages,
            current: None,
            count: 0,
            bases: Vec::new(),
        }
    }

    fn read(&mut self, text: &str, manner: Manner) -> Result<(), Refusal> {
        let Some(lines) = lines::lines(text, manner) else {
            return Err(Refusal {
                line: 1,
                reason: "the file is too large to be read with a here-document (<<) in it. Put what that \
                         does into a script of its own"
                    .to_owned(),
            });
        };
        for line in &lines {
            self.instruction(line).map_err(|reason| Refusal {
                line: line.number,
                reason,
            })?;
        }
        Ok(())
    }

    fn instruction(&mut self, line: &Line) -> Result<(), String> {
        let (name, rest) = name_and_rest(&line.text);
        match name.as_str() {
            "from" => self.from(line, rest),
            "arg" if self.count == 0 => {
                self.variables.declare(rest);
                Ok(())
            }
            "copy" | "add" => {
                let instruction = name.to_uppercase();
                flag_values(rest, "--from")
                    .iter()
                    .try_for_each(|source| self.source(&format!("{instruction} --from"), source))
            }
            "run" => flag_values(rest, "--mount")
                .iter()
                .flat_map(|mount| mount_sources(mount))
                .try_for_each(|source| self.source("RUN --mount from", &source)),
            "onbuild" => self.onbuild(rest),
            _ => Ok(()),
        }
    }

    /// Checks what an instruction takes files from.
    fn source(&self, instruction: &str, source: &str) -> Result<(), String> {
        let what = format!("{instruction}={}", shown(source));
        if source.contains('$') {
            return Err(format!(
                "{what} has a variable in it, and Docker fills none in there; write the name of a stage or an image"
            ));
        }
        if !is_plain_name(source) {
            return Err(format!("{what} is not the name of a stage or an image"));
        }
        // The number of a stage, or an error of Docker's.
        let is_number = source.parse::<i64>().is_ok();
        if is_number || self.stages.contains(&source.to_lowercase()) {
            return Ok(());
        }
        check_name(&what, source)
    }

    fn from(&mut self, line: &Line, rest: &str) -> Result<(), String> {
        if self.place == Place::Trigger {
            return Err("FROM is not allowed in ONBUILD".to_owned());
        }
        if let Some((name, is_certain)) = self.current.take()
            && (is_certain || private_name(&name).is_none())
        {
            self.stages.insert(name);
        }
        self.count += 1;
        if self.count > MAXIMUM_STAGES {
            return Err(format!("there are more than {MAXIMUM_STAGES} stages"));
        }
        if !line.text.is_ascii() {
            return Err("FROM has a character in it that is not ASCII".to_owned());
        }
        let mut words = words(rest).peekable();
        while let Some((_, flag)) = words.next_if(|(_, word)| word.starts_with("--")) {
            let is_plain = flag.contains('=') && !flag.contains(['"', '\'', '\\']);
            if !is_plain {
                return Err(format!(
                    "the flag {} of FROM is not of the form --name=value",
                    shown(flag)
                ));
            }
        }
        let Some((at, image)) = words.next() else {
            return Err("FROM names no image".to_owned());
        };
        let name = match (words.next(), words.next(), words.next()) {
            (None, ..) => None,
            (Some((_, word)), Some((_, name)), None) if word.eq_ignore_ascii_case("as") => {
                Some(name.to_lowercase())
            }
            _ => {
                return Err(
                    "behind FROM and the image nothing can stand but 'AS' and a name".to_owned(),
                );
            }
        };
        self.base(line, rest, at, image)?;
        self.current = name.map(|name| (name, line.is_certain));
        Ok(())
    }

    /// Takes the image that a stage begins from.
    fn base(&mut self, line: &Line, rest: &str, at: usize, image: &str) -> Result<(), String> {
        let what = format!("FROM {}", shown(image));
        let expanded = self
            .variables
            .expand(image)
            .map_err(|reason| format!("{what} cannot be read for sure: {reason}"))?;
        let reference = expanded.text.as_str();
        if expanded.may_be_private() {
            return Err(format!(
                "{what} has a variable without a value, and could become the name of another application's \
                 image; give the variable a value by an ARG before the first FROM, or write the name out"
            ));
        }
        if reference.is_empty() || !is_plain_name(reference) {
            return Err(format!(
                "{what} does not name an image: '{}' is what it gives",
                shown(reference)
            ));
        }
        if self.stages.contains(&reference.to_lowercase()) || reference == "scratch" {
            return Ok(());
        }
        let what = if reference == image {
            what
        } else {
            format!("{what} gives '{reference}', which")
        };
        check_name(&what, reference)?;
        let start = rest.as_ptr() as usize - line.text.as_ptr() as usize + at;
        let range = line.place(start..start + image.len());
        self.bases.push(Base {
            reference: reference.to_owned(),
            range: range.ok_or_else(|| {
                format!("{what} goes over more than one line; write the name on one")
            })?,
            line: line.number,
            stages: self.stages.clone(),
        });
        Ok(())
    }

    fn onbuild(&mut self, rest: &str) -> Result<(), String> {
        if self.place == Place::Trigger {
            return Err("ONBUILD is not allowed in ONBUILD".to_owned());
        }
        if lines::has_here_document(rest) {
            return Err(
                "a here-document (<<) in ONBUILD is read differently by Docker's versions; put what it does \
                 into a script"
                    .to_owned(),
            );
        }
        check_trigger(rest, &self.stages).map_err(|reason| format!("in ONBUILD: {reason}"))
    }
}

/// Refuses private names.
fn check_name(what: &str, reference: &str) -> Result<(), String> {
    let Some(why) = private_name(reference) else {
        return Ok(());
    };
    let instead = match why {
        PrivateName::Own => {
            "Images that Windlass built cannot be used in a Dockerfile, those of this application included: \
             they come and go with its deployments. Build what is shared as a stage of this Dockerfile, or push \
             it to a registry and name it there"
                .to_owned()
        }
        PrivateName::Id => {
            "Name an image of a registry with its tag or digest, as in 'name:tag' or 'name@sha256:...'"
                .to_owned()
        }
        PrivateName::Digits => {
            format!("Write '{reference}:latest', or the tag that is meant, for an image of that name")
        }
    };
    Err(format!("{what} is refused: {why}. {instead}"))
}
