//! Builds on the machine's Docker Engine. The image `debian:bookworm-slim` has to be there.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{Site, branch, eventually, git};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use windlass_delivery::build::{
    Access, Adoption, BuildOrder, Builder, BuiltImage, Error, Manifest, Source,
};
use windlass_engine::simulated::{
    Behaviour, Failure, Fault, Method, SimulatedEngine, SimulatedSettings,
};
use windlass_engine::{ImageId, ImageReference, Labels, LogLine, labels};
use windlass_engine_docker::{DockerEngine, DockerSettings};

/// The installation of these tests.
pub(crate) const INSTALLATION: &str = "builder-test";
pub(crate) const BASE: &str = "debian:bookworm-slim";

/// Takes away its tags at the end.
pub(crate) struct Tags(pub(crate) Vec<String>);

impl Drop for Tags {
    fn drop(&mut self) {
        let removed = std::process::Command::new("docker")
            .args(["rmi", "--force"])
            .args(&self.0)
            .output();
        drop(removed);
    }
}

pub(crate) fn order(site: &Site, source: Source) -> (BuildOrder, Tags) {
    let tag = format!("windlass/builder-test:{}", uuid::Uuid::now_v7());
    let order = BuildOrder {
        engine: Arc::new(DockerEngine::new(DockerSettings::new(INSTALLATION))),
        application: site.application,
        slug: site.slug.clone(),
        source,
        tag: ImageReference(tag.clone()),
        cache: false,
        access: Access::Open,
        adopt: None,
        labels: Labels::new()
            .with(labels::INSTALLATION, INSTALLATION)
            .with(labels::APPLICATION, site.application),
        cancel: CancellationToken::new(),
    };
    (order, Tags(vec![tag]))
}

pub(crate) fn at(commit: &str) -> Source {
    Source::Branch {
        branch: branch("main"),
        commit: commit.to_owned(),
    }
}

pub(crate) async fn build(site: &Site, order: BuildOrder) -> (Result<BuiltImage, Error>, String) {
    let (sender, mut lines) = mpsc::channel::<LogLine>(16);
    let collect = async {
        let mut all = Vec::new();
        while let Some(line) = lines.recv().await {
            all.push(line.text);
        }
        all.join("\n")
    };
    tokio::join!(site.builder.build(order, sender), collect)
}

/// Runs docker by hand; gives its output if it succeeded.
pub(crate) async fn docker(arguments: &[&str]) -> Result<String, String> {
    let output = tokio::process::Command::new("docker")
        .args(arguments)
        .output()
        .await
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}

