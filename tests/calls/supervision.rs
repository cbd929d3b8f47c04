//! A supervisor's phone in an operator's conversation, octet by octet: who hears whom, who does not, and what is left
//! when the supervisor goes.

use super::phone::Voice;
use super::stage::{Id, Stage, config};
use super::tapes::Tape;
use super::wire::{Handset, Rtp};
use hotline::exchange::ExchangeConfig;
use hotline::ivr::acd::OperatorState;
use hotline::model::CallEvent;
use hotline::voip::audio::{Codec, g711};
use hotline::voip::media::{MediaCommand, StreamId};
use std::time::Duration;

const ANNA: &str = "anna:support:ru,en";
const BORIS: &str = "boris:fraud:ru";
const OLGA: &str = "olga:none:ru:supervisor";

/// A level as A-law carries it.
pub fn coded(level: i32) -> i16 {
    let level = level.clamp(i16::MIN.into(), i16::MAX.into());
    g711::decode(Codec::Pcma, g711::encode(Codec::Pcma, i16::try_from(level).unwrap()))
}

/// A caller who talks with anna, and phones that may follow: their sound is made by hand.
pub struct Talk {
    pub stage: Stage,
    pub caller: Handset,
    pub anna: Handset,
    pub boris: Id,
    pub olga: Id,
}

impl Talk {
    pub fn new() -> Self {
        Self::begun(Stage::new(), |stage, caller| caller.hum(stage, 400))
    }

    /// The same, of a caller who heard that conversations are recorded.
    pub fn recorded() -> Self {
        let config = ExchangeConfig { record_after: vec!["record_notice".into()], ..config() };
        Self::begun(Stage::configured(config), |stage, _| stage.listen())
    }

    fn begun(mut stage: Stage, waits: impl FnOnce(&mut Stage, &mut Handset)) -> Self {
        let [anna, boris, olga] = stage.operators(&[ANNA, BORIS, OLGA])[..] else { panic!() };
        let caller = stage.phone("+79161234567");
        for id in [anna, boris, olga, caller] {
            stage.phones[id].voice = Voice::Mute;
        }
        stage.dial(caller, "+74951234567");
        let mut caller = Handset::of(&mut stage, caller);
        waits(&mut stage, &mut caller);
        caller.press(&mut stage, '0');
        assert!(stage.run_until(5_000, |stage| stage.phones[anna].towards.is_some()), "anna answers");
        let anna = Handset::of(&mut stage, anna);
        let mut talk = Self { stage, caller, anna, boris, olga };
        // The whisper of the menu is over.
        talk.speak([0, 0], None, 3_000);
        talk
    }

    /// The same, with the phone of olga, who listens.
    fn followed() -> (Self, Handset) {
        let mut talk = Self::new();
        let olga = talk.dials(talk.olga, "*63anna");
        (talk, olga)
    }

    /// A phone dials a code and is answered; from then on its sound is made by hand.
    fn dials(&mut self, who: Id, code: &str) -> Handset {
        self.stage.dial(who, code);
        assert!(self.stage.phones[who].towards.is_some(), "{code} is answered");
        Handset::of(&mut self.stage, who)
    }

    /// The two, and the one who follows, each speak at a level for a time.
    pub fn speak(&mut self, [caller, anna]: [i16; 2], mut third: Option<(&mut Handset, i16)>, millis: u64) {
        let payload = |level| vec![g711::encode(Codec::Pcma, level); 160];
        for _ in 0..millis / 20 {
            self.caller.say(&mut self.stage, 8, 160, &payload(caller));
            self.anna.say(&mut self.stage, 8, 160, &payload(anna));
            if let Some((handset, level)) = &mut third {
                handset.say(&mut self.stage, 8, 160, &payload(*level));
            }
            self.stage.run_for(20);
        }
    }

