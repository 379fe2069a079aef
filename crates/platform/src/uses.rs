//! When tokens were used last, so that not each request writes that.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use windlass_model::id::TokenId;
use windlass_model::time::Timestamp;
use windlass_records::Token;

/// What this process has recorded itself: requests that come at once write once.
#[derive(Debug, Default)]
pub(crate) struct Uses(Mutex<HashMap<TokenId, Timestamp>>);

impl Uses {
    /// Whether the use is to be recorded now. Says so once in that time.
    pub(crate) fn is_due(&self, token: &Token, now: Timestamp, millis: i64) -> bool {
        let is_old = |at: Timestamp| now.0 - at.0 >= millis;
        if !token.last_used_at.is_none_or(is_old) {
            return false;
        }
        let mut recorded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those of other minutes say nothing any more; so it holds as many as are used in one.
        recorded.retain(|_, at| !is_old(*at));
        match recorded.entry(token.id) {
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(now);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use windlass_model::access::Level;
    use windlass_model::id::UserId;
    use windlass_records::Scope;

    use super::*;

    #[test]
    fn one_use_a_minute_is_recorded() {
        let token = Token {
            id: crate::ids::mint(),
            user: crate::ids::mint::<UserId>(),
            name: "ci".to_owned(),
            hash: String::new(),
            level: Level::Read,
            scope: Scope::Everywhere,
            created_at: Timestamp(0),
            expires_at: None,
            last_used_at: None,
        };
        let uses = Uses::default();
        assert!(uses.is_due(&token, Timestamp(1_000), 60_000));
        // The row that a request read may be older than what another one has written since.
        assert!(!uses.is_due(&token, Timestamp(1_000), 60_000));
        assert!(!uses.is_due(&token, Timestamp(60_999), 60_000));
        assert!(uses.is_due(&token, Timestamp(61_000), 60_000));
        let written = Token {
            last_used_at: Some(Timestamp(100_000)),
            ..token
        };
        assert!(!uses.is_due(&written, Timestamp(159_999), 60_000));
        assert!(uses.is_due(&written, Timestamp(160_000), 60_000));
    }
}
