//! Many networks, apart from each other.

use std::time::Instant;

use windlass_engine::{Engine, NetworkSpec};

use crate::support::{DEADLINE, Place, wait_until};
use crate::{attachment, network};

#[tokio::test]
async fn a_hundred_networks_fit_and_one_more() {
    let place = Place::new().await;
    // Docker's own pools end at about thirty.
    let spec = |number: usize| NetworkSpec {
        name: place.name(&format!("net-{number}")),
        subnet: format!("10.{}.{number}.0/24", 240 + std::process::id() % 15),
        labels: place.labels(),
    };
    let specs: Vec<_> = (0..101).map(spec).collect();
    let start = Instant::now();
    let made = futures::future::join_all(
        specs[..100]
            .iter()
            .map(|spec| place.engine.ensure_network(spec)),
    )
    .await;
    let making = start.elapsed();
    for answer in made {
        answer.expect("network");
    }
    place
        .engine
        .ensure_network(&specs[100])
        .await
        .expect("the hundred and first network");
    assert_eq!(
        place
            .engine
            .networks(&place.labels())
            .await
            .expect("networks")
            .len(),
        101
    );
    let mut wanted = place.workload("web", &["sleep", "1000"]).await;
    wanted.networks = vec![attachment(&specs[100], "web")];
    let made = place
        .engine
        .ensure(&wanted)
        .await
        .expect("a workload in the last one");
    assert!(made.address(&specs[100].name).is_some());

    let start = Instant::now();
    let gone = futures::future::join_all(
        specs
            .iter()
            .map(|spec| place.engine.remove_network(&spec.name)),
    )
    .await;
    println!(
        "100 networks made in {making:?}, 101 removed in {:?}",
        start.elapsed()
    );
    for answer in gone {
        answer.expect("removal");
    }
    assert_eq!(
        place
            .engine
            .networks(&place.labels())
            .await
            .expect("networks"),
        []
    );
}

#[tokio::test]
async fn networks_find_their_own_and_reach_no_others() {
    const SERVER: &str = r#"use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 5000, Listen => 5) or die; while (my $c = $s->accept) { print $c "hi"; close $c }"#;
    const CLIENT: &str = r"use IO::Socket::INET; my $c = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => 5000, Timeout => 2) or exit 9; print <$c>";
    let place = Place::new().await;
    let (one, two) = (
        network(&place, "one", 0).await,
        network(&place, "two", 1).await,
    );
    let mut server = place.workload("server", &["perl", "-e", SERVER]).await;
    server.networks = vec![attachment(&one, "database")];
    let address = place
        .engine
        .ensure(&server)
        .await
        .expect("ensure")
        .address(&one.name)
        .expect("an address")
        .to_string();
    for (suffix, spec) in [("near", &one), ("far", &two)] {
        let mut client = place.workload(suffix, &["sleep", "1000"]).await;
        client.networks = vec![attachment(spec, suffix)];
        place.engine.ensure(&client).await.expect("ensure");
    }
    let near = place.name("near");
    let by_name = async |container: &str, host: &str| {
        let command = ["perl", "-e", CLIENT, host].map(str::to_owned);
        place
            .engine
            .exec(container, &command, None, DEADLINE)
            .await
            .expect("exec")
    };
    wait_until("the server answers by its alias", || async {
        by_name(&near, "database").await.stdout == b"hi"
    })
    .await;
    let far = place.name("far");
    assert_eq!(
        by_name(&far, "database").await.code,
        9,
        "another network does not know the name"
    );
    // Docker takes its own rules out and in again while other networks come and go.
    let churn = async {
        for number in 0..10 {
            let passing = network(&place, &format!("passing-{number}"), 2).await;
            place
                .engine
                .remove_network(&passing.name)
                .await
                .expect("removal");
        }
    };
    let probe = async {
        for _ in 0..5 {
            assert_eq!(
                by_name(&far, &address).await.code,
                9,
                "another network does not reach the address"
            );
        }
    };
    tokio::join!(churn, probe);

    place
        .engine
        .connect(&server.name, &attachment(&two, "shared"))
        .await
        .expect("connect");
    assert_eq!(
        by_name(&far, "shared").await.stdout,
        b"hi",
        "after connecting it does"
    );
    place
        .engine
        .disconnect(&server.name, &two.name)
        .await
        .expect("disconnect");
    assert_eq!(by_name(&far, "shared").await.code, 9);
    let lonely = place.workload("lonely", &["sleep", "1000"]).await;
    place.engine.ensure(&lonely).await.expect("ensure");
    assert_eq!(
        by_name(&lonely.name, &address).await.code,
        9,
        "no network is no network"
    );
}
