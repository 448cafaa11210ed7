//! The industries that the account has chosen.

/// The two industries of the account, by their numbers.
#[derive(Debug)]
pub(in crate::sandbox) struct Industries {
    pub(in crate::sandbox) chosen: [usize; 2],
    /// Unix milliseconds; `None` before the first change.
    pub(in crate::sandbox) changed_ms: Option<i64>,
}

impl Default for Industries {
    fn default() -> Self {
        Self { chosen: [1, 2], changed_ms: None }
    }
}
