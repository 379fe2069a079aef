//! A commit as the context of a build.
//!
//! The Dockerfile in it does not come from git but is put in front as it was checked: git changes files on
//! their way out by what `.gitattributes` says, and in other encodings a text is another one.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, ChildStdout, Command};
use windlass_delivery::build::Error;

use crate::archive;
use crate::dockerignore::{self, Ignore};
use crate::git::{self, Process};

/// The largest file of a repository that Windlass itself reads.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// Size of what is read from git at once.
const CHUNK: usize = 64 * 1024;

/// A commit of a repository.
pub(crate) struct Commit {
    /// The repository.
    pub(crate) repository: PathBuf,
    /// The full id.
    pub(crate) id: String,
    /// How long one git command may take.
    pub(crate) local: Duration,
}

/// A file of a commit.
pub(crate) struct Entry {
    mode: String,
    object: String,
    size: u64,
}

impl Entry {
    /// Whether it is a plain file and no link.
    pub(crate) fn is_plain(&self) -> bool {
        self.mode.starts_with("100")
    }
}

/// What a build gets to see.
pub(crate) struct Context {
    repository: PathBuf,
    /// What to pack.
    tree: String,
    /// The Dockerfile, as an entry of the archive.
    dockerfile: Bytes,
    /// Objects that are in the context and not in the repository; removed with this value.
    added: TempDir,
}

impl Commit {
    fn git(&self, subcommand: &str) -> Command {
        git::command_in(&self.repository, subcommand)
    }

    /// Fails when the repository does not hold it.
    pub(crate) async fn require(&self) -> Result<(), Error> {
        let doing = format!("looking for commit {}", self.id);
        let mut command = self.git("cat-file");
        command
            .args(["-e", "--end-of-options"])
            .arg(format!("{}^{{commit}}", self.id));
        if git::output(command, None, self.local, &doing)
            .await?
            .success
        {
            return Ok(());
        }
        let reason = "the repository does not hold it any more; push it again, or deploy the branch as it is now";
        Err(Error::Git {
            doing,
            reason: reason.to_owned(),
        })
    }

    /// The file of that name at the top; `None` when there is none, or it is a directory.
    pub(crate) async fn entry(&self, name: &str) -> Result<Option<Entry>, Error> {
        let mut command = self.git("ls-tree");
        command.args(["-z", "-l", "--full-tree", &self.id, "--", name]);
        let list = git::run(command, None, self.local, &format!("reading {name}")).await?;
        let list = String::from_utf8_lossy(&list);
        let mut fields = list
            .split(['\t', '\0'])
            .next()
            .unwrap_or_default()
            .split_whitespace();
        let (Some(mode), Some("blob"), Some(object), Some(size)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Ok(None);
        };
        let size = size.parse().unwrap_or(u64::MAX);
        Ok(Some(Entry {
            mode: mode.to_owned(),
            object: object.to_owned(),
            size,
        }))
    }

    /// The content of a file.
    pub(crate) async fn content(&self, name: &str, entry: &Entry) -> Result<Vec<u8>, Error> {
        if entry.size > MAX_FILE_BYTES {
            return Err(self.too_large(name));
        }
        let mut command = self.git("cat-file");
        command.args(["blob", &entry.object]);
        git::run(command, None, self.local, &format!("reading {name}")).await
    }

    /// The content of the plain file of that name, if it is there.
    pub(crate) async fn file(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.entry(name).await? {
            Some(entry) if entry.is_plain() => self.content(name, &entry).await.map(Some),
            _ => Ok(None),
        }
    }

    /// The error for a file that cannot be used.
    pub(crate) fn invalid(&self, file: &str, reason: String) -> Error {
        Error::InvalidFile {
            file: file.to_owned(),
            commit: self.id.clone(),
            reason,
        }
    }

    /// The content of the file that the link of that name leads to, by further links if need be.
    pub(crate) async fn linked(&self, name: &str) -> Result<Vec<u8>, Error> {
        let mut command = self.git("cat-file");
        command.args(["--batch", "--follow-symlinks"]);
        let wanted = format!("{}:{name}\n", self.id);
        let doing = format!("following the link {name}");
        let answer = git::run(command, Some(wanted.as_bytes()), self.local, &doing).await?;
        let end = answer.iter().position(|byte| *byte == b'\n').unwrap_or(0);
        let (head, content) = answer.split_at(end);
        let head = String::from_utf8_lossy(head);
        let mut fields = head.split(' ');
        let (Some(_), Some("blob"), Some(size), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            let reason = "it is a link, and what it leads to is no file of the commit";
            return Err(self.invalid(name, reason.to_owned()));
        };
        let size: usize = size.parse().unwrap_or(usize::MAX);
        if size as u64 > MAX_FILE_BYTES {
            return Err(self.too_large(name));
        }
        match content.get(1..=size) {
            Some(content) => Ok(content.to_vec()),
            None => Err(git::failed(&doing, "its answer is cut off")),
        }
    }

    fn too_large(&self, name: &str) -> Error {
        self.invalid(name, format!("it is larger than {MAX_FILE_BYTES} bytes"))
    }

