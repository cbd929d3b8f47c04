//! What the exchange asks of the world, and what it is told at its start.

use super::guard::{Ban, GuardRules};
use super::outside::Outside;
use super::registrar::{KeptPhone, Lifetimes};
use super::supervision::Supervising;
use super::terms::SecurePolicy;
use crate::ivr::acd::CallbackTicket;
use crate::ivr::menu::Name;
use crate::model::{BankRequest, CallId, CallRecord, OperatorId, PhoneNumber, Playlist};
use crate::voip::audio::{Codec, Wide};
use crate::voip::media::{MediaCommand, RecordingId, StreamId};
use crate::voip::sip;
use crate::voip::sip::endpoint::{CallLimits, Endpoint, LoadLimits};
use std::net::IpAddr;
use std::time::Duration;

/// What the shells must carry out, in this order.
pub enum Command {
    /// Of the SIP endpoint: send, connect, close.
    Sip(sip::endpoint::Command),
    /// Bind the ports of a stream and answer with `handle_media_opened`.
    OpenMedia {
        /// The stream.
        stream: StreamId,
        /// On the same media thread as this one: the two will be bridged.
        beside: Option<StreamId>,
        /// The peer; the address we tell it must be one it can reach.
        towards: IpAddr,
    },
    /// For the media threads.
    Media(MediaCommand),
    /// A recording that is about to begin belongs in this mailbox; answer its end with `handle_message_stored`.
    KeepMessage {
        /// The recording.
        recording: RecordingId,
        /// Whose message.
        call: CallId,
        /// The mailbox.
        mailbox: Name,
    },
    /// Ask the bank; answer with `handle_bank_answer`.
    AskBank(BankRequest),
    /// Keep this open callback, in the place of an earlier state of it; give it back at the next start with
    /// `restore_callback`.
    KeepTicket(Box<CallbackTicket>),
    /// Forget the open callback of this name.
    ForgetTicket(CallId),
    /// Make the prompts of a wide-band codec ready and answer with `set_wide_prompts`.
    PreparePrompts(Wide),
    /// Keep these phones of an operator, in the place of all that were kept; give them back at the next start with
    /// `restore_phone`.
    KeepPhones {
        /// Whose.
        operator: OperatorId,
        /// Those that are reached by datagrams.
        phones: Vec<KeptPhone>,
    },
    /// Keep this ban, in the place of an earlier one of the same network; give all of them back with `set_bans` when
    /// they change and at the next start.
    KeepBan(Box<Ban>),
    /// Put into the audit that passwords from this address are not looked at for a while.
    LoginPaused {
        /// Who tried.
        from: IpAddr,
        /// For how long.
        pause: Duration,
    },
    /// Put into the audit what a supervisor does in a conversation.
    Supervised {
        /// Who.
        by: OperatorId,
        /// Whose conversation.
        operator: OperatorId,
        /// Of which call.
        call: CallId,
        /// What from now on.
        does: Supervising,
    },
    /// Append to the call records.
    Record(CallRecord),
}

/// What callers above the limits hear before they are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The phrase of the menu, said in every language that it has; one with values is not said.
    pub phrase: Name,
    /// How many may hear it at once; those above are refused at once.
    pub calls: usize,
}

/// How calls are admitted and how long things may take.
#[derive(Clone, Debug)]
pub struct ExchangeConfig {
    /// The line of calls to numbers that no line lists; `None` answers them 404.
    pub default_line: Option<Name>,
    /// Calls at once.
    pub calls: usize,
    /// Calls at once from one source that is no trunk.
    pub calls_per_source: usize,
    /// New calls a second, on average; bursts of twice as many are let through.
    pub calls_per_second: u32,
    /// New calls a second from one source that is no trunk.
    pub calls_per_second_per_source: u32,
    /// Calls without ACK at once from one source that is no trunk.
    pub unacknowledged_per_source: usize,
    /// What callers above these limits hear; `None`: they are refused at once.
    pub no_room: Option<Announcement>,
    /// From which load on fewer new calls are taken.
    pub load: LoadLimits,
    /// Who is not heard.
    pub guard: GuardRules,
    /// The Retry-After of a refused call.
    pub retry_after: Duration,
    /// The longest call.
    pub call_length: Duration,
    /// The phrase of the menu that a caller hears before a call is ended at its limit; `None`: it is cut off.
    pub farewell: Option<Name>,
    /// After how long without RTP a leg is taken for dead.
    pub silence_limit: Duration,
    /// The codecs that calls may use, best first.
    pub codecs: Vec<Codec>,
    /// Whether packets are encrypted.
    pub secure: SecurePolicy,
    /// How long operators' phones stay registered.
    pub registration: Lifetimes,
    /// What is played to the caller while the operator holds.
    pub hold_music: Playlist,
    /// Conversations of callers who heard one of these phrases of the menu to its end are recorded.
    pub record_after: Vec<Name>,
    /// The one of them that the menu says to callers: who was to hear it and is answered by an operator before its end
    /// hears it then.
    pub repeated_notice: Option<Name>,
    /// Numbers whose callers go to an operator at once.
    pub blocked_numbers: Vec<PhoneNumber>,
    /// Whom we may call outside.
    pub outside: Outside,
}

impl ExchangeConfig {
    /// An endpoint that keeps to the limits.
    pub(super) fn limited(&self, mut endpoint: Endpoint) -> Endpoint {
        let limits = CallLimits {
            calls: self.calls,
            calls_per_source: self.calls_per_source,
            per_second: self.calls_per_second,
            per_second_per_source: self.calls_per_second_per_source,
            unacknowledged_per_source: self.unacknowledged_per_source,
        };
        endpoint.set_call_limits(limits, self.load);
        endpoint.set_announcements(self.no_room.as_ref().map_or(0, |announcement| announcement.calls));
        endpoint.set_trunks(self.outside.trunk_addresses());
        endpoint
    }
}
