use super::*;

/// Numbers that follow from one another and look random.
fn noise(count: usize) -> impl Iterator<Item = u32> {
    let next = |before: &u32| Some(before.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    std::iter::successors(next(&1), next).take(count)
}

/// FNV-1a of 64 bits.
fn checksum(octets: impl IntoIterator<Item = u8>) -> u64 {
    octets.into_iter().fold(0xcbf2_9ce4_8422_2325, |sum, octet| (sum ^ u64::from(octet)).wrapping_mul(0x100_0000_01b3))
}

fn encoded(samples: &[i16]) -> Vec<u8> {
    let mut encoder = Encoder::default();
    samples.as_chunks::<2>().0.iter().map(|pair| encoder.encode(*pair)).collect()
}

fn decoded(octets: &[u8]) -> Vec<i16> {
    let mut decoder = Decoder::default();
    octets.iter().flat_map(|octet| decoder.decode(*octet)).collect()
}

fn sum_of(samples: &[i16]) -> u64 {
    checksum(samples.iter().copied().flat_map(i16::to_le_bytes))
}

fn loud() -> Vec<i16> {
    let sample = |number: u32| {
        let [high, low, ..] = number.to_be_bytes();
        i16::from_be_bytes([high ^ 0x80, low])
    };
    noise(3_200).map(sample).collect()
}

/// The sums were computed with an implementation of others that passes the test sequences of the ITU (G.722 Appendix
/// II), which cannot be shipped: `SpanDSP` 0.0.6.
#[test]
fn octets_and_samples_are_bit_for_bit_those_of_an_implementation_that_passes_the_sequences_of_the_itu() {
    let soft: Vec<i16> = loud().iter().map(|sample| sample / 16).collect();
    let square: Vec<i16> = (0..3_200).map(|at| if at / 20 % 2 == 1 { 8_000 } else { -8_000 }).collect();
    assert_eq!(checksum(encoded(&loud())), 0x0c55_5252_693f_3e62, "loud");
    for (name, samples, sum, back) in [
        ("soft", soft, 0x705c_c701_1514_be3c, 0x0e45_aaa4_c35e_7f8a),
        ("square", square, 0x391a_2292_c1d4_908e, 0x1f0e_9853_0f07_dbc8),
    ] {
        let octets = encoded(&samples);
        assert_eq!((octets.len(), checksum(octets.iter().copied())), (1_600, sum), "{name}");
        assert_eq!(sum_of(&decoded(&octets)), back, "{name}, and back");
    }
    let every: Vec<u8> = noise(320).map(|number| number.to_be_bytes()[0]).collect();
    assert_eq!(sum_of(&decoded(&every)), 0x889e_060a_1666_a369, "octets that no encoder sends are among them");
}

#[test]
fn what_is_too_loud_is_cut_and_never_turned_over() {
    let octets = encoded(&[30_000; 4_000]);
    assert!(decoded(&octets).iter().skip(100).all(|sample| *sample > 25_000));
    // Full scale at once, down and up: the filters overshoot.
    let steps: Vec<i16> = (0..4_000).map(|at| if at / 50 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
    let heard = decoded(&encoded(&steps));
    for (at, sample) in heard.iter().enumerate().skip(200) {
        // The codec's delay is 22 samples; edges ring.
        let place = (at - 22) % 50;
        if (12..38).contains(&place) {
            assert_eq!(*sample > 0, (at - 22) / 50 % 2 == 0, "{sample} at {at}");
        }
    }
}

#[test]
fn silence_stays_silent() {
    let loudest = decoded(&encoded(&[0; 3_200])).into_iter().map(i16::unsigned_abs).max();
    assert!(loudest <= Some(16), "{loudest:?}");
}
