//! Data out and in: what every driver does that has [`Driver::data`](crate::Driver::data).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use uuid::Uuid;
use windlass_model::id::OperationId;

use super::crashes::{Cut, cut_after};
use super::suite::Suite;
use crate::data::{BackedUp, Data, Source};
use crate::error::Error;
use crate::spec::{BindingSpec, InstanceSpec};

/// More steps than any call has; a call that needs more is one that never ends.
const MOST_STEPS: usize = 100_000;
/// Values of every sort of character that types may trip over.
const ODD: &str = "it's \"odd\" \\ \\. é 漢 \t tab\n\\.\n-- line ; $1 %s";

/// Gives some bytes and then fails, as a connection does that breaks.
struct Breaking<'a>(&'a [u8]);

impl AsyncRead for Breaking<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.0.is_empty() {
            return Poll::Ready(Err(io::Error::other("broken on purpose")));
        }
        let (now, later) = self.0.split_at(self.0.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.0 = later;
        Poll::Ready(Ok(()))
    }
}

fn new_operation() -> OperationId {
    OperationId::from(Uuid::now_v7())
}

struct Transfer<'a> {
    suite: &'a Suite<'a>,
    data: &'a dyn Data,
}

impl Transfer<'_> {
    async fn back_up(&self, spec: &InstanceSpec) -> Vec<u8> {
        let mut bytes = Vec::new();
        let done = self.backing_up(spec, &mut bytes).await;
        let done = done.expect("an instance can be backed up");
        assert_eq!(usize::try_from(done.bytes), Ok(bytes.len()), "{done:?}");
        assert!(!done.server_version.is_empty(), "the version is told");
        bytes
    }

    async fn backing_up(
        &self,
        spec: &InstanceSpec,
        bytes: &mut Vec<u8>,
    ) -> Result<BackedUp, Error> {
        let (access, tools) = (&self.suite.access, self.suite.fixture.tools());
        self.data.back_up(access, spec, tools, bytes).await
    }

    async fn restoring(
        &self,
        spec: &InstanceSpec,
        operation: OperationId,
        source: &Source,
        mut input: impl AsyncRead + Send + Unpin,
    ) -> Result<(), Error> {
        let (access, tools) = (&self.suite.access, self.suite.fixture.tools());
        self.data
            .restore(access, spec, operation, tools, source, &mut input)
            .await
    }

    async fn restore(&self, spec: &InstanceSpec, operation: OperationId, bytes: &[u8]) {
        let source = Source::default();
        let restored = self.restoring(spec, operation, &source, bytes);
        restored.await.expect("a backup can be restored");
    }

    async fn swap(&self, spec: &InstanceSpec, operation: OperationId) {
        let swapped = self.data.swap(&self.suite.access, spec, operation).await;
        swapped.expect("what was restored can be swapped in");
    }

    async fn discard(&self, spec: &InstanceSpec) {
        let discarded = self.data.discard(&self.suite.access, spec).await;
        discarded.expect("what was restored can be discarded");
    }

    /// Restores and swaps in.
    async fn replace(&self, spec: &InstanceSpec, bytes: &[u8]) {
        let operation = new_operation();
        self.restore(spec, operation, bytes).await;
        self.swap(spec, operation).await;
    }

    /// An instance with a binding and a value.
    async fn filled(&self, value: &str) -> (InstanceSpec, BindingSpec) {
        let spec = self.suite.provisioned().await;
        let binding = self.suite.bound(&spec, 1).await;
        self.write(&spec, &binding, "key", value).await;
        (spec, binding)
    }

    async fn write(&self, spec: &InstanceSpec, binding: &BindingSpec, key: &str, value: &str) {
        let mut session = self.suite.connect(spec, binding).await;
        session.write(key, value).await.expect("write");
    }

    async fn read(&self, spec: &InstanceSpec, binding: &BindingSpec, key: &str) -> Option<String> {
        let mut session = self.suite.connect(spec, binding).await;
        session.read(key).await.expect("read")
    }

    async fn traces(&self, spec: &InstanceSpec) -> Vec<String> {
        self.suite.fixture.traces(spec.instance).await
    }

    /// Nothing of the instance is other than before.
    async fn assert_unchanged(
        &self,
        (spec, binding): (&InstanceSpec, &BindingSpec),
        traces: &[String],
        value: &str,
        sentence: &str,
    ) {
        assert_eq!(self.traces(spec).await, traces, "{sentence}");
        let read = self.read(spec, binding, "key").await;
        assert_eq!(read.as_deref(), Some(value), "{sentence}");
        self.write(spec, binding, "other", "still").await;
    }
}

