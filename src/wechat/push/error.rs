//! Why a push is rejected.

use crate::variant_names::variant_names;

/// Why a push is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PushError {
    /// The body is larger than [`MAX_PUSH_BYTES`](super::MAX_PUSH_BYTES).
    TooLarge,
    /// The body is not XML, or has a DTD, or lacks an element that each push has.
    Malformed,
    /// The signature does not match.
    WrongSignature,
    /// A plain push is more than ten minutes old, or ahead of the clock.
    Stale,
    /// The push is plain, and there is a key.
    NotEncrypted,
    /// The push is encrypted, and there is no key.
    Encrypted,
    /// The push is for another account.
    OtherAccount,
    /// The push was encrypted with another key, or is damaged.
    Undecryptable,
}

variant_names!(PushError {
    TooLarge = "too_large",
    Malformed = "malformed",
    WrongSignature = "wrong_signature",
    Stale = "stale",
    NotEncrypted = "not_encrypted",
    Encrypted = "encrypted",
    OtherAccount = "other_account",
    Undecryptable = "undecryptable",
});
