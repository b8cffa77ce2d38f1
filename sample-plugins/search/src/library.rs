//! The documents: invented words, of which a few are frequent and most are rare, as in a language.

use dyno_guest::SplitMix64;

/// How many different words there are.
const WORDS: usize = 4_000;

pub struct Document {
    pub title: String,
    pub text: String,
}

/// So many documents of 20 to 80 words, always the same.
pub fn library(documents: usize) -> Vec<Document> {
    let mut random = SplitMix64::new(1);
    let mut words = |least: u32, more: u32| {
        let count = least + random.below(more);
        let words: Vec<String> = (0..count).map(|_| word(frequent(&mut random))).collect();
        words.join(" ")
    };
    (0..documents)
        .map(|_| Document {
            title: words(3, 5),
            text: words(20, 60),
        })
        .collect()
}

/// The number of a word: each bound is drawn below another, so that the first are the most frequent.
fn frequent(random: &mut SplitMix64) -> usize {
    let mut bound = WORDS as u32;
    for _ in 0..3 {
        bound = 1 + random.below(bound);
    }
    bound as usize - 1
}

/// The word with a number: three to five syllables and an n, so that few words begin like another.
pub fn word(number: usize) -> String {
    const CONSONANTS: &[u8] = b"bdfgklmnprstv";
    const VOWELS: &[u8] = b"aeiou";
    let mut random = SplitMix64::new(number as u64);
    let mut letter =
        |letters: &[u8]| char::from(letters[random.below(letters.len() as u32) as usize]);
    let syllables = 3 + number % 3;
    let mut word = String::new();
    for _ in 0..syllables {
        word.push(letter(CONSONANTS));
        word.push(letter(VOWELS));
    }
    word.push('n');
    word
}
