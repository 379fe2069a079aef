//! Data out of Garage and in again: what is special to it.

use std::io::Write;

use uuid::Uuid;
use windlass_model::id::OperationId;
use windlass_services::conformance::{Fixture, NoTools};
use windlass_services::{Data, Driver, Error, InstanceSpec, Source};

use crate::fixture::Garage;
use crate::server::shared;

fn operation() -> OperationId {
    OperationId::from(Uuid::now_v7())
}

impl Garage {
    fn data(&self) -> &dyn Data {
        self.driver.data().expect("its data can be copied")
    }

    async fn back_up(&self, spec: &InstanceSpec) -> Vec<u8> {
        let mut bytes = Vec::new();
        let done = self.data().back_up(&self.access, spec, &NoTools, &mut bytes);
        done.await.expect("a backup");
        bytes
    }

    async fn restore(&self, spec: &InstanceSpec, operation: OperationId, mut bytes: &[u8]) -> Result<(), Error> {
        let source = Source::default();
        let data = self.data();
        data.restore(&self.access, spec, operation, &NoTools, &source, &mut bytes)
            .await
    }

    async fn replace(&self, spec: &InstanceSpec, bytes: &[u8]) {
        let operation = operation();
        self.restore(spec, operation, bytes).await.expect("a restore");
        let swapped = self.data().swap(&self.access, spec, operation).await;
        swapped.expect("a swap");
    }
}

/// An archive as `tar` makes it of a directory.
fn archive(arguments: &[&str], make: impl Fn(&std::path::Path)) -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a directory");
    make(directory.path());
    let made = std::process::Command::new("tar")
        .arg("--create")
        .arg("--directory")
        .arg(directory.path())
        .args(arguments)
        .output()
        .expect("tar");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}

fn write(path: &std::path::Path, content: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
    std::fs::File::create(path).and_then(|mut file| file.write_all(content)).expect("a file");
}

#[tokio::test]
async fn objects_of_every_name_and_size_come_back() {
    let fixture = Garage::new(shared().await, shared().await.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let s3 = fixture.tenant(&spec, &binding);
    let large = vec![7u8; 20 * 1024 * 1024];
    let names = ["a", "dir/b.txt", "é 漢/ü", "../up", "/absolute", "a//b", "folder/", "plus+and&=?#%41"];
    for (number, name) in names.iter().enumerate() {
        let content = vec![u8::try_from(number).unwrap_or_default(); number * 1000];
        assert!(s3.put(name, content).await.status.is_success(), "{name}");
    }
    assert!(s3.put("large", large.clone()).await.status.is_success());
    let bytes = fixture.back_up(&spec).await;
    for name in ["a", "large"] {
        assert!(s3.delete(name).await.status.is_success());
    }
    assert!(s3.put("late", "x").await.status.is_success());
    fixture.replace(&spec, &bytes).await;
    let mut wanted: Vec<_> = names.iter().map(ToString::to_string).chain(["large".to_owned()]).collect();
    wanted.sort();
    let mut found = s3.names().await;
    found.sort();
    assert_eq!(found, wanted);
    assert_eq!(s3.get("large").await.body.len(), large.len());
    assert_eq!(s3.get("../up").await.body.len(), 3000);
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn archives_of_tar_come_in_gzipped_or_not() {
    let fixture = Garage::new(shared().await, shared().await.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let s3 = fixture.tenant(&spec, &binding);
    let long = format!("{}/{}", "d".repeat(90), "f".repeat(90));
    for arguments in [
        &["."][..],
        &["--gzip", "."],
        &["--format=gnu", "."],
        &["--format=pax", "."],
        &["--format=ustar", "."],
    ] {
        let bytes = archive(arguments, |directory| {
            write(&directory.join("media/one.txt"), b"one");
            write(&directory.join(&long), b"long");
            write(&directory.join("empty"), b"");
        });
        fixture.replace(&spec, &bytes).await;
        let mut found = s3.names().await;
        found.sort();
        assert_eq!(found, [long.clone(), "empty".to_owned(), "media/one.txt".to_owned()], "{arguments:?}");
        assert_eq!(s3.get(&long).await.body, "long");
        for length in [bytes.len() / 2, bytes.len() / 3] {
            let cut = fixture.restore(&spec, operation(), &bytes[..length]).await;
            assert!(matches!(cut, Err(Error::Refused { .. })), "{arguments:?}: {cut:?}");
        }
    }
    assert_eq!(s3.get("media/one.txt").await.body, "one", "nothing changed since");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn hostile_archives_change_nothing() {
    let fixture = Garage::new(shared().await, shared().await.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let s3 = fixture.tenant(&spec, &binding);
    assert!(s3.put("kept", "live").await.status.is_success());
    let traces = fixture.traces(spec.instance).await;
    let link = archive(&["."], |directory| {
        std::os::unix::fs::symlink("/etc/passwd", directory.join("link")).expect("a link");
    });
    let absolute = archive(&["--absolute-names", "--transform=s,^,/etc/,", "x"], |directory| {
        write(&directory.join("x"), b"x");
    });
    let above = archive(&["--absolute-names", "--transform=s,^,../../,", "x"], |directory| {
        write(&directory.join("x"), b"x");
    });
    for (bytes, what) in [(link, "a link"), (absolute, "an absolute name"), (above, "a name that leads up")] {
        let result = fixture.restore(&spec, operation(), &bytes).await;
        assert!(matches!(result, Err(Error::Refused { .. })), "{what}: {result:?}");
        assert_eq!(fixture.traces(spec.instance).await, traces, "{what}");
    }
    assert_eq!(s3.get("kept").await.body, "live");
    fixture.destroy(&spec).await;
}
