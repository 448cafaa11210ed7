//! The endpoint that checks the network between the platform and the push URL.
//!
//! developers.weixin.qq.com: doc/service/api/base/api_callbackcheck

use serde_json::{Value, json};

use crate::sandbox::call::Call;
use crate::sandbox::response::{ApiResult, api_error};
use crate::sandbox::state::Platform;

/// The operators of a check.
const OPERATORS: [&str; 4] = ["CHINANET", "UNICOM", "CAP", "DEFAULT"];

impl Platform {
    /// `POST /cgi-bin/callback/check`: 40201 without push settings, 40202 for another action, 40203
    /// for another operator. The host of a push URL is always this machine.
    pub(in crate::sandbox) fn check_push_url(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let action = body["action"].as_str().unwrap_or_default();
        if !matches!(action, "dns" | "ping" | "all") {
            return Err(api_error(40202));
        }
        if !OPERATORS.contains(&body["check_operator"].as_str().unwrap_or_default()) {
            return Err(api_error(40203));
        }
        let settings = self.pushes.settings().ok_or_else(|| api_error(40201))?;
        let ip = settings.url.host_str().filter(|host| host.parse::<std::net::IpAddr>().is_ok());
        let ip = ip.unwrap_or("127.0.0.1");
        let mut answer = Value::Object(serde_json::Map::new());
        if action != "ping" {
            answer["dns"] = json!([{"ip": ip, "real_operator": "UNICOM"}]);
        }
        if action != "dns" {
            answer["ping"] = json!([{"ip": ip, "from_operator": "UNICOM", "package_loss": "0%", "time": "0.079ms"}]);
        }
        Ok(answer)
    }
}