/// Every check.
pub(super) async fn goes_out_and_in(suite: &Suite<'_>, data: &dyn Data) {
    let transfer = Transfer { suite, data };
    transfer.backups_restore_into_another_instance().await;
    transfer.restores_replace_what_is_there().await;
    transfer.what_is_empty_goes_out_and_in().await;
    transfer.what_is_not_whole_changes_nothing().await;
    transfer.what_does_not_fit_is_refused().await;
    transfer
        .only_what_its_operation_restored_is_swapped_in()
        .await;
    transfer.writers_do_not_disturb_a_restore().await;
    transfer.destroy_takes_what_was_restored_along().await;
    transfer.calls_cut_short_are_repaired().await;
    if suite.traits().shared {
        transfer.others_are_left_alone().await;
    }
}

impl Transfer<'_> {
    async fn backups_restore_into_another_instance(&self) {
        let (from, binding) = self.filled(ODD).await;
        let traces = self.traces(&from).await;
        let bytes = self.back_up(&from).await;
        assert_eq!(self.traces(&from).await, traces, "a backup leaves nothing");
        // A type may have one instance at a time.
        self.suite.destroy(&from).await;
        drop(binding);
        let to = self.suite.provisioned().await;
        let binding = self.suite.bound(&to, 1).await;
        let traces = self.traces(&to).await;
        self.replace(&to, &bytes).await;
        assert_eq!(self.traces(&to).await, traces, "a restore leaves nothing");
        let read = self.read(&to, &binding, "key").await;
        assert_eq!(read.as_deref(), Some(ODD), "what goes out comes in");
        self.write(&to, &binding, "key", "changed").await;
        let later = self.suite.bound(&to, 2).await;
        let read = self.read(&to, &later, "key").await;
        assert_eq!(read.as_deref(), Some("changed"), "bindings share it");
        self.write(&to, &later, "key", "by the other").await;
        // The bindings can be revoked as before.
        self.suite.unbind(&to, 1).await;
        self.write(&to, &later, "key", "after").await;
        let checked = self.suite.driver().check(&self.suite.access, to.instance);
        checked.await.expect("the instance works");
        self.suite.provision(&to).await;
        let read = self.read(&to, &later, "key").await;
        assert_eq!(read.as_deref(), Some("after"), "provision is idempotent");
        self.suite.destroy(&to).await;
    }

    async fn restores_replace_what_is_there(&self) {
        let (spec, binding) = self.filled("old").await;
        let traces = self.traces(&spec).await;
        let bytes = self.back_up(&spec).await;
        self.write(&spec, &binding, "key", "new").await;
        self.write(&spec, &binding, "more", "new").await;
        for _ in 0..2 {
            self.replace(&spec, &bytes).await;
            let read = self.read(&spec, &binding, "key").await;
            assert_eq!(read.as_deref(), Some("old"), "what was backed up is back");
            let read = self.read(&spec, &binding, "more").await;
            assert_eq!(read, None, "what came later is gone");
            assert_eq!(self.traces(&spec).await, traces, "nothing else changed");
            self.write(&spec, &binding, "key", "newer").await;
        }
        self.suite.destroy(&spec).await;
    }

    async fn what_is_empty_goes_out_and_in(&self) {
        let spec = self.suite.provisioned().await;
        let bytes = self.back_up(&spec).await;
        assert!(!bytes.is_empty(), "an empty instance has a valid backup");
        let binding = self.suite.bound(&spec, 1).await;
        self.write(&spec, &binding, "key", "value").await;
        self.replace(&spec, &bytes).await;
        let mut session = self.suite.connect(&spec, &binding).await;
        let read = session.read("key").await;
        assert!(!matches!(read, Ok(Some(_))), "it is empty: {read:?}");
        self.write(&spec, &binding, "key", "again").await;
        self.suite.destroy(&spec).await;
    }

    async fn what_is_not_whole_changes_nothing(&self) {
        let (spec, binding) = self.filled("live").await;
        self.write(&spec, &binding, "other", "still").await;
        let traces = self.traces(&spec).await;
        let bytes = self.back_up(&spec).await;
        let instance = (&spec, &binding);
        for length in [0, 3, bytes.len() / 2, bytes.len() * 9 / 10] {
            let sentence = format!("{length} of {} bytes change nothing", bytes.len());
            let source = Source::default();
            let cut = self.restoring(&spec, new_operation(), &source, &bytes[..length]);
            let error = self.suite.refused(cut.await, &sentence);
            assert!(
                matches!(error, Error::Refused { .. }),
                "{sentence}: {error:?}"
            );
            self.discard(&spec).await;
            self.assert_unchanged(instance, &traces, "live", &sentence)
                .await;
        }
        let sentence = "a stream that breaks changes nothing";
        let (source, half) = (Source::default(), Breaking(&bytes[..bytes.len() / 2]));
        let operation = new_operation();
        let broken = self.restoring(&spec, operation, &source, half).await;
        self.suite.refused(broken, sentence);
        let swapped = self.data.swap(&self.suite.access, &spec, operation).await;
        let error = self.suite.refused(swapped, sentence);
        assert!(
            matches!(error, Error::Missing { .. }),
            "{sentence}: {error:?}"
        );
        self.discard(&spec).await;
        self.assert_unchanged(instance, &traces, "live", sentence)
            .await;
        self.suite.destroy(&spec).await;
    }

    async fn what_does_not_fit_is_refused(&self) {
        let (spec, binding) = self.filled("live").await;
        self.write(&spec, &binding, "other", "still").await;
        let traces = self.traces(&spec).await;
        let bytes = self.back_up(&spec).await;
        let garbage = b"<html>this is none of ours</html>\n".repeat(100);
        let another = Source {
            kind: Some("another".to_owned()),
            server_version: None,
        };
        let newer = Source {
            kind: Some(self.suite.driver().kind().to_owned()),
            server_version: Some("999.1".to_owned()),
        };
        for (source, bytes, sentence) in [
            (Source::default(), &garbage, "what is no backup is refused"),
            (another, &bytes, "another type's backup is refused"),
            (newer, &bytes, "a newer version's backup is refused"),
        ] {
            let restored = self.restoring(&spec, new_operation(), &source, bytes.as_slice());
            let error = self.suite.refused(restored.await, sentence);
            assert!(
                matches!(error, Error::Refused { .. }),
                "{sentence}: {error:?}"
            );
            self.discard(&spec).await;
            self.assert_unchanged((&spec, &binding), &traces, "live", sentence)
                .await;
        }
        self.suite.destroy(&spec).await;
    }

    async fn only_what_its_operation_restored_is_swapped_in(&self) {
        let (spec, binding) = self.filled("old").await;
        let traces = self.traces(&spec).await;
        let bytes = self.back_up(&spec).await;
        self.write(&spec, &binding, "key", "live").await;
        let (one, two) = (new_operation(), new_operation());
        let sentence = "what was not restored cannot be swapped in";
        let missing = async |operation, sentence: &str| {
            let swapped = self.data.swap(&self.suite.access, &spec, operation).await;
            let error = self.suite.refused(swapped, sentence);
            assert!(
                matches!(error, Error::Missing { .. }),
                "{sentence}: {error:?}"
            );
            let read = self.read(&spec, &binding, "key").await;
            assert_eq!(read.as_deref(), Some("live"), "{sentence}");
        };
        missing(one, sentence).await;
        self.restore(&spec, one, &bytes).await;
        missing(two, "another operation's is not swapped in").await;
        self.restore(&spec, two, &bytes).await;
        missing(one, "a restore takes the place of another one's").await;
        self.discard(&spec).await;
        self.discard(&spec).await;
        missing(two, "what was discarded cannot be swapped in").await;
        assert_eq!(self.traces(&spec).await, traces, "discard leaves nothing");
        self.restore(&spec, two, &bytes).await;
        self.restore(&spec, two, &bytes).await;
        self.swap(&spec, two).await;
        self.write(&spec, &binding, "key", "after").await;
        self.swap(&spec, two).await;
        self.discard(&spec).await;
        let read = self.read(&spec, &binding, "key").await;
        let sentence = "a repeated swap and a late discard change nothing";
        assert_eq!(read.as_deref(), Some("after"), "{sentence}");
        assert_eq!(self.traces(&spec).await, traces, "{sentence}");
        self.suite.destroy(&spec).await;
    }

    async fn writers_do_not_disturb_a_restore(&self) {
        let (spec, binding) = self.filled("old").await;
        let bytes = self.back_up(&spec).await;
        let operation = new_operation();
        let mut before = self.suite.connect(&spec, &binding).await;
        let mut is_over = false;
        let mut writes = 0;
        let writing = async {
            loop {
                // Refused for a moment while they are swapped.
                if let Ok(mut session) = self.suite.try_connect(&spec, &binding).await
                    && session.write("key", "live").await.is_ok()
                {
                    writes += 1;
                }
                tokio::task::yield_now().await;
            }
        };
        let replacing = async {
            self.restore(&spec, operation, &bytes).await;
            before
                .write("late", "live")
                .await
                .expect("a restore leaves those who write alone");
            self.swap(&spec, operation).await;
            is_over = true;
        };
        tokio::select! {
            () = writing => {}
            () = replacing => {}
        }
        assert!(is_over && writes > 0, "it writes meanwhile, {writes} times");
        let read = self.read(&spec, &binding, "late").await;
        assert_eq!(read, None, "what was written before the swap is replaced");
        let seen = if before.is_alive().await {
            before.read("late").await
        } else {
            Ok(None)
        };
        assert!(
            !matches!(seen, Ok(Some(_))),
            "a session of before sees nothing of the old data: {seen:?}"
        );
        self.write(&spec, &binding, "key", "after").await;
        self.suite.destroy(&spec).await;
    }

    async fn destroy_takes_what_was_restored_along(&self) {
        let (spec, _) = self.filled("value").await;
        let bytes = self.back_up(&spec).await;
        self.restore(&spec, new_operation(), &bytes).await;
        self.suite.destroy(&spec).await;
    }

    async fn others_are_left_alone(&self) {
        let (theirs, other) = self.filled("theirs").await;
        self.write(&theirs, &other, "other", "still").await;
        let traces = self.traces(&theirs).await;
        let mut session = self.suite.connect(&theirs, &other).await;
        let (mine, _) = self.filled("mine").await;
        let bytes = self.back_up(&mine).await;
        self.replace(&mine, &bytes).await;
        let operation = new_operation();
        self.restore(&mine, operation, &bytes).await;
        self.discard(&mine).await;
        self.suite.destroy(&mine).await;
        assert!(session.is_alive().await, "another's sessions go on");
        drop(session);
        let sentence = "another instance is not touched";
        self.assert_unchanged((&theirs, &other), &traces, "theirs", sentence)
            .await;
        self.suite.destroy(&theirs).await;
    }

    async fn calls_cut_short_are_repaired(&self) {
        let mut steps = 0;
        while !self.cut(steps).await {
            // Each of the first ones, then fewer: a step of a program is as good as another.
            steps = if steps < 4 { steps + 1 } else { steps * 2 };
            assert!(steps < MOST_STEPS, "restore and swap end");
        }
    }

    /// Every call, cut after so many steps. Whether all were done before that.
    async fn cut(&self, steps: usize) -> bool {
        let (spec, binding) = self.filled("old").await;
        let traces = self.traces(&spec).await;
        let access = &self.suite.access;
        let mut lost = Vec::new();
        let backed_up = cut_after(steps, self.backing_up(&spec, &mut lost)).await;
        let bytes = self.back_up(&spec).await;
        let sentence = "a backup that was cut short leaves nothing after the next one";
        assert_eq!(self.traces(&spec).await, traces, "{sentence}");
        self.write(&spec, &binding, "key", "live").await;

        let source = Source::default();
        let restoring = self.restoring(&spec, new_operation(), &source, bytes.as_slice());
        let restored = cut_after(steps, restoring).await;
        let discarded = cut_after(steps, self.data.discard(access, &spec)).await;
        self.discard(&spec).await;
        let sentence = "a restore that was cut short changes nothing and can be discarded";
        assert_eq!(self.traces(&spec).await, traces, "{sentence}");
        let read = self.read(&spec, &binding, "key").await;
        assert_eq!(read.as_deref(), Some("live"), "{sentence}");

        let operation = new_operation();
        let restoring = self.restoring(&spec, operation, &source, bytes.as_slice());
        drop(cut_after(steps, restoring).await);
        self.restore(&spec, operation, &bytes).await;
        let swapped = cut_after(steps, self.data.swap(access, &spec, operation)).await;
        if steps % 2 == 1 {
            // Taken back or finished, the live data is open again.
            self.discard(&spec).await;
            let read = self.read(&spec, &binding, "key").await;
            let read = read.as_deref();
            assert!(matches!(read, Some("old" | "live")), "{read:?}");
            self.restore(&spec, operation, &bytes).await;
        }
        self.swap(&spec, operation).await;
        let sentence = "a swap that was cut short is finished by the next one";
        let read = self.read(&spec, &binding, "key").await;
        assert_eq!(read.as_deref(), Some("old"), "{sentence}");
        self.write(&spec, &binding, "key", "after").await;
        assert_eq!(self.traces(&spec).await, traces, "{sentence}");
        self.suite.destroy(&spec).await;
        matches!(backed_up, Cut::Done(_))
            && [restored, discarded, swapped]
                .iter()
                .all(|ended| matches!(ended, Cut::Done(_)))
    }
}
