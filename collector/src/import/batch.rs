//! Events that are sent together, and where each was found.

use crate::import::Place;
use crate::limits;

/// Events as the body of one request, and the place of each.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// One event a line.
    body: Vec<u8>,
    places: Vec<Place>,
}

impl Batch {
    /// A first event always has room.
    pub(super) fn has_room(&self, event: &str) -> bool {
        let bytes = self.body.len().saturating_add(event.len());
        let is_small = self.places.len() < limits::IMPORT_BATCH_EVENTS_MAX
            && bytes < limits::IMPORT_BATCH_BYTES_MAX;
        self.is_empty() || is_small
    }

    /// Adds an event, which is one line.
    pub(super) fn push(&mut self, place: Place, event: &str) {
        self.body.extend_from_slice(event.as_bytes());
        self.body.push(b'\n');
        self.places.push(place);
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The place of the event on a line of the body, from 1.
    pub(super) fn place(&self, line: usize) -> Option<&Place> {
        self.places.get(line.checked_sub(1)?)
    }

    /// The second half and the first, or the place of an event that is alone.
    pub(super) fn halve(mut self) -> Result<[Self; 2], Place> {
        let half = self.places.len().div_ceil(2);
        let second = self.places.split_off(half);
        if second.is_empty() {
            return self
                .places
                .pop()
                .map_or_else(|| Ok(Default::default()), Err);
        }
        let ends = memchr::memchr_iter(b'\n', &self.body);
        let end = ends
            .map(|at| at.saturating_add(1))
            .nth(half.saturating_sub(1));
        let body = self.body.split_off(end.unwrap_or(self.body.len()));
        let second = Self {
            body,
            places: second,
        };
        Ok([second, self])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Source;

    fn batch(events: &[&str]) -> Batch {
        let mut batch = Batch::default();
        for (event, line) in events.iter().zip(1..) {
            let source = Source::StandardInput;
            batch.push(Place { source, line }, event);
        }
        batch
    }

    fn lines(batch: &Batch) -> Vec<u64> {
        batch.places.iter().map(|place| place.line).collect()
    }

    #[test]
    fn halves_keep_each_event_with_its_place() {
        let [second, first] = batch(&["a", "bb", "ccc"]).halve().unwrap();
        assert_eq!((first.body(), lines(&first)), (&b"a\nbb\n"[..], vec![1, 2]));
        assert_eq!((second.body(), lines(&second)), (&b"ccc\n"[..], vec![3]));
        assert_eq!(second.halve().unwrap_err().line, 3);
    }

    #[test]
    fn a_batch_is_full_at_its_limit_of_events() {
        let mut full = batch(&vec!["a"; limits::IMPORT_BATCH_EVENTS_MAX - 1]);
        assert!(full.has_room("a"));
        full.push(full.places[0].clone(), "a");
        assert!(!full.has_room("a"));
    }

    #[test]
    fn a_batch_is_full_at_its_limit_of_bytes_and_takes_any_event_alone() {
        let huge = "x".repeat(limits::IMPORT_BATCH_BYTES_MAX);
        assert!(batch(&[]).has_room(&huge));
        assert!(!batch(&["a"]).has_room(&huge));
        // The event before it and its line end are two bytes, and its own line end is one.
        assert!(batch(&["a"]).has_room(&huge[3..]));
        assert!(!batch(&["a"]).has_room(&huge[2..]));
    }
}
