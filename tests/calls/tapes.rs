//! Recordings of conversations: whose are made, what is on them, and what never is.

use super::keys::talk;
use super::phone::{Manner, Voice};
use super::playing::dbov;
use super::stage::{Id, MONDAY_NOON, Stage, config, menu_of};
use super::supervision::{Talk, coded};
use super::wire::{Handset, whistle};
use hotline::exchange::{Destination, ExchangeConfig, Outside};
use hotline::model::{CallEvent, Instant};
use hotline::voip::audio::{Codec, g711};
use hotline::voip::media::{MediaCommand, StreamId, Track};
use hotline::voip::sip::{Host, Peer, SipUri};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long the conversations were that the record names files of.
pub fn recorded(stage: &Stage) -> Vec<Duration> {
    stage.events(|event| match event {
        CallEvent::ConversationRecorded { length, .. } => Some(*length),
        _ => None,
    })
}

/// The two channels of the only recording, which has just ended.
pub struct Tape {
    channels: [Vec<i16>; 2],
    end: Instant,
}

impl Tape {
    #[track_caller]
    pub fn of(stage: &Stage) -> Self {
        assert_eq!(stage.tapes.len(), 2, "two channels of one recording");
        let channel = |track| {
            let (_, samples) = stage.tapes.iter().find(|((_, of), _)| *of == track).unwrap();
            samples.clone()
        };
        Self { channels: [Track::Left, Track::Right].map(channel), end: stage.instant() }
    }

    /// The one level of each channel for 200 ms that ended a little before a moment.
    #[track_caller]
    pub fn at(&self, moment: Instant) -> [i16; 2] {
        let back = 8 * usize::try_from(self.end.since(moment).as_millis()).unwrap();
        self.channels.each_ref().map(|samples| {
            let end = samples.len() - back - 8 * 80;
            let part = &samples[end - 8 * 200..end];
            assert!(part.iter().all(|sample| *sample == part[0]), "one level");
            part[0]
        })
    }
}

fn transferring() -> (ExchangeConfig, Arc<hotline::ivr::menu::Menu>) {
    let hotline = include_str!("../../menus/hotline.yaml");
    let task = "tasks:\n  by_bridge:\n    title: Перевод\n    steps:\n      - say: record_notice\n      \
                - transfer: {to: desk, how: bridge, failed: {say: operators_busy, go: goodbye}}\n";
    let line = "lines:\n  bridge: {numbers: [\"+74950000001\"], start: by_bridge}\n# ";
    let hotline =
        hotline.replacen("\nlines: ", &format!("\n{line}"), 1).replacen("\ntasks:\n", &format!("\n{task}"), 1);
    let peer = Peer::udp(SocketAddr::from(([192, 0, 2, 101], 5060)));
    let uri = SipUri::new(Some("desk"), Host::Ip(peer.addr.ip()), None);
    let outside = Outside {
        transfers: [(
            "desk".into(),
            Destination::Address {
                uri,
                peer,
                secure: hotline::voip::sdp::SecureMedia::Refused,
                ring: None,
                early_media: true,
            },
        )]
        .into(),
        ..Outside::default()
    };
    let config = ExchangeConfig { outside, record_after: vec!["record_notice".into()], ..config() };
    (config, Arc::new(menu_of(&hotline)))
}

/// A caller who heard the notice, or pressed it away, and talks to somebody outside.
fn transferred(hears: bool) -> (Stage, Id) {
    let (mut config, menu) = transferring();
    if !hears {
        config.record_after = vec!["greeting".into()];
    }
    let mut stage = Stage::with(config, MONDAY_NOON, menu);
    let caller = stage.phone("+79161234567");
    let desk = stage.phone("desk");
    stage.phones[desk].manner = Manner::Answers(1_000);
    stage.dial(caller, "+74950000001");
    assert!(stage.run_until(30_000, |stage| stage.phones[desk].towards.is_some()), "the target answers");
    for id in [caller, desk] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(8_000);
    (stage, caller)
}

#[test]
fn a_conversation_with_the_target_of_a_transfer_is_recorded_where_the_notice_was_heard() {
    let (mut stage, caller) = transferred(true);
    stage.hang_up(caller);
    stage.run_for(200);
    let [length] = recorded(&stage)[..] else { panic!("{:?}", recorded(&stage)) };
    assert!((Duration::from_secs(7)..Duration::from_secs(12)).contains(&length), "{length:?}");
    let channels: Vec<Track> = stage.tapes.keys().map(|(_, track)| *track).collect();
    assert!(channels.contains(&Track::Left) && channels.contains(&Track::Right));
    stage.assert_all_let_go("a recorded transfer");
    let (mut stage, caller) = transferred(false);
    stage.hang_up(caller);
    stage.run_for(200);
    assert_eq!(recorded(&stage), []);
}

#[test]
fn a_disk_that_is_full_ends_the_recording_and_not_the_conversation() {
    let (mut stage, caller) = transferred(true);
    let (recording, _) = *stage.tapes.keys().next().unwrap();
    stage.with_exchange(|exchange, now| {
        exchange.handle_message_stored(now, recording, None, Duration::ZERO);
    });
    let heard = |stage: &Stage| stage.phones[caller].ear.heard.last().map_or(0, |last| last.length);
    let before = heard(&stage);
    stage.run_for(3_000);
    assert!(heard(&stage) >= before + 2_900, "they talk on");
    stage.hang_up(caller);
    stage.run_for(200);
    assert_eq!(recorded(&stage), [], "and the record names no file");
    stage.assert_all_let_go("a full disk");
}

