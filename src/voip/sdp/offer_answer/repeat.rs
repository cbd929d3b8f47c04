//! The description in force, offered once more: a session is refreshed so (RFC 4028 §7.4, RFC 3264 §8).

use super::{CryptoLine, Direction, Negotiation, PendingOffer, codec_of, rtcp_mux};
use crate::voip::audio::Codec;

impl Negotiation {
    /// The last body once more, letter by letter, as an offer; one of every codec when there was none, or when its
    /// numbers were the peer's and cannot be ours.
    pub fn repeat(&mut self) -> (String, PendingOffer) {
        self.repeated().unwrap_or_else(|| self.offer(Direction::SendRecv))
    }

    fn repeated(&self) -> Option<(String, PendingOffer)> {
        let last = self.last.as_ref()?;
        let audio = last.media.iter().position(|line| line.port != 0)?;
        let line = &last.media[audio];
        let known = |format| Some((codec_of(format)?, format.payload_type));
        let known: Vec<(Codec, u8)> = line.formats.iter().filter_map(known).collect();
        if known.is_empty() || known.iter().any(|(codec, number)| self.numbers.of(*codec) != *number) {
            return None;
        }
        let keys: Vec<CryptoLine> = line.crypto.iter().filter_map(CryptoLine::parse).collect();
        let pending = PendingOffer {
            local: self.local,
            direction: line.direction.unwrap_or(Direction::SendRecv),
            codecs: known.into_iter().map(|(codec, _)| codec).collect(),
            numbers: self.numbers.clone(),
            policy: self.policy,
            crypto: keys,
            lines: last.media.len(),
            audio,
            mux: line.attributes.contains(&rtcp_mux()),
        };
        Some((last.to_string(), pending))
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;

    fn theirs(body: &str) -> RemoteOffer {
        let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n";
        RemoteOffer::parse(format!("{head}{body}").as_bytes()).unwrap()
    }

    fn ours() -> Negotiation {
        Negotiation::new(7, "192.0.2.1:20000".parse().unwrap())
    }

    #[test]
    fn what_is_in_force_is_offered_letter_by_letter_and_its_answer_changes_nothing() {
        for lines in [
            "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=rtcp-mux\r\n",
            "m=audio 4000 RTP/AVP 111 97\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:97 telephone-event/48000\r\n",
            "m=video 0 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0 13\r\na=ptime:40\r\na=sendonly\r\n",
        ] {
            let mut negotiation = ours();
            let (body, before) = negotiation.answer(theirs(lines), Direction::SendRecv).unwrap();
            let (repeated, pending) = negotiation.repeat();
            assert_eq!(repeated, body);
            let answer = theirs(lines).0.to_string();
            assert_eq!(pending.accept(answer.as_bytes()).unwrap(), before, "{lines}");
            assert_eq!(negotiation.repeat().0, body, "its version stays");
        }
    }

    #[test]
    fn the_keys_in_force_stay() {
        let key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
        let lines = format!("m=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n");
        let mut negotiation = ours().with_srtp(SecureMedia::Preferred, [3; 32]);
        let (body, before) = negotiation.answer(theirs(&lines), Direction::SendRecv).unwrap();
        let (repeated, pending) = negotiation.repeat();
        assert_eq!(repeated, body);
        let after = pending.accept(theirs(&lines).0.to_string().as_bytes()).unwrap();
        assert_eq!(after, before);
    }

    #[test]
    fn an_offer_of_ours_is_repeated_whole_and_without_one_there_is_a_first() {
        let mut negotiation = ours();
        let (first, pending) = negotiation.repeat();
        let before = pending.accept(theirs("m=audio 4000 RTP/AVP 8\r\n").0.to_string().as_bytes()).unwrap();
        let (second, pending) = negotiation.repeat();
        assert_eq!(first, second);
        assert_eq!(pending.accept(theirs("m=audio 4000 RTP/AVP 8\r\n").0.to_string().as_bytes()).unwrap(), before);
        // PCMA under a number that is not its own: nothing of ours can say that again.
        negotiation
            .answer(theirs("m=audio 4000 RTP/AVP 99\r\na=rtpmap:99 PCMA/8000\r\n"), Direction::SendRecv)
            .unwrap();
        assert!(negotiation.repeat().0.contains(" 8 0 "));
    }
}
