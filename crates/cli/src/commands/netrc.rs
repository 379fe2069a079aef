//! `windlass netrc`: the login for other clients.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::client::Client;
use crate::command::Netrc;
use crate::error::Error;
use crate::settings::{self, Target};
use crate::{follow, netrc, output};

pub(super) fn run(target: &Target, json: bool, verb: &Netrc) -> Result<(), Error> {
    // The server says whose the token is, and that it is good.
    let me = Client::new(target.clone()).get("/iam/v3/me/")?;
    let email = follow::text(&me, "email")?;
    let machines = netrc::machines(&target.url);
    if verb.write {
        let path = settings::netrc()?;
        write(&path, &machines, &email, &target.token)?;
        if json {
            return output::json(&json!({ "file": path, "machines": machines, "login": email }));
        }
        output::say(&format!(
            "The login of {} is in {} now, for {}.",
            target.url,
            path.display(),
            machines.join(" and ")
        ));
        return Ok(());
    }
    if json {
        let login = json!({ "machines": machines, "login": email, "password": target.token });
        return output::json(&login);
    }
    for machine in machines {
        output::line(netrc::entry(&machine, &email, &target.token).trim_end())?;
    }
    Ok(())
}

fn write(path: &Path, machines: &[String], email: &str, token: &str) -> Result<(), Error> {
    let failed = |what: &str, error: &std::io::Error| {
        Error::user(format!("{} cannot be {what}: {error}", path.display()))
    };
    // A link is followed, so that what it leads to is written and not it replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed("read", &error)),
    };
    for machine in machines {
        let entry = netrc::entry(machine, email, token);
        text = netrc::with_entry(&text, machine, &entry).ok_or_else(|| {
            Error::hinted(
                format!(
                    "{} has macros and an entry for {machine}; it is not changed",
                    path.display()
                ),
                "Put in by hand what 'windlass netrc' prints.",
            )
        })?;
    }
    let mut next = path.clone().into_os_string();
    next.push(".windlass-new");
    let next = PathBuf::from(next);
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&next)
        .map_err(|error| failed("written", &error))?;
    out.write_all(text.as_bytes())
        .and_then(|()| out.sync_all())
        .and_then(|()| fs::rename(&next, &path))
        .map_err(|error| failed("written", &error))
}
