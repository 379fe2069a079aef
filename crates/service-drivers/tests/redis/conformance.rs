//! The contract's suite.

use windlass_services::conformance;

use crate::fixture::Redis;

#[tokio::test]
async fn the_driver_conforms() {
    let redis = Redis::start().await;
    // Every command is a slow one, so that the suite finds passwords in what the server remembers.
    let words = ["CONFIG", "SET", "slowlog-log-slower-than", "0"];
    redis.server.run::<()>(&words).await;
    let words = ["CONFIG", "SET", "slowlog-max-len", "100000"];
    redis.server.run::<()>(&words).await;
    conformance::run(&redis).await;
}
