//! The daily quota of each API. Pages: doc/service/api/apimanage/{api_getapiquota, api_clearquota,
//! api_clearquotabyappsecret}.

use serde_json::{Value, json};

use super::lenient_json::parse_number;
use super::{Client, Result};
use crate::secret::{ExposeSecret, Secret};

/// The paths of the calls that wxbox makes and WeChat counts. The calls of web authorization
/// (`/sns/…`) have no daily limit and no counter.
pub const COUNTED_APIS: [&str; 16] = [
    "/cgi-bin/stable_token",
    "/cgi-bin/token",
    "/cgi-bin/message/custom/send",
    "/cgi-bin/message/template/send",
    "/cgi-bin/message/template/subscribe",
    "/cgi-bin/message/subscribe/bizsend",
    "/cgi-bin/media/upload",
    "/cgi-bin/template/get_all_private_template",
    "/cgi-bin/template/api_add_template",
    "/cgi-bin/template/del_private_template",
    "/wxaapi/newtmpl/gettemplate",
    "/cgi-bin/qrcode/create",
    "/cgi-bin/user/get",
    "/cgi-bin/user/info",
    "/cgi-bin/user/info/batchget",
    "/cgi-bin/user/info/updateremark",
];

/// The counter of an API for the day (in China); a number that WeChat omits is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// The calls allowed a day.
    pub daily_limit: Option<u64>,
    /// The calls made today.
    pub used: Option<u64>,
    /// The calls left today.
    pub remain: Option<u64>,
    /// The limit on the rate: calls per number of seconds.
    pub rate: Option<(u64, u64)>,
}

impl Client {
    /// Fetches the counter of the API at the path `api`, which has no host and no query.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcodes 76021 (unknown path), 76022 (not for this account),
    /// 76003.
    pub fn quota(&self, token: &Secret, api: &str) -> Result<Quota> {
        let body = json!({"cgi_path": api}).to_string();
        let response = self.post("/cgi-bin/openapi/quota/get", token, body.as_bytes())?;
        let quota =
            response.get("quota").filter(|quota| quota.is_object()).ok_or_else(|| self.missing_field("quota"))?;
        Ok(parse_quota(quota, response.get("rate_limit")))
    }

    /// Resets every counter of the account: ten times a month, including the resets in the console
    /// and by [`Client::clear_quota_by_secret`].
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcode 48006 if the ten resets are used up.
    pub fn clear_quota(&self, token: &Secret, app_id: &str) -> Result<()> {
        let body = json!({"appid": app_id}).to_string();
        self.expect_ok(&self.post("/cgi-bin/clear_quota", token, body.as_bytes())?)
    }

    /// Resets the counters without a token, for a day on which no more tokens can be fetched.
    ///
    /// # Errors
    /// The same as [`Client::clear_quota`].
    pub fn clear_quota_by_secret(&self, app_id: &str, secret: &Secret) -> Result<()> {
        // The page lists these as a body, but all its examples send them in the query.
        let query = [("appid", app_id), ("appsecret", secret.expose_secret())];
        self.expect_ok(&self.post_query("/cgi-bin/clear_quota/v2", &query)?)
    }
}

fn parse_quota(quota: &Value, rate: Option<&Value>) -> Quota {
    let number = |name: &str| quota.get(name).and_then(parse_number);
    let rate = rate.and_then(|rate| {
        let number = |name: &str| rate.get(name).and_then(parse_number).filter(|number| *number > 0);
        number("call_count").zip(number("refresh_second"))
    });
    Quota { daily_limit: number("daily_limit"), used: number("used"), remain: number("remain"), rate }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quota_counters_are_parsed_from_numbers_or_text() {
        let quota = json!({"daily_limit": "500000", "used": 2, "remain": 499_998});
        let known = Quota { daily_limit: Some(500_000), used: Some(2), remain: Some(499_998), rate: None };
        assert_eq!(parse_quota(&quota, None), known);
        assert_eq!(parse_quota(&quota, Some(&json!({"call_count": 0, "refresh_second": 0}))), known);
        let rate =
            Some(&json!({"call_count": 5000, "refresh_second": "60"})).map(|rate| parse_quota(&quota, Some(rate)).rate);
        assert_eq!(rate, Some(Some((5000, 60))));
        assert_eq!(parse_quota(&json!({"used": null}), None), Quota::default());
    }

    #[test]
    fn every_counted_call_is_listed() {
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wechat");
        let mut found = 0;
        // The calls that read and reset the counters, and those that only the doctor makes, are not
        // listed.
        let uncounted = ["/cgi-bin/openapi/", "/cgi-bin/clear_quota", "/cgi-bin/callback/check"];
        let called = regex::Regex::new(r#""(/(?:cgi-bin|wxaapi)/[a-z_/0-9]+)""#).unwrap();
        let files = std::fs::read_dir(here).unwrap().map(|file| file.unwrap().path());
        for file in files.filter(|path| path.is_file()) {
            let text = std::fs::read_to_string(file).unwrap();
            for path in called.captures_iter(&text).map(|found| found.extract::<1>().1[0]) {
                found += 1;
                let listed = COUNTED_APIS.contains(&path) || uncounted.iter().any(|start| path.starts_with(start));
                assert!(listed, "{path} is called, but not in COUNTED_APIS");
            }
        }
        assert!(found > COUNTED_APIS.len());
    }
}
