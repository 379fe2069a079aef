//! What a back end gives the suite.

use std::sync::Arc;

use async_trait::async_trait;

use crate::contract::Engine;
use crate::image::{ImageId, ImageReference};

/// A small program that the fixture's image can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// Runs until it is stopped, and ends at once then.
    Sleep,
    /// Answers HTTP requests with status 200 on the port in the variable `PORT`.
    Serve,
    /// Ends with this code.
    Exit(i64),
    /// Prints the lines and succeeds.
    Print(Vec<String>),
    /// Prints the lines to standard error and succeeds.
    PrintError(Vec<String>),
    /// Prints the lines and runs until it is stopped.
    PrintAndSleep(Vec<String>),
    /// Prints a line of 20 KiB and the line `end`, and succeeds.
    PrintLarge,
    /// Takes memory until the kernel kills it.
    ExhaustMemory,
    /// Prints the value of a variable.
    Variable(String),
    /// Prints the lines of a file, and after them its permissions and its user and group, as in `640 0:0`.
    ShowFile(String),
    /// Copies standard input to standard output.
    Cat,
}

/// A build of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildCase {
    /// Succeeds with an image that exposes the TCP ports 7001 and 80, brings `RUN true` and `RUN :` into
    /// builds, and can run the programs.
    Succeeds,
    /// Fails, with `broken on purpose` in its output or its reason.
    Fails,
    /// Never ends by itself.
    Hangs,
}

/// An object that is made beside the engine's back, without the installation's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// A running container.
    Container,
    /// A network; its subnet is the fixture's number 200.
    Network,
    /// A volume.
    Volume,
}

/// A back end under test, with a place of its own in it.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// The engine.
    fn engine(&self) -> Arc<dyn Engine>;

    /// The installation that the engine was made for.
    fn installation(&self) -> &str;

    /// What the names of all objects of this fixture begin with. Unique.
    fn prefix(&self) -> &str;

    /// A name by which the image that runs the programs is known; it carries no label of the installation.
    fn image_name(&self) -> ImageReference;

    /// That image.
    async fn image(&self) -> ImageId;

    /// The command that runs the program in that image.
    fn command(&self, program: &Program) -> Vec<String>;

    /// A subnet of its own; different for each number.
    fn subnet(&self, number: u8) -> String;

    /// The Dockerfile of the build; needs nothing else in its context.
    fn dockerfile(&self, case: BuildCase) -> String;

    /// Makes a foreign object.
    async fn make_foreign(&self, what: Foreign, name: &str);

    /// Whether the foreign object is as it was made (a container: running).
    async fn is_untouched(&self, what: Foreign, name: &str) -> bool;
}
