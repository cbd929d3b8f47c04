use proptest::prelude::*;

use super::*;

fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn every_form_is_written_as_it_was_read() {
    for text in [
        "sip:alice@atlanta.com",
        "sip:alice:secretword@atlanta.com;transport=tcp",
        "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:+1-212-555-1212:1234@gateway.com;user=phone",
        "sips:1212@gateway.com",
        "sip:alice@192.0.2.4",
        "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
        "sip:alice;day=tuesday@atlanta.com",
        "sip:[2001:db8::10]:5070",
        "sip:user@[2001:db8::1:2];lr",
        "sip:*21#@pbx",
        "sip:my_pbx",
        "tel:+7-495-555-01-02",
        "tel:900;phone-context=+7",
        "tel:*100#;phone-context=bank.example",
        "urn:service:sos",
    ] {
        assert_eq!(uri(text).to_string(), text);
    }
}

#[test]
fn what_is_no_uri_is_refused() {
    for text in [
        "",
        "sip",
        "sip:",
        ":a@b",
        "1sip:a@b",
        "<sip:a@b>",
        "sip:@b",
        "sip:a@",
        "sip:a b@c",
        "sip:a@b c",
        "sip:a@b:",
        "sip:a@b:65536",
        "sip:a@b:-1",
        "sip:a%4@b",
        "sip:a%zz@b",
        "sip:a@b@c",
        "sip:[2001:db8::1",
        "sip:[x]",
        "sip:a@b;",
        "sip:a@b;=x",
        "sip:a@b?",
        "sip:a@b;p=\"q\"",
        "tel:",
        "tel:+",
        "tel:bank",
        "tel:+7 495",
        "http:",
        "sip:a..b",
        "sip:é@b",
        "sip:a@b:5060x",
    ] {
        assert!(Uri::parse(text).is_err(), "{text:?} is {:?}", Uri::parse(text));
    }
}

#[test]
fn uris_that_mean_the_same_by_section_19_1_4() {
    for (one, two) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0:0::1]"),
        ("sip:a;one=1;one=2", "sip:a;one=1;one=2"),
        ("tel:+7(495)555-01-02", "tel:+74955550102"),
    ] {
        assert!(uri(one).is_equivalent(&uri(two)), "{one} {two}");
        assert!(uri(two).is_equivalent(&uri(one)), "{two} {one}");
    }
}

#[test]
fn uris_that_do_not_mean_the_same() {
    for (one, two) in [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@b", "sips:a@b"),
        ("sip:a@b", "sip:b"),
        ("sip:a@b", "sip:a:c@b"),
        ("sip:a@b;user=phone", "sip:a@b"),
        ("sip:a@b;maddr=192.0.2.1", "sip:a@b"),
        ("tel:900;phone-context=+7", "tel:900"),
        ("tel:900", "sip:900@b"),
    ] {
        assert!(!uri(one).is_equivalent(&uri(two)), "{one} {two}");
        assert!(!uri(two).is_equivalent(&uri(one)), "{two} {one}");
    }
}

#[test]
fn the_number_of_a_user_part() {
    for (text, number) in [
        ("tel:+7-495-555-01-02", Some("+74955550102")),
        ("sip:+79161234567@trunk.example;user=phone", Some("+79161234567")),
        ("sip:+79161234567;npdi@trunk.example;user=phone", Some("+79161234567")),
        ("sip:89161234567@trunk.example", Some("+79161234567")),
        ("sip:%2B79161234567@trunk.example", Some("+79161234567")),
        ("sip:88005553535@trunk.example", Some("88005553535")),
        ("sip:anna@bank.example", None),
        ("sip:bank.example", None),
    ] {
        assert_eq!(uri(text).phone().as_ref().map(PhoneNumber::as_str), number, "{text}");
    }
}

#[test]
fn a_user_is_escaped_where_it_must_be() {
    let made = SipUri::new(Some("анна @#"), Host::parse("b").unwrap(), Some(5070));
    assert_eq!(made.to_string(), "sip:%D0%B0%D0%BD%D0%BD%D0%B0%20%40%23@b:5070");
    assert_eq!(Uri::from(made.clone()), uri(&made.to_string()));
    assert_eq!(made.user_text().as_deref(), Some("анна @#"));
}

proptest! {
    #[test]
    fn no_text_breaks_it_and_what_is_read_is_written_the_same(text in "(sips?|tel):[ -~]{0,40}") {
        if let Ok(read) = Uri::parse(&text) {
            prop_assert_eq!(Uri::parse(&read.to_string()), Ok(read.clone()));
            prop_assert!(read.is_equivalent(&read));
        }
    }
}