    /// What the three hear when they speak at these levels: the one sample of the last packet of each.
    fn heard(&mut self, levels: [i16; 3], olga: &mut Handset) -> [i16; 3] {
        let [caller, anna, third] = levels;
        // Longer than three beeps and what waits before a member is heard.
        self.speak([caller, anna], Some((olga, third)), 1_500);
        let ears = [self.caller.clone(), self.anna.clone(), olga.clone()];
        for ear in &ears {
            ear.take(&mut self.stage);
        }
        self.speak([caller, anna], Some((olga, third)), 400);
        ears.map(|ear| {
            let packets = sound(&ear.take(&mut self.stage));
            assert_even(&packets);
            level(packets.last().unwrap())
        })
    }

    fn hears(&mut self, who: &Handset) -> Vec<Rtp> {
        sound(&who.take(&mut self.stage))
    }

    /// What the record and the audit tell of supervision.
    fn told(&self) -> (String, String) {
        let event = |event: &CallEvent| match event {
            CallEvent::Supervised { by, operator, does } => Some(format!("{by} {operator} {does}")),
            CallEvent::SupervisionEnded { by, operator, .. } => Some(format!("{by} {operator} ended")),
            _ => None,
        };
        (self.stage.events(event).join(", "), self.stage.audit.join(", "))
    }

    /// The conversation is what it was: octet for octet, every 20 ms.
    #[track_caller]
    fn assert_undisturbed(&mut self) {
        self.speak([1_000, -3_000], None, 300);
        let ears = [self.caller.clone(), self.anna.clone()];
        for ear in &ears {
            ear.take(&mut self.stage);
        }
        self.speak([1_000, -3_000], None, 400);
        for (ear, expected) in ears.iter().zip([-3_000, 1_000]) {
            let packets = sound(&ear.take(&mut self.stage));
            assert_eq!(packets.len(), 20);
            assert_even(&packets);
            assert!(packets.iter().all(|packet| packet.payload == [g711::encode(Codec::Pcma, expected); 160]));
        }
        assert!(matches!(self.stage.operator_state("anna"), OperatorState::Talking(_)));
    }

    #[track_caller]
    pub fn assert_ends(mut self, what: &str) {
        self.stage.hang_up(self.caller.id);
        self.stage.run_for(5_000);
        self.stage.assert_all_let_go(what);
    }
}

/// Packets of sound.
pub fn sound(packets: &[Rtp]) -> Vec<Rtp> {
    packets.iter().filter(|packet| packet.kind == 8).cloned().collect()
}

#[track_caller]
pub fn assert_even(packets: &[Rtp]) {
    for pair in packets.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(160));
        assert_eq!(pair[1].at.since(pair[0].at), Duration::from_millis(20));
        assert!(!pair[1].marker);
    }
}

/// The one sample of a packet.
#[track_caller]
pub fn level(packet: &Rtp) -> i16 {
    assert_eq!(packet.payload, [packet.payload[0]; 160]);
    g711::decode(Codec::Pcma, packet.payload[0])
}

fn keys(packets: &[Rtp]) -> usize {
    packets.iter().filter(|packet| packet.kind == 101).count()
}

#[test]
fn a_supervisor_listens_whispers_and_joins_and_all_hear_the_exact_sum_of_whom_they_should() {
    let (mut talk, mut olga) = Talk::followed();
    let olga_id = olga.id;
    let levels = [1_000, -3_000, 7_000];
    let [c, a, o] = levels.map(|level| i32::from(coded(level.into())));
    let listens = [a, c, c + a];
    let whispers = [a, c + o, c + a];
    let joins = [a + o, c + o, c + a];
    for (key, expected) in
        [(None, listens), (Some('2'), whispers), (Some('3'), joins), (Some('1'), listens), (Some('3'), joins)]
    {
        if let Some(key) = key {
            olga.press(&mut talk.stage, key);
        }
        assert_eq!(talk.heard(levels, &mut olga), expected.map(coded), "{key:?}");
    }
    talk.stage.hang_up(olga_id);
    talk.assert_undisturbed();
    let all =
        "olga anna listens, olga anna whispers, olga anna joins, olga anna listens, olga anna joins, olga anna ended";
    assert_eq!(talk.told(), (all.to_owned(), all.to_owned()));
    talk.assert_ends("a supervised conversation");
}

