//! The OAuth state, which ties a call of the redirect address to its pending binding.

use std::fmt;

use subtle::ConstantTimeEq;

use crate::random::random_base62;

/// The number of random digits: 22 digits of base 62 are 130 bits.
const RANDOM_DIGITS: usize = 22;

/// The uid of a user followed by random digits: letters and digits only, as WeChat requires.
#[derive(Clone)]
pub struct OAuthState(String);

impl OAuthState {
    /// Creates a random state for the user with this uid.
    ///
    /// # Errors
    /// The operating system provides no randomness.
    pub fn new(uid: &str) -> anyhow::Result<OAuthState> {
        Ok(OAuthState(format!("{uid}{}", random_base62(RANDOM_DIGITS)?)))
    }

    /// Returns the state that another process created.
    pub fn from_stored(state: String) -> OAuthState {
        OAuthState(state)
    }

    /// Returns the text for the authorization URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares `text` with this state in constant time.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// Returns `true` if `text` is a prefix of this state, or this state is a prefix of `text`.
    ///
    /// The comparison takes no constant time: `text` is an address that the operator has pasted,
    /// never the request of a client.
    pub(super) fn is_partial_match(&self, text: &str) -> bool {
        self.0 != text && (self.0.starts_with(text) || text.starts_with(&self.0))
    }
}

impl fmt::Debug for OAuthState {
    /// Hides the state: anyone who knows it can bind another phone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OAuthState")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn state_is_uid_and_22_random_digits() {
        let uid = "0123456789abcdef0123456789abcdef";
        let states: Vec<String> = (0..2000).map(|_| OAuthState::new(uid).unwrap().as_str().to_owned()).collect();
        for state in &states {
            let digits = state.strip_prefix(uid).unwrap();
            assert_eq!(digits.len(), RANDOM_DIGITS);
            assert!(digits.bytes().all(|digit| digit.is_ascii_alphanumeric()));
        }
        assert_eq!(states.iter().collect::<HashSet<_>>().len(), states.len());
        // 44,000 digits contain each of the 62 digits unless the source is broken.
        let seen: HashSet<u8> = states.iter().flat_map(|state| state[uid.len()..].bytes()).collect();
        assert_eq!(seen.len(), 62);
    }

    #[test]
    fn only_complete_state_matches() {
        let state = OAuthState::new("u").unwrap();
        let text = state.as_str().to_owned();
        assert!(state.matches(&text));
        for other in ["", "u", &text[1..], &format!("{text}x"), &text.to_lowercase().replace('u', "U")] {
            assert!(!state.matches(other));
        }
        assert!(!format!("{state:?}").contains(&text));
    }
}
