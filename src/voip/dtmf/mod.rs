//! Keys of the telephone: as RFC 4733 events in RTP, as bodies of SIP INFO, as tones in the sound.

mod gate;
pub mod sip_info;
pub mod telephone_event;
pub mod tone;

pub use gate::{KeyGate, KeySource};
pub use sip_info::digit_of_info;
pub use telephone_event::{Event, EventReceiver, EventSender, Seen};
pub use tone::{Proof, ToneDetector};
