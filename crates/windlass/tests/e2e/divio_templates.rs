//! What the tests of divio-cli create their applications from.

use std::fs;
use std::path::{Path, PathBuf};

const DOCKERFILE: &str = include_str!("app/Dockerfile");
const APP: &str = include_str!("app/app.py");
const RELEASE: &str = include_str!("app/release.py");

/// The files of the tests' application.
pub(crate) fn write_app(into: &Path) {
    fs::create_dir_all(into).expect("a directory");
    for (file, text) in [
        ("Dockerfile", DOCKERFILE),
        ("app.py", APP),
        ("release.py", RELEASE),
        ("version", "1"),
    ] {
        fs::write(into.join(file), text).expect("a file");
    }
}

/// A directory with a template `shop`, which needs a database.
pub(crate) fn directory(at: &Path) -> PathBuf {
    let templates = at.join("templates");
    write_app(&templates.join("shop"));
    let text = "name = \"A shop\"\nfiles = \"shop\"\n\
                [[release-command]]\nlabel = \"migrate\"\ncommand = \"python3 /app/release.py\"\n\
                [[service]]\nservice = \"postgres\"\n";
    fs::write(templates.join("shop.toml"), text).expect("a file");
    templates
}
