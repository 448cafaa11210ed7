//! The daily limits of the API, and the counters of its calls.
//!
//! developers.weixin.qq.com: doc/service/Message_Management/API_Call_Limits.html

use std::collections::BTreeMap;

use crate::sandbox::response::{ApiError, api_error};
use crate::sandbox::scenario::Scenario;
use crate::sandbox::time;

/// The calls a day that an API allows on a real and on a test account.
struct DailyLimit {
    path: &'static str,
    real: u64,
    test: u64,
}

const fn daily_limit(path: &'static str, real: u64, test: u64) -> DailyLimit {
    DailyLimit { path, real, test }
}

/// The documented limits.
///
/// An API without a number for test accounts has the number of a real account. For the template
/// lists it is only known that the limit is low.
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

/// The limit for both endpoints that clear the counters, and for the console, together.
const MAX_CLEARS_PER_MONTH: u32 = 10;

/// The counters of a day, and how often they were cleared in a month; both in Beijing time.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct CallCounters {
    day: i64,
    pub(in crate::sandbox) used: BTreeMap<&'static str, u64>,
    month: String,
    clears: u32,
}

impl CallCounters {
    /// Returns how often the API at `path` was called on the day of the last call.
    pub(in crate::sandbox) fn used(&self, path: &str) -> u64 {
        self.used.get(path).copied().unwrap_or_default()
    }

    /// Returns the counters of all APIs that were called on that day.
    pub(in crate::sandbox) fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.used.iter().map(|(path, used)| (*path, *used))
    }

    pub(in crate::sandbox) fn reset_on_new_day(&mut self, now_ms: i64) {
        let today = time::beijing_day(now_ms);
        if self.day != today {
            self.day = today;
            self.used.clear();
        }
    }

    pub(in crate::sandbox) fn clear(&mut self, now_ms: i64) -> Result<(), ApiError> {
        let month = time::rfc3339(now_ms + time::BEIJING_OFFSET_MS).chars().take("2026-11".len()).collect();
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
    /// Returns the calls a day that the API at `path` allows; `None` if no limit is known.
    pub(in crate::sandbox) fn daily_limit(&self, path: &str) -> Option<u64> {
        let documented = || DAILY_LIMITS.iter().find(|limit| limit.path == path);
        let for_account = |limit: &DailyLimit| if self.real_limits { limit.real } else { limit.test };
        self.quota.get(path).copied().or_else(|| documented().map(for_account))
    }
}
