//! Calls as providers of telephone networks bring them: how they write numbers, what they say of the caller, and what
//! else they send along.

use super::phone::Out;
use super::stage::Stage;
use super::trunks::{PROVIDER, last_status, stage_of, trunk_at};
use hotline::exchange::{Numbers, Trunk};
use hotline::model::CallEvent;

/// What a provider writes.
struct Call<'a> {
    uri: &'a str,
    from: &'a str,
    more: &'a str,
    has_isup: bool,
    asks_rport: bool,
}

const PLAIN: Call<'_> = Call {
    uri: "sip:+74951234567@192.0.2.1",
    from: "<sip:+79161234567@192.0.2.100>",
    more: "",
    has_isup: false,
    asks_rport: true,
};

/// A description with a message of the telephone network beside it (RFC 3204).
fn with_isup(sdp: &str) -> String {
    format!(
        "--b\r\nContent-Type: application/sdp\r\n\r\n{sdp}\r\n--b\r\nContent-Type: application/isup;version=itu-t92+;\
         base=itu-t92+\r\nContent-Disposition: signal;handling=optional\r\n\r\n\u{1}\u{10}H\0\n\u{3}\u{2}\r\n--b--\r\n"
    )
}

fn bring(stage: &mut Stage, call: &Call<'_>) {
    stage.with_phone(PROVIDER, |phone, _| {
        let sdp = phone.sdp("sendrecv");
        let kind = if call.has_isup { "multipart/mixed;boundary=b" } else { "application/sdp" };
        let body = if call.has_isup { with_isup(&sdp) } else { sdp };
        phone.more = vec![("Content-Type", kind)];
        phone.invite("bank", Some(&body));
        let Some(Out::Sip(text)) = phone.out.pop_back() else { panic!("no INVITE") };
        let from = format!("{};tag=provider", call.from);
        let text = text.replace(&phone.local, &from).replace(&phone.target, call.uri);
        let text = if call.asks_rport { text } else { text.replace(";rport", "") };
        phone.local = from;
        phone.out.push_back(Out::Sip(text.replacen("Max-Forwards", &format!("{}Max-Forwards", call.more), 1)));
    });
}

/// Who calls and what is noted of it, and the line.
fn arrived(stage: &Stage) -> (String, String) {
    let mut all = stage.events(|event| match event {
        CallEvent::Arrived { from, line, .. } => {
            Some((from.as_ref().map_or("-".to_owned(), |from| from.as_str().to_owned()), line.to_string()))
        }
        CallEvent::Noted { note } => Some((note.to_string(), String::new())),
        _ => None,
    });
    let (from, line) = all.remove(0);
    let notes: Vec<String> = all.into_iter().map(|(note, _)| note).collect();
    ([vec![from], notes].concat().join(" "), line)
}

/// What it is about, the call, and who calls.
type Case = (&'static str, Call<'static>, &'static str);

const OWN: &str = "+79161234567";
const ASSERTED: &str = "+74957770001";

/// Whether a trunk names its numbers or leaves them to the menu, the call is taken on the main line, and hears it.
fn check(cases: impl IntoIterator<Item = Case>) {
    for (what, call, expected) in cases {
        for names_numbers in [false, true] {
            let numbers = names_numbers.then(|| Numbers::new([("+7 (495) 123-45-67", "main".into())]));
            let mut stage = stage_of(Trunk { numbers, ..trunk_at(0) });
            bring(&mut stage, &call);
            assert_eq!(last_status(&stage, PROVIDER), 200, "{what}");
            assert_eq!(arrived(&stage), (expected.to_owned(), "main".to_owned()), "{what}");
            stage.listen();
            assert!(stage.take_phrases(PROVIDER, "ru").starts_with("greeting"), "{what}");
            stage.hang_up(PROVIDER);
            stage.assert_all_let_go(what);
        }
    }
}

#[test]
fn numbers_are_known_however_a_provider_writes_them() {
    check([
        ("plain", PLAIN, OWN),
        ("from 8", Call { uri: "sip:84951234567@192.0.2.1", from: "<sip:89161234567@192.0.2.100>", ..PLAIN }, OWN),
        (
            "from 7, as a telephone",
            Call {
                uri: "sip:74951234567@192.0.2.1;user=phone",
                from: "\"79161234567\" <sip:79161234567@192.0.2.100;user=phone>",
                ..PLAIN
            },
            OWN,
        ),
        ("tel:", Call { uri: "tel:+7-495-123-45-67", from: "<tel:+79161234567>", ..PLAIN }, OWN),
        (
            "a number that was carried over, and what kind of caller it is",
            Call {
                uri: "sip:+74951234567;npdi;rn=+79000000000@192.0.2.1;user=phone",
                from: "<sip:+79161234567;cpc=ordinary@192.0.2.100;user=phone>",
                ..PLAIN
            },
            OWN,
        ),
        ("a name without quotes", Call { from: "Иван <sip:+79161234567@192.0.2.100>", ..PLAIN }, OWN),
    ]);
}

#[test]
fn who_calls_is_known_whatever_a_provider_sends_along() {
    check([
        ("asserted", Call { more: "P-Asserted-Identity: <tel:+74957770001>\r\n", ..PLAIN }, ASSERTED),
        (
            "asserted twice",
            Call {
                more: "P-Asserted-Identity: <sip:+74957770001@ims.example;user=phone>, <tel:+74957770001>\r\n",
                ..PLAIN
            },
            ASSERTED,
        ),
        (
            "asserted of a switchboard's extension",
            Call {
                from: "\"anonymous\" <sip:anonymous@anonymous.invalid>",
                more: "P-Asserted-Identity: <tel:84957770001>\r\n",
                ..PLAIN
            },
            ASSERTED,
        ),
        (
            "asserted and withheld",
            Call {
                from: "\"anonymous\" <sip:anonymous@anonymous.invalid>",
                more: "P-Asserted-Identity: <tel:+74957770001>\r\nPrivacy: id\r\n",
                ..PLAIN
            },
            "- number_withheld",
        ),
        ("nobody", Call { from: "\"Anonymous\" <sip:anonymous@anonymous.invalid>", ..PLAIN }, "-"),
        (
            "the old way",
            Call { more: "Remote-Party-ID: <sip:84957770001@x>;party=calling;screen=yes\r\n", ..PLAIN },
            ASSERTED,
        ),
        (
            "forwarded by a subscriber",
            Call { more: "Diversion: <tel:+79990000000>;reason=no-answer;privacy=off;counter=1\r\n", ..PLAIN },
            OWN,
        ),
        (
            "what networks tell each other",
            Call {
                more: "P-Early-Media: supported\r\nP-Charging-Vector: icid-value=ab12;icid-generated-at=192.0.2.9\r\n\
                       P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=25001\r\nSession-ID: ab12\r\n\
                       Supported: 100rel, precondition, timer, histinfo\r\nRecv-Info: x\r\n",
                ..PLAIN
            },
            OWN,
        ),
        ("told reliably", Call { more: "Require: 100rel\r\n", ..PLAIN }, OWN),
        ("with a message of the telephone network", Call { has_isup: true, ..PLAIN }, OWN),
        ("answered where its Via says", Call { asks_rport: false, ..PLAIN }, OWN),
    ]);
}
