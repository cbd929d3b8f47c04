//! Every transition of the four machines, as tables.

use super::timers::Reliability::{Reliable, Unreliable};
use super::timers::T1;
use super::*;
use std::fmt::Debug;

fn wire(text: &str) -> Wire {
    text.as_bytes().into()
}

/// The steps in a short form: `send 200`, `again 200`, `G 500`, `stop G`, `TimedOut`.
fn script(steps: &mut Steps) -> String {
    let text = |wire: &Wire| String::from_utf8_lossy(wire).into_owned();
    let words: Vec<String> = steps
        .drain()
        .map(|step| match step {
            Step::Send(wire) => format!("send {}", text(&wire)),
            Step::SendAgain(wire) => format!("again {}", text(&wire)),
            Step::Repeat(wire) => format!("repeat {}", text(&wire)),
            Step::Start(timer, length) => format!("{timer:?} {}", length.as_millis()),
            Step::Stop(timer) => format!("stop {timer:?}"),
            Step::Tell(tell) => format!("{tell:?}"),
        })
        .collect();
    words.join(", ")
}

/// The first word of a state's name.
fn name(state: &impl Debug) -> String {
    format!("{state:?}").split(['(', ' ']).next().unwrap_or_default().to_owned()
}

/// Feeds inputs one by one; after each the steps and the state must be as the line says.
fn check<M: Debug, I>(mut machine: M, mut handle: impl FnMut(M, I, &mut Steps) -> M, lines: Vec<(I, &str, &str)>) {
    let mut steps = Steps::default();
    for (at, (input, expected, state)) in lines.into_iter().enumerate() {
        machine = handle(machine, input, &mut steps);
        assert_eq!((script(&mut steps).as_str(), name(&machine).as_str()), (expected, state), "line {at}");
    }
}

mod invite_server_machine {
    use super::super::invite_server::Input::{Ack, Fired, Invite, Respond, TransportFailed};
    use super::super::invite_server::{Input, InviteServer};
    use super::*;

    fn run(reliability: Reliability, lines: Vec<(Input, &str, &str)>) {
        let mut steps = Steps::default();
        let machine = InviteServer::new(wire("100"), &mut steps);
        assert_eq!(script(&mut steps), "send 100");
        check(machine, |machine, input, steps| machine.handle(input, reliability, steps), lines);
    }

    fn say(code: u16) -> Input {
        let class = match code {
            ..=199 => Class::Provisional,
            200..=299 => Class::Success,
            300.. => Class::Failure,
        };
        Respond(class, wire(&code.to_string()))
    }

    #[test]
    fn a_refusal_is_repeated_until_its_ack() {
        run(
            Unreliable,
            vec![
                (Invite, "again 100", "Proceeding"),
                (Ack, "", "Proceeding"),
                (say(180), "send 180", "Proceeding"),
                (Invite, "again 180", "Proceeding"),
                (say(486), "send 486, G 500, H 32000", "Completed"),
                (Invite, "again 486", "Completed"),
                (say(200), "", "Completed"),
                (Fired(Timer::G), "repeat 486, G 1000", "Completed"),
                (Fired(Timer::G), "repeat 486, G 2000", "Completed"),
                (Fired(Timer::G), "repeat 486, G 4000", "Completed"),
                (Fired(Timer::G), "repeat 486, G 4000", "Completed"),
                (Ack, "stop G, stop H, I 5000", "Confirmed"),
                (Ack, "", "Confirmed"),
                (Invite, "", "Confirmed"),
                (TransportFailed, "", "Confirmed"),
                (Fired(Timer::I), "", "Terminated"),
                (Invite, "", "Terminated"),
            ],
        );
    }

    #[test]
    fn a_refusal_without_ack_is_given_up_and_told() {
        run(
            Unreliable,
            vec![
                (say(603), "send 603, G 500, H 32000", "Completed"),
                (Fired(Timer::H), "stop G, stop H, NotAcknowledged", "Terminated"),
            ],
        );
    }

    #[test]
    fn over_tcp_a_refusal_is_not_repeated_and_its_ack_ends_all() {
        run(Reliable, vec![(say(404), "send 404, H 32000", "Completed"), (Ack, "stop G, stop H", "Terminated")]);
    }