/// Builds an image without Windlass.
pub(crate) async fn build_by_hand(
    site: &Site,
    name: &str,
    dockerfile: &str,
) -> Result<String, String> {
    let directory = site.path(&format!("by-hand-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("Dockerfile"), dockerfile).unwrap();
    let directory = directory.to_str().unwrap();
    docker(&["build", "--quiet", "--tag", name, directory]).await
}

/// What the command prints in a container of the image.
pub(crate) async fn inside(image: &BuiltImage, script: &str) -> String {
    docker(&[
        "run",
        "--rm",
        "--network=none",
        &image.image.0,
        "/bin/sh",
        "-c",
        script,
    ])
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_becomes_an_image_without_what_dockerignore_names() {
    let site = Site::new().await;
    let dockerfile = format!("FROM {BASE}\nCOPY . /app\nRUN echo built in $(ls -d /app)\n");
    let commit = site
        .pushed(&[
            ("Dockerfile", dockerfile.as_bytes()),
            (
                ".dockerignore",
                b"# not for the image\n**/*.secret\ntests\n!tests/keep\n.dockerignore\n",
            ),
            (
                ".gitattributes",
                b"exported export-ignore\nkey.bin filter=lfs\n",
            ),
            (".gitmodules", b""),
            ("Procfile", b"web: serve\nworker: work\nrelease: migrate\n"),
            ("exported", b"in the image all the same"),
            ("deep/a.secret", b"x"),
            ("deep/a.open", b"x"),
            ("tests/drop", b"x"),
            ("tests/keep", b"x"),
        ])
        .await;
    // The head may move on; the build is of the commit.
    site.pushed(&[("Dockerfile", b"FROM scratch\n")]).await;
    let (order, _tags) = order(&site, at(&commit));
    let (built, lines) = build(&site, order.clone()).await;
    let built = built.unwrap_or_else(|error| panic!("{error}: {lines}"));
    let expected = Manifest {
        processes: vec![
            ("web".to_owned(), "serve".to_owned()),
            ("worker".to_owned(), "work".to_owned()),
        ],
        release_command: Some("migrate".to_owned()),
    };
    assert_eq!(built.manifest, expected);
    for words in [
        commit.as_str(),
        "built in /app",
        "submodules are not fetched",
        "Git LFS is not supported",
    ] {
        assert!(lines.contains(words), "{words}: {lines}");
    }
    let files = inside(&built, "cd /app && find . -type f | sort").await;
    let expected = "./.gitattributes\n./.gitmodules\n./Dockerfile\n./Procfile\n./deep/a.open\n./exported\n./tests/keep";
    assert_eq!(files, expected);
    let label = docker(&[
        "image",
        "inspect",
        "--format={{index .Config.Labels \"windlass.installation\"}}",
        &built.image.0,
    ])
    .await;
    assert_eq!(label.unwrap(), INSTALLATION);
    // The same order again finds its image.
    let (again, lines) = build(&site, order).await;
    assert_eq!(again.unwrap(), built);
    assert!(
        lines.contains("is there already") && !lines.contains("built in"),
        "{lines}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_built_says_why() {
    let site = Site::new().await;
    let good = format!("FROM {BASE}\n");
    let commit = site.pushed(&[("README", b"x")]).await;
    let (result, _) = build(&site, order(&site, at(&commit)).0).await;
    assert!(
        matches!(&result, Err(Error::NoDockerfile { commit: told }) if *told == commit),
        "{result:?}"
    );

    let commit = site
        .pushed(&[
            ("Dockerfile", good.as_bytes()),
            ("Procfile", b"web: a\nweb: b\n"),
        ])
        .await;
    let (result, _) = build(&site, order(&site, at(&commit)).0).await;
    let words = result.unwrap_err().to_string();
    assert_eq!(
        words,
        format!("Procfile of commit {commit} is not valid: line 2: 'web' is there twice")
    );

    let commit = site
        .pushed(&[
            ("Dockerfile", good.as_bytes()),
            (".dockerignore", b"a\n[b\n"),
        ])
        .await;
    let (result, _) = build(&site, order(&site, at(&commit)).0).await;
    assert!(
        result
            .unwrap_err()
            .to_string()
            .contains("line 2: '[b' is no pattern")
    );

    let failing = format!("FROM {BASE}\nRUN echo so far so good && exit 3\n");
    let commit = site.pushed(&[("Dockerfile", failing.as_bytes())]).await;
    let (failed, _tags) = order(&site, at(&commit));
    let (result, lines) = build(&site, failed.clone()).await;
    assert!(
        matches!(&result, Err(Error::Engine(windlass_engine::Error::BuildFailed(words))) if words.contains('3')),
        "{result:?}"
    );
    assert!(lines.contains("so far so good"), "{lines}");
    assert!(failed.engine.image(&failed.tag).await.unwrap().is_none());

    let (result, _) = build(&site, order(&site, at(&"1".repeat(40))).0).await;
    assert!(
        result
            .unwrap_err()
            .to_string()
            .contains("does not hold it any more")
    );
    let left: Vec<_> = std::fs::read_dir(site.path("repositories/tmp"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["remote.gitconfig"]);

    let full = Site::with(|settings, _| settings.minimum_free_bytes = u64::MAX).await;
    let tree = full
        .work_tree("tree", &[("Dockerfile", good.as_bytes())])
        .await;
    git(
        &tree,
        &[
            "push",
            "--quiet",
            full.repository().to_str().unwrap(),
            "main",
        ],
    )
    .await;
    let commit = git(&tree, &["rev-parse", "HEAD"]).await;
    let (result, _) = build(&full, order(&full, at(&commit)).0).await;
    assert!(
        matches!(&result, Err(Error::DiskFull(words)) if words.contains("MiB free")),
        "{result:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_build_ends_at_once() {
    let site = Site::new().await;
    let mark = format!("mark-{}", uuid::Uuid::now_v7());
    let dockerfile = format!("FROM {BASE}\nRUN echo begun && sleep 600 && echo {mark}\n");
    let commit = site.pushed(&[("Dockerfile", dockerfile.as_bytes())]).await;
    let (order, _tags) = order(&site, at(&commit));
    let cancel = order.cancel.clone();
    let (sender, mut lines) = mpsc::channel(16);
    let builder = Arc::clone(&site.builder);
    let building = tokio::spawn(async move { builder.build(order, sender).await });
    while !lines
        .recv()
        .await
        .expect("the build begins")
        .text
        .starts_with("begun")
    {}
    cancel.cancel();
    let result = tokio::time::timeout(Duration::from_secs(5), building)
        .await
        .expect("at once")
        .unwrap();
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    let running = || {
        let list = std::process::Command::new("docker")
            .args(["ps", "--no-trunc", "--format={{.Command}}"])
            .output()
            .unwrap();
        String::from_utf8_lossy(&list.stdout).contains(&mark)
    };
    eventually("the build's container is gone", || !running()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_elsewhere_is_built_at_its_commit() {
    let site =
        Site::with(|settings, directory| settings.remotes.paths = vec![directory.to_owned()]).await;
    let tree = site.work_tree("elsewhere", &[("README", b"x")]).await;
    let dockerfile = format!("FROM {BASE}\nCOPY version /\n");
    let first = site
        .commit(
            &tree,
            &[("Dockerfile", dockerfile.as_bytes()), ("version", b"one")],
        )
        .await;
    let url = tree.to_str().unwrap().to_owned();
    assert_eq!(
        site.builder
            .resolve_remote(&url, &branch("main"), &Access::Open)
            .await
            .unwrap(),
        first
    );
    let error = site
        .builder
        .resolve_remote(&url, &branch("live"), &Access::Open)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("has no branch 'live'; it has 'main'"),
        "{error}"
    );
    let error = site
        .builder
        .resolve_remote("/etc", &branch("main"), &Access::Open)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Remote { .. }), "{error}");
    let own = site.repository().to_str().unwrap().to_owned();
    assert!(matches!(
        site.builder
            .resolve_remote(&own, &branch("main"), &Access::Open)
            .await,
        Err(Error::Remote { .. })
    ));

    site.commit(&tree, &[("version", b"two")]).await;
    let source = |commit: &str| Source::Remote {
        url: format!("file://{url}"),
        branch: branch("main"),
        commit: commit.to_owned(),
        repository: None,
    };
    let (order_one, _tags) = order(&site, source(&first));
    let (built, lines) = build(&site, order_one).await;
    let built = built.unwrap_or_else(|error| panic!("{error}: {lines}"));
    assert_eq!(inside(&built, "cat /version").await, "one");

    let (gone, _tags) = order(&site, source(&"1".repeat(40)));
    let words = build(&site, gone).await.0.unwrap_err().to_string();
    assert!(
        words.contains("does not hold that commit any more"),
        "{words}"
    );
    // And over HTTP, here from the builder itself.
    let commit = site.pushed(&[("a", b"1")]).await;
    assert_eq!(
        site.builder
            .resolve_remote(&site.url(), &branch("main"), &Access::Open)
            .await
            .unwrap(),
        commit
    );
    let error = site
        .builder
        .resolve_remote(
            &format!("http://{}/none.git", site.address),
            &branch("main"),
            &Access::Open,
        )
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Git { reason, .. } if !reason.is_empty()),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_of_the_same_commit_is_used_again() {
    let site = Site::new().await;
    let commit = site
        .pushed(&[
            ("Dockerfile", b"FROM shop:1\n"),
            ("Procfile", b"web: serve\n"),
        ])
        .await;
    let simulated = Arc::new(SimulatedEngine::new(SimulatedSettings {
        installation: INSTALLATION.to_owned(),
        ..SimulatedSettings::default()
    }));
    let earlier = simulated.add_image("shop:1", &[], Behaviour::serving(200));
    let (template, _tags) = order(&site, at(&commit));
    let adopting = |image: &ImageId, only, tag: &str| BuildOrder {
        engine: Arc::clone(&simulated) as _,
        tag: ImageReference(format!("windlass/builder-test:{tag}")),
        adopt: Some(Adoption {
            image: image.clone(),
            release: "release 1 of test".to_owned(),
            only,
        }),
        ..template.clone()
    };
    let (built, lines) = build(&site, adopting(&earlier, true, "one")).await;
    let built = built.unwrap();
    assert_eq!(built.image, earlier);
    // What the code says about its processes is read all the same.
    assert_eq!(
        built.manifest.processes,
        [("web".to_owned(), "serve".to_owned())]
    );
    assert!(lines.contains("release 1 of test"), "{lines}");
    assert!(!lines.contains("building"), "{lines}");

    let gone = ImageId(format!("sha256:{}", "0".repeat(64)));
    let error = build(&site, adopting(&gone, true, "two"))
        .await
        .0
        .unwrap_err();
    assert!(
        matches!(&error, Error::ImageGone(release) if release == "release 1 of test"),
        "{error}"
    );
    let (built, lines) = build(&site, adopting(&gone, false, "three")).await;
    assert_ne!(built.unwrap().image, gone);
    assert!(lines.contains("it is built again"), "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ready_image_is_found_or_pulled_and_pinned() {
    let site = Site::new().await;
    let reference = || ImageReference("shop:1".to_owned());
    let simulated = Arc::new(SimulatedEngine::new(SimulatedSettings {
        installation: INSTALLATION.to_owned(),
        ..SimulatedSettings::default()
    }));
    let (template, _tags) = order(
        &site,
        Source::Image {
            reference: reference(),
        },
    );
    let tagged = |name: &str| BuildOrder {
        engine: Arc::clone(&simulated) as _,
        tag: ImageReference(format!("windlass/builder-test:{name}")),
        ..template.clone()
    };
    let error = build(&site, tagged("none")).await.0.unwrap_err();
    assert!(
        matches!(&error, Error::NoImage { reference, reason } if reference == "shop:1" && reason.contains("not on the engine")),
        "{error}"
    );
    simulated.add_registry_image("shop:1", &[], Behaviour::serving(200));
    let (pulled, lines) = build(&site, tagged("one")).await;
    let pulled = pulled.unwrap();
    assert!(lines.contains("pulling shop:1"), "{lines}");
    assert_eq!(pulled.manifest, Manifest::default());
    // Once decided it stays decided, whatever becomes of the name.
    let newer = simulated.add_image("shop:1", &[], Behaviour::serving(200));
    assert_ne!(newer, pulled.image);
    assert_eq!(build(&site, tagged("one")).await.0.unwrap(), pulled);
    assert_eq!(build(&site, tagged("two")).await.0.unwrap().image, newer);
    // Trouble of the engine is not the image's fault.
    simulated.plan(Method::Image, Fault::Before(Failure::Unreachable));
    let error = build(&site, tagged("three")).await.0.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Engine(windlass_engine::Error::Unreachable { .. })
        ),
        "{error}"
    );
    let commit = site.pushed(&[("Dockerfile", b"FROM shop:1\n")]).await;
    simulated.plan(Method::Build, Fault::Before(Failure::DiskFull));
    let error = build(
        &site,
        BuildOrder {
            source: at(&commit),
            ..tagged("four")
        },
    )
    .await
    .0
    .unwrap_err();
    assert!(matches!(error, Error::DiskFull(_)), "{error}");
    // And on Docker, where the base's own name is left alone.
    let (order, _tags) = order(
        &site,
        Source::Image {
            reference: ImageReference(BASE.to_owned()),
        },
    );
    let built = build(&site, order.clone()).await.0.unwrap();
    assert_eq!(
        built.image.0,
        docker(&["image", "inspect", "--format={{.Id}}", BASE])
            .await
            .unwrap()
    );
    order.engine.remove_image(&order.tag).await.unwrap();
    assert!(docker(&["image", "inspect", BASE]).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_certificates_are_trusted_in_every_stage() {
    let mark = uuid::Uuid::now_v7().to_string();
    let certificate = format!("-----BEGIN CERTIFICATE-----\n{mark}\n-----END CERTIFICATE-----\n");
    let site = Site::with(|settings, directory| {
        std::fs::write(directory.join("proxy.crt"), &certificate).unwrap();
        settings.certificates = vec![directory.join("proxy.crt")];
    })
    .await;
    // A base whose user may not write anywhere, one without a shell, and one that brings instructions along.
    let name_of = |name: &str| format!("windlass-builder-test/{name}:{mark}");
    let (user, bare, bringing) = (name_of("user"), name_of("bare"), name_of("bringing"));
    let mut tags = Tags(vec![user.clone(), bare.clone(), bringing.clone()]);
    for (name, dockerfile) in [
        (&user, format!("FROM {BASE}\nUSER nobody\n")),
        (
            &bare,
            format!("FROM scratch\nCOPY --from={BASE} /etc/debian_version /only\n"),
        ),
        (&bringing, format!("FROM {BASE}\nONBUILD COPY . /brought\n")),
    ] {
        build_by_hand(&site, name, &dockerfile).await.unwrap();
    }
    let dockerfile = format!(
        "ARG NAME=user:{mark}\nFROM {bare} AS bare\nFROM {bringing} AS bringing\nFROM windlass-builder-test/$NAME\nCOPY --from=bare / /from-bare/\n\
         COPY --from=bringing /brought /brought\nRUN grep -q {mark} $PIP_CERT && id -un\nCOPY Dockerfile /seen\n"
    );
    let commit = site.pushed(&[("Dockerfile", dockerfile.as_bytes())]).await;
    let (order, own) = order(&site, at(&commit));
    let (built, lines) = build(&site, order.clone()).await;
    let derived = lines
        .lines()
        .filter_map(|line| line.split_once(", as "))
        .map(|(_, tag)| tag.to_owned());
    tags.0.extend(derived);
    assert_eq!(tags.0.len(), 5, "{lines}");
    let without = format!("{bringing} is used without the operator's certificates");
    assert!(lines.contains(&without), "{lines}");
    let built = built.unwrap_or_else(|error| panic!("{error}: {lines}"));
    assert!(lines.lines().any(|line| line == "nobody"), "{lines}");
    let script = format!(
        "grep -c {mark} $SSL_CERT_FILE /etc/ssl/certs/ca-certificates.crt /usr/local/share/ca-certificates/*.crt /from-bare/usr/local/share/ca-certificates/*; grep -c BEGIN $SSL_CERT_FILE; cat /seen"
    );
    let seen = inside(&built, &script).await;
    assert_eq!(seen.matches(":1\n").count(), 5, "{seen}");
    assert_eq!(inside(&built, "ls /brought").await, "Dockerfile");
    assert!(
        seen.lines()
            .any(|line| line.parse().is_ok_and(|count: u32| count > 50)),
        "{seen}"
    );
    // The derived images are made once.
    let ids = |tags: Vec<String>| async move {
        let mut ids = Vec::new();
        for tag in tags {
            ids.push(
                docker(&["image", "inspect", "--format={{.Id}}", &tag])
                    .await
                    .unwrap(),
            );
        }
        ids
    };
    let before = ids(tags.0.clone()).await;
    drop(own);
    assert!(build(&site, order.clone()).await.0.is_ok());
    assert_eq!(ids(tags.0.clone()).await, before);
    tags.0.push(order.tag.0);
}
