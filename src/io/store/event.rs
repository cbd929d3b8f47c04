//! Call events as the rows they are stored in: a kind and a JSON object of that kind's fields.

use super::millis;
use crate::model::{CallEvent, CallId, Cause, Lang, Level, Mos, OperatorId, PhoneNumber, Quality, Side};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;

/// The kind and the detail of an event. The names are the store's format: a rename is a migration.
pub(super) fn encode(event: &CallEvent) -> (&'static str, Json) {
    match event {
        CallEvent::Arrived { from, called, line, menu, trunk } => (
            "arrived",
            json!({
                "from": from.as_ref().map(PhoneNumber::as_str),
                "called": &**called,
                "line": &**line,
                "menu": &**menu,
                "trunk": trunk.as_deref(),
            }),
        ),
        CallEvent::Answered => ("answered", json!({})),
        CallEvent::Visited { node } => ("visited", json!({ "node": &**node })),
        CallEvent::LanguageChosen { lang } => ("language_chosen", json!({ "lang": lang.code() })),
        CallEvent::LevelReached { level } => ("level_reached", json!({ "level": level.name() })),
        CallEvent::BankAnswered { operation, outcome, took } => {
            ("bank_answered", json!({ "operation": &**operation, "outcome": &**outcome, "took_ms": millis(*took) }))
        }
        CallEvent::Chosen { name, value } => ("chosen", json!({ "name": &**name, "value": &**value })),
        CallEvent::Noted { note } => ("noted", json!({ "note": &**note })),
        CallEvent::Ended { cause, lasted } => ("ended", encode_end(*cause, *lasted)),
        CallEvent::MessageLeft { mailbox, file, length } => {
            ("message_left", json!({ "mailbox": &**mailbox, "file": &**file, "length_ms": millis(*length) }))
        }
        CallEvent::ConversationRecorded { file, length } => {
            ("conversation_recorded", json!({ "file": &**file, "length_ms": millis(*length) }))
        }
        CallEvent::SoundEnded { side, quality } => ("sound_ended", encode_quality(*side, quality)),
        CallEvent::Queued { queue } => ("queued", json!({ "queue": &**queue })),
        CallEvent::Offered { operator } => ("offered", json!({ "operator": operator.as_str() })),
        CallEvent::OfferFailed { operator, reason } => {
            ("offer_failed", json!({ "operator": operator.as_str(), "reason": &**reason }))
        }
        CallEvent::Connected { operator, waited } => {
            ("connected", json!({ "operator": operator.as_str(), "waited_ms": millis(*waited) }))
        }
        CallEvent::TalkEnded { operator, talked, by_operator } => (
            "talk_ended",
            json!({ "operator": operator.as_str(), "talked_ms": millis(*talked), "by_operator": by_operator }),
        ),
        CallEvent::CallbackOrdered => ("callback_ordered", json!({})),
        CallEvent::CallingBack { ticket, to, line, menu, attempt, trunk } => (
            "calling_back",
            json!({
                "ticket": ticket.to_string(),
                "to": to.as_str(),
                "line": &**line,
                "menu": &**menu,
                "attempt": attempt,
                "trunk": trunk.as_deref(),
            }),
        ),
        CallEvent::CallbackClosed { outcome } => ("callback_closed", json!({ "outcome": &**outcome })),
        CallEvent::HandOver { by, to, attended, outcome } => {
            ("hand_over", json!({ "by": by.as_str(), "to": &**to, "attended": attended, "outcome": &**outcome }))
        }
        CallEvent::Supervised { by, operator, does } => {
            ("supervised", json!({ "by": by.as_str(), "operator": operator.as_str(), "does": &**does }))
        }
        CallEvent::SupervisionEnded { by, operator, lasted } => (
            "supervision_ended",
            json!({ "by": by.as_str(), "operator": operator.as_str(), "lasted_ms": millis(*lasted) }),
        ),
        CallEvent::TransferBegan { target, refer } => {
            ("transfer_began", json!({ "target": &**target, "refer": refer }))
        }
        CallEvent::Transferred { target, took } => {
            ("transferred", json!({ "target": &**target, "took_ms": millis(*took) }))
        }
        CallEvent::TransferFailed { target, reason } => {
            ("transfer_failed", json!({ "target": &**target, "reason": &**reason }))
        }
        CallEvent::TransferEnded { target, talked, by_target } => {
            ("transfer_ended", json!({ "target": &**target, "talked_ms": millis(*talked), "by_target": by_target }))
        }
        CallEvent::QueueLeft { queue, waited, outcome } => {
            ("queue_left", json!({ "queue": &**queue, "waited_ms": millis(*waited), "outcome": &**outcome }))
        }
    }
}

