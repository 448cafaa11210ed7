//! The endpoint for tickets, with which pages that use WeChat's JavaScript are signed.
//!
//! developers.weixin.qq.com: doc/service/guide/h5/jssdk.html (api_ticket, jsapi_ticket)

use serde_json::json;

use crate::sandbox::call::Call;
use crate::sandbox::ids;
use crate::sandbox::response::{ApiResult, api_error};
use crate::sandbox::state::Platform;
use crate::sandbox::state::tickets::Ticket;

const TTL_MS: i64 = 7_200_000;

impl Platform {
    /// `GET /cgi-bin/ticket/getticket`: 40097 for another type.
    pub(in crate::sandbox) fn get_ticket(&mut self, call: &mut Call<'_>) -> ApiResult {
        let slot = match call.param("type").as_str() {
            "jsapi" => &mut self.tickets.jsapi,
            "wx_card" => &mut self.tickets.wx_card,
            _ => return Err(api_error(40097)),
        };
        let ticket = match slot {
            Some(ticket) if call.now_ms < ticket.until_ms => ticket,
            _ => slot.insert(Ticket { text: ids::page_ticket(), until_ms: call.now_ms + TTL_MS }),
        };
        let expires_in = (ticket.until_ms - call.now_ms) / 1000;
        Ok(json!({"errcode": 0, "errmsg": "ok", "ticket": ticket.text, "expires_in": expires_in}))
    }
}