#[test]
fn nobody_hears_an_echo() {
    let (mut talk, mut olga) = Talk::followed();
    olga.press(&mut talk.stage, '3');
    for who in 0..3 {
        let mut levels = [0; 3];
        levels[who] = 7_000;
        let heard = talk.heard(levels, &mut olga);
        for (ear, heard) in heard.into_iter().enumerate() {
            if ear == who {
                assert!(heard.abs() < 32, "{who} hears itself: {heard}");
            } else {
                assert!((heard - coded(7_000)).abs() < 300, "{ear} hears {who}: {heard}");
            }
        }
    }
    talk.assert_ends("three who talk");
}

#[test]
fn a_loud_conversation_of_three_is_cut_at_the_largest_sample_and_not_wrapped() {
    let (mut talk, mut olga) = Talk::followed();
    olga.press(&mut talk.stage, '3');
    assert_eq!(talk.heard([30_000; 3], &mut olga), [coded(60_000); 3]);
    talk.assert_ends("three who shout");
}

#[test]
fn keys_go_between_the_two_and_a_secret_to_nobody() {
    let (mut talk, mut olga) = Talk::followed();
    for mode in ['1', '2', '3'] {
        talk.heard([0; 3], &mut olga);
        olga.press(&mut talk.stage, mode);
        olga.press(&mut talk.stage, '9');
        for ear in [talk.caller.clone(), talk.anna.clone()] {
            assert_eq!(keys(&ear.take(&mut talk.stage)), 0, "a supervisor's keys are no one's, at {mode}");
        }
        talk.caller.press(&mut talk.stage, '7');
        let anna = talk.anna.clone().take(&mut talk.stage);
        assert_eq!((keys(&anna), keys(&olga.take(&mut talk.stage))), (8, 0), "the caller's are anna's, at {mode}");
    }
    // What the media keeps from the operator it keeps from the supervisor.
    let stream = StreamId(u64::from((talk.caller.bank.port() - 20_000) / 2));
    talk.stage.tell_media(MediaCommand::Secret { stream, on: true });
    let heard = talk.heard([9_000, 0, 0], &mut olga);
    assert!(heard.iter().all(|level| level.abs() < 32), "a secret that is spoken: {heard:?}");
    talk.caller.press(&mut talk.stage, '4');
    for ear in [talk.anna.clone(), olga.clone()] {
        assert_eq!(keys(&ear.take(&mut talk.stage)), 0, "a secret that is keyed");
    }
    talk.stage.tell_media(MediaCommand::Secret { stream, on: false });
    talk.assert_ends("a secret");
}

#[test]
fn supervision_ends_with_the_conversation_and_nobody_listens_to_a_menu() {
    let (mut talk, mut olga) = Talk::followed();
    let olga_id = olga.id;
    talk.heard([1_000, -3_000, 0], &mut olga);
    talk.stage.phones[olga_id].deaf = false;
    talk.stage.take_heard(olga_id);
    let anna = talk.anna.id;
    talk.stage.hang_up(anna);
    talk.stage.run_for(3_000);
    let heard = talk.stage.take_phrases(olga_id, "ru");
    assert!(heard.ends_with("busy busy busy"), "why it ended: {heard}");
    assert_eq!(talk.stage.phones[olga_id].count("BYE"), 1);
    assert_eq!(talk.stage.exchange.calls(), 1, "the caller is in the menu");
    // The caller goes on to what follows, and whoever dials now hears only that nobody talks.
    let joins = talk.stage.shown.matches("Join {").count();
    talk.stage.dial(olga_id, "*63anna");
    talk.stage.run_for(3_000);
    let heard = talk.stage.take_phrases(olga_id, "ru");
    assert_eq!(heard, "busy busy busy");
    assert_eq!(talk.stage.phones[olga_id].count("BYE"), 2);
    assert_eq!(talk.stage.shown.matches("Join {").count(), joins, "no sound of a menu is anybody's");
    assert_eq!(talk.told().0, "olga anna listens, olga anna ended");
    talk.assert_ends("a conversation that ended");
}

