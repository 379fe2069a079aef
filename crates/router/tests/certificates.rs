//! Certificates that cannot be used: the last good one goes on, and the log says what to do.
//!
//! In a test binary of its own, because the subscriber is the process's.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tracing_subscriber::fmt::MakeWriter;
use windlass_router::{Router, Settings, TlsSettings};

#[expect(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in tests, but clippy does not see the helpers of this crate as such"
)]
#[path = "router/authority.rs"]
mod authority;

use authority::Authority;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.lock().expect("no writer panics");
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no writer panics")).into_owned()
    }

    /// Waits for a line with all these words behind what was there before, and gives it.
    async fn line(&self, words: &[&str]) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let text = self.text();
            let found = text
                .lines()
                .find(|line| words.iter().all(|word| line.contains(word)));
            if let Some(line) = found {
                return line.to_owned();
            }
            assert!(Instant::now() < deadline, "no line with {words:?}: {text}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn forget(&self) {
        self.0.lock().expect("no writer panics").clear();
    }
}

#[tokio::test]
async fn a_broken_pair_keeps_the_last_good_one_and_is_said_once() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    let authority = Authority::new();
    let place = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(
        Vec::new(),
        place.path().join("routes.json"),
        place.path().join("router.sock"),
    );
    let mut tls = TlsSettings::new(
        vec!["127.0.0.1:0".parse().unwrap()],
        authority.directory().to_owned(),
    );
    tls.look_every = Duration::from_millis(5);
    settings.tls = Some(tls);
    settings.timeouts.last_call = Duration::from_millis(10);

    // Nothing is there yet: it starts all the same, and takes up what comes.
    let router = Router::bind(settings).unwrap();
    let address = router.tls_addresses()[0];
    log.line(&["ERROR", "no certificate can be used"]).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(router.serve(stop.clone()));
    let good = authority.issue(&["shop.example"]);
    authority.install("shop", &good);
    log.line(&["certificate in force", "shop.example"]).await;
    assert_eq!(
        authority.shown(address, "shop.example").await.unwrap(),
        good.der
    );

    let other = authority.issue(&["shop.example"]);
    let nameless = authority.issue(&["192.0.2.1"]);
    let breaks: [(&str, &str, &[&str]); 5] = [
        (
            "shop.crt",
            "no PEM at all",
            &["shop.crt", "no CERTIFICATE is in it"],
        ),
        (
            "shop.key",
            &other.certificate,
            &["shop.key", "no private key"],
        ),
        (
            "shop.crt",
            &other.certificate,
            &["shop.key", "is not that of the certificate", "shop.crt"],
        ),
        (
            "shop.crt",
            &nameless.certificate,
            &["shop.crt", "no host name"],
        ),
        (
            "shop.crt",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            &["shop.crt", "no certificate chain"],
        ),
    ];
    for (file, text, words) in breaks {
        log.forget();
        authority.put(file, text);
        let line = log.line(words).await;
        assert!(line.contains("WARN"), "{line}");
        assert!(
            line.contains("the one from before stays in force"),
            "{line}"
        );
        assert_eq!(
            authority.shown(address, "shop.example").await.unwrap(),
            good.der
        );
        log.forget();
        authority.install("shop", &good);
        log.line(&["certificate in force"]).await;
    }

    // A key that everybody can read.
    log.forget();
    fs::set_permissions(authority.file("shop.key"), Permissions::from_mode(0o604)).unwrap();
    let line = log.line(&["shop.key", "chmod o="]).await;
    assert!(
        line.contains("the one from before stays in force"),
        "{line}"
    );
    assert_eq!(
        authority.shown(address, "shop.example").await.unwrap(),
        good.der
    );
    // Its group may.
    fs::set_permissions(authority.file("shop.key"), Permissions::from_mode(0o640)).unwrap();
    log.line(&["certificate in force"]).await;

    // Half of a pair, then none of it. Said once, however often it is looked at meanwhile.
    log.forget();
    fs::remove_file(authority.file("shop.key")).unwrap();
    log.line(&["shop.key", "cannot be read", "stays in force"])
        .await;
    let second = authority.issue(&["second.example"]);
    for _ in 0..3 {
        authority.install("second", &second);
        log.line(&["certificate in force", "second.example"]).await;
        fs::remove_file(authority.file("second.crt")).unwrap();
        fs::remove_file(authority.file("second.key")).unwrap();
        log.line(&["certificate gone", "second"]).await;
    }
    assert_eq!(
        authority.shown(address, "shop.example").await.unwrap(),
        good.der
    );
    let said = log.text();
    let said: Vec<_> = said
        .lines()
        .filter(|line| line.contains("shop.key") && line.contains("WARN"))
        .collect();
    assert_eq!(said.len(), 1, "{said:?}");
    fs::remove_file(authority.file("shop.crt")).unwrap();
    log.line(&["certificate gone", "shop"]).await;
    authority.shown(address, "shop.example").await.unwrap_err();

    // The directory itself.
    let good = authority.issue(&["shop.example"]);
    log.forget();
    authority.install("shop", &good);
    log.line(&["certificate in force"]).await;
    let away = place.path().join("away");
    fs::rename(authority.directory(), &away).unwrap();
    log.line(&["the directory of certificates cannot be read"])
        .await;
    assert_eq!(
        authority.shown(address, "shop.example").await.unwrap(),
        good.der
    );
    fs::rename(&away, authority.directory()).unwrap();

    assert!(!log.text().contains("PRIVATE KEY"), "{}", log.text());
    stop.cancel();
    running.await.unwrap().unwrap();
}
