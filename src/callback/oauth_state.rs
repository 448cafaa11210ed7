//! The state: what ties a call of the redirect address to the binding that waits for it.

use std::fmt;

use anyhow::Context;
use rand::TryRng;
use rand::rngs::SysRng;
use subtle::ConstantTimeEq;

use crate::t;

/// Random digits of a state: 22 of base 62 are 130 bits.
const RANDOM_DIGITS: usize = 22;
const BASE62_ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A user's uid, then random digits; letters and digits only, as WeChat wants it.
#[derive(Clone)]
pub struct OAuthState(String);

impl OAuthState {
    /// A fresh state for the user with this uid. Fails when the operating system has no randomness to give.
    pub fn new(uid: &str) -> anyhow::Result<OAuthState> {
        Ok(OAuthState(format!("{uid}{}", random_base62(RANDOM_DIGITS)?)))
    }

    /// The text for the authorize URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` is this state, in a time that does not tell how much of it is right.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl OAuthState {
    /// Whether `text` is the beginning of this state, or its beginning is this state.
    pub(super) fn is_partial_match(&self, text: &str) -> bool {
        self.0 != text && (self.0.starts_with(text) || text.starts_with(&self.0))
    }
}

/// So many random digits of base 62. Fails when the operating system has no randomness to give.
pub(super) fn random_base62(count: usize) -> anyhow::Result<String> {
    let mut text = String::with_capacity(count);
    let mut bytes = [0; RANDOM_DIGITS];
    while text.len() < count {
        SysRng.try_fill_bytes(&mut bytes).with_context(|| t!("callback-no-randomness"))?;
        // Six bits each; 62 and 63 are thrown away, so every digit is as likely as any other.
        let digits = bytes.iter().filter_map(|byte| BASE62_ALPHABET.get(usize::from(byte & 63)));
        text.extend(digits.take(count - text.len()).map(|digit| char::from(*digit)));
    }
    Ok(text)
}

impl fmt::Debug for OAuthState {
    /// Shows nothing: who knows the state can bind another phone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_state_is_the_uid_and_22_random_digits() {
        let uid = "0123456789abcdef0123456789abcdef";
        let states: Vec<String> = (0..2000).map(|_| OAuthState::new(uid).unwrap().as_str().to_owned()).collect();
        for state in &states {
            let digits = state.strip_prefix(uid).unwrap();
            assert_eq!(digits.len(), RANDOM_DIGITS);
            assert!(digits.bytes().all(|digit| digit.is_ascii_alphanumeric()));
        }
        assert_eq!(states.iter().collect::<HashSet<_>>().len(), states.len());
        // 44,000 digits hold each of the 62, or the source is broken.
        let seen: HashSet<u8> = states.iter().flat_map(|state| state[uid.len()..].bytes()).collect();
        assert_eq!(seen.len(), BASE62_ALPHABET.len());
    }

    #[test]
    fn only_the_whole_text_is_the_state() {
        let state = OAuthState::new("u").unwrap();
        let text = state.as_str().to_owned();
        assert!(state.matches(&text));
        for other in ["", "u", &text[1..], &format!("{text}x"), &text.to_lowercase().replace('u', "U")] {
            assert!(!state.matches(other));
        }
        assert!(!format!("{state:?}").contains(&text));
    }
}
