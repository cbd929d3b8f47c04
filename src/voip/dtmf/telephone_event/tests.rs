use super::*;

/// Timestamp, key, end, duration.
type Train = (u32, char, bool, u16);

fn keys(packets: &[Train]) -> String {
    let mut receiver = EventReceiver::default();
    let mut press = |&(timestamp, key, end, duration): &Train| {
        let code = Digit::from_char(key).expect("a key").event();
        receiver.receive(Instant::ZERO, (Ssrc(1), RtpTimestamp(timestamp)), Event { code, end, duration })
    };
    let key = |seen| if let Seen::Pressed(digit) = seen { Some(digit.as_char()) } else { None };
    packets.iter().filter_map(|packet| key(press(packet))).collect()
}

#[test]
fn presses_are_told_apart_by_timestamp_and_key() {
    let cases: &[(&str, &[Train], &str)] = &[
        ("a whole press", &[(0, '1', false, 0), (0, '1', false, 160), (0, '1', true, 320), (0, '1', true, 320)], "1"),
        ("the start was lost", &[(0, '1', false, 640), (0, '1', true, 800)], "1"),
        ("all but one end was lost", &[(0, '1', true, 800)], "1"),
        ("the end was lost", &[(0, '1', false, 160), (2_000, '2', false, 160)], "12"),
        ("the end was lost and the key repeated", &[(0, '1', false, 800), (1_600, '1', false, 160)], "11"),
        ("repeated quickly", &[(0, '1', true, 400), (720, '1', true, 400)], "11"),
        (
            "a packet of the press before comes late",
            &[(0, '1', false, 160), (900, '2', false, 160), (0, '1', true, 800)],
            "12",
        ),
        (
            "a phone that moves the timestamp",
            &[(0, '1', false, 160), (160, '1', false, 320), (320, '1', true, 480)],
            "1",
        ),
        ("timestamps wrap", &[(u32::MAX - 100, '1', true, 800), (1_000, '2', true, 800)], "12"),
        ("the same timestamp, another key after the end", &[(0, '1', true, 800), (0, '2', false, 160)], "12"),
        ("a segment of a long press", &[(0, '1', false, 65_535), (65_535, '1', false, 160)], "1"),
        ("a segment with its first packets lost", &[(0, '1', false, 64_000), (65_535, '1', false, 4_000)], "1"),
        ("no segment: the press before was short", &[(0, '1', false, 8_000), (65_535, '1', false, 160)], "11"),
    ];
    for (name, packets, expected) in cases {
        assert_eq!(keys(packets), *expected, "{name}");
    }
}

#[test]
fn a_payload_reads_and_writes() {
    let event = Event { code: 11, end: true, duration: 800 };
    assert_eq!(event.payload(), [11, 0x8a, 3, 0x20]);
    assert!(Event::parse(&event.payload()) == Some(event));
    assert!(Event::parse(&[1, 2, 3]).is_none());
    assert!(Event::parse(&[1, 0, 0, 160, 9, 9]).is_some());
}

#[test]
fn a_player_of_captures_may_repeat_its_timestamps() {
    let mut receiver = EventReceiver::default();
    let mut at = |millis, source, timestamp, key, end| {
        let code = Digit::from_char(key).expect("a key").event();
        let event = Event { code, end, duration: 800 };
        let seen = receiver.receive(Instant::from_millis(millis), (Ssrc(source), RtpTimestamp(timestamp)), event);
        matches!(seen, Seen::Pressed(_))
    };
    assert!(at(0, 1, 50_000, '1', true));
    assert!(!at(400, 1, 50_000, '1', true), "the end again");
    assert!(at(1_000, 1, 50_000, '1', true), "the same capture again");
    assert!(!at(1_100, 1, 40_000, '2', false), "a late packet of a press before");
    assert!(at(2_000, 1, 40_000, '2', false), "another capture, taken earlier");
    assert!(!at(3_500, 1, 40_000, '2', true), "its end, most packets lost");
    assert!(at(3_510, 2, 40_000, '2', true), "the same from another source");
}
