//! Plain values that every layer shares. This module sees no other.

mod bank;
mod call;
mod digit;
mod lang;
mod money;
mod network;
mod phone;
mod playlist;
mod quality;
mod record;
mod secret;
mod time;
mod value;

pub use bank::{BankAnswer, BankRequest, IdempotencyKey, Param, RequestId};
pub use call::{CallId, Cause, Level, OperatorId};
pub use digit::Digit;
pub use lang::Lang;
pub use money::{Currency, Money, MoneyError};
pub use network::{Network, NoNetwork};
pub use phone::{CardTail, PhoneNumber};
pub use playlist::{Gap, PlayItem, Playlist, PromptId, Repeat};
pub use quality::{Mos, Quality, Side};
pub use record::{CallEvent, CallRecord};
pub use secret::SecretDigits;
pub use time::{Instant, Now};
pub use value::{Record, Value};
