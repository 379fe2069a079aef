//! What stands in the way of a bucket's end.

use windlass_services::Driver;

use crate::fixture::Garage;
use crate::server::shared;

#[tokio::test]
async fn unfinished_uploads_and_names_of_every_sort_go_with_the_instance() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let tenant = fixture.tenant(&spec, &binding);
    let names = [
        "plain",
        "a directory/",
        "a b+c&<>\"'%41?#",
        "ü/日本/🔑",
        "tab\tand\nline",
        "\u{1}control",
        "a\u{1f}b/c",
        "...",
        "a//b",
    ];
    for name in names {
        let put = tenant.put(name, "x").await;
        assert!(put.status.is_success(), "{} {put:?}", name.escape_debug());
    }
    let mut found = tenant.names().await;
    found.sort();
    let mut wanted = names.map(str::to_owned).to_vec();
    wanted.sort();
    assert_eq!(found, wanted);
    for key in ["begun", "a b+c&<>\"'%41?#"] {
        let upload = tenant.begin(key).await;
        let part = tenant.part(key, &upload, 1, vec![b'x'; 100_000]).await;
        assert!(part.status.is_success(), "{part:?}");
    }
    fixture.destroy(&spec).await;

    // Nothing of it is there for whoever comes after.
    let (driver, access) = (&fixture.driver, &fixture.access);
    driver.provision(access, &spec).await.expect("provision");
    let again = fixture.bound(&spec, 1).await;
    assert!(fixture.tenant(&spec, &again).names().await.is_empty());
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn more_objects_than_one_page_are_deleted() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let tenant = fixture.tenant(&spec, &binding);
    let numbers: Vec<u32> = (0..1_100).collect();
    for some in numbers.chunks(50) {
        let put = some.iter().map(async |number| {
            let put = tenant.put(&format!("{number:05}"), "x").await;
            assert!(put.status.is_success(), "{put:?}");
        });
        futures::future::join_all(put).await;
    }
    let wanted: Vec<String> = numbers
        .iter()
        .map(|number| format!("{number:05}"))
        .collect();
    assert_eq!(tenant.names().await, wanted);
    fixture.destroy(&spec).await;
}

/// Objects that come while the bucket is emptied: an upload whose key was good when it began.
#[tokio::test]
async fn uploads_that_go_on_do_not_keep_an_instance() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    for round in 0..5 {
        let (spec, binding) = fixture.made().await;
        let tenant = fixture.tenant(&spec, &binding);
        let busy = (0..8).map(async |number| {
            for turn in 0..20 {
                let key = format!("{round}-{number}-{turn}");
                if !tenant
                    .put(&key, vec![b'x'; 100_000])
                    .await
                    .status
                    .is_success()
                {
                    return;
                }
            }
        });
        let busy = futures::future::join_all(busy);
        let destroy = fixture.driver.destroy(&fixture.access, spec.instance);
        let (_, destroyed) = tokio::join!(busy, destroy);
        destroyed.expect("destroy");
        fixture.destroy(&spec).await;
    }
}
