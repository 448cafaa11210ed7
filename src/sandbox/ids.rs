//! Random ids, tokens and codes in the shapes that WeChat uses.

use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher, RandomState};

use rand::rngs::{SysRng, Xoshiro256PlusPlus};
use rand::{Rng, SeedableRng, TryRng};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

thread_local! {
    /// The generator is seeded once per thread. A token has 130 characters, and requesting each
    /// from the system would take most of the time.
    static GENERATOR: RefCell<Xoshiro256PlusPlus> = RefCell::new(Xoshiro256PlusPlus::seed_from_u64(seed()));
}

fn seed() -> u64 {
    // Nothing here protects a real secret, so a machine without a random source can run the
    // sandbox.
    SysRng.try_next_u64().unwrap_or_else(|_| RandomState::new().build_hasher().finish())
}

/// Returns a random number of 32 bits.
pub(super) fn random_number() -> u32 {
    GENERATOR.with_borrow_mut(Xoshiro256PlusPlus::next_u32)
}

fn random_text(length: usize) -> String {
    (0..length).map(|_| char::from(ALPHABET[random_number() as usize % ALPHABET.len()])).collect()
}

fn random_letters(length: usize) -> String {
    (0..length).map(|_| char::from(ALPHABET[random_number() as usize % 62])).collect()
}

/// Returns an access or refresh token: digits, an underscore, 133 characters of base64url.
pub(super) fn token() -> String {
    format!("{}_{}", 60 + random_number() % 40, random_text(133))
}

/// Returns an OAuth code: 32 letters and digits.
pub(super) fn code() -> String {
    random_letters(32)
}

/// Returns an openid: 28 characters, the first of which is `o`.
pub(super) fn openid() -> String {
    format!("o{}", random_text(27))
}

/// Returns the id of a template: 43 characters.
pub(super) fn template_id() -> String {
    random_text(43)
}

/// Returns the id of an uploaded file: 64 characters.
pub(super) fn media_id() -> String {
    random_text(64)
}

/// Returns a ticket that pages are signed with: 86 characters.
pub(super) fn page_ticket() -> String {
    random_text(86)
}

/// Returns the hint that some error texts carry beside the request id: 14 letters and digits.
pub(super) fn hint() -> String {
    random_letters(14)
}

/// Returns the ticket of a QR code: base64 that starts with `gQ` and ends in `=`.
///
/// Every ticket contains all characters that must be percent-encoded, so that a client that does
/// not encode them fails with the first one.
pub(super) fn code_ticket() -> String {
    format!("gQ{}+/{}AA==", random_letters(44), random_letters(44))
}

/// Returns the id of a request for an error text: three groups of eight hex digits.
///
/// The first group is the Unix time in seconds.
pub(super) fn rid(now_ms: i64) -> String {
    format!("{:08x}-{:08x}-{:08x}", now_ms.div_euclid(1000), random_number(), random_number())
}

/// Returns the nonce of a signature: up to ten digits.
pub(super) fn decimal_nonce() -> String {
    random_number().to_string()
}

/// Returns the text that the check of a push URL must return: 19 digits.
pub(super) fn echostr() -> String {
    (0..19).map(|_| char::from(b'1' + (random_number() % 9) as u8)).collect()
}

/// Returns the random bytes before an encrypted message: 16 letters and digits.
pub(super) fn push_random() -> [u8; 16] {
    std::array::from_fn(|_| ALPHABET[random_number() as usize % 62])
}

/// Returns the nonce that allows a page to run its only script.
pub(super) fn nonce() -> String {
    format!("{:08x}{:08x}{:08x}{:08x}", random_number(), random_number(), random_number(), random_number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_ids_have_platform_formats() {
        assert_eq!(openid().len(), 28);
        assert!(openid().starts_with('o'));
        assert!((130..=160).contains(&token().len()));
        assert!(token().split_once('_').is_some_and(|(head, _)| head.parse::<u32>().is_ok()));
        let code = code();
        assert!(code.len() == 32 && code.bytes().all(|b| b.is_ascii_alphanumeric()), "{code}");
        assert_eq!(&rid(0x5f3d_ed7d_i64 * 1000)[..9], "5f3ded7d-");
        assert_eq!(rid(1_700_000_000_000).len(), 26);
    }
}
