//! Compresses and decompresses a text of 256 KiB in the zlib format, at the levels 1, 6 and 9, with
//! flate2 on its pure-Rust backend. Throughput is in bytes of the text. All decompressions expect
//! the same checksum: that of the text.

use std::io::{self, Read, Write};

use dyno_guest::{SplitMix64, Suite, plugin};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

const TEXT_BYTES: usize = 256 * 1024;

/// The checksum of the text.
const TEXT_CHECKSUM: u64 = 0x75fd_7294_fec2_4efa;

fn suite(s: &mut Suite) {
    for level in [1, 6, 9] {
        s.case(format!("compress/{level}"))
            .description("Compresses a text to a new buffer")
            .group("compress")
            .param("level", level)
            .throughput_bytes(TEXT_BYTES as u64)
            .run(move |b| {
                let text = text();
                b.iter(|| compress(&text, level))
            });

        s.case(format!("decompress/{level}"))
            .description("Decompresses, to a new buffer, what was compressed at this level")
            .group("decompress")
            .param("level", level)
            .throughput_bytes(TEXT_BYTES as u64)
            .expected(TEXT_CHECKSUM)
            .run(move |b| {
                let compressed = compress(&text(), level)?;
                Ok::<_, io::Error>(b.iter(|| decompress(&compressed)))
            });
    }
}

fn compress(text: &[u8], level: u32) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(text)?;
    encoder.finish()
}

fn decompress(compressed: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    ZlibDecoder::new(compressed).read_to_end(&mut text)?;
    Ok(text)
}

/// Sentences of invented words: 2048 words of two to twelve letters and 1024 phrases of two to five
/// words, drawn so that a few are frequent and most are rare, as in a language; capitals, commas,
/// full stops, now and then a number or a new paragraph. Always the same text.
fn text() -> Vec<u8> {
    let mut random = SplitMix64::new(256);
    let words: Vec<String> = (0..2048).map(|_| word(&mut random)).collect();
    let phrases: Vec<String> = (0..1024).map(|_| phrase(&mut random, &words)).collect();
    let mut text = String::with_capacity(TEXT_BYTES + 1024);
    while text.len() < TEXT_BYTES {
        let from = text.len();
        for position in 0..3 + random.below(8) {
            if position > 0 {
                text.push_str(if random.below(8) == 0 { ", " } else { " " });
            }
            match random.below(32) {
                0 => text.push_str(&random.below(100_000).to_string()),
                1..=4 => text.push_str(frequent(&mut random, &phrases)),
                _ => text.push_str(frequent(&mut random, &words)),
            }
        }
        if let Some(first) = text.get_mut(from..=from) {
            first.make_ascii_uppercase();
        }
        text.push_str(if random.below(8) == 0 { ".\n\n" } else { ". " });
    }
    text.truncate(TEXT_BYTES);
    text.into_bytes()
}

fn phrase(random: &mut SplitMix64, words: &[String]) -> String {
    let words: Vec<&str> = (0..2 + random.below(4))
        .map(|_| frequent(random, words))
        .collect();
    words.join(" ")
}

/// Consonants and vowels in turn.
fn word(random: &mut SplitMix64) -> String {
    let letters = 2 + random.below(6) + random.below(6);
    let mut letter =
        |letters: &[u8]| char::from(letters[random.below(letters.len() as u32) as usize]);
    let alternating = (0..letters).map(|position| match position % 2 {
        0 => letter(b"bcdfghklmnprstvw"),
        _ => letter(b"aeiou"),
    });
    alternating.collect()
}

/// One of `texts`, the first ones far more often than the last: each bound is drawn below another.
fn frequent<'t>(random: &mut SplitMix64, texts: &'t [String]) -> &'t str {
    let bound = 1 + random.below(texts.len() as u32);
    let bound = 1 + random.below(bound);
    &texts[random.below(bound) as usize]
}

plugin!(suite);

#[cfg(test)]
mod tests {
    use dyno_guest::Checksum;

    use super::*;

    #[test]
    fn every_case_runs() {
        let checksums = dyno_guest::test::run_all(suite);
        assert_eq!(checksums.map(|cases| cases.len()), Ok(6));
    }

    #[test]
    fn expected_is_the_text() {
        assert_eq!(text().checksum(), TEXT_CHECKSUM);
    }

    /// English text compresses to 30–45 % at level 6; noise or repetition would be no text at all.
    #[test]
    fn compresses_like_a_text() {
        let share = compress(&text(), 6).unwrap().len() as f64 / TEXT_BYTES as f64;
        assert!((0.25..0.5).contains(&share), "{share}");
    }
}
