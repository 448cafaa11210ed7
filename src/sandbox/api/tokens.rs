//! The two endpoints that issue access tokens, and the check of the account's credentials.
//!
//! developers.weixin.qq.com: doc/service/api/base/{api_getaccesstoken, api_getstableaccesstoken}

use serde_json::Value;

use crate::sandbox::call::Call;
use crate::sandbox::response::{ApiError, ApiResult, api_error, api_error_with};
use crate::sandbox::state::Platform;

impl Platform {
    /// `GET /cgi-bin/token`: issues a new token on every call.
    pub(in crate::sandbox) fn issue_token(&mut self, call: &mut Call<'_>) -> ApiResult {
        self.check_credentials(call, &call.param("appid"), &call.param("secret"), &call.param("grant_type"))?;
        Ok(self.tokens.issue_classic(call.now_ms))
    }

    /// `POST /cgi-bin/stable_token`: the same token for all callers; the parameters are JSON.
    pub(in crate::sandbox) fn issue_stable_token(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let field = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        self.check_credentials(call, &field("appid"), &field("secret"), &field("grant_type"))?;
        match &body["force_refresh"] {
            Value::Null | Value::Bool(false) => Ok(self.tokens.get_stable(call.now_ms)),
            Value::Bool(true) => self.tokens.force_refresh(call.now_ms),
            _ => Err(api_error(47001)),
        }
    }

    /// Checks the appid before the grant type, and the caller's address before the secret.
    fn check_credentials(&self, call: &Call<'_>, appid: &str, secret: &str, grant: &str) -> Result<(), ApiError> {
        self.check_appid(appid)?;
        if grant != "client_credential" {
            return Err(api_error(40002));
        }
        let caller = call.request.peer.ip().to_canonical();
        if !self.scenario.allows_ip(caller) {
            let ipv6 = match caller {
                std::net::IpAddr::V4(ipv4) => ipv4.to_ipv6_mapped(),
                std::net::IpAddr::V6(ipv6) => ipv6,
            };
            return Err(api_error_with(40164, format!("invalid ip {caller} ipv6 {ipv6}, not in whitelist")));
        }
        self.check_secret(secret)
    }

    /// Checks the appid: 41002 if it is empty, 40013 if it is wrong.
    pub(super) fn check_appid(&self, appid: &str) -> Result<(), ApiError> {
        match appid {
            "" => Err(api_error(41002)),
            other if other != self.scenario.app_id => Err(api_error(40013)),
            _ => Ok(()),
        }
    }

    /// Checks the secret: 41004 if it is empty, 40125 if it is wrong.
    pub(super) fn check_secret(&self, secret: &str) -> Result<(), ApiError> {
        match secret {
            "" => Err(api_error(41004)),
            other if other != self.scenario.app_secret => Err(api_error(40125)),
            _ => Ok(()),
        }
    }
}
