//! Repositories elsewhere: which may be read, their branches, their commits.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;
use windlass_delivery::build::{Access, Error};
use windlass_model::id::ApplicationId;
use windlass_model::names::BranchName;

use crate::repository::{Repositories, no_branch};
use crate::settings::{BuilderSettings, RemotePolicy};
use crate::{access, disk, git};

/// A commit that is to be fetched.
pub(crate) struct Wanted<'a> {
    pub(crate) url: &'a str,
    pub(crate) branch: &'a BranchName,
    pub(crate) commit: &'a str,
    pub(crate) access: &'a Access,
}

/// Reads repositories elsewhere.
pub(crate) struct Remotes {
    policy: RemotePolicy,
    proxies: Vec<(String, String)>,
    list: Duration,
    fetch: Duration,
    local: Duration,
    /// git's own settings for reading elsewhere.
    configuration: PathBuf,
    /// The builder's own directory: never read as a remote, or one application could read another.
    own: PathBuf,
    /// One fetch at a time into one repository.
    fetching: Mutex<HashMap<ApplicationId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Remotes {
    /// Writes git's settings. `bundle` is the file of all trusted certificates, if not the usual one.
    pub(crate) fn open(
        settings: &BuilderSettings,
        own: &Path,
        bundle: Option<&Path>,
    ) -> Result<Self, Error> {
        let configuration = own.join("tmp").join("remote.gitconfig");
        let allow = |is_allowed: bool| if is_allowed { "always" } else { "never" };
        let certificates = bundle.map_or_else(String::new, |bundle| {
            let path = bundle.display().to_string();
            let path = path.replace('\\', "\\\\").replace('"', "\\\"");
            format!("[http]\n\tsslCAInfo = \"{path}\"\n")
        });
        let text = format!(
            "[safe]\n\tdirectory = *\n[credential]\n\thelper =\n[protocol]\n\tallow = never\n\
             [protocol \"http\"]\n\tallow = {http}\n[protocol \"https\"]\n\tallow = {http}\n\
             [protocol \"ssh\"]\n\tallow = {ssh}\n[protocol \"file\"]\n\tallow = {file}\n{certificates}",
            http = allow(settings.remotes.http),
            ssh = allow(settings.remotes.ssh),
            file = allow(!settings.remotes.paths.is_empty()),
        );
        std::fs::write(&configuration, text)
            .map_err(|error| disk::error(format!("writing {}", configuration.display()), &error))?;
        Ok(Self {
            policy: settings.remotes.clone(),
            proxies: settings.proxies.clone(),
            list: settings.limits.remote_list,
            fetch: settings.limits.remote_fetch,
            local: settings.limits.local,
            configuration,
            own: own.to_owned(),
            fetching: Mutex::default(),
        })
    }

    /// The commit at the head of a branch.
    pub(crate) async fn resolve(
        &self,
        repositories: &Repositories,
        url: &str,
        branch: &BranchName,
        access: &Access,
    ) -> Result<String, Error> {
        let url = self.opened(url, access)?;
        let doing = format!("reading the branches of {url}");
        let (mut command, _key) =
            self.elsewhere(git::command("ls-remote"), repositories, access)?;
        command.args(["--quiet", "--heads", "--", &url]);
        let list = git::run(command, None, self.list, &doing).await?;
        let list = String::from_utf8_lossy(&list);
        let heads: Vec<(&str, &str)> = list
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .filter_map(|(commit, name)| Some((commit, name.strip_prefix("refs/heads/")?)))
            .collect();
        match heads.iter().find(|(_, name)| *name == branch.as_str()) {
            Some((commit, _)) => Ok((*commit).to_owned()),
            None => Err(no_branch(
                &url,
                branch,
                &heads.iter().map(|(_, name)| *name).collect::<Vec<_>>(),
            )),
        }
    }

    /// Gets the commit into the application's copy, and gives the copy's path.
    pub(crate) async fn fetch(
        &self,
        repositories: &Repositories,
        application: ApplicationId,
        wanted: Wanted<'_>,
    ) -> Result<PathBuf, Error> {
        let Wanted {
            url,
            branch,
            commit,
            access,
        } = wanted;
        let url = self.opened(url, access)?;
        let lock = {
            let mut fetching = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
            fetching.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(fetching.entry(application).or_default())
        };
        let _one_at_a_time = lock.lock().await;
        let copy = repositories.remote_path(application);
        repositories.ensure(&copy).await?;
        if self.has(&copy, commit).await? {
            return Ok(copy);
        }
        let doing = format!("fetching {commit} from {url}");
        let (mut command, _key) =
            self.elsewhere(git::command_in(&copy, "fetch"), repositories, access)?;
        command
            .args(["--quiet", "--no-tags", "--depth=1", "--", &url])
            .arg(format!("+{commit}:refs/heads/{branch}"));
        let single = git::output(command, None, self.fetch, &doing).await?;
        if single.success {
            return Ok(copy);
        }
        // Older servers give commits by the name of a branch only.
        let (mut command, _key) =
            self.elsewhere(git::command_in(&copy, "fetch"), repositories, access)?;
        command
            .args(["--quiet", "--no-tags", "--", &url])
            .arg(format!("+refs/heads/{branch}:refs/heads/{branch}"));
        git::run(command, None, self.fetch, &doing).await?;
        if self.has(&copy, commit).await? {
            return Ok(copy);
        }
        let reason = format!(
            "the branch '{branch}' does not hold that commit any more; deploy again to take its newest one"
        );
        Err(Error::Git { doing, reason })
    }

    async fn has(&self, copy: &Path, commit: &str) -> Result<bool, Error> {
        let mut command = git::command_in(copy, "cat-file");
        command
            .args(["-e", "--end-of-options"])
            .arg(format!("{commit}^{{tree}}"));
        Ok(
            git::output(command, None, self.local, "looking for a commit")
                .await?
                .success,
        )
    }

    /// Whether the URL may be read, with a deploy key or without.
    pub(crate) fn check(&self, url: &str, with_key: bool) -> Result<(), Error> {
        self.allowed(url, with_key).map(drop)
    }

    /// The URL for git, if it may be read and the access fits.
    fn opened(&self, url: &str, access: &Access) -> Result<String, Error> {
        self.allowed(url, matches!(access, Access::Key(_)))
    }

    /// A command that talks to others, and the directory of its key, which must outlive it.
    fn elsewhere(
        &self,
        mut command: Command,
        repositories: &Repositories,
        access: &Access,
    ) -> Result<(Command, Option<TempDir>), Error> {
        command
            .env("GIT_CONFIG_GLOBAL", &self.configuration)
            // Without a terminal ssh would wait for an answer that nobody gives.
            .env(
                "GIT_SSH_COMMAND",
                "ssh -o BatchMode=yes -o ConnectTimeout=20",
            )
            .envs(self.proxies.iter().map(|(name, value)| (name, value)));
        let key = match access {
            Access::Open => None,
            Access::Password { username, password } => {
                access::by_password(&mut command, repositories.directory(), username, password)?;
                None
            }
            Access::Key(private) => Some(access::by_key(&mut command, repositories, private)?),
        };
        Ok((command, key))
    }

    /// The URL or path for git, if it may be read. With a key of its own ssh is, whatever the policy says about the
    /// keys of the server's user.
    fn allowed(&self, url: &str, with_key: bool) -> Result<String, Error> {
        let ssh = self.policy.ssh || with_key;
        let url = url.trim();
        let refuse = |shown: &str, reason: String| {
            Err(Error::Remote {
                url: shown.to_owned(),
                reason,
            })
        };
        if url.starts_with('-') || url.chars().any(char::is_control) || url.is_empty() {
            return refuse("", "it is neither a path nor a URL".to_owned());
        }
        if let Some((scheme, rest)) = url.split_once("://") {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let user = authority.rsplit_once('@').map(|(user, _)| user);
            let is_ssh = scheme.eq_ignore_ascii_case("ssh");
            if user.is_some_and(|user| !is_ssh || user.contains(':')) {
                let shown = format!(
                    "{scheme}://...@{}",
                    authority.rsplit('@').next().unwrap_or_default()
                );
                return refuse(&shown, "credentials in a URL are not taken".to_owned());
            }
            return match scheme.to_ascii_lowercase().as_str() {
                "http" | "https" if self.policy.http => Ok(url.to_owned()),
                "ssh" if ssh => Ok(url.to_owned()),
                "file" => self.allowed_path(url, rest),
                _ => refuse(
                    url,
                    format!("this server does not read '{scheme}' repositories"),
                ),
            };
        }
        if url.starts_with('/') {
            return self.allowed_path(url, url);
        }
        // `helper::address` runs a program of that name; `user@host:path` is ssh.
        match url.split_once(':') {
            Some((host, path)) if !host.contains('/') && !path.starts_with(':') && ssh => {
                Ok(url.to_owned())
            }
            Some((host, path)) if !host.contains('/') && !path.starts_with(':') => refuse(
                url,
                "this server does not read 'ssh' repositories".to_owned(),
            ),
            _ => refuse(url, "an absolute path or a URL is expected".to_owned()),
        }
    }

    fn allowed_path(&self, shown: &str, path: &str) -> Result<String, Error> {
        // The same words for what is absent and what is forbidden: a path must not be probed.
        let refused = || {
            Error::Remote {
            url: shown.to_owned(),
            reason: "it is no repository that the server's operator has allowed; repositories under the allowed paths can be read".to_owned(),
        }
        };
        if !path.starts_with('/') {
            return Err(refused());
        }
        let path = std::fs::canonicalize(path).map_err(|_| refused())?;
        let own = std::fs::canonicalize(&self.own).unwrap_or_else(|_| self.own.clone());
        let is_allowed = self
            .policy
            .paths
            .iter()
            .filter_map(|allowed| std::fs::canonicalize(allowed).ok())
            .any(|allowed| path.starts_with(allowed));
        if !is_allowed || path.starts_with(&own) || own.starts_with(&path) {
            return Err(refused());
        }
        path.into_os_string().into_string().map_err(|_| refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remotes(change: impl FnOnce(&mut RemotePolicy)) -> (tempfile::TempDir, Remotes) {
        let directory = tempfile::tempdir().unwrap();
        let own = directory.path().join("own");
        let repositories = Repositories::open(&own, 1, Duration::from_secs(20)).unwrap();
        let mut settings = BuilderSettings::new(&own);
        change(&mut settings.remotes);
        let remotes = Remotes::open(&settings, repositories.directory(), None).unwrap();
        (directory, remotes)
    }

    #[test]
    fn only_what_the_operator_allows_is_read() {
        let (_directory, remotes) = remotes(|_| ());
        for url in ["https://example.org/a.git", "http://example.org:8080/a"] {
            assert_eq!(remotes.allowed(url, false).unwrap(), url);
        }
        for url in [
            "ext::sh -c id",
            "fd::3",
            "--upload-pack=id",
            "",
            "a\nb",
            "git://example.org/a",
            "ssh://git@example.org/a",
            "git@example.org:a.git",
            "file:///etc",
            "file://etc",
            "/etc",
            "../a",
            "a/b:c",
            "EXT::x",
        ] {
            assert!(
                matches!(remotes.allowed(url, false), Err(Error::Remote { .. })),
                "{url}"
            );
        }
    }

    #[test]
    fn credentials_are_refused_and_not_repeated() {
        let (_directory, remotes) = remotes(|policy| policy.ssh = true);
        for url in [
            "https://me:hunter2@example.org/a",
            "https://hunter2@example.org/a",
            "ssh://git:hunter2@example.org/a",
        ] {
            let words = remotes.allowed(url, false).unwrap_err().to_string();
            assert!(
                words.contains("credentials") && !words.contains("hunter2"),
                "{words}"
            );
        }
        assert!(remotes.allowed("ssh://git@example.org/a", false).is_ok());
        assert!(remotes.allowed("git@example.org:a.git", false).is_ok());
        assert!(remotes.allowed("ext::sh -c id", false).is_err());
    }

    #[test]
    fn paths_are_followed_before_they_are_compared() {
        let (directory, remotes) = remotes(|policy| policy.paths = vec![PathBuf::from("/nowhere")]);
        assert!(
            remotes
                .allowed(&directory.path().display().to_string(), false)
                .is_err()
        );
        let root = directory.path().to_owned();
        let open = Remotes {
            policy: RemotePolicy {
                paths: vec![root.clone()],
                ..RemotePolicy::default()
            },
            ..remotes
        };
        std::fs::create_dir(root.join("code")).unwrap();
        std::os::unix::fs::symlink("/etc", root.join("link")).unwrap();
        std::os::unix::fs::symlink(root.join("own"), root.join("code/other")).unwrap();
        let at = |name: &str| open.allowed(&root.join(name).display().to_string(), false);
        assert!(at("code").is_ok());
        for refused in [
            "link",
            "own",
            "own/tmp",
            "code/../own",
            "code/other",
            "",
            "missing",
        ] {
            assert!(at(refused).is_err(), "{refused}");
        }
    }
}
