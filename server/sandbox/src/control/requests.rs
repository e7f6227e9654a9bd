//! The log of requests.

use super::Control;
use crate::log::Record;

impl Control {
    /// All requests since the last reset, as far as the log keeps them.
    pub fn requests(&self) -> Vec<Record> {
        self.requests_from(0, usize::MAX)
    }

    /// Requests from a number on, at most so many.
    pub fn requests_from(&self, number: u64, limit: usize) -> Vec<Record> {
        self.world.log.starting_at(number, limit)
    }

    /// Forgets all requests.
    pub fn reset_requests(&self) {
        self.world.log.reset();
    }
}
