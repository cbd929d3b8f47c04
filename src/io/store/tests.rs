//! What the tests of the store and of the bank share.

use super::*;
use crate::model::{CallEvent, CallId, Cause, Lang, Level, Mos, OperatorId, PhoneNumber, Quality, Side};

/// A store in a folder of its own; the folder lives as long as its guard.
pub(in crate::io) async fn opened() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).await.expect("a store");
    (store, folder)
}

/// Some noon of March 2026, UTC, and `second` seconds.
pub(in crate::io) fn at(second: i64) -> Timestamp {
    let noon: Timestamp = "2026-03-02T12:00:00Z".parse().expect("a time");
    noon + jiff::SignedDuration::from_secs(second)
}

pub(in crate::io) fn call(number: u128) -> CallId {
    CallId::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0000 | number)
}

/// One of each.
pub(in crate::io) fn every_event() -> Vec<CallEvent> {
    let anna = || OperatorId::new("anna");
    let from = PhoneNumber::parse("+79161234567");
    let seconds = Duration::from_secs;
    let mut events = vec![
        CallEvent::Arrived { from, called: "+74951234567".into(), line: "main".into(), menu: "1".into(), trunk: None },
        CallEvent::Arrived {
            from: None,
            called: "main".into(),
            line: "main".into(),
            menu: "1".into(),
            trunk: Some("provider".into()),
        },
        CallEvent::Answered,
        CallEvent::Visited { node: "main".into() },
        CallEvent::LanguageChosen { lang: Lang::En },
        CallEvent::LevelReached { level: Level::Verified },
        CallEvent::BankAnswered { operation: "bank.balance".into(), outcome: "ok".into(), took: seconds(1) },
        CallEvent::Chosen { name: "csat".into(), value: "5".into() },
        CallEvent::Noted { note: "card_blocked".into() },
        CallEvent::Queued { queue: "support".into() },
        CallEvent::Offered { operator: anna() },
        CallEvent::OfferFailed { operator: anna(), reason: "no_answer".into() },
        CallEvent::Connected { operator: anna(), waited: seconds(35) },
        CallEvent::TalkEnded { operator: anna(), talked: seconds(65), by_operator: true },
        CallEvent::QueueLeft { queue: "support".into(), waited: seconds(9), outcome: "abandoned".into() },
        CallEvent::CallbackOrdered,
        CallEvent::CallingBack {
            ticket: call(7),
            to: PhoneNumber::parse("+79161234567").expect("a number"),
            line: "main".into(),
            menu: "1".into(),
            attempt: 2,
            trunk: Some("provider".into()),
        },
        CallEvent::CallbackClosed { outcome: "reached".into() },
        CallEvent::HandOver { by: anna(), to: "queue-cards".into(), attended: true, outcome: "taken".into() },
        CallEvent::Supervised { by: OperatorId::new("olga"), operator: anna(), does: "whispers".into() },
        CallEvent::SupervisionEnded { by: OperatorId::new("olga"), operator: anna(), lasted: seconds(34) },
        CallEvent::TransferBegan { target: "fraud_desk".into(), refer: true },
        CallEvent::Transferred { target: "fraud_desk".into(), took: seconds(7) },
        CallEvent::TransferFailed { target: "fraud_desk".into(), reason: "busy".into() },
        CallEvent::TransferEnded { target: "fraud_desk".into(), talked: seconds(50), by_target: true },
        CallEvent::MessageLeft { mailbox: "support".into(), file: "1.wav".into(), length: seconds(12) },
        CallEvent::ConversationRecorded { file: "conversations/1.wav".into(), length: seconds(65) },
        CallEvent::SoundEnded { side: Side::Caller, quality: Quality::default() },
        CallEvent::SoundEnded {
            side: Side::Operator,
            quality: Quality {
                sent: 500,
                received: 490,
                lost: 10,
                lost_there: Some(3),
                jitter: Duration::from_micros(1_250),
                round_trip: Some(Duration::from_micros(42_125)),
                mos: Some(Mos::of_hundredths(402)),
            },
        },
    ];
    for cause in [Cause::CallerHungUp, Cause::MenuEnded, Cause::OperatorHungUp, Cause::Cancelled]
        .into_iter()
        .chain([Cause::NotAcknowledged, Cause::MediaSilent, Cause::Lost, Cause::TooLong, Cause::Draining])
        .chain([Cause::Refused(488), Cause::Failed, Cause::Transferred])
    {
        events.push(CallEvent::Ended { cause, lasted: seconds(134) });
    }
    events
}

#[tokio::test]
async fn opening_makes_a_private_folder_and_opening_again_changes_nothing() {
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("data");
    Store::open(&folder).await.expect("opened").close().await;
    Store::open(&folder).await.expect("opened again").close().await;
    let mode = std::os::unix::fs::PermissionsExt::mode(&folder.metadata().expect("there").permissions());
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let error = Store::open(&file.path().join("data")).await.expect_err("a file is no folder");
    assert!(matches!(error, StoreError::Folder { .. }), "{error}");
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_named_once_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("hotline.db")).expect("a folder in its place");
    let error = Store::open(folder.path()).await.expect_err("a folder is no file");
    let said = format!("{:#}", anyhow::Error::from(error));
    assert!(
        said.contains("hotline.db: unable to open database file\n  hint: ") && said.contains("--data DIR"),
        "{said}"
    );
    assert_eq!(said.matches("unable").count(), 1, "{said}");
}