/// The octets of 20 ms of a tone in A-law.
fn sound() -> Vec<u8> {
    whistle(160).into_iter().map(|sample| g711::encode(Codec::Pcma, sample)).collect()
}

/// How many of the samples from one millisecond to another are loud.
fn loud(stage: &Stage, track: Track, from: usize, to: usize) -> usize {
    let (_, samples) = stage.tapes.iter().find(|((_, of), _)| *of == track).unwrap();
    samples[from * 8..to * 8].iter().filter(|sample| sample.unsigned_abs() > 1_000).count()
}

fn both_speak(stage: &mut Stage, caller: &mut Handset, operator: &mut Handset, millis: u64) {
    for _ in 0..millis / 20 {
        caller.say(stage, 8, 160, &sound());
        operator.say(stage, 8, 160, &sound());
        stage.run_for(20);
    }
}

#[test]
fn a_recording_is_silent_on_both_sides_from_the_first_packet_of_a_secret_to_its_end() {
    let (mut stage, mut caller, mut operator) = talk(config());
    let stream = |handset: &Handset| StreamId(u64::from((handset.bank.port() - 20_000) / 2));
    let (left, right) = (stream(&caller), stream(&operator));
    let recording = hotline::voip::media::RecordingId(77);
    let max = Duration::from_secs(60);
    stage.tell_media(MediaCommand::RecordTalk { stream: left, other: right, recording, max });
    both_speak(&mut stage, &mut caller, &mut operator, 1_000);
    stage.tell_media(MediaCommand::Secret { stream: left, on: true });
    both_speak(&mut stage, &mut caller, &mut operator, 1_000);
    stage.tell_media(MediaCommand::Secret { stream: left, on: false });
    both_speak(&mut stage, &mut caller, &mut operator, 1_000);
    stage.tell_media(MediaCommand::StopRecording { stream: left });
    for track in [Track::Left, Track::Right] {
        assert!(loud(&stage, track, 40, 980) > 4_000, "{track:?} before");
        assert_eq!(loud(&stage, track, 1_000, 2_000), 0, "{track:?} in the secret");
        assert!(loud(&stage, track, 2_040, 2_960) > 4_000, "{track:?} after");
    }
}

#[test]
fn a_secret_begins_before_the_first_packet_of_its_prompt() {
    let mut stage = Stage::new();
    let caller = stage.caller();
    for keys in ["2", "1", "4321"] {
        stage.run_for(400);
        stage.press(caller, keys);
    }
    stage.run_for(3_000);
    let shown: Vec<&str> = stage.shown.lines().collect();
    let secret = shown.iter().position(|line| line.starts_with("Secret") && line.contains("on: true")).unwrap();
    let prompt = shown.iter().position(|line| line.starts_with("Play") && line.contains("ask_code")).unwrap();
    assert!(secret < prompt, "{secret} {prompt}");
}

#[test]
fn the_background_of_a_caller_who_suppresses_silence_is_on_the_recording() {
    let mut talk = Talk::recorded();
    talk.speak([1_000, -3_000], None, 1_000);
    let timestamp = talk.caller.timestamp;
    let quiet = talk.caller.packet(13, false, timestamp, &[40]);
    talk.stage.inject(talk.caller.bank, talk.caller.from, &quiet);
    for _ in 0..100 {
        talk.anna.say(&mut talk.stage, 8, 160, &[g711::encode(Codec::Pcma, -3_000); 160]);
        talk.stage.run_for(20);
    }
    talk.caller.timestamp += 100 * 160;
    talk.speak([1_000, -3_000], None, 400);
    let id = talk.caller.id;
    talk.stage.hang_up(id);
    let [left, right] = Tape::of(&talk.stage).channels;
    let [left, right] = [&left, &right].map(|side| &side[side.len() - 8 * 1_600..side.len() - 8 * 600]);
    let loudness = dbov(left);
    assert!((loudness + 40.0).abs() < 1.5, "{loudness:.1} dBov");
    assert!(right.iter().all(|sample| *sample == coded(-3_000)), "and nothing of it on the other side");
    talk.stage.assert_all_let_go("a recorded caller who suppresses silence");
}

#[test]
fn what_is_said_at_the_operators_end_while_the_caller_hears_music_or_holds_is_on_no_recording() {
    let mut talk = Talk::recorded();
    let mut moments = Vec::new();
    let (caller, anna) = (coded(1_000), coded(-3_000));
    let [of_caller, of_anna] = [talk.caller.id, talk.anna.id];
    // The phone that holds goes on to send what its microphone hears.
    for (who, direction, expected) in [
        (of_anna, "sendrecv", [caller, anna]),
        (of_anna, "sendonly", [caller, 0]),
        (of_anna, "sendrecv", [caller, anna]),
        (of_caller, "sendonly", [caller, 0]),
        (of_caller, "inactive", [0, 0]),
        (of_caller, "sendrecv", [caller, anna]),
    ] {
        talk.stage.with_phone(who, |phone, _| {
            let body = phone.sdp(direction);
            phone.ask("INVITE", &[], &body);
        });
        talk.speak([1_000, -3_000], None, 1_500);
        moments.push((talk.stage.instant(), expected, direction));
    }
    talk.stage.hang_up(of_caller);
    let tape = Tape::of(&talk.stage);
    for (moment, expected, direction) in moments {
        assert_eq!(tape.at(moment), expected, "{direction}");
    }
    talk.stage.assert_all_let_go("a recorded conversation with holds");
}
