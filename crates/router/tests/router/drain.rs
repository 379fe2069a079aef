//! Switches, drains and stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::{Response, StatusCode};
use http_body_util::BodyExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use windlass_delivery::routing::{Drained, RouterControl, RouterState};

use crate::support::{
    Answer, Client, Place, RunningRouter, Upstream, full, get, publish, until, within,
};

/// Answers when it is let go.
async fn held_back() -> (Upstream, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let inner = Arc::clone(&gate);
    let upstream = Upstream::start(move |_| {
        let gate = Arc::clone(&inner);
        async move {
            gate.acquire().await.unwrap().forget();
            Response::new(full("slow"))
        }
    })
    .await;
    (upstream, gate)
}

fn get_later(router: SocketAddr) -> JoinHandle<Answer> {
    tokio::spawn(async move { get(router, "app.localhost", "/").await })
}

async fn in_flight(place: &Place) -> u64 {
    match within(place.control().status()).await.unwrap() {
        RouterState::Running(status) => status.in_flight,
        RouterState::Absent => panic!("the router runs"),
    }
}

#[tokio::test]
async fn drain_waits_for_a_slow_request() {
    let place = Place::new();
    let router = place.start();
    let (old, gate) = held_back().await;
    let new = Upstream::saying("new").await;
    publish(&place, 1, &[old.address]).await;
    let slow = get_later(router.address);
    until(async || in_flight(&place).await == 1).await;

    publish(&place, 2, &[new.address]).await;
    assert_eq!(get(router.address, "app.localhost", "/").await.text, "new");
    let (control, address) = (place.control(), old.address);
    let drain =
        tokio::spawn(async move { control.drain(&[address], Duration::from_secs(15)).await });
    assert_eq!(in_flight(&place).await, 1);
    assert!(!drain.is_finished());

    gate.add_permits(1);
    let drained = within(drain).await.unwrap().unwrap();
    assert!(drained.is_complete());
    assert_eq!(within(slow).await.unwrap().text, "slow");
    // Nor is the connection kept for an upstream that gets no more requests.
    until(async || old.open() == 0).await;
    router.stop().await;
}

#[tokio::test]
async fn drain_ends_at_its_deadline() {
    let place = Place::new();
    let router = place.start();
    let (old, gate) = held_back().await;
    publish(&place, 1, &[old.address]).await;
    let slow = get_later(router.address);
    until(async || in_flight(&place).await == 1).await;
    publish(&place, 2, &[]).await;

    let began = Instant::now();
    let drained = within(
        place
            .control()
            .drain(&[old.address], Duration::from_millis(80)),
    )
    .await
    .unwrap();
    assert_eq!(drained, Drained { in_flight: 1 });
    assert!(began.elapsed() >= Duration::from_millis(80));
    // The request itself was not touched.
    gate.add_permits(1);
    assert_eq!(within(slow).await.unwrap().text, "slow");
    router.stop().await;
}

