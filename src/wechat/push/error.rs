//! Why a push is rejected.

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

impl PushError {
    /// All errors.
    pub const ALL: [Self; 8] = [
        Self::TooLarge,
        Self::Malformed,
        Self::WrongSignature,
        Self::Stale,
        Self::NotEncrypted,
        Self::Encrypted,
        Self::OtherAccount,
        Self::Undecryptable,
    ];

    /// Returns its name in the database and in the metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::WrongSignature => "wrong_signature",
            Self::Stale => "stale",
            Self::NotEncrypted => "not_encrypted",
            Self::Encrypted => "encrypted",
            Self::OtherAccount => "other_account",
            Self::Undecryptable => "undecryptable",
        }
    }

    /// Returns the error with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.code() == code)
    }
}
