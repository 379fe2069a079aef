//! The applications' repositories: made, destroyed, asked for their branches.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use windlass_delivery::build::Error;
use windlass_model::id::ApplicationId;
use windlass_model::names::BranchName;

use crate::{disk, git};

/// The branch that a fresh clone of an empty repository begins on.
const FIRST_BRANCH: &str = "main";
/// How many branches an error lists.
const LISTED_BRANCHES: usize = 20;

/// The directory of all repositories.
pub(crate) struct Repositories {
    directory: PathBuf,
    max_pack_bytes: u64,
    local: Duration,
}

impl Repositories {
    /// Prepares the directory and clears what a killed server left unfinished there.
    pub(crate) fn open(
        directory: &Path,
        max_pack_bytes: u64,
        local: Duration,
    ) -> Result<Self, Error> {
        let fail = |error: std::io::Error| {
            disk::error(format!("preparing {}", directory.display()), &error)
        };
        // Absolute, because git runs with another working directory.
        let directory = std::path::absolute(directory).map_err(fail)?;
        let work = directory.join("tmp");
        match std::fs::remove_dir_all(&work) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fail(error)),
            _ => {}
        }
        std::fs::create_dir_all(&work).map_err(fail)?;
        sweep(&directory).map_err(fail)?;
        // Code of customers: for nobody else on the machine.
        std::fs::set_permissions(
            &directory,
            std::os::unix::fs::PermissionsExt::from_mode(0o700),
        )
        .map_err(fail)?;
        Ok(Self {
            directory,
            max_pack_bytes,
            local,
        })
    }

    /// The directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The repository that is pushed to.
    pub(crate) fn path(&self, application: ApplicationId) -> PathBuf {
        self.directory.join(format!("{application}.git"))
    }

    /// The copy of what was fetched from elsewhere.
    pub(crate) fn remote_path(&self, application: ApplicationId) -> PathBuf {
        self.directory.join(format!("{application}.remote.git"))
    }

    /// An empty directory that goes away with the value.
    pub(crate) fn work_directory(&self) -> Result<TempDir, Error> {
        let work = self.directory.join("tmp");
        tempfile::tempdir_in(&work).map_err(|error| {
            disk::error(format!("making a directory in {}", work.display()), &error)
        })
    }

    /// Makes the repository at `path`, whole or not at all; existing is success.
    pub(crate) async fn ensure(&self, path: &Path) -> Result<(), Error> {
        let doing = "making the repository";
        if path.join("HEAD").is_file() {
            return Ok(());
        }
        let work = self.work_directory()?;
        let made = work.path().join("made.git");
        let mut init = git::command("init");
        init.args([
            "--quiet",
            "--bare",
            "--template=",
            "--initial-branch",
            FIRST_BRANCH,
            "--",
        ])
        .arg(&made);
        git::run(init, None, self.local, doing).await?;
        let fail = |error: std::io::Error| disk::error(doing, &error);
        tokio::fs::write(made.join("config"), configuration(self.max_pack_bytes))
            .await
            .map_err(fail)?;
        tokio::fs::create_dir_all(made.join("info"))
            .await
            .map_err(fail)?;
        // A build sees what a checkout has: `export-ignore` is meant for release archives.
        tokio::fs::write(
            made.join("info/attributes"),
            "* -export-ignore -export-subst\n",
        )
        .await
        .map_err(fail)?;
        match tokio::fs::rename(&made, path).await {
            Ok(()) => Ok(()),
            // Another call was faster; rename does not replace a directory that holds something.
            Err(_) if path.join("HEAD").is_file() => Ok(()),
            Err(error) => Err(fail(error)),
        }
    }

    /// Destroys the application's repositories; absent is success.
    pub(crate) async fn remove(&self, application: ApplicationId) -> Result<(), Error> {
        for path in [self.path(application), self.remote_path(application)] {
            let fail =
                |error: std::io::Error| disk::error(format!("removing {}", path.display()), &error);
            let work = self.work_directory()?;
            // Renamed first, so that nobody meets a repository that is half gone.
            match tokio::fs::rename(&path, work.path().join("removed.git")).await {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(fail(error)),
            }
            tokio::task::spawn_blocking(move || work.close())
                .await
                .map_err(std::io::Error::other)
                .flatten()
                .map_err(fail)?;
        }
        Ok(())
    }

    /// The commit at the head of the branch.
    pub(crate) async fn resolve(
        &self,
        application: ApplicationId,
        name: &str,
        branch: &BranchName,
    ) -> Result<String, Error> {
        let path = self.path(application);
        let doing = format!("reading the branches of '{name}'");
        if !path.is_dir() {
            let reason = format!(
                "the repository {} does not exist on the server",
                path.display()
            );
            return Err(Error::Git { doing, reason });
        }
        let mut parse = git::command_in(&path, "rev-parse");
        parse
            .args(["--verify", "--quiet", "--end-of-options"])
            .arg(format!("refs/heads/{branch}^{{commit}}"));
        let found = git::output(parse, None, self.local, &doing).await?;
        if found.success {
            return Ok(String::from_utf8_lossy(&found.stdout).trim().to_owned());
        }
        let mut list = git::command_in(&path, "for-each-ref");
        list.args(["--format=%(refname:lstrip=2)", "refs/heads/"]);
        let list = git::run(list, None, self.local, &doing).await?;
        let list = String::from_utf8_lossy(&list);
        Err(no_branch(name, branch, &list.lines().collect::<Vec<_>>()))
    }
}

