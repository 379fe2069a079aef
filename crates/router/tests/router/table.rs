//! The table on disk, the control socket, and routers and servers that are not there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use http::StatusCode;
use windlass_delivery::routing::{
    Drained, Effect, Error, Published, RouteTable, RouterControl, RouterState,
};
use windlass_router::Router;

use crate::support::{Place, Upstream, get, publish, route, table, within};

#[tokio::test]
async fn table_outlives_the_router() {
    let place = Place::new();
    let upstream = Upstream::saying("hi").await;
    let router = place.start();
    publish(&place, 3, &[upstream.address]).await;
    router.stop().await;

    // No control client in sight: the file is enough.
    let router = place.start();
    assert_eq!(get(router.address, "app.localhost", "/").await.text, "hi");
    router.stop().await;
}

#[tokio::test]
async fn publishing_without_a_router_reaches_the_next_one() {
    let place = Place::new();
    let upstream = Upstream::saying("hi").await;
    let control = place.control();
    assert_eq!(within(control.status()).await.unwrap(), RouterState::Absent);
    let wanted = table(1, vec![route("app.localhost", &[upstream.address])]);
    let published = within(control.publish(&wanted)).await.unwrap();
    assert_eq!(published, Published::RouterAbsent);
    let drained = within(control.drain(&[upstream.address], Duration::from_secs(9))).await;
    assert_eq!(drained.unwrap(), Drained { in_flight: 0 });

    let router = place.start();
    assert_eq!(get(router.address, "app.localhost", "/").await.text, "hi");
    let RouterState::Running(status) = within(control.status()).await.unwrap() else {
        panic!("the router runs");
    };
    assert_eq!((status.generation, status.routes), (1, 1));
    assert_eq!(status.fault, None);
    // A resumed operation repeats itself.
    let published = within(control.publish(&wanted)).await.unwrap();
    assert_eq!(published, Published::InForce);
    router.stop().await;
}

#[tokio::test]
async fn damaged_table_is_reported_and_the_next_one_mends_it() {
    let upstream = Upstream::saying("hi").await;
    let good = table(5, vec![route("app.localhost", &[upstream.address])]).to_json();
    for damaged in [&b""[..], b"\0\0\0\0", &good[..good.len() / 2], b"{}"] {
        let place = Place::new();
        fs::write(place.table(), damaged).unwrap();
        let router = place.start();
        let answer = get(router.address, "app.localhost", "/").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.text.contains("route table"), "{}", answer.text);
        let control = place.control();
        let RouterState::Running(status) = within(control.status()).await.unwrap() else {
            panic!("the router runs");
        };
        assert!(status.fault.unwrap().contains("routes.json"));

        // Any generation: what the damaged file held is not known.
        publish(&place, 1, &[upstream.address]).await;
        assert_eq!(get(router.address, "app.localhost", "/").await.text, "hi");
        let RouterState::Running(status) = within(control.status()).await.unwrap() else {
            panic!("the router runs");
        };
        assert_eq!(status.fault, None);
        router.stop().await;
    }
}

#[tokio::test]
async fn older_and_contradicting_tables_are_refused() {
    let place = Place::new();
    let (old, new) = (Upstream::saying("old").await, Upstream::saying("new").await);
    let router = place.start();
    publish(&place, 7, &[new.address]).await;
    let on_disk = fs::read(place.table()).unwrap();
    for generation in [6, 7] {
        let late = table(generation, vec![route("app.localhost", &[old.address])]);
        let refused = within(place.control().publish(&late)).await.unwrap_err();
        assert!(
            matches!(refused, Error::Stale { in_force: 7, .. }),
            "{refused}"
        );
        assert_eq!(refused.effect(), Effect::No);
    }
    assert_eq!(get(router.address, "app.localhost", "/").await.text, "new");
    assert_eq!(fs::read(place.table()).unwrap(), on_disk);

    // Even when somebody removed the file: the router knows better, and puts it back.
    fs::remove_file(place.table()).unwrap();
    let late = table(6, vec![route("app.localhost", &[old.address])]);
    let refused = within(place.control().publish(&late)).await.unwrap_err();
    assert!(
        matches!(refused, Error::Stale { in_force: 7, .. }),
        "{refused}"
    );
    assert_eq!(get(router.address, "app.localhost", "/").await.text, "new");
    assert_eq!(fs::read(place.table()).unwrap(), on_disk);
    router.stop().await;
}

