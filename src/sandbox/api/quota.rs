//! The endpoints that return and clear the call counters, and the check of the daily quota.
//!
//! developers.weixin.qq.com: doc/service/api/apimanage/{api_getapiquota, api_clearquota,
//! api_clearquotabyappsecret}

use serde_json::{Value, json};

use crate::sandbox::call::Call;
use crate::sandbox::paths;
use crate::sandbox::response::{self, ApiError, ApiResult, api_error};
use crate::sandbox::state::Platform;

/// The limit reported for calls without a documented one. The sandbox counts them and rejects none.
const UNDOCUMENTED_LIMIT: u64 = 1_000_000;

/// The documented rate limits: path, number of calls, period in seconds.
const RATE_LIMITS: &[(&str, u64, u64)] = &[("/cgi-bin/stable_token", 10_000, 60)];

impl Platform {
    /// Counts a call: 45009 if the quota of the day is used up.
    pub(in crate::sandbox) fn count_call(&mut self, path: &'static str, now_ms: i64) -> Result<(), ApiError> {
        self.call_counters.reset_on_new_day(now_ms);
        let used = self.call_counters.used.entry(path).or_default();
        // A rejected call counts as well.
        *used += 1;
        if self.scenario.daily_limit(path).is_some_and(|limit| *used > limit) { Err(api_error(45009)) } else { Ok(()) }
    }

    /// `POST /cgi-bin/openapi/quota/get`
    pub(in crate::sandbox) fn get_quota(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let path = body["cgi_path"].as_str().unwrap_or_default();
        if !path.starts_with('/') {
            return Err(api_error(76003));
        }
        if path.starts_with("/sns/") || self.scenario.unauthorized.iter().any(|unauthorized| unauthorized == path) {
            return Err(api_error(76022));
        }
        let limit = match self.scenario.daily_limit(path) {
            Some(limit) => limit,
            None if !paths::is_api_path(path) => return Err(api_error(76021)),
            None if !paths::needs_token(path) => return Err(api_error(76022)),
            None => UNDOCUMENTED_LIMIT,
        };
        let used = self.call_counters.used(path);
        let quota = json!({"daily_limit": limit, "used": used, "remain": limit.saturating_sub(used)});
        let mut answer = response::ok();
        answer["quota"] = quota;
        if let Some((_, count, seconds)) = RATE_LIMITS.iter().find(|(limited, ..)| *limited == path) {
            answer["rate_limit"] = json!({"call_count": count, "refresh_second": seconds});
        }
        Ok(answer)
    }

    /// `POST /cgi-bin/clear_quota`
    pub(in crate::sandbox) fn clear_quota(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        self.check_appid(body["appid"].as_str().unwrap_or_default())?;
        self.call_counters.clear(call.now_ms)?;
        Ok(response::ok())
    }

    /// `POST /cgi-bin/clear_quota/v2`: without a token; the parameters are in the query, a form or
    /// JSON.
    pub(in crate::sandbox) fn clear_quota_by_secret(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = &call.request.body;
        let form = url::form_urlencoded::parse(body).into_owned().collect::<Vec<_>>();
        let json = if call.is_json() { call.json()? } else { Value::Null };
        let field = |name: &str| {
            let from_form = || form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            let from_json = || json[name].as_str().map(str::to_owned);
            Some(call.param(name))
                .filter(|value| !value.is_empty())
                .or_else(from_json)
                .or_else(from_form)
                .unwrap_or_default()
        };
        self.check_appid(&field("appid"))?;
        self.check_secret(&field("appsecret"))?;
        self.call_counters.clear(call.now_ms)?;
        Ok(response::ok())
    }
}
