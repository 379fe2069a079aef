//! Destructive verbs ask for the name of what they destroy.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::error::Error;

/// Asks for `name` unless `yes`. Without a terminal to ask at, `--yes` is needed.
pub(crate) fn destruction(what: &str, name: &str, yes: bool) -> Result<(), Error> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Error::hinted(
            format!(
                "{} cannot be undone, and there is no terminal to confirm it at",
                lower(what)
            ),
            "Add --yes to go on.",
        ));
    }
    let mut talk = io::stderr().lock();
    write!(
        talk,
        "{what} cannot be undone.\nType its name, {name}, to go on: "
    )?;
    talk.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() == name {
        Ok(())
    } else {
        Err(Error::user("that is not its name; nothing was done"))
    }
}

/// As the middle of a sentence begins.
fn lower(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}
