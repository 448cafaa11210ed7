//! Connects the callback to WeChat and the database, for `bind` and `serve`: exchanges an OAuth
//! code, and looks up whether the person follows the account.

mod exchange;
mod follow_lookup;

pub use exchange::WechatExchange;
pub use follow_lookup::{FOLLOW_LOOKUP_TIMEOUT, follow_lookup};
