//! The templates that the operator names: one file each in a directory.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use windlass_platform::{Template, TemplateContent, TemplateService};
use windlass_records::ReleaseCommand;

/// The most that the files of a template may have: they are held in memory.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The file of a template; its name without `.toml` is the template's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    /// For people.
    name: String,
    /// Where its zip archive is, ...
    url: Option<String>,
    /// ... or the directory beside this file that has its files.
    files: Option<String>,
    #[serde(default)]
    release_command: Vec<Command>,
    #[serde(default)]
    service: Vec<Service>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    label: String,
    command: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    service: String,
    #[serde(default = "default_prefix")]
    prefix: String,
}

fn default_prefix() -> String {
    "DEFAULT".to_owned()
}

/// Reads the templates, in the order of their names.
///
/// # Errors
/// What is wrong with which file.
pub(crate) fn read(directory: Option<&Path>) -> anyhow::Result<Vec<Template>> {
    let Some(directory) = directory else {
        return Ok(Vec::new());
    };
    let reading = || format!("reading the templates in {}", directory.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
    }
    paths.sort();
    let read =
        |path: &Path| template(path).with_context(|| format!("the template {}", path.display()));
    paths.iter().map(|path| read(path)).collect()
}

fn template(path: &Path) -> anyhow::Result<Template> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let entry: Entry = toml::from_str(&fs::read_to_string(path)?)?;
    let content = match (entry.url, entry.files) {
        (Some(url), None) => {
            let url = url::Url::parse(&url).with_context(|| format!("its url '{url}'"))?;
            ensure!(
                matches!(url.scheme(), "http" | "https") && url.username().is_empty(),
                "its url must begin with http:// or https:// and have no user"
            );
            TemplateContent::Url(url.into())
        }
        (None, Some(files)) => {
            let directory = path.parent().unwrap_or(Path::new(".")).join(files);
            TemplateContent::Archive(pack(&directory)?.into())
        }
        (Some(_), Some(_)) | (None, None) => {
            bail!("it needs either 'url' or 'files'");
        }
    };
    for service in &entry.service {
        let _: windlass_model::names::Prefix = service.prefix.parse()?;
    }
    Ok(Template {
        name: stem.parse().context("the name of its file")?,
        title: entry.name,
        content,
        release_commands: entry
            .release_command
            .into_iter()
            .map(|command| ReleaseCommand {
                label: command.label,
                command: command.command,
            })
            .collect(),
        services: entry
            .service
            .into_iter()
            .map(|service| TemplateService {
                service: service.service,
                prefix: service.prefix,
            })
            .collect(),
    })
}

/// The archive of a directory.
fn pack(directory: &Path) -> anyhow::Result<Vec<u8>> {
    let mut files = Vec::new();
    let mut left = MAX_BYTES;
    collect(directory, "", &mut files, &mut left)
        .with_context(|| format!("reading {}", directory.display()))?;
    ensure!(!files.is_empty(), "{} has no files", directory.display());
    files.sort();
    let borrowed: Vec<(&str, bool, &[u8])> = files
        .iter()
        .map(|(path, is_executable, content)| (path.as_str(), *is_executable, content.as_slice()))
        .collect();
    Ok(windlass_builder::pack(&borrowed)?)
}

fn collect(
    directory: &Path,
    prefix: &str,
    files: &mut Vec<(String, bool, Vec<u8>)>,
    left: &mut u64,
) -> anyhow::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name
            .to_str()
            .with_context(|| format!("the name of {} is no text", entry.path().display()))?;
        let (path, kind) = (format!("{prefix}{name}"), entry.file_type()?);
        if kind.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files, left)?;
        } else if kind.is_file() {
            let metadata = entry.metadata()?;
            *left = left
                .checked_sub(metadata.len())
                .with_context(|| format!("it has more than {MAX_BYTES} bytes"))?;
            let is_executable = metadata.permissions().mode() & 0o111 != 0;
            files.push((path, is_executable, fs::read(entry.path())?));
        } else {
            bail!("{path} is a link or no plain file");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        directory
    }

    #[test]
    fn templates_are_files_of_a_directory() {
        let site = "name = \"A site\"\nfiles = \"site\"\n\
                    [[release-command]]\nlabel = \"migrate\"\ncommand = \"./migrate\"\n\
                    [[service]]\nservice = \"postgres\"\n";
        let all = directory(&[
            ("site.toml", site),
            ("site/Dockerfile", "FROM scratch\n"),
            (
                "far.toml",
                "name = \"Far\"\nurl = \"https://example.org/far.zip\"\n",
            ),
            ("README", "none"),
        ]);
        let read = read(Some(all.path())).unwrap();
        let names: Vec<&str> = read.iter().map(|template| template.name.as_str()).collect();
        assert_eq!(names, ["far", "site"]);
        assert_eq!(read[0].url("http://here"), "https://example.org/far.zip");
        assert_eq!(
            read[1].url("http://here/"),
            "http://here/templates/site.zip"
        );
        assert_eq!(read[1].services[0].prefix, "DEFAULT");
        assert_eq!(read[1].release_commands[0].label, "migrate");
    }

    #[test]
    fn what_is_wrong_with_a_template_is_said() {
        for (name, text, word) in [
            (
                "x-control.toml",
                "name = \"X\"\nurl = \"https://example.org/\"",
                "name of its file",
            ),
            ("xx.toml", "name = \"X\"", "either 'url' or 'files'"),
            (
                "xx.toml",
                "name = \"X\"\nurl = \"ftp://example.org/\"",
                "http",
            ),
            ("xx.toml", "name = \"X\"\nfiles = \"missing\"", "missing"),
            (
                "xx.toml",
                "name = \"X\"\nurl = \"https://example.org/\"\nother = 1",
                "other",
            ),
        ] {
            let all = directory(&[(name, text)]);
            let error = format!("{:#}", read(Some(all.path())).unwrap_err());
            assert!(error.contains(word) && error.contains(name), "{error}");
        }
        let linked = directory(&[("xx.toml", "name = \"X\"\nfiles = \"x\""), ("x/a", "")]);
        std::os::unix::fs::symlink("/etc/passwd", linked.path().join("x/b")).unwrap();
        let error = format!("{:#}", read(Some(linked.path())).unwrap_err());
        assert!(error.contains("link"), "{error}");
    }
}