    #[test]
    fn an_answer_is_the_cores_to_repeat() {
        run(
            Unreliable,
            vec![
                (say(200), "send 200, L 32000", "Accepted"),
                (Invite, "", "Accepted"),
                (say(200), "repeat 200", "Accepted"),
                (Ack, "Ack", "Accepted"),
                (Ack, "Ack", "Accepted"),
                (say(486), "", "Accepted"),
                (TransportFailed, "", "Accepted"),
                (Fired(Timer::L), "", "Terminated"),
            ],
        );
    }

    #[test]
    fn a_lost_transport_ends_what_is_not_answered() {
        run(Reliable, vec![(TransportFailed, "stop G, stop H, TransportFailed", "Terminated")]);
        run(
            Reliable,
            vec![
                (say(500), "send 500, H 32000", "Completed"),
                (TransportFailed, "stop G, stop H, TransportFailed", "Terminated"),
            ],
        );
    }
}

mod non_invite_server_machine {
    use super::super::non_invite_server::Input::{Fired, Request, Respond, TransportFailed};
    use super::super::non_invite_server::{Input, NonInviteServer};
    use super::*;

    fn run(reliability: Reliability, lines: Vec<(Input, &str, &str)>) {
        check(NonInviteServer::new(), |machine, input, steps| machine.handle(input, reliability, steps), lines);
    }

    #[test]
    fn a_repeated_request_gets_the_same_answer() {
        let trying = || Respond(Class::Provisional, wire("100"));
        let ok = || Respond(Class::Success, wire("200"));
        run(
            Unreliable,
            vec![
                (Request, "", "Trying"),
                (trying(), "send 100", "Proceeding"),
                (Request, "again 100", "Proceeding"),
                (trying(), "send 100", "Proceeding"),
                (ok(), "send 200, J 32000", "Completed"),
                (Request, "again 200", "Completed"),
                (ok(), "", "Completed"),
                (Fired(Timer::J), "", "Terminated"),
            ],
        );
        run(Unreliable, vec![(ok(), "send 200, J 32000", "Completed")]);
        run(Reliable, vec![(ok(), "send 200", "Terminated")]);
    }

    #[test]
    fn a_lost_transport_ends_it_in_every_state() {
        let trying = || Respond(Class::Provisional, wire("100"));
        let failed = || (TransportFailed, "stop J, TransportFailed", "Terminated");
        run(Reliable, vec![failed()]);
        run(Reliable, vec![(trying(), "send 100", "Proceeding"), failed()]);
        let ok = (Respond(Class::Success, wire("200")), "send 200, J 32000", "Completed");
        run(Unreliable, vec![ok, failed()]);
    }
}

mod invite_client_machine {
    use super::super::invite_client::Input::{Failure, Fired, Provisional, Success, TransportFailed};
    use super::super::invite_client::{Input, InviteClient};
    use super::*;

    fn run(reliability: Reliability, lines: Vec<(Input, &str, &str)>) {
        let mut steps = Steps::default();
        let machine = InviteClient::new(wire("INVITE"), reliability, &mut steps);
        let start = match reliability {
            Unreliable => "send INVITE, A 500, B 32000",
            Reliable => "send INVITE, B 32000",
        };
        assert_eq!(script(&mut steps), start);
        check(machine, |machine, input, steps| machine.handle(input, reliability, steps), lines);
    }

    #[test]
    fn an_invite_is_repeated_until_something_comes() {
        run(
            Unreliable,
            vec![
                (Fired(Timer::A), "again INVITE, A 1000", "Calling"),
                (Fired(Timer::A), "again INVITE, A 2000", "Calling"),
                (Fired(Timer::A), "again INVITE, A 4000", "Calling"),
                (Fired(Timer::A), "again INVITE, A 8000", "Calling"),
                (Provisional, "stop A, stop B, Response", "Proceeding"),
                (Provisional, "stop A, stop B, Response", "Proceeding"),
                (Failure(wire("ACK")), "stop A, stop B, send ACK, Response, D 33000", "Completed"),
                (Failure(wire("ACK 2")), "again ACK", "Completed"),
                (Provisional, "", "Completed"),
                (Success, "", "Completed"),
                (Fired(Timer::D), "", "Terminated"),
            ],
        );
    }

    #[test]
    fn an_answer_and_its_repetitions_all_go_to_the_core() {
        run(
            Unreliable,
            vec![
                (Success, "stop A, stop B, Response, M 32000", "Accepted"),
                (Success, "Response", "Accepted"),
                (Provisional, "", "Accepted"),
                (Failure(wire("ACK")), "", "Accepted"),
                (TransportFailed, "", "Accepted"),
                (Fired(Timer::M), "", "Terminated"),
            ],
        );
        run(
            Reliable,
            vec![
                (Provisional, "stop A, stop B, Response", "Proceeding"),
                (Success, "stop A, stop B, Response, M 32000", "Accepted"),
            ],
        );
    }

