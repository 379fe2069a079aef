//! A directory.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use windlass_backups::directory::Directory;
use windlass_backups::target::Target;

use crate::suite::{self, get, name, names, put};

async fn directory(at: &Path) -> Directory {
    Directory::open(at.join("backups"), 0).await.unwrap()
}

#[tokio::test]
async fn it_fulfils_the_contract() {
    let place = tempfile::tempdir().unwrap();
    let target = directory(place.path()).await;
    suite::run(&target).await;
    assert!(target.room().await.unwrap().is_some_and(|room| room > 0));
    let left: Vec<_> = std::fs::read_dir(place.path().join("backups"))
        .unwrap()
        .collect();
    assert_eq!(
        left.len(),
        1,
        "only the place of unfinished files: {left:?}"
    );
}

#[tokio::test]
async fn nobody_else_may_read_it() {
    let place = tempfile::tempdir().unwrap();
    let target = directory(place.path()).await;
    put(&target, "one/two", b"x").await;
    let mode = |at: &str| {
        let metadata = std::fs::metadata(place.path().join("backups").join(at)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!([mode(""), mode(".partial"), mode("one")], [0o700; 3]);
    assert_eq!(mode("one/two"), 0o600);
}

#[tokio::test]
async fn what_others_put_there_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let target = directory(place.path()).await;
    let root = place.path().join("backups");
    put(&target, "one", b"x").await;
    std::fs::write(root.join("LOST"), "x").unwrap();
    std::fs::create_dir(root.join(".hidden")).unwrap();
    std::fs::write(root.join(".hidden/x"), "x").unwrap();
    symlink(root.join("one"), root.join("link")).unwrap();
    assert_eq!(names(&target, "").await, ["one"]);
    assert_eq!(target.sweep().await.unwrap(), 0);
    // It opens again with all that is in it.
    let again = directory(place.path()).await;
    assert_eq!(get(&again, "one", 0).await, b"x");
    assert!(root.join("LOST").exists() && root.join(".hidden/x").exists());
}

#[tokio::test]
async fn a_place_that_cannot_be_a_directory_is_named() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let error = Directory::open(file.join("below"), 0)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("file/below"), "{error}");
    let target = directory(place.path()).await;
    put(&target, "one", b"x").await;
    // What is below a file is a name that cannot be given.
    let mut content = &b"y"[..];
    assert!(target.put(&name("one/two"), &mut content).await.is_err());
    assert_eq!(get(&target, "one", 0).await, b"x");
    assert_eq!(target.sweep().await.unwrap(), 0);
}
