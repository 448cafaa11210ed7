//! How often an API may be called on a day, how often it was, and the calls that tell and clear it.
//!
//! developers.weixin.qq.com: doc/service/Message_Management/API_Call_Limits.html (the limits),
//! doc/service/api/apimanage/{api_getapiquota, api_clearquota, api_clearquotabyappsecret}

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::sandbox::call::Call;
use crate::sandbox::paths;
use crate::sandbox::response;
use crate::sandbox::response::{ApiError, ApiResult, api_error};
use crate::sandbox::scenario::Scenario;
use crate::sandbox::state::Platform;
use crate::sandbox::time;
use crate::sandbox::time::rfc3339;

/// Calls a day of an API: of a real account, and of a test account.
struct DailyLimit {
    path: &'static str,
    real: u64,
    test: u64,
}

const fn daily_limit(path: &'static str, real: u64, test: u64) -> DailyLimit {
    DailyLimit { path, real, test }
}

/// Where the page has no number for a test account, it has that of a real one. Of the lists of templates it is
/// only known that the limit is low.
const DAILY_LIMITS: &[DailyLimit] = &[
    daily_limit("/cgi-bin/token", 2_000, 200),
    daily_limit("/cgi-bin/stable_token", 500_000, 500_000),
    daily_limit("/cgi-bin/message/custom/send", 500_000, 50_000),
    daily_limit("/cgi-bin/message/template/send", 100_000, 100_000),
    daily_limit("/cgi-bin/media/upload", 100_000, 500),
    daily_limit("/cgi-bin/media/get", 200_000, 1_000),
    daily_limit("/wxaapi/newtmpl/gettemplate", 1_000, 1_000),
    daily_limit("/cgi-bin/template/get_all_private_template", 1_000, 1_000),
    daily_limit("/cgi-bin/template/api_add_template", 1_000, 1_000),
    daily_limit("/cgi-bin/template/del_private_template", 1_000, 1_000),
    daily_limit("/cgi-bin/qrcode/create", 100_000, 10_000),
    daily_limit("/cgi-bin/tags/create", 1_000, 100),
    daily_limit("/cgi-bin/tags/get", 1_000, 100),
    daily_limit("/cgi-bin/tags/update", 1_000, 100),
    daily_limit("/cgi-bin/tags/members/batchtagging", 100_000, 1_000),
    daily_limit("/cgi-bin/tags/members/batchuntagging", 100_000, 1_000),
    daily_limit("/cgi-bin/user/get", 500, 100),
    daily_limit("/cgi-bin/user/info", 5_000_000, 500_000),
    daily_limit("/cgi-bin/user/info/batchget", 5_000_000, 500_000),
    daily_limit("/cgi-bin/user/info/updateremark", 10_000, 10_000),
];

/// Of the rest of the calls no limit is written anywhere: the sandbox counts them, and refuses none.
const UNWRITTEN: u64 = 1_000_000;

/// Calls in so many seconds, where that is known.
const RATE_LIMITS: &[(&str, u64, u64)] = &[("/cgi-bin/stable_token", 10_000, 60)];

/// Of both ways together, and of the console.
const MAX_CLEARS_PER_MONTH: u32 = 10;

/// The counters of a day, and how often they were cleared in a month; both are those of China.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct CallCounters {
    day: i64,
    used: BTreeMap<&'static str, u64>,
    month: String,
    clears: u32,
}

impl CallCounters {
    /// How often the API at `path` was called on the day of the last call.
    pub(in crate::sandbox) fn used(&self, path: &str) -> u64 {
        self.used.get(path).copied().unwrap_or_default()
    }

    /// Every API that was called on that day.
    pub(in crate::sandbox) fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.used.iter().map(|(path, used)| (*path, *used))
    }

    fn reset_on_new_day(&mut self, now_ms: i64) {
        let today = time::beijing_day(now_ms);
        if self.day != today {
            self.day = today;
            self.used.clear();
        }
    }

    fn clear(&mut self, now_ms: i64) -> Result<(), ApiError> {
        let month = rfc3339(now_ms + 8 * 3_600_000).chars().take("2026-11".len()).collect();
        if self.month != month {
            (self.month, self.clears) = (month, 0);
        }
        if self.clears >= MAX_CLEARS_PER_MONTH {
            return Err(api_error(48006));
        }
        self.clears += 1;
        self.used.clear();
        Ok(())
    }
}

impl Scenario {
    /// Calls a day of the API at `path`; `None` where no limit is known.
    pub(in crate::sandbox) fn daily_limit(&self, path: &str) -> Option<u64> {
        let known = || DAILY_LIMITS.iter().find(|limit| limit.path == path);
        let of_kind = |limit: &DailyLimit| if self.real_limits { limit.real } else { limit.test };
        self.quota.get(path).copied().or_else(|| known().map(of_kind))
    }
}

impl Platform {
    /// Counts a call: 45009 where the day's are used up.
    pub(in crate::sandbox) fn count_call(&mut self, path: &'static str, now_ms: i64) -> Result<(), ApiError> {
        self.call_counters.reset_on_new_day(now_ms);
        let used = self.call_counters.used.entry(path).or_default();
        // A refused call counts, too.
        *used += 1;
        if self.scenario.daily_limit(path).is_some_and(|limit| *used > limit) { Err(api_error(45009)) } else { Ok(()) }
    }

    /// `POST /cgi-bin/openapi/quota/get`
    pub(in crate::sandbox) fn quota_get(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let path = body["cgi_path"].as_str().unwrap_or_default();
        if !path.starts_with('/') {
            return Err(api_error(76003));
        }
        if path.starts_with("/sns/") || self.scenario.unauthorized.iter().any(|it| it == path) {
            return Err(api_error(76022));
        }
        let limit = match self.scenario.daily_limit(path) {
            Some(limit) => limit,
            None if !paths::is_api_path(path) => return Err(api_error(76021)),
            None if !paths::needs_token(path) => return Err(api_error(76022)),
            None => UNWRITTEN,
        };
        let used = self.call_counters.used(path);
        let quota = json!({"daily_limit": limit, "used": used, "remain": limit.saturating_sub(used)});
        let mut answer = response::ok();
        answer["quota"] = quota;
        if let Some((_, count, seconds)) = RATE_LIMITS.iter().find(|(known, ..)| *known == path) {
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

    /// `POST /cgi-bin/clear_quota/v2`: without a token, from the query, from a form or from JSON.
    pub(in crate::sandbox) fn clear_quota_by_secret(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = &call.request.body;
        let form = url::form_urlencoded::parse(body).into_owned().collect::<Vec<_>>();
        let json = if call.is_json() { call.json()? } else { Value::Null };
        let field = |name: &str| {
            let posted = || form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            let known = || json[name].as_str().map(str::to_owned);
            Some(call.param(name)).filter(|given| !given.is_empty()).or_else(known).or_else(posted).unwrap_or_default()
        };
        self.check_appid(&field("appid"))?;
        self.check_secret(&field("appsecret"))?;
        self.call_counters.clear(call.now_ms)?;
        Ok(response::ok())
    }
}