#[test]
fn who_enters_a_secret_in_the_menu_is_alone_with_it() {
    let mut stage = Stage::new();
    let [_, olga] = stage.operators(&[ANNA, OLGA])[..] else { panic!() };
    let caller = stage.caller();
    for keys in ["2", "1", "4321"] {
        stage.run_for(400);
        stage.press(caller, keys);
    }
    stage.run_for(3_000);
    assert!(stage.shown.contains("Secret"), "a secret is being entered");
    stage.dial(olga, "*63anna");
    stage.run_for(500);
    stage.press(caller, "98");
    stage.run_for(3_000);
    assert_eq!(stage.take_phrases(olga, "ru"), "busy busy busy");
    assert!(stage.phones[olga].ear.keys.is_empty());
    assert!(!stage.shown.contains("Join {"));
    stage.hang_up(caller);
    stage.assert_all_let_go("a secret in the menu");
}

#[test]
fn who_may_not_and_who_finds_nobody_hears_a_tone_and_the_conversation_nothing() {
    for (who, code, tone) in [
        ("boris", "*63anna", "congestion congestion congestion"),
        ("olga", "*63nobody", "congestion congestion congestion"),
        ("olga", "*63", "congestion congestion congestion"),
        ("olga", "*63boris", "busy busy busy"),
        ("olga", "*63olga", "busy busy busy"),
        ("anna", "*63anna", "congestion congestion congestion"),
    ] {
        let mut talk = Talk::new();
        let id = match who {
            "boris" => talk.boris,
            "olga" => talk.olga,
            // A second phone of hers, which does not talk.
            _ => {
                let id = talk.stage.register("anna");
                talk.stage.phones[id].voice = Voice::Mute;
                id
            }
        };
        talk.stage.dial(id, code);
        talk.speak([1_000, -3_000], None, 3_000);
        assert_eq!(talk.stage.take_phrases(id, "ru"), tone, "{who} {code}");
        assert_eq!(talk.stage.phones[id].count("BYE"), 1, "{who} {code}");
        assert_eq!(talk.told(), (String::new(), String::new()));
        assert!(!talk.stage.shown.contains("Join {"), "{who} {code}");
        talk.assert_undisturbed();
        talk.assert_ends(code);
    }
}

#[test]
fn a_phone_that_is_not_registered_hears_nothing_at_all() {
    let mut talk = Talk::new();
    let stranger = talk.stage.phone("olga");
    talk.stage.dial(stranger, "*63anna");
    assert_eq!(talk.stage.phones[stranger].count("403 INVITE"), 1);
    talk.assert_undisturbed();
    talk.assert_ends("a stranger");
}

#[test]
fn a_conversation_has_one_supervisor_who_is_offered_no_caller_meanwhile() {
    let mut stage = Talk::new();
    stage.stage.accounts(&[ANNA, BORIS, "olga:support:ru:supervisor", "petr:none:ru:supervisor"]);
    let petr = stage.stage.register("petr");
    stage.stage.phones[petr].voice = Voice::Mute;
    let olga_id = stage.olga;
    // On the keys of a desk phone: anna.
    let mut olga = stage.dials(olga_id, "*632662");
    stage.heard([1_000, -3_000, 0], &mut olga);
    assert!(matches!(stage.stage.operator_state("olga"), OperatorState::Reserved(_)));
    stage.stage.dial(petr, "*63anna");
    stage.speak([1_000, -3_000], Some((&mut olga, 0)), 3_000);
    assert_eq!(stage.stage.take_phrases(petr, "ru"), "busy busy busy");
    stage.stage.hang_up(olga_id);
    assert_eq!(stage.stage.operator_state("olga"), OperatorState::Ready);
    let mut petr = stage.dials(petr, "*63anna");
    let heard = stage.heard([1_000, -3_000, 0], &mut petr);
    assert_eq!(heard[2], coded(i32::from(coded(1_000)) + i32::from(coded(-3_000))));
    stage.assert_ends("one after the other");
}

