//! Bodies that there is no memory to read.

use super::Exchange;
use crate::note::Note;

impl Exchange {
    /// There is no memory to read the request's body: what has come of it is let go, and what comes
    /// passes unread. True if it was to be read.
    pub fn forgo_request(&mut self) -> bool {
        let is_news = self.request.forgo();
        if is_news {
            self.call.notes.insert(Note::MemoryShort);
        }
        is_news
    }

    /// The same of the response's body. What was read of a stream stays.
    pub fn forgo_response(&mut self) -> bool {
        let is_news = self.response.forgo();
        if is_news {
            self.call.notes.insert(Note::MemoryShort);
        }
        is_news
    }
}
