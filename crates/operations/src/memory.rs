//! A store in memory, for tests: as strict about uniqueness, fences and idempotency as a real one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use windlass_model::id::OperationId;
use windlass_model::time::Timestamp;

use crate::core::{allowed_from_outside, apply};
use crate::event::{Event, EventRecord};
use crate::operation::{NewOperation, Operation, OperationState};
use crate::store::{Created, Fence, OperationStore, StoreError};

/// Makes one change of the domain `D`, or refuses it (`StoreError::Conflict`).
pub type ApplyChange<D, C> = dyn Fn(&mut D, &C) -> Result<(), StoreError> + Send + Sync;

/// The store. `D` is the domain that `C` changes; it is copied for each write, so that a refused change
/// leaves nothing behind.
pub struct MemoryStore<D, C> {
    inner: Mutex<Inner<D>>,
    apply: Box<ApplyChange<D, C>>,
}

struct Inner<D> {
    domain: D,
    operations: Vec<Operation>,
    events: HashMap<OperationId, Vec<EventRecord>>,
    /// (tenant, key) to the hash of the request and what it created.
    keys: HashMap<(String, String), (String, OperationId)>,
}

impl<D: Clone, C> MemoryStore<D, C> {
    /// An empty store around a domain.
    pub fn new(
        domain: D,
        apply: impl Fn(&mut D, &C) -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            inner: Mutex::new(Inner {
                domain,
                operations: Vec::new(),
                events: HashMap::new(),
                keys: HashMap::new(),
            }),
            apply: Box::new(apply),
        }
    }

    /// The domain as it is now.
    pub fn domain(&self) -> D {
        self.lock().domain.clone()
    }

    /// Changes the domain past the operations, as another part of the server would.
    pub fn change_domain(&self, change: impl FnOnce(&mut D)) {
        change(&mut self.lock().domain);
    }

    fn lock(&self) -> MutexGuard<'_, Inner<D>> {
        // Nothing panics while holding it but a test's own closure; what it guards stays whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self, domain: &D, changes: &[C]) -> Result<D, StoreError> {
        let mut domain = domain.clone();
        changes
            .iter()
            .try_for_each(|change| (self.apply)(&mut domain, change))?;
        Ok(domain)
    }
}

impl<D> Inner<D> {
    fn find(&mut self, id: OperationId) -> Result<&mut Operation, StoreError> {
        let found = self
            .operations
            .iter_mut()
            .find(|operation| operation.id == id);
        found.ok_or_else(|| StoreError::NotFound(format!("operation {id}")))
    }

    fn held(&mut self, id: OperationId, epoch: i64) -> Result<&mut Operation, StoreError> {
        let operation = self.find(id)?;
        if operation.epoch == epoch {
            Ok(operation)
        } else {
            Err(StoreError::LostLease(id))
        }
    }
}

/// Whether the runner has, or will have, something to do with it.
fn is_active(state: OperationState) -> bool {
    matches!(
        state,
        OperationState::Pending | OperationState::Running | OperationState::Compensating
    )
}

#[async_trait]
impl<D, C> OperationStore for MemoryStore<D, C>
where
    D: Clone + Send + 'static,
    C: Clone + Send + Sync + 'static,
{
    type Change = C;

    async fn create(&self, new: NewOperation, changes: Vec<C>) -> Result<Created, StoreError> {
        let mut inner = self.lock();
        let key = new
            .idempotency
            .clone()
            .map(|(key, hash)| ((new.tenant.clone(), key), hash));
        if let Some((key, hash)) = &key
            && let Some((known, id)) = inner.keys.get(key).cloned()
        {
            return if known == *hash {
                inner.find(id).cloned().map(Created::Existing)
            } else {
                Err(StoreError::IdempotencyMismatch)
            };
        }
        let busy = inner
            .operations
            .iter()
            .find(|other| !other.state.is_finished() && other.subject == new.subject);
        if let Some(busy) = busy {
            return Err(StoreError::SubjectBusy {
                active: busy.id,
                subject: new.subject.kind,
            });
        }
        inner.domain = self.changed(&inner.domain, &changes)?;
        let operation = new.operation();
        inner.operations.push(operation.clone());
        if let Some((key, hash)) = key {
            inner.keys.insert(key, (hash, operation.id));
        }
        Ok(Created::New(operation))
    }

    async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        lease_millis: i64,
    ) -> Result<Option<Operation>, StoreError> {
        let mut inner = self.lock();
        let due = |operation: &&mut Operation| {
            is_active(operation.state)
                && operation.next_run_at <= now
                && (operation.owner.is_none() || operation.lease_until <= now)
        };
        let longest = inner
            .operations
            .iter_mut()
            .filter(due)
            .min_by_key(|operation| operation.next_run_at);
        Ok(longest.map(|operation| {
            operation.owner = Some(owner.to_owned());
            operation.epoch += 1;
            operation.lease_until = now.plus_millis(lease_millis);
            operation.clone()
        }))
    }

    async fn take_over(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut inner = self.lock();
        let mut ended = 0;
        for operation in inner
            .operations
            .iter_mut()
            .filter(|operation| !operation.state.is_finished())
        {
            ended += u64::from(operation.owner.is_some());
            operation.owner = None;
            operation.lease_until = now;
            operation.epoch += 1;
        }
        Ok(ended)
    }

    async fn heartbeat(
        &self,
        id: OperationId,
        epoch: i64,
        lease_until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut inner = self.lock();
        let operation = inner.held(id, epoch)?;
        if operation.owner.is_none() {
            return Err(StoreError::LostLease(id));
        }
        operation.lease_until = lease_until;
        Ok(())
    }

    async fn record_all(
        &self,
        id: OperationId,
        fence: Fence,
        at: Timestamp,
        events: &[Event],
        changes: &[C],
    ) -> Result<Operation, StoreError> {
        let mut inner = self.lock();
        let operation = match fence {
            Fence::Epoch(epoch) => inner.held(id, epoch)?,
            Fence::Outside if events.iter().all(allowed_from_outside) => inner.find(id)?,
            Fence::Outside => {
                return Err(StoreError::Refused(
                    "this event needs the operation's lease".to_owned(),
                ));
            }
        };
        let mut next = operation.clone();
        for event in events {
            next = apply(&next, at, event)?;
        }
        let domain = self.changed(&inner.domain, changes)?;
        *inner.find(id)? = next.clone();
        inner.domain = domain;
        let written = inner.events.entry(id).or_default();
        for event in events {
            written.push(EventRecord {
                number: written.len() as u64 + 1,
                at,
                epoch: next.epoch,
                event: event.clone(),
            });
        }
        Ok(next)
    }

    async fn release_lease(&self, id: OperationId, epoch: i64) -> Result<(), StoreError> {
        let mut inner = self.lock();
        let operation = inner.held(id, epoch)?;
        operation.owner = None;
        Ok(())
    }

    async fn load(&self, id: OperationId) -> Result<Option<Operation>, StoreError> {
        Ok(self.lock().find(id).ok().cloned())
    }

    async fn events(
        &self,
        id: OperationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let inner = self.lock();
        let events = inner.events.get(&id).map(Vec::as_slice).unwrap_or_default();
        Ok(events
            .iter()
            .filter(|event| event.number > after)
            .take(limit as usize)
            .cloned()
            .collect())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let inner = self.lock();
        Ok(inner
            .operations
            .iter()
            .filter(|operation| is_active(operation.state))
            .map(|op| op.next_run_at)
            .min())
    }
}