#[tokio::test]
async fn unusable_tables_leave_the_old_one_in_force() {
    let place = Place::new();
    let upstream = Upstream::saying("hi").await;
    let router = place.start();
    publish(&place, 1, &[upstream.address]).await;
    let twice = table(2, vec![route("a", &[]), route("a", &[])]);
    let refused = within(place.control().publish(&twice)).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid(_)), "{refused}");
    // A client without these checks, such as curl.
    for body in [
        "",
        "no JSON",
        "{\"generation\":2}",
        "{\"generation\":2,\"routes\":[{}]}",
    ] {
        let answer = put_table(&place, body).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    assert_eq!(get(router.address, "app.localhost", "/").await.text, "hi");
    let kept = RouteTable::from_json(&fs::read(place.table()).unwrap()).unwrap();
    assert_eq!(kept.generation, 1);

    // A good one over the socket alone is kept on disk as well.
    let answer = put_table(&place, "{\"generation\":2,\"routes\":[]}").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(
        get(router.address, "app.localhost", "/").await.status,
        StatusCode::NOT_FOUND
    );
    let kept = RouteTable::from_json(&fs::read(place.table()).unwrap()).unwrap();
    assert_eq!(kept.generation, 2);
    router.stop().await;
}

async fn put_table(place: &Place, body: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::UnixStream::connect(place.socket())
        .await
        .unwrap();
    let request = format!(
        "PUT /table HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn table_that_cannot_be_written_switches_nothing() {
    let place = Place::new();
    let upstream = Upstream::saying("hi").await;
    let router = place.start();
    publish(&place, 1, &[upstream.address]).await;
    // A directory in the way stops the rename, also for root.
    fs::remove_file(place.table()).unwrap();
    fs::create_dir(place.table()).unwrap();
    let refused = within(place.control().publish(&table(2, vec![])))
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Write { .. }), "{refused}");
    assert_eq!(refused.effect(), Effect::No);
    assert_eq!(get(router.address, "app.localhost", "/").await.text, "hi");
    router.stop().await;
}

#[tokio::test]
async fn control_socket_is_private_and_exclusive() {
    let place = Place::new();
    let router = place.start();
    let mode = fs::metadata(place.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let refused = Router::bind(place.settings()).unwrap_err();
    assert!(
        matches!(refused, windlass_router::Error::AlreadyRunning { .. }),
        "{refused}"
    );
    publish(&place, 1, &[]).await;
    router.stop().await;
    assert!(!place.socket().exists());
}

#[tokio::test]
async fn socket_of_a_killed_router_is_no_obstacle() {
    let place = Place::new();
    drop(std::os::unix::net::UnixListener::bind(place.socket()).unwrap());
    assert!(place.socket().exists());
    assert_eq!(
        within(place.control().status()).await.unwrap(),
        RouterState::Absent
    );
    let router = place.start();
    publish(&place, 1, &[]).await;
    router.stop().await;
}

#[tokio::test]
async fn a_router_that_hangs_is_not_taken_for_an_absent_one() {
    let place = Place::new();
    let listener = tokio::net::UnixListener::bind(place.socket()).unwrap();
    let hanging = tokio::spawn(async move {
        // Accepts, and closes without a word.
        loop {
            drop(listener.accept().await.unwrap());
        }
    });
    let failed = within(place.control().publish(&table(1, vec![])))
        .await
        .unwrap_err();
    assert!(matches!(failed, Error::Unreachable { .. }), "{failed}");
    assert_eq!(failed.effect(), Effect::Unknown);
    within(place.control().status()).await.unwrap_err();
    hanging.abort();
}
