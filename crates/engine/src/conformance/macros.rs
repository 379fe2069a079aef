//! One `#[tokio::test]` per case, so that a failure names its case.

/// Makes a `#[tokio::test]` of every case; the argument is an `async fn(&str) -> Arc<dyn Fixture>`.
#[macro_export]
macro_rules! conformance_tests {
    ($factory:path) => {
        $crate::__for_each_conformance_case!(__conformance_test, $factory);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_test {
    ($name:ident, $factory:path) => {
        #[tokio::test]
        async fn $name() {
            $crate::conformance::$name(&*$factory(stringify!($name)).await).await;
        }
    };
}
