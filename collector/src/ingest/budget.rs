//! Memory for bodies: a bound for all of them together, and one for those of each key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ingest::IngestError;
use crate::key::KeyHash;
use crate::limits;

/// Bytes of bodies that may be in memory at the same time. Cloning gives another handle to the same
/// bytes.
#[derive(Clone)]
pub(crate) struct Budget {
    bytes_max: usize,
    /// Whose bodies are read by this handle.
    key: Option<KeyHash>,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    bytes: usize,
    /// Only keys that have some now.
    by_key: HashMap<KeyHash, usize>,
}

impl Budget {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            key: None,
            taken: Arc::default(),
        }
    }

    /// The same, of which the bodies of `key` may take a part only: so it keeps no other from
    /// recording.
    pub(crate) fn for_key(&self, key: &KeyHash) -> Self {
        Self {
            key: Some(key.clone()),
            ..self.clone()
        }
    }

    /// How much is in use.
    pub(crate) fn bytes_taken(&self) -> u64 {
        u64::try_from(self.taken().bytes).unwrap_or(u64::MAX)
    }

    /// A share of nothing, that may grow.
    pub(crate) fn share(&self) -> Share {
        Share {
            budget: self.clone(),
            bytes: 0,
        }
    }

    fn take(&self, bytes: usize) -> Result<(), IngestError> {
        let mut taken = self.taken();
        let all = taken.bytes.saturating_add(bytes);
        let of_key = self.key.as_ref().map(|key| {
            let own = taken.by_key.get(key).copied().unwrap_or_default();
            (key, own.saturating_add(bytes))
        });
        let of_key_max = self.bytes_max / limits::KEYS_OF_A_BUDGET;
        if all > self.bytes_max || of_key.is_some_and(|(_, own)| own > of_key_max) {
            return Err(IngestError::Overloaded);
        }
        taken.bytes = all;
        if let Some((key, own)) = of_key {
            taken.by_key.insert(key.clone(), own);
        }
        Ok(())
    }

    fn give_back(&self, bytes: usize) {
        let mut taken = self.taken();
        taken.bytes = taken.bytes.saturating_sub(bytes);
        if let Some(key) = &self.key
            && let Some(own) = taken.by_key.get_mut(key)
        {
            *own = own.saturating_sub(bytes);
            if *own == 0 {
                taken.by_key.remove(key);
            }
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body's part of the budget, given back when dropped.
pub(crate) struct Share {
    budget: Budget,
    bytes: usize,
}

impl Share {
    /// Makes it as large as `bytes`, if it is smaller.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), IngestError> {
        let more = bytes.saturating_sub(self.bytes);
        self.budget.take(more)?;
        self.bytes = self.bytes.saturating_add(more);
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_taken_from_one_budget_and_given_back() {
        let budget = Budget::new(10);
        let (mut first, mut second) = (budget.share(), budget.share());
        first.grow_to(4).unwrap();
        first.grow_to(6).unwrap();
        assert!(matches!(second.grow_to(6), Err(IngestError::Overloaded)));
        assert_eq!(budget.bytes_taken(), 6);
        drop(first);
        second.grow_to(10).unwrap();
        drop(second);
        assert_eq!(budget.bytes_taken(), 0);
    }

    #[test]
    fn one_key_leaves_room_for_others() {
        let budget = Budget::new(10);
        let [one, other] = ["one", "other"].map(|key| budget.for_key(&KeyHash::of(key)));
        let (mut first, mut second) = (one.share(), one.share());
        first.grow_to(3).unwrap();
        assert!(matches!(second.grow_to(3), Err(IngestError::Overloaded)));
        second.grow_to(2).unwrap();
        other.share().grow_to(5).unwrap();
        drop(first);
        second.grow_to(5).unwrap();
        drop(second);
        assert!(budget.taken().by_key.is_empty());
    }
}
