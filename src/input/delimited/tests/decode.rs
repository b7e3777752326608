use proptest::prelude::*;

use super::*;

/// Hands out a few bytes at a time, so that characters are cut.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.0.len().min(self.1).min(out.len());
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// The text in `bytes` and whether some of it was lost; `None` where it is not text.
fn decoded(bytes: &[u8], drip: usize) -> Option<(String, bool)> {
    let encoding = Encoding::of(bytes).ok()?;
    let mut text = Text::new(Drip(bytes, drip), encoding);
    let mut all = Vec::new();
    let mut part = [0; LONGEST_CHARACTER + 1];
    loop {
        let count = text.read(&mut part).expect("memory can be read");
        if count == 0 {
            break;
        }
        all.extend_from_slice(&part[..count]);
    }
    Some((String::from_utf8(all).expect("always UTF-8"), text.is_lossy()))
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(to_bytes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn text_comes_back_from_every_encoding(text in "[^\u{0}\u{feff}]{0,40}", drip in 1_usize..5) {
        let expected = Some((text.clone(), false));
        prop_assert_eq!(&decoded(format!("\u{feff}{text}").as_bytes(), drip), &expected);
        prop_assert_eq!(&decoded(&utf16(&text, u16::to_le_bytes), drip), &expected);
        prop_assert_eq!(&decoded(&utf16(&text, u16::to_be_bytes), drip), &expected);
    }

    #[test]
    fn every_byte_of_windows_1252_is_a_character(bytes in proptest::collection::vec(0x80_u8.., 0..40)) {
        // The replacement character itself, in UTF-8, is a character that was there.
        prop_assume!(!std::str::from_utf8(&bytes).is_ok_and(|text| text.contains('\u{fffd}')));
        if let Some((text, _)) = decoded(&[b"VIN,", &bytes[..]].concat(), 3) {
            prop_assert!(!text.contains('\u{fffd}'), "{}", text);
        }
    }

    #[test]
    fn where_reads_end_makes_no_difference(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0x20_u8..0x7f, Just(0)], 0..60),
        drip in 1_usize..4,
    ) {
        prop_assert_eq!(decoded(&bytes, drip), decoded(&bytes, 60));
    }
}
