//! The tickets that pages are signed with.

/// The ticket of each type. All callers get the same one until it expires.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Tickets {
    pub(in crate::sandbox) jsapi: Option<Ticket>,
    pub(in crate::sandbox) wx_card: Option<Ticket>,
}

#[derive(Debug)]
pub(in crate::sandbox) struct Ticket {
    pub(in crate::sandbox) text: String,
    /// Unix milliseconds.
    pub(in crate::sandbox) until_ms: i64,
}
