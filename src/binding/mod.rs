//! What connects the callback to WeChat and the database: the exchange of a code, and the question
//! whether the person follows the account. `bind` and `serve` share it.

mod exchange;
mod follow_lookup;

pub use exchange::WechatExchange;
pub use follow_lookup::{FOLLOW_LOOKUP_TIMEOUT, follow_lookup};