fn encode_end(cause: Cause, lasted: Duration) -> Json {
    match cause {
        Cause::Refused(status) => json!({ "cause": cause.name(), "status": status, "lasted_ms": millis(lasted) }),
        _ => json!({ "cause": cause.name(), "lasted_ms": millis(lasted) }),
    }
}

fn encode_quality(side: Side, quality: &Quality) -> Json {
    json!({
        "side": side.name(),
        "sent": quality.sent,
        "received": quality.received,
        "lost": quality.lost,
        "lost_there": quality.lost_there,
        "jitter_us": micros(quality.jitter),
        "round_trip_us": quality.round_trip.map(micros),
        "mos": quality.mos.map(Mos::hundredths),
    })
}

fn decode_quality(detail: &Json) -> Option<CallEvent> {
    let count = |field: &str| detail.get(field)?.as_u64();
    let length = |field: &str| count(field).map(Duration::from_micros);
    let side = detail.get("side")?.as_str()?;
    let side = Side::ALL.into_iter().find(|one| one.name() == side)?;
    let quality = Quality {
        sent: count("sent")?,
        received: count("received")?,
        lost: count("lost")?,
        lost_there: count("lost_there"),
        jitter: length("jitter_us")?,
        round_trip: length("round_trip_us"),
        mos: count("mos").and_then(|mos| u16::try_from(mos).ok()).map(Mos::of_hundredths),
    };
    Some(CallEvent::SoundEnded { side, quality })
}

fn micros(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}

