//! Places of one kind, such as those of exports: so many together, and a part of them for each holder,
//! such as a key, so that none keeps all others out.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, TryAcquireError};

/// Cloning gives another handle to the same places.
#[derive(Clone)]
pub(crate) struct Places<H: Holder> {
    all: Arc<Semaphore>,
    of_one_max: usize,
    /// Only those who have a place now, or wait for one.
    by_holder: Arc<Mutex<HashMap<H, Arc<Semaphore>>>>,
}

/// Who can have places.
pub(crate) trait Holder: Clone + Eq + Hash {}

impl<H: Clone + Eq + Hash> Holder for H {}

impl<H: Holder> Places<H> {
    /// So many places, of which one holder may have `of_one_max` at a time.
    pub(crate) fn new(all: usize, of_one_max: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all)),
            of_one_max,
            by_holder: Arc::default(),
        }
    }

    /// A place for this one, if there is one now.
    pub(crate) fn try_take(&self, holder: &H) -> Result<Place<H>, TryAcquireError> {
        let mut place = self.empty(holder);
        place.of_one = Some(Arc::clone(&place.own).try_acquire_owned()?);
        place.of_all = Some(Arc::clone(&self.all).try_acquire_owned()?);
        Ok(place)
    }

    /// A place for this one, when there is one. All take their turns as they come.
    pub(crate) async fn take(&self, holder: &H) -> Result<Place<H>, AcquireError> {
        let mut place = self.empty(holder);
        // Their own first: who waits for that must not hold what others wait for.
        place.of_one = Some(Arc::clone(&place.own).acquire_owned().await?);
        place.of_all = Some(Arc::clone(&self.all).acquire_owned().await?);
        Ok(place)
    }

    /// Waits until all of `count` places are given back, and keeps them.
    pub(crate) async fn close(&self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        if let Ok(all) = self.all.acquire_many(count).await {
            all.forget();
        }
    }

    fn empty(&self, holder: &H) -> Place<H> {
        let mut by_holder = self.by_holder();
        let own = by_holder.entry(holder.clone());
        let own = own.or_insert_with(|| Arc::new(Semaphore::new(self.of_one_max)));
        Place {
            own: Arc::clone(own),
            of_one: None,
            of_all: None,
            holder: holder.clone(),
            places: self.clone(),
        }
    }

    fn by_holder(&self) -> MutexGuard<'_, HashMap<H, Arc<Semaphore>>> {
        self.by_holder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place, given back when dropped.
pub(crate) struct Place<H: Holder> {
    places: Places<H>,
    holder: H,
    own: Arc<Semaphore>,
    of_one: Option<OwnedSemaphorePermit>,
    of_all: Option<OwnedSemaphorePermit>,
}

impl<H: Holder> Drop for Place<H> {
    fn drop(&mut self) {
        let mut by_holder = self.places.by_holder();
        self.of_all = None;
        self.of_one = None;
        // The map's, and this one's.
        if Arc::strong_count(&self.own) <= 2 {
            by_holder.remove(&self.holder);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::pin::pin;

    use super::*;

    #[test]
    fn one_leaves_places_for_others() {
        let places = Places::new(3, 2);
        let (one, other) = ("one", "other");
        let (first, second) = (places.try_take(&one), places.try_take(&one));
        assert!(first.is_ok() && second.is_ok());
        assert!(places.try_take(&one).is_err());
        let third = places.try_take(&other);
        assert!(third.is_ok() && places.try_take(&other).is_err());
        drop(first);
        assert!(places.try_take(&one).is_ok());
        drop((second, third));
        assert!(places.by_holder().is_empty());
        assert_eq!(places.all.available_permits(), 3);
    }

    #[tokio::test]
    async fn who_waits_for_their_own_place_does_not_hold_one_of_all() {
        let places = Places::new(2, 1);
        let (one, other) = ("one", "other");
        let first = places.take(&one).await.unwrap();
        {
            let mut waiting = pin!(places.take(&one));
            tokio::select! {
                biased;
                _ = &mut waiting => panic!("it has its place already"),
                () = ready(()) => {}
            }
            assert!(places.try_take(&other).is_ok());
            drop(first);
            assert!(waiting.await.is_ok());
        }
        assert!(places.by_holder().is_empty());
    }
}