#[tokio::test]
async fn drain_covers_the_body_of_the_answer() {
    let place = Place::new();
    let router = place.start();
    // More than the socket buffers and this router's hold, so that it is in flight until it is read.
    let upstream = Upstream::start(|_| async { Response::new(full(vec![b'x'; 50_000_000])) }).await;
    publish(&place, 1, &[upstream.address]).await;
    let request = http::Request::get("/")
        .header("host", "app.localhost")
        .body(full(""))
        .unwrap();
    let response = Client::connect(router.address).await.send(request).await;
    publish(&place, 2, &[]).await;
    let control = place.control();
    let drained = within(control.drain(&[upstream.address], Duration::from_millis(30)))
        .await
        .unwrap();
    assert_eq!(drained.in_flight, 1);
    let body = within(response.into_body().collect()).await.unwrap();
    assert_eq!(body.to_bytes().len(), 50_000_000);
    let drained = within(control.drain(&[upstream.address], Duration::from_secs(10)))
        .await
        .unwrap();
    assert!(drained.is_complete());
    router.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_request() {
    let place = Place::new();
    let router = place.start();
    let (upstream, _gate) = held_back().await;
    publish(&place, 1, &[upstream.address]).await;
    let request = get_later(router.address);
    until(async || in_flight(&place).await == 1).await;
    request.abort();
    until(async || in_flight(&place).await == 0).await;
    router.stop().await;
}

/// Requests of several clients, without a pause, until told to stop; counts what failed.
struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    fn start(router: SocketAddr, clients: usize) -> Self {
        let (stop, done) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let clients = (0..clients)
            .map(|index| {
                let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
                tokio::spawn(async move {
                    let mut failures = Vec::new();
                    let mut client = Client::connect(router).await;
                    while !stop.load(Ordering::SeqCst) {
                        let answer = if index % 2 == 0 {
                            client.get("app.localhost", "/").await
                        } else {
                            client.post("app.localhost", "data").await
                        };
                        if answer.status != StatusCode::OK {
                            failures.push(format!("{} {}", answer.status, answer.text));
                        }
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                    failures
                })
            })
            .collect();
        Self {
            stop,
            done,
            clients,
        }
    }

    /// Waits until this many more requests were answered.
    async fn answered(&self, more: u64) {
        let goal = self.done.load(Ordering::SeqCst) + more;
        until(async || self.done.load(Ordering::SeqCst) >= goal).await;
    }

    async fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        for client in self.clients {
            let failures = within(client).await.unwrap();
            assert_eq!(failures, Vec::<String>::new());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switches_under_load_cost_no_request() {
    let place = Place::new();
    let router = place.start();
    let mut current = Upstream::saying("release").await;
    publish(&place, 1, &[current.address]).await;
    let load = Load::start(router.address, 8);
    for generation in 2..32 {
        load.answered(50).await;
        let next = Upstream::saying("release").await;
        publish(&place, generation, &[next.address]).await;
        let drained = within(
            place
                .control()
                .drain(&[current.address], Duration::from_secs(10)),
        )
        .await
        .unwrap();
        assert!(drained.is_complete());
        // The old one is killed here, without a farewell.
        current = next;
    }
    load.answered(50).await;
    load.end().await;
    router.stop().await;
}

#[tokio::test]
async fn stop_finishes_what_is_in_flight_and_takes_nothing_new() {
    let place = Place::new();
    let router = place.start();
    let (upstream, gate) = held_back().await;
    publish(&place, 1, &[upstream.address]).await;
    let slow = get_later(router.address);
    until(async || in_flight(&place).await == 1).await;
    router.begin_stop();
    until(async || TcpStream::connect(router.address).await.is_err()).await;
    assert_eq!(
        within(place.control().status()).await.unwrap(),
        RouterState::Absent
    );
    // The next router can take over while this one finishes.
    let mut settings = place.settings();
    settings.listen = vec![router.address];
    let next = RunningRouter::start(settings);
    gate.add_permits(2);
    let answer = within(slow).await.unwrap();
    assert_eq!(answer.text, "slow");
    assert_eq!(answer.headers["connection"], "close");
    router.stop().await;
    assert_eq!(get(next.address, "app.localhost", "/").await.text, "slow");
    next.stop().await;
}

#[tokio::test]
async fn stop_has_a_deadline() {
    let place = Place::new();
    let mut settings = place.settings();
    settings.timeouts.shutdown = Duration::from_millis(50);
    let router = RunningRouter::start(settings);
    let (upstream, _gate) = held_back().await;
    publish(&place, 1, &[upstream.address]).await;
    let mut client = Client::connect(router.address).await;
    let request = tokio::spawn(async move {
        let request = http::Request::get("/")
            .header("host", "app.localhost")
            .body(full(""))
            .unwrap();
        client.try_send(request).await.is_err()
    });
    until(async || in_flight(&place).await == 1).await;
    router.stop().await;
    assert!(within(request).await.unwrap(), "the request was cut off");
}

#[tokio::test]
async fn requests_on_their_way_at_the_stop_are_answered() {
    let place = Place::new();
    let mut settings = place.settings();
    settings.workers = std::num::NonZeroUsize::new(1);
    settings.max_connections = 1;
    settings.timeouts.last_call = Duration::from_secs(15);
    let router = RunningRouter::start(settings);
    let upstream = Upstream::saying("hi").await;
    publish(&place, 1, &[upstream.address]).await;
    // Takes the only place, so that the next connection stays in the queue.
    let mut idle = Client::connect(router.address).await;
    assert_eq!(idle.get("app.localhost", "/").await.text, "hi");
    let mut queued = Client::connect(router.address).await;
    router.begin_stop();
    until(async || TcpStream::connect(router.address).await.is_err()).await;
    for client in [&mut idle, &mut queued] {
        let answer = client.post("app.localhost", "data").await;
        assert_eq!(answer.text, "hi");
        assert_eq!(answer.headers["connection"], "close");
    }
    // Nobody is left to wait for, so the last call is over.
    router.stop().await;
}