/// The event of a row; `None` when a later version wrote a kind or a value this one does not know.
pub(super) fn decode(kind: &str, detail: &Json) -> Option<CallEvent> {
    let text = |field: &str| detail.get(field)?.as_str().map(Arc::<str>::from);
    let length = |field: &str| detail.get(field)?.as_u64().map(Duration::from_millis);
    let operator = || detail.get("operator")?.as_str().map(OperatorId::new);
    Some(match kind {
        "arrived" => CallEvent::Arrived {
            from: detail.get("from").and_then(Json::as_str).and_then(PhoneNumber::parse),
            called: text("called")?,
            line: text("line")?,
            menu: text("menu")?,
            trunk: text("trunk"),
        },
        "answered" => CallEvent::Answered,
        "visited" => CallEvent::Visited { node: text("node")? },
        "language_chosen" => CallEvent::LanguageChosen { lang: Lang::from_code(&text("lang")?)? },
        "level_reached" => CallEvent::LevelReached { level: Level::from_name(&text("level")?)? },
        "bank_answered" => CallEvent::BankAnswered {
            operation: text("operation")?,
            outcome: text("outcome")?,
            took: length("took_ms")?,
        },
        "chosen" => CallEvent::Chosen { name: text("name")?, value: text("value")? },
        "noted" => CallEvent::Noted { note: text("note")? },
        "queued" => CallEvent::Queued { queue: text("queue")? },
        "offered" => CallEvent::Offered { operator: operator()? },
        "offer_failed" => CallEvent::OfferFailed { operator: operator()?, reason: text("reason")? },
        "connected" => CallEvent::Connected { operator: operator()?, waited: length("waited_ms")? },
        "talk_ended" => CallEvent::TalkEnded {
            operator: operator()?,
            talked: length("talked_ms")?,
            by_operator: detail.get("by_operator")?.as_bool()?,
        },
        "callback_ordered" => CallEvent::CallbackOrdered,
        "calling_back" => CallEvent::CallingBack {
            ticket: CallId::from_u128(uuid::Uuid::parse_str(&text("ticket")?).ok()?.as_u128()),
            to: PhoneNumber::parse(&text("to")?)?,
            line: text("line")?,
            menu: text("menu")?,
            attempt: detail.get("attempt")?.as_u64().and_then(|attempt| u8::try_from(attempt).ok())?,
            trunk: text("trunk"),
        },
        "callback_closed" => CallEvent::CallbackClosed { outcome: text("outcome")? },
        "hand_over" => CallEvent::HandOver {
            by: OperatorId::new(detail.get("by")?.as_str()?),
            to: text("to")?,
            attended: detail.get("attended")?.as_bool()?,
            outcome: text("outcome")?,
        },
        "supervised" => CallEvent::Supervised {
            by: OperatorId::new(detail.get("by")?.as_str()?),
            operator: operator()?,
            does: text("does")?,
        },
        "supervision_ended" => CallEvent::SupervisionEnded {
            by: OperatorId::new(detail.get("by")?.as_str()?),
            operator: operator()?,
            lasted: length("lasted_ms")?,
        },
        "transfer_began" => {
            CallEvent::TransferBegan { target: text("target")?, refer: detail.get("refer")?.as_bool()? }
        }
        "transferred" => CallEvent::Transferred { target: text("target")?, took: length("took_ms")? },
        "transfer_failed" => CallEvent::TransferFailed { target: text("target")?, reason: text("reason")? },
        "transfer_ended" => CallEvent::TransferEnded {
            target: text("target")?,
            talked: length("talked_ms")?,
            by_target: detail.get("by_target")?.as_bool()?,
        },
        "queue_left" => {
            CallEvent::QueueLeft { queue: text("queue")?, waited: length("waited_ms")?, outcome: text("outcome")? }
        }
        "message_left" => {
            CallEvent::MessageLeft { mailbox: text("mailbox")?, file: text("file")?, length: length("length_ms")? }
        }
        "conversation_recorded" => {
            CallEvent::ConversationRecorded { file: text("file")?, length: length("length_ms")? }
        }
        "sound_ended" => decode_quality(detail)?,
        "ended" => CallEvent::Ended { cause: decode_cause(detail)?, lasted: length("lasted_ms")? },
        _ => return None,
    })
}

fn decode_cause(detail: &Json) -> Option<Cause> {
    let name = detail.get("cause")?.as_str()?;
    let status = detail.get("status").and_then(Json::as_u64).and_then(|status| u16::try_from(status).ok());
    [
        Cause::CallerHungUp,
        Cause::MenuEnded,
        Cause::OperatorHungUp,
        Cause::Cancelled,
        Cause::NotAcknowledged,
        Cause::MediaSilent,
        Cause::Lost,
        Cause::TooLong,
        Cause::Transferred,
        Cause::Draining,
        Cause::Refused(status.unwrap_or(0)),
        Cause::Failed,
    ]
    .into_iter()
    .find(|cause| cause.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::store::tests::every_event;

    #[test]
    fn every_event_comes_back_as_it_was() {
        for event in every_event() {
            let (kind, detail) = encode(&event);
            let detail: Json = serde_json::from_str(&detail.to_string()).expect("JSON");
            assert_eq!(decode(kind, &detail), Some(event), "{kind} {detail}");
        }
    }

    #[test]
    fn a_kind_of_a_later_version_is_left_out() {
        assert_eq!(decode("teleported", &json!({})), None);
        assert_eq!(decode("ended", &json!({ "cause": "swallowed_by_whale", "lasted_ms": 1 })), None);
    }
}
