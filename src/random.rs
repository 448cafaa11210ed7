//! Random bytes and digits from the operating system, for identifiers and secrets.

use anyhow::Context as _;
use rand::TryRng as _;
use rand::rngs::{SysError, SysRng};

use crate::t;

const BASE62_ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Returns `N` random bytes.
///
/// # Errors
/// The operating system provides no randomness.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], SysError> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(bytes)
}

/// Returns `count` random digits of base 62.
///
/// # Errors
/// The operating system provides no randomness.
pub fn random_base62(count: usize) -> anyhow::Result<String> {
    let mut text = String::with_capacity(count);
    while text.len() < count {
        let bytes = random_bytes::<24>().with_context(|| t!("callback-no-randomness"))?;
        // Six bits each. The values 62 and 63 are discarded, so that all digits are equally likely.
        let digits = bytes.iter().filter_map(|byte| BASE62_ALPHABET.get(usize::from(byte & 63)));
        text.extend(digits.take(count - text.len()).map(|digit| char::from(*digit)));
    }
    Ok(text)
}