/// Removes the objects of pushes that a killed server left unfinished. git itself never would.
fn sweep(directory: &Path) -> std::io::Result<()> {
    for repository in std::fs::read_dir(directory)? {
        let Ok(objects) = std::fs::read_dir(repository?.path().join("objects")) else {
            continue;
        };
        for entry in objects {
            let entry = entry?;
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with("tmp_objdir-incoming-")
            {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
    }
    Ok(())
}

/// The error for a branch that is not among `existing`.
pub(crate) fn no_branch(name: &str, branch: &BranchName, existing: &[&str]) -> Error {
    if existing.is_empty() {
        return Error::EmptyRepository(name.to_owned());
    }
    let mut words = existing
        .iter()
        .take(LISTED_BRANCHES)
        .map(|name| format!("'{name}'"))
        .collect::<Vec<_>>()
        .join(", ");
    if existing.len() > LISTED_BRANCHES {
        words = format!("{words} and {} more", existing.len() - LISTED_BRANCHES);
    }
    Error::NoBranch {
        application: name.to_owned(),
        branch: branch.to_string(),
        existing: words,
    }
}

/// A repository's `config`. The faults that are not looked at are those of old and honest commits, which
/// the large hosts take too.
fn configuration(max_pack_bytes: u64) -> String {
    let harmless = "\tzeroPaddedFilemode = ignore\n\tbadTimezone = ignore\n\tmissingSpaceBeforeDate = ignore\n";
    format!(
        "[core]\n\
         \trepositoryformatversion = 0\n\
         \tfilemode = true\n\
         \tbare = true\n\
         \tlogAllRefUpdates = true\n\
         [http]\n\
         \treceivepack = true\n\
         \tuploadpack = true\n\
         [receive]\n\
         \tfsckObjects = true\n\
         \tmaxInputSize = {max_pack_bytes}\n\
         \tdenyNonFastForwards = false\n\
         \tdenyDeletes = false\n\
         \tdenyDeleteCurrent = ignore\n\
         [fetch]\n\
         \tfsckObjects = true\n\
         [receive \"fsck\"]\n{harmless}\
         [fetch \"fsck\"]\n{harmless}\
         [uploadpack]\n\
         \tallowFilter = true\n\
         [gc]\n\
         \tauto = 2000\n\
         \tautoDetach = false\n\
         [pack]\n\
         \tthreads = 1\n\
         \twindowMemory = 64m\n"
    )
}
