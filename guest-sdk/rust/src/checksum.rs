//! Turns the result of an iteration into the checksum that a batch hands to the host. The encoding
//! is stated here to the byte, so that an implementation of the same case in another language can
//! produce the same number.
//!
//! # The encoding
//!
//! A *word* is 8 bytes, little-endian. A result is encoded as:
//!
//! | result | bytes |
//! |---|---|
//! | unsigned integer up to 64 bits | one word, zero-extended |
//! | signed integer up to 64 bits | one word, sign-extended (two's complement) |
//! | 128-bit integer | two words, the low one first |
//! | `bool`, `char` | one word: 0 or 1; the Unicode scalar value |
//! | float | one word: the bits of the IEEE 754 double it widens to; every NaN is `0x7ff8000000000000` |
//! | text, byte string (`str`, `[u8]`) | a word with the length in bytes, then the bytes (text as UTF-8) |
//! | other sequence (slice, array, `Vec`) | a word with the number of elements, then each element |
//! | tuple, record | its fields, in order; `()` is no bytes at all |
//! | optional value | the word 0 for none; the word 1, then the value |
//! | result | the word 0, then the value; the word 1, then the error's text |
//! | reference, box | what it points to |
//!
//! # The checksum
//!
//! - A result that is a single number (integer up to 64 bits, `bool`, `char`, float) is its own
//!   checksum: the value of its word. `fib(20)` has the checksum 6765 in every language.
//! - A result that is `Ok(x)` has the checksum of `x`; one that is `Err(e)` fails its case.
//! - Any other result has the FNV-1a hash, 64 bits, of its bytes: begin with
//!   `0xcbf29ce484222325`; for each byte, xor it in, then multiply by `0x100000001b3`, modulo 2^64.
//!
//! FNV-1a because it is ten lines in any language and has published test vectors. It is made to
//! notice accidents, not to withstand an attacker.

use std::fmt::Display;

/// A result of an iteration that can be told from a different result.
///
/// Implement it for your own types by feeding their fields, in the order in which they are
/// declared; hash maps have no stable order, so feed their entries sorted:
///
/// ```
/// use dyno_guest::{Checksum, Fnv1a};
///
/// struct Node {
///     id: u32,
///     children: Vec<Node>,
/// }
///
/// impl Checksum for Node {
///     fn feed(&self, hash: &mut Fnv1a) {
///         self.id.feed(hash);
///         self.children.feed(hash);
///     }
/// }
///
/// let leaf = Node { id: 7, children: vec![] };
/// assert_eq!(leaf.checksum(), (7u32, Vec::<u32>::new()).checksum());
/// ```
#[diagnostic::on_unimplemented(
    message = "the host cannot check a result of type `{Self}`",
    note = "implement `dyno_guest::Checksum` for it, or return what identifies the result, such as its length"
)]
pub trait Checksum {
    /// Feeds the encoding of `self` to `hash`.
    fn feed(&self, hash: &mut Fnv1a);

    /// The checksum of a result as a whole.
    fn checksum(&self) -> u64 {
        let mut hash = Fnv1a::new();
        self.feed(&mut hash);
        hash.finish()
    }

    /// The message with which this result fails its case, where it is an error.
    fn failure(&self) -> Option<String> {
        None
    }

    /// Feeds the elements of a sequence. Bytes override it, being fed as they are.
    #[doc(hidden)]
    fn feed_elements(elements: &[Self], hash: &mut Fnv1a)
    where
        Self: Sized,
    {
        for element in elements {
            element.feed(hash);
        }
    }
}

/// FNV-1a with 64 bits, over the encoding that the [module](self) states.
#[derive(Clone, Debug)]
pub struct Fnv1a(u64);

impl Fnv1a {
    /// The hash of no bytes.
    pub fn new() -> Self {
        Fnv1a(0xcbf2_9ce4_8422_2325)
    }

    /// Adds bytes as they are, without their length.
    pub fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// Adds a word: 8 bytes, little-endian.
    pub fn write_word(&mut self, word: u64) {
        self.write(&word.to_le_bytes());
    }

    /// The hash of what was added so far.
    pub fn finish(&self) -> u64 {
        self.0
    }
}

impl Default for Fnv1a {
    fn default() -> Self {
        Fnv1a::new()
    }
}

/// Types that are one word, and as a whole result their own checksum.
macro_rules! words {
    ($($type:ty: |$value:ident| $word:expr;)*) => {$(
        impl Checksum for $type {
            fn feed(&self, hash: &mut Fnv1a) {
                hash.write_word(self.checksum());
            }

            fn checksum(&self) -> u64 {
                let $value = *self;
                $word
            }
        }
    )*};
}

words! {
    u16: |value| u64::from(value);
    u32: |value| u64::from(value);
    u64: |value| value;
    usize: |value| value as u64;
    i8: |value| i64::from(value).cast_unsigned();
    i16: |value| i64::from(value).cast_unsigned();
    i32: |value| i64::from(value).cast_unsigned();
    i64: |value| value.cast_unsigned();
    isize: |value| (value as i64).cast_unsigned();
    bool: |value| u64::from(value);
    char: |value| u64::from(value);
    f32: |value| f64::from(value).checksum();
    // WebAssembly leaves the bits of a computed NaN open, so that they may differ between machines.
    f64: |value| if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() };
}

impl Checksum for u8 {
    fn feed(&self, hash: &mut Fnv1a) {
        hash.write_word(self.checksum());
    }

    fn checksum(&self) -> u64 {
        u64::from(*self)
    }

    fn feed_elements(elements: &[u8], hash: &mut Fnv1a) {
        hash.write(elements);
    }
}

