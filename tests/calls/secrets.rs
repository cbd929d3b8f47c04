//! A secret goes to the bank and nowhere else.

use super::stage::Stage;
use hotline::voip::media::MediaEvent;

#[test]
fn the_code_reaches_the_bank_and_no_record_word_or_log() {
    let mut stage = Stage::new();
    stage.operators(&["anna:support:ru"]);
    let caller = stage.caller();
    for keys in ["2", "1", "4321", "9876#"] {
        stage.run_for(400);
        stage.press(caller, keys);
    }
    stage.run_for(500);
    stage.press(caller, "0");
    stage.run_for(20_000);
    assert_eq!(stage.bank.last_code, "9876");
    let words = super::ear::phrases(&stage.phones[caller].ear.heard, "ru");
    assert!(words.contains("code_ok") && words.contains("queue_enter"), "{words}");
    let invite = stage.phones[0].last("INVITE").unwrap();
    assert_eq!(invite.get("x-verified"), "yes");
    assert!(stage.all_phrases(0, "ru").starts_with("whisper.verified"));
    let said = stage.phones.iter().flat_map(|phone| &phone.inbox).map(|message| format!("{message:?}"));
    let shown = said.collect::<String>() + &stage.shown + &format!("{:?}", stage.records);
    // Long numbers of protocols may hold any four digits; a secret would stand alone.
    let alone = shown.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word == "9876");
    assert!(!alone, "the code is shown");
    for key in ["Digit(9)", "Digit(8)", "Digit('9')", "'9'"] {
        assert!(!shown.contains(key), "a key is shown: {key}");
    }
    stage.hang_up(caller);
    stage.assert_all_let_go("a secret");
}

#[test]
fn a_key_is_never_shown_by_debug() {
    let digit = hotline::model::Digit::from_char('7').unwrap();
    let stream = hotline::voip::media::StreamId(1);
    let at = hotline::model::Instant::ZERO;
    assert!(!format!("{:?}", MediaEvent::Digit { stream, digit, at }).contains('7'));
}
