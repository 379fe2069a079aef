//! Templates: what a new repository begins with. Their archives are fetched and read as hostile things: nothing of them
//! is ever unpacked on the machine's file system, git takes their files from its standard input.

mod fetch;
mod pack;
mod unpack;

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use windlass_delivery::build::{Error, Template};
use windlass_model::id::ApplicationId;
use windlass_model::names::BranchName;

pub use pack::pack;

use crate::git;
use crate::repository::Repositories;

/// Taking in the most that a template may have, on a slow disk.
const TAKE_IN: Duration = Duration::from_mins(2);

/// One file of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// With `/` between its parts, none of which leads anywhere else.
    path: String,
    is_executable: bool,
    content: Vec<u8>,
}

/// Fills new repositories, one at a time: each holds its template in memory.
#[derive(Default)]
pub(crate) struct Templates(tokio::sync::Mutex<()>);

impl Templates {
    /// Makes the repository with the files as the first commit of the branch; nothing is left of what failed.
    pub(crate) async fn fill(
        &self,
        repositories: &Repositories,
        application: ApplicationId,
        branch: &BranchName,
        template: &Template,
    ) -> Result<(), Error> {
        let _one_at_a_time = self.0.lock().await;
        let template = template.clone();
        // Neither the client nor the archive's library is asynchronous.
        let read = tokio::task::spawn_blocking(move || read(&template)).await;
        let files = read.map_err(|error| Error::Template(error.to_string()))??;
        let filled = commit(repositories, application, branch, &files).await;
        if filled.is_err() {
            repositories.remove(application).await?;
        }
        filled
    }
}

fn read(template: &Template) -> Result<Vec<File>, Error> {
    let archive = match template {
        Template::Archive(archive) => archive.clone(),
        Template::Fetched { url, is_named } => Bytes::from(fetch::fetch(url, *is_named)?),
    };
    unpack::unpack(&archive)
}

async fn commit(
    repositories: &Repositories,
    application: ApplicationId,
    branch: &BranchName,
    files: &[File],
) -> Result<(), Error> {
    let path = repositories.path(application);
    repositories.ensure(&path).await?;
    let mut import = git::command_in(&path, "fast-import");
    import.args(["--quiet", "--date-format=now"]);
    git::run(
        import,
        Some(&stream(branch, files)),
        TAKE_IN,
        "taking in the template's files",
    )
    .await?;
    // The same look at names and links that pushed commits are given.
    let mut check = git::command_in(&path, "fsck");
    check.args(["--strict", "--no-dangling", "--no-progress"]);
    let checked = git::output(check, None, TAKE_IN, "checking the template's files").await?;
    if checked.success {
        Ok(())
    } else {
        Err(Error::Template(format!(
            "git refuses its files: {}",
            checked.words
        )))
    }
}

/// The stream of git-fast-import(1).
fn stream(branch: &BranchName, files: &[File]) -> Vec<u8> {
    const MESSAGE: &str = "The template's files";
    let mut stream = Vec::new();
    let mut put = |text: String| stream.write_all(text.as_bytes());
    // Writing into memory cannot fail.
    let _ = put(format!(
        "commit refs/heads/{branch}\ncommitter Windlass <template@windlass> now\ndata {}\n{MESSAGE}\n",
        MESSAGE.len()
    ));
    for file in files {
        let mode = if file.is_executable {
            "100755"
        } else {
            "100644"
        };
        let path = file.path.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = write!(
            stream,
            "M {mode} inline \"{path}\"\ndata {}\n",
            file.content.len()
        );
        stream.extend_from_slice(&file.content);
        stream.push(b'\n');
    }
    stream
}

#[cfg(test)]
mod tests {
    use windlass_model::id::ApplicationId;

    use super::*;

    async fn filled(
        archive: Vec<u8>,
    ) -> (
        tempfile::TempDir,
        Repositories,
        ApplicationId,
        Result<(), Error>,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let repositories =
            Repositories::open(directory.path(), 1 << 20, Duration::from_secs(20)).unwrap();
        let application = ApplicationId::from(uuid::Uuid::now_v7());
        let branch: BranchName = "main".parse().unwrap();
        let filled = Templates::default()
            .fill(
                &repositories,
                application,
                &branch,
                &Template::Archive(archive.into()),
            )
            .await;
        (directory, repositories, application, filled)
    }

    #[tokio::test]
    async fn files_are_the_first_commit() {
        let files = [
            ("Dockerfile", false, b"FROM scratch\n".as_slice()),
            ("bin/run", true, b"#!/bin/sh\n"),
            ("odd/a \"b\" \u{e4}", false, b""),
        ];
        let (_directory, repositories, application, filled) = filled(pack(&files).unwrap()).await;
        filled.unwrap();
        let repository = repositories.path(application);
        let mut list = git::command_in(&repository, "ls-tree");
        list.args([
            "-r",
            "-z",
            "--format=%(objectmode) %(path)",
            "refs/heads/main",
        ]);
        let list = git::run(list, None, TAKE_IN, "listing").await.unwrap();
        assert_eq!(
            String::from_utf8(list).unwrap(),
            "100644 Dockerfile\x00100755 bin/run\x00100644 \"odd/a \\\"b\\\" \\303\\244\"\0"
        );
        let mut show = git::command_in(&repository, "show");
        show.arg("refs/heads/main:bin/run");
        let shown = git::run(show, None, TAKE_IN, "showing").await.unwrap();
        assert_eq!(shown, b"#!/bin/sh\n");
    }

    #[tokio::test]
    async fn nothing_is_left_of_what_git_refuses() {
        // A name that means `.git` on some systems, and a submodule that would run a program.
        let submodule = b"[submodule \"a\"]\n\tpath = a\n\turl = --upload-pack=id\n".as_slice();
        for (path, content) in [
            (".GiT\u{200c}/config", b"".as_slice()),
            (".gitmodules", submodule),
        ] {
            let archive = pack(&[(path, false, content)]).unwrap();
            let (_directory, repositories, application, filled) = filled(archive).await;
            let error = filled.unwrap_err();
            assert!(matches!(error, Error::Template(_)), "{error}");
            assert!(!repositories.path(application).exists());
        }
    }
}
