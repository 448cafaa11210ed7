//! The endpoint that makes a phone display that the account is typing.
//!
//! developers.weixin.qq.com: doc/service/api/customer/message/api_typing

use crate::sandbox::call::Call;
use crate::sandbox::response::{self, ApiResult, api_error};
use crate::sandbox::state::Platform;

/// The maximum time since the last message of either side.
const REPLY_WINDOW_MS: i64 = 30_000;

impl Platform {
    /// `POST /cgi-bin/message/custom/typing`
    ///
    /// It is not documented which types of accounts get 40200: as with menus, a test account gets
    /// it.
    pub(in crate::sandbox) fn set_typing(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let openid = body["touser"].as_str().unwrap_or_default();
        let index = self.known_index(openid)?;
        let person = self.people.get(index).ok_or_else(|| api_error(40003))?;
        call.openid = Some(person.openid.clone());
        let starts = match body["command"].as_str() {
            Some("Typing") => true,
            Some("CancelTyping") => false,
            _ => return Err(api_error(45072)),
        };
        if !self.scenario.verified {
            return Err(api_error(40200));
        }
        if !person.follows || call.now_ms - person.last_exchange_ms > REPLY_WINDOW_MS {
            return Err(api_error(45080));
        }
        if !starts {
            self.typing.stop(index);
        } else if self.typing.is_typing(index, call.now_ms) {
            return Err(api_error(45081));
        } else {
            self.typing.start(index, call.now_ms);
        }
        Ok(response::ok())
    }
}
