//! A Dockerfile and the images of other applications, which are in the same store.

use crate::builds::{BASE, Tags, at, build, build_by_hand, docker, inside, order};
use crate::support::{Site, git};
use windlass_delivery::build::Error;

/// Images of others, with something in them that is nobody else's business.
struct Victim {
    secret: String,
    /// Windlass's name for it.
    name: String,
    /// The same image as an earlier one of the application that builds.
    own: String,
    /// Without `sha256:`.
    id: String,
    /// Images of a registry, as it were.
    hostile: String,
    friendly: String,
    _tags: Tags,
}

impl Victim {
    async fn new(site: &Site) -> Self {
        let secret = uuid::Uuid::now_v7().to_string();
        let name = |repository: &str| format!("{repository}:{secret}");
        let victim = name("windlass/victim");
        let own = name("windlass/shop");
        let hostile = name("windlass-builder-test/hostile");
        let friendly = name("windlass-builder-test/friendly");
        let tags = [&victim, &own, &hostile, &friendly].map(String::clone);
        let tags = Tags(tags.to_vec());
        let dockerfile = format!("FROM {BASE}\nRUN echo {secret} > /secret\n");
        build_by_hand(site, &victim, &dockerfile).await.unwrap();
        docker(&["tag", &victim, &own]).await.unwrap();
        let dockerfile = format!("FROM {BASE}\nONBUILD COPY --from={victim} /secret /leaked\n");
        build_by_hand(site, &hostile, &dockerfile).await.unwrap();
        let dockerfile = format!("FROM {BASE}\nONBUILD COPY code /code\n");
        build_by_hand(site, &friendly, &dockerfile).await.unwrap();
        let id = docker(&["image", "inspect", "--format={{.Id}}", &victim])
            .await
            .unwrap();
        Self {
            id: id.trim_start_matches("sha256:").to_owned(),
            name: victim,
            own,
            hostile,
            friendly,
            secret,
            _tags: tags,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_dockerfile_reaches_another_applications_image() {
    let site = Site::new().await;
    let victim = Victim::new(&site).await;
    let (name, id, own, hostile) = (&victim.name, &victim.id, &victim.own, &victim.hostile);
    let start = &id[..12];
    let show = "RUN cat /secret";
    let copy =
        |from: &str| format!("FROM {BASE}\nCOPY --from={from} /secret /leaked\nRUN cat /leaked\n");

    // That Docker gives it away, or the rest would prove nothing.
    let leaked = format!("windlass-builder-test/leaked:{}", victim.secret);
    let _leaked = Tags(vec![leaked.clone()]);
    for dockerfile in [copy(start), format!("FROM {hostile}\nRUN cat /leaked\n")] {
        build_by_hand(&site, &leaked, &dockerfile).await.unwrap();
        let seen = docker(&["run", "--rm", "--network=none", &leaked, "cat", "/leaked"]).await;
        assert_eq!(seen.as_deref(), Ok(victim.secret.as_str()), "{dockerfile}");
    }

    for (line, dockerfile) in [
        (1, format!("FROM {name}\n{show}\n")),
        (1, format!("FROM docker.io/{name}\n{show}\n")),
        (1, format!("FROM {own}\n{show}\n")),
        (1, format!("FROM {start}\n{show}\n")),
        (1, format!("FROM {id}\n{show}\n")),
        (1, format!("FROM sha256:{id}\n{show}\n")),
        (2, format!("ARG A={start}\nFROM ${{A}}\n{show}\n")),
        (1, format!("FROM \\\n  \"{name}\"\n{show}\n")),
        (2, copy(name)),
        (2, copy(&format!("index.docker.io/{name}"))),
        (2, copy(start)),
        (
            2,
            format!("FROM {BASE} AS {start}x\nCOPY --from={start} /secret /leaked\n"),
        ),
        (
            4,
            format!(
                "# escape=`\nFROM {BASE}\nRUN true\nCOPY --chown=0 `\n --from={start} /secret /leaked\n"
            ),
        ),
        (
            2,
            format!("FROM {BASE}\nRUN --mount=from={name},target=/x cat /x/secret\n"),
        ),
        (
            2,
            format!(
                "FROM {BASE} AS one\nONBUILD COPY --from={name} /secret /leaked\nFROM one\nRUN cat /leaked\n"
            ),
        ),
        (1, format!("FROM {hostile}\nRUN cat /leaked\n")),
        (
            2,
            format!("ARG A={hostile}\nFROM $A AS one\nFROM one\nRUN cat /leaked\n"),
        ),
    ] {
        let commit = site.pushed(&[("Dockerfile", dockerfile.as_bytes())]).await;
        let (order, _tags) = order(&site, at(&commit));
        let (result, lines) = build(&site, order.clone()).await;
        let words = match result {
            Err(error @ Error::InvalidFile { .. }) => error.to_string(),
            other => panic!("{other:?} of {dockerfile}: {lines}"),
        };
        let place = format!("Dockerfile of commit {commit} is not valid: line {line}: ");
        assert!(words.starts_with(&place), "{words}: {dockerfile}");
        assert!(
            !lines.contains("Step "),
            "the build began: {dockerfile}: {lines}"
        );
        assert!(order.engine.image(&order.tag).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_and_images_of_registries_can_be_used() {
    let site = Site::new().await;
    let victim = Victim::new(&site).await;
    // The first stage's name could be the beginning of an id.
    let dockerfile = format!(
        "ARG BASE=\"{BASE}\"\nFROM $BASE AS feed\nRUN echo one > /one\nFROM {} AS second\nRUN test -s /code\n\
         FROM ${{BASE}}\nCOPY --from=feed /one /one\nCOPY --from=1 /code /code\nCOPY --from={BASE} /etc/debian_version /version\n\
         COPY . /context/\n",
        victim.friendly
    );
    // What git would change on the way out stays as it was looked at.
    let attributes = b"Dockerfile text eol=crlf\n";
    let commit = site
        .pushed(&[
            ("Dockerfile", dockerfile.as_bytes()),
            (".gitattributes", attributes),
            ("code", b"print()"),
        ])
        .await;
    let (order, _tags) = order(&site, at(&commit));
    let (built, lines) = build(&site, order).await;
    let built = built.unwrap_or_else(|error| panic!("{error}: {lines}"));
    let base = docker(&["image", "inspect", "--format={{.Id}}", BASE])
        .await
        .unwrap();
    assert!(lines.contains(&format!("{BASE} is {base}")), "{lines}");
    let seen = inside(
        &built,
        "cat /one /code; test -s /version && ls -A /context; grep -c \"$(printf '\\r')\" /context/Dockerfile || true",
    )
    .await;
    assert_eq!(seen, "one\nprint().gitattributes\nDockerfile\ncode\n0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dockerfile_that_is_a_link_is_read_where_it_leads() {
    let site = Site::new().await;
    let victim = Victim::new(&site).await;
    let linked = async |name: &str, target: &str, dockerfile: &str| {
        let files = [("docker/Dockerfile", dockerfile.as_bytes())];
        let tree = site.work_tree(name, &files).await;
        std::os::unix::fs::symlink(target, tree.join("Dockerfile")).unwrap();
        let commit = site.commit(&tree, &[]).await;
        git(&tree, &["push", "--quiet", "--force", &site.url(), "main"]).await;
        let (order, tags) = order(&site, at(&commit));
        (build(&site, order).await, tags)
    };
    let good = format!("FROM {BASE}\nRUN echo from the link\n");
    let ((result, lines), _tags) = linked("good", "docker/Dockerfile", &good).await;
    assert!(result.is_ok() && lines.contains("from the link"), "{lines}");
    let bad = format!("FROM {}\nRUN cat /secret\n", victim.name);
    for (target, words) in [
        ("docker/Dockerfile", "line 1: FROM windlass/victim"),
        (
            "docker/../docker/Dockerfile",
            "line 1: FROM windlass/victim",
        ),
        ("/etc/passwd", "no file of the commit"),
        ("../../Dockerfile", "no file of the commit"),
        ("docker/absent", "no file of the commit"),
        ("docker", "no file of the commit"),
        ("Dockerfile", "no file of the commit"),
    ] {
        let name = target.replace('/', "-");
        let ((result, lines), _tags) = linked(&name, target, &bad).await;
        match result {
            Err(error @ Error::InvalidFile { .. }) => {
                assert!(error.to_string().contains(words), "{target}: {error}");
            }
            other => panic!("{target}: {other:?}: {lines}"),
        }
    }
}