    #[test]
    fn it_ends_without_an_answer_without_a_transport_and_at_once_over_tcp() {
        let gone = "stop A, stop B, stop D, TransportFailed";
        run(Unreliable, vec![(Fired(Timer::B), "stop A, stop B, stop D, TimedOut", "Terminated")]);
        run(Reliable, vec![(TransportFailed, gone, "Terminated")]);
        run(
            Reliable,
            vec![(Provisional, "stop A, stop B, Response", "Proceeding"), (TransportFailed, gone, "Terminated")],
        );
        run(Reliable, vec![(Failure(wire("ACK")), "stop A, stop B, send ACK, Response", "Terminated")]);
        run(
            Unreliable,
            vec![
                (Failure(wire("ACK")), "stop A, stop B, send ACK, Response, D 33000", "Completed"),
                (TransportFailed, gone, "Terminated"),
            ],
        );
    }
}

mod non_invite_client_machine {
    use super::super::non_invite_client::Input::{Fired, Response, TransportFailed};
    use super::super::non_invite_client::{Input, NonInviteClient};
    use super::*;

    fn run(reliability: Reliability, lines: Vec<(Input, &str, &str)>) {
        let mut steps = Steps::default();
        let machine = NonInviteClient::new(wire("BYE"), reliability, &mut steps);
        let start = match reliability {
            Unreliable => "send BYE, E 500, F 32000",
            Reliable => "send BYE, F 32000",
        };
        assert_eq!(script(&mut steps), start);
        check(machine, |machine, input, steps| machine.handle(input, reliability, steps), lines);
    }

    #[test]
    fn a_request_is_repeated_ever_more_slowly_until_its_answer() {
        run(
            Unreliable,
            vec![
                (Fired(Timer::E), "again BYE, E 1000", "Trying"),
                (Fired(Timer::E), "again BYE, E 2000", "Trying"),
                (Fired(Timer::E), "again BYE, E 4000", "Trying"),
                (Fired(Timer::E), "again BYE, E 4000", "Trying"),
                (Response(Class::Provisional), "Response", "Proceeding"),
                (Fired(Timer::E), "again BYE, E 4000", "Proceeding"),
                (Response(Class::Provisional), "Response", "Proceeding"),
                (Response(Class::Failure), "stop E, stop F, Response, K 5000", "Completed"),
                (Response(Class::Success), "", "Completed"),
                (TransportFailed, "", "Completed"),
                (Fired(Timer::K), "", "Terminated"),
            ],
        );
    }

    #[test]
    fn it_ends_without_an_answer_without_a_transport_and_at_once_over_tcp() {
        let proceeding = || (Response(Class::Provisional), "Response", "Proceeding");
        run(Unreliable, vec![(Fired(Timer::F), "stop E, stop F, TimedOut", "Terminated")]);
        run(Unreliable, vec![proceeding(), (Fired(Timer::F), "stop E, stop F, TimedOut", "Terminated")]);
        run(Reliable, vec![(TransportFailed, "stop E, stop F, TransportFailed", "Terminated")]);
        run(Reliable, vec![proceeding(), (TransportFailed, "stop E, stop F, TransportFailed", "Terminated")]);
        run(Reliable, vec![(Response(Class::Success), "stop E, stop F, Response", "Terminated")]);
    }
}

#[test]
fn the_timers_are_those_of_table_four() {
    use Timer::{A, B, C, D, E, F, G, H, I, J, K, L, M};
    let cases = [
        (A, 500, 500),
        (B, 32_000, 32_000),
        (C, 181_000, 181_000),
        (D, 33_000, 0),
        (E, 500, 500),
        (F, 32_000, 32_000),
        (G, 500, 500),
        (H, 32_000, 32_000),
        (I, 5_000, 0),
        (J, 32_000, 0),
        (K, 5_000, 0),
        (L, 32_000, 32_000),
        (M, 32_000, 32_000),
    ];
    for (timer, udp, tcp) in cases {
        let millis = |reliability| timer.first(reliability).as_millis();
        assert_eq!((millis(Unreliable), millis(Reliable)), (udp, tcp), "{timer:?}");
    }
    assert_eq!(timers::doubled(T1), 2 * T1);
}