    /// The context: the commit without what `.dockerignore` names, and with this Dockerfile.
    pub(crate) async fn context(&self, work: TempDir, dockerfile: &[u8]) -> Result<Context, Error> {
        let mut left_out = self.ignored().await?;
        left_out.push(b"Dockerfile".to_vec());
        let doing = "preparing the build context";
        let objects = work.path().join("objects");
        tokio::fs::create_dir_all(&objects)
            .await
            .map_err(|error| crate::disk::error(doing, &error))?;
        let index = work.path().join("index");
        let git = |subcommand: &str| {
            let mut command = with_objects(self.git(subcommand), &self.repository, work.path());
            command.env("GIT_INDEX_FILE", &index);
            command
        };
        let mut read = git("read-tree");
        read.arg(&self.id);
        git::run(read, None, self.local, doing).await?;
        let mut changes = Vec::new();
        for path in left_out {
            changes.extend_from_slice(b"0 0000000000000000000000000000000000000000\t");
            changes.extend_from_slice(&path);
            changes.push(0);
        }
        let mut update = git("update-index");
        update.args(["-z", "--index-info"]);
        git::run(update, Some(&changes), self.local, doing).await?;
        let tree = git::run(git("write-tree"), None, self.local, doing).await?;
        // As a commit of the same date, so that files keep the times that they have without a change.
        let mut date = self.git("show");
        date.args(["--no-patch", "--format=%ct +0000", &self.id]);
        let date = git::run(date, None, self.local, doing).await?;
        let date = String::from_utf8_lossy(&date).trim().to_owned();
        let mut commit = git("commit-tree");
        for (name, value) in [
            ("NAME", "windlass"),
            ("EMAIL", "build@windlass"),
            ("DATE", &date),
        ] {
            commit
                .env(format!("GIT_AUTHOR_{name}"), value)
                .env(format!("GIT_COMMITTER_{name}"), value);
        }
        commit
            .arg(String::from_utf8_lossy(&tree).trim())
            .args(["-m", "context"]);
        let commit = git::run(commit, None, self.local, doing).await?;
        let tree = String::from_utf8_lossy(&commit).trim().to_owned();
        let seconds = date.split(' ').next().and_then(|date| date.parse().ok());
        let dockerfile = archive::entry("Dockerfile", dockerfile, seconds.unwrap_or_default());
        Ok(Context {
            repository: self.repository.clone(),
            tree,
            dockerfile: dockerfile.into(),
            added: work,
        })
    }

    /// The paths that `.dockerignore` names. The Dockerfile and the file itself are not among them: the
    /// engine needs them, and takes them out itself.
    async fn ignored(&self) -> Result<Vec<Vec<u8>>, Error> {
        let Some(content) = self.file(dockerignore::NAME).await? else {
            return Ok(Vec::new());
        };
        let ignore =
            Ignore::parse(&content).map_err(|reason| self.invalid(dockerignore::NAME, reason))?;
        let mut list = self.git("ls-tree");
        list.args(["-r", "-z", "--full-tree", "--name-only", &self.id]);
        let list = git::run(list, None, self.local, "listing the files of the commit").await?;
        let filter = move || {
            list.split(|byte| *byte == 0)
                .filter(|path| {
                    !path.is_empty()
                        && *path != b"Dockerfile"
                        && *path != dockerignore::NAME.as_bytes()
                })
                .filter(|path| ignore.excludes(&String::from_utf8_lossy(path)))
                .map(<[u8]>::to_vec)
                .collect()
        };
        tokio::task::spawn_blocking(filter)
            .await
            .map_err(|error| self.invalid(dockerignore::NAME, error.to_string()))
    }
}

impl Context {
    /// The context as a tar stream, which ends in an error when git does.
    pub(crate) fn stream(self) -> Result<BoxStream<'static, std::io::Result<Bytes>>, Error> {
        let command = git::command_in(&self.repository, "archive");
        let mut command = with_objects(command, &self.repository, self.added.path());
        command
            .args(["--format=tar", &self.tree])
            .stdin(Stdio::null());
        let mut process = Process::start(&mut command, "packing the commit")?;
        let child = process.child();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let packing = Packing {
            process,
            stdout,
            stderr,
            buffer: BytesMut::new(),
            _added: self.added,
        };
        let next = |packing: Option<Packing>| async {
            let mut packing = packing?;
            match packing.next().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some(packing))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        };
        let first = stream::iter([Ok(self.dockerfile)]);
        Ok(first.chain(stream::unfold(Some(packing), next)).boxed())
    }
}

struct Packing {
    process: Process,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    buffer: BytesMut,
    _added: TempDir,
}

impl Packing {
    async fn next(&mut self) -> std::io::Result<Option<Bytes>> {
        let Some(stdout) = &mut self.stdout else {
            return Ok(None);
        };
        self.buffer.reserve(CHUNK);
        if stdout.read_buf(&mut self.buffer).await? > 0 {
            return Ok(Some(self.buffer.split().freeze()));
        }
        self.stdout = None;
        let mut words = Vec::new();
        if let Some(stderr) = &mut self.stderr {
            // What fits into the pipe is there; git says little.
            stderr.take(git::MAX_WORDS).read_to_end(&mut words).await?;
        }
        if self.process.wait().await?.success() {
            return Ok(None);
        }
        Err(std::io::Error::other(format!(
            "git could not pack the commit: {}",
            String::from_utf8_lossy(&words).trim()
        )))
    }
}

/// Lets a command write objects beside the repository instead of into it.
fn with_objects(mut command: Command, repository: &Path, work: &Path) -> Command {
    // Quoted as git reads it: a colon would begin the next path.
    let base = repository
        .join("objects")
        .display()
        .to_string()
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    command
        .env("GIT_OBJECT_DIRECTORY", work.join("objects"))
        .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", format!("\"{base}\""));
    command
}