impl Checksum for u128 {
    fn feed(&self, hash: &mut Fnv1a) {
        hash.write(&self.to_le_bytes());
    }
}

impl Checksum for i128 {
    fn feed(&self, hash: &mut Fnv1a) {
        hash.write(&self.to_le_bytes());
    }
}

impl Checksum for str {
    fn feed(&self, hash: &mut Fnv1a) {
        self.as_bytes().feed(hash);
    }
}

impl Checksum for String {
    fn feed(&self, hash: &mut Fnv1a) {
        self.as_str().feed(hash);
    }
}

impl<T: Checksum> Checksum for [T] {
    fn feed(&self, hash: &mut Fnv1a) {
        hash.write_word(self.len() as u64);
        T::feed_elements(self, hash);
    }
}

impl<T: Checksum, const N: usize> Checksum for [T; N] {
    fn feed(&self, hash: &mut Fnv1a) {
        self.as_slice().feed(hash);
    }
}

impl<T: Checksum> Checksum for Vec<T> {
    fn feed(&self, hash: &mut Fnv1a) {
        self.as_slice().feed(hash);
    }
}

impl<T: Checksum> Checksum for Option<T> {
    fn feed(&self, hash: &mut Fnv1a) {
        hash.write_word(u64::from(self.is_some()));
        if let Some(value) = self {
            value.feed(hash);
        }
    }
}

impl<T: Checksum, E: Display> Checksum for Result<T, E> {
    fn feed(&self, hash: &mut Fnv1a) {
        hash.write_word(u64::from(self.is_err()));
        match self {
            Ok(value) => value.feed(hash),
            Err(error) => error.to_string().feed(hash),
        }
    }

    fn checksum(&self) -> u64 {
        match self {
            Ok(value) => value.checksum(),
            Err(error) => error.to_string().checksum(),
        }
    }

    fn failure(&self) -> Option<String> {
        match self {
            Ok(value) => value.failure(),
            Err(error) => Some(error.to_string()),
        }
    }
}

/// Pointers, which stand for what they point to in every respect.
macro_rules! pointers {
    ($($type:ty),*) => {$(
        impl<T: Checksum + ?Sized> Checksum for $type {
            fn feed(&self, hash: &mut Fnv1a) {
                (**self).feed(hash);
            }

            fn checksum(&self) -> u64 {
                (**self).checksum()
            }

            fn failure(&self) -> Option<String> {
                (**self).failure()
            }
        }
    )*};
}

pointers!(&T, &mut T, Box<T>);

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: Checksum),*> Checksum for ($($name,)*) {
            #[allow(non_snake_case)]
            fn feed(&self, _hash: &mut Fnv1a) {
                let ($($name,)*) = self;
                $($name.feed(_hash);)*
            }
        }
    )*};
}

tuples! {
    () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fnv1a(bytes: &[u8]) -> u64 {
        let mut hash = Fnv1a::new();
        hash.write(bytes);
        hash.finish()
    }

    /// The vectors of the FNV reference code (`test_fnv.c`); another hash would silently part us
    /// from every other language.
    #[test]
    fn published_vectors() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(fnv1a(b"chongo was here!\n"), 0x4681_0940_eff5_f915);
    }

    #[test]
    fn a_single_number_is_its_own_checksum() {
        assert_eq!(6765u64.checksum(), 6765);
        assert_eq!(200u8.checksum(), 200);
        assert_eq!((-1i8).checksum(), u64::MAX);
        assert_eq!((-1isize).checksum(), u64::MAX);
        assert_eq!(true.checksum(), 1);
        assert_eq!('é'.checksum(), 0xe9);
        assert_eq!(1.5f64.checksum(), 0x3ff8_0000_0000_0000);
        assert_eq!(1.5f32.checksum(), 1.5f64.checksum());
        assert_eq!(Checksum::checksum(&&Box::new(7u16)), 7);
    }

    #[test]
    fn every_nan_is_the_same() {
        assert_eq!((-f64::NAN).checksum(), f32::NAN.checksum());
    }

    /// Each against its bytes as the module's table states them.
    #[test]
    fn encodings() {
        assert_eq!(().checksum(), fnv1a(b""));
        assert_eq!("ab".checksum(), fnv1a(b"\x02\0\0\0\0\0\0\0ab"));
        assert_eq!(b"ab".checksum(), "ab".checksum());
        assert_eq!(vec![98u8].checksum(), String::from("b").checksum());
        assert_eq!(
            [-1i32].checksum(),
            fnv1a(b"\x01\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff")
        );
        assert_eq!((5u32,).checksum(), fnv1a(b"\x05\0\0\0\0\0\0\0"));
        assert_eq!(2u128.checksum(), (2u64, 0u64).checksum());
        assert_eq!((-1i128).checksum(), (-1i64, -1i64).checksum());
        assert_eq!(None::<u8>.checksum(), (0u64,).checksum());
        assert_eq!(Some(5u8).checksum(), (1u64, 5u64).checksum());
    }

    #[test]
    fn ok_counts_as_its_value_and_err_fails() {
        assert_eq!(Ok::<_, String>(6765u64).checksum(), 6765);
        assert_eq!(Ok::<_, String>(1u8).failure(), None);
        assert_eq!(
            Err::<u8, _>("no such tag").failure().as_deref(),
            Some("no such tag")
        );
        assert_eq!(
            [Ok::<_, String>(9u8)].checksum(),
            (1u64, 0u64, 9u64).checksum()
        );
        assert_eq!([Err::<u8, _>("x")].checksum(), (1u64, 1u64, "x").checksum());
    }
}
