//! What instances use.

use futures::StreamExt;
use windlass_services::Driver;

use crate::fixture::Azure;
use crate::server::shared;

#[tokio::test]
async fn bytes_of_all_pages_are_added_up() {
    let fixture = Azure::new(shared().await);
    let (spec, tenant) = fixture.made().await;
    let usage = async || {
        let usage = fixture.driver.usage(&fixture.access, spec.instance).await;
        usage.expect("usage")
    };
    assert_eq!((usage().await.bytes, usage().await.connections), (0, 0));
    assert!(tenant.put("a%26b%3Cc", "12345").await.status.is_success());
    assert_eq!(usage().await.bytes, 5);
    // A page has a thousand.
    let names: Vec<String> = (0..1010).map(|number| format!("blob{number}")).collect();
    let putting = futures::stream::iter(&names)
        .map(|name| tenant.put(name, "1"))
        .buffer_unordered(16);
    assert!(putting.all(async |answer| answer.status.is_success()).await);
    assert_eq!(usage().await.bytes, 1015);
    assert!(tenant.delete("blob1").await.status.is_success());
    assert_eq!(usage().await.bytes, 1014);
    fixture.destroy(&spec).await;
}
