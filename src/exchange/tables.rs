//! What is kept of calls, counted.

use super::Exchange;

impl Exchange {
    /// How many entries each table has that belongs to calls, by its name. When nothing is under way all are empty, but
    /// for requests that the bank has not answered.
    #[must_use]
    pub fn tables(&self) -> [(&'static str, usize); 18] {
        [
            ("calls", self.calls.len()),
            ("wakes", self.wakes.len()),
            ("legs", self.legs.len()),
            ("streams", self.streams.len()),
            ("addresses of streams", self.towards.len()),
            ("offers", self.offers.len()),
            ("turns of phones", self.turns.len()),
            ("callbacks", self.callbacks.len()),
            ("customers on the line", self.still_here.len()),
            ("codes", self.codes.len()),
            ("consultations", self.consults.len()),
            ("phones that take a call over", self.takings.len()),
            ("supervisions", self.supervisions.len()),
            ("partings", self.partings.len()),
            ("messages", self.keeping.len()),
            ("recorded conversations", self.taping.len()),
            ("streams that close", self.closing.len()),
            ("requests to the bank", self.asked.len()),
        ]
    }
}