#[test]
fn who_is_no_supervisor_any_more_hears_no_more() {
    let (mut talk, mut olga) = Talk::followed();
    let olga_id = olga.id;
    talk.heard([1_000, -3_000, 0], &mut olga);
    talk.stage.phones[olga_id].deaf = false;
    talk.stage.take_heard(olga_id);
    talk.stage.accounts(&[ANNA, BORIS, "olga:none:ru"]);
    talk.speak([1_000, -3_000], None, 3_000);
    let heard = talk.stage.take_phrases(olga_id, "ru");
    assert!(heard.ends_with("congestion congestion congestion"), "{heard}");
    assert_eq!(talk.told().0, "olga anna listens, olga anna ended");
    talk.assert_undisturbed();
    talk.assert_ends("a role taken away");
}

#[test]
fn a_supervisor_may_hold_and_a_phone_that_falls_silent_is_let_go() {
    let (mut talk, mut olga) = Talk::followed();
    let olga_id = olga.id;
    talk.heard([1_000, -3_000, 0], &mut olga);
    for direction in ["inactive", "sendrecv"] {
        talk.stage.with_phone(olga_id, |phone, _| {
            let sdp = phone.sdp(direction);
            phone.ask("INVITE", &[], &sdp);
        });
        olga.take(&mut talk.stage);
        talk.speak([1_000, -3_000], Some((&mut olga, 0)), 400);
        let heard = talk.hears(&olga).len();
        assert_eq!(heard, if direction == "inactive" { 0 } else { 20 }, "{direction}");
    }
    talk.speak([1_000, -3_000], None, 61_000);
    assert_eq!(talk.stage.phones[olga_id].count("BYE"), 1);
    talk.assert_undisturbed();
    talk.assert_ends("a silent supervisor");
}

#[test]
fn a_recording_has_the_supervisor_who_joins_and_nothing_of_what_is_whispered() {
    let mut talk = Talk::recorded();
    let olga_id = talk.olga;
    let mut olga = talk.dials(olga_id, "*63anna");
    let levels = [1_000, -3_000, 7_000];
    let [caller, anna, third] = levels.map(|level| coded(level.into()));
    let mut moments = Vec::new();
    for (key, on_tape) in [('1', anna), ('2', anna), ('3', anna + third), ('2', anna), ('3', anna + third)] {
        olga.press(&mut talk.stage, key);
        for other in [&mut talk.caller, &mut talk.anna] {
            other.rest(200);
        }
        let heard = talk.heard(levels, &mut olga);
        let to_anna = if key == '1' { caller } else { coded(i32::from(caller) + i32::from(third)) };
        assert_eq!(heard[..2], [coded(on_tape.into()), to_anna], "at {key}");
        moments.push((talk.stage.instant(), [caller, on_tape], key));
    }
    let stream = StreamId(u64::from((talk.caller.bank.port() - 20_000) / 2));
    talk.stage.tell_media(MediaCommand::Secret { stream, on: true });
    talk.heard(levels, &mut olga);
    moments.push((talk.stage.instant(), [0, 0], 'S'));
    talk.stage.tell_media(MediaCommand::Secret { stream, on: false });
    talk.stage.hang_up(olga_id);
    talk.assert_undisturbed();
    moments.push((talk.stage.instant(), [caller, anna], '-'));
    let id = talk.caller.id;
    talk.stage.hang_up(id);
    let tape = Tape::of(&talk.stage);
    for (moment, expected, key) in moments {
        assert_eq!(tape.at(moment), expected, "at {key}");
    }
    talk.stage.run_for(5_000);
    talk.stage.assert_all_let_go("a recorded, supervised conversation");
}
