//! How a call can fail. No error text holds a URL: a query may carry the secret, a token or a code.

use std::error::Error as _;

use serde_json::Value;

use super::errcode;
use crate::words::{self, Lang};
use crate::{t, t_in};

/// WeChat's own "no".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The path that was called: `/cgi-bin/message/custom/send`.
    pub api: &'static str,
    /// The code.
    pub errcode: i64,
    /// WeChat's text without the request id and the advertisement.
    pub errmsg: String,
    /// WeChat's id of the request, for `openapi/rid/get`.
    pub rid: Option<String>,
}

impl Refusal {
    /// Reads the answer's `errcode` and `errmsg`; `None` where the answer is no error.
    pub(super) fn from_answer(api: &'static str, answer: &Value) -> Option<Self> {
        let errcode = match answer.get("errcode")? {
            Value::String(code) => code.trim().parse().ok()?,
            code => code.as_i64()?,
        };
        if errcode == 0 {
            return None;
        }
        let raw = answer.get("errmsg").and_then(Value::as_str).unwrap_or_default();
        let (errmsg, rid) = clean(raw);
        Some(Self { api, errcode, errmsg, rid })
    }

    /// The caller's IP address as WeChat sees it, where the refusal is about it.
    /// Shape of the text: doc/service/api/base/api_getaccesstoken.
    pub fn ip(&self) -> Option<&str> {
        let rest = self.errmsg.strip_prefix("invalid ip ")?;
        rest.split([' ', ',']).next().filter(|ip| ip.parse::<std::net::IpAddr>().is_ok())
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        if let Some(ip) = self.ip() {
            return Some(t!("wechat-allow-ip-hint", ip = ip));
        }
        errcode::find(self.errcode)?.remedy(words::language()).map(str::to_owned)
    }
}

impl Refusal {
    /// What WeChat says, and what it means.
    pub fn said(&self, lang: Lang) -> String {
        let code = self.errcode.to_string();
        let meaning = errcode::find(self.errcode).map_or("", |entry| entry.meaning(lang));
        match (self.errmsg.is_empty(), meaning.is_empty()) {
            (true, true) => t_in!(lang, "wechat-refused-bare", code = code),
            (true, false) => t_in!(lang, "wechat-refused", code = code, errmsg = meaning),
            (false, true) => t_in!(lang, "wechat-refused", code = code, errmsg = self.errmsg),
            (false, false) => {
                t_in!(lang, "wechat-refused-meaning", code = code, errmsg = self.errmsg, meaning = meaning)
            }
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.said(words::language()))
    }
}

/// More than any errmsg of WeChat's, in characters.
const LONGEST: usize = 500;

/// Takes the request id off the end of an errmsg, and the advertisement that may stand before it.
fn clean(errmsg: &str) -> (String, Option<String>) {
    let (text, rid) = match errmsg.rfind("rid: ") {
        Some(at) if errmsg[at + 5..].chars().all(|c| c.is_ascii_hexdigit() || c == '-') => (
            &errmsg[..at],
            Some(errmsg[at + 5..].chars().take(LONGEST).collect()).filter(|rid: &String| !rid.is_empty()),
        ),
        _ => (errmsg, None),
    };
    let text = text.split(", could get access_token by").next().unwrap_or(text);
    let text = text.split("hint: [").next().unwrap_or(text);
    let text = text.trim_end_matches([',', ' ', '!']);
    // Text from outside never carries control characters to a terminal, nor fills the outbox.
    (text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect(), rid)
}

/// A failure of a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// WeChat answered with an errcode.
    #[error("{0}")]
    Refused(Refusal),
    /// No connection: nothing left this machine.
    #[error("{}", t!("wechat-not-sent", host = host, cause = cause))]
    NotSent {
        /// The API host.
        host: String,
        /// Why, without any URL.
        cause: String,
    },
    /// The request left, or may have, and no whole answer came.
    #[error("{}", t!("wechat-no-answer", host = host, cause = cause))]
    NoAnswer {
        /// The API host.
        host: String,
        /// Why, without any URL.
        cause: String,
    },
    /// What came back is no answer of WeChat's: a proxy's page, a server error, broken JSON.
    #[error("{}", t!("wechat-bad-answer", host = host, status = status, cause = cause))]
    BadAnswer {
        /// The API host.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What is wrong with it.
        cause: String,
    },
    /// The client cannot be made as the configuration asks.
    #[error("{0}")]
    Setup(String),
}

impl Error {
    /// Sorts a transport error. Only a failure to connect is surely before the first byte.
    pub(super) fn transport(host: &str, error: reqwest::Error) -> Self {
        let connect = error.is_connect();
        let timeout = error.is_timeout();
        let error = error.without_url();
        let host = host.to_owned();
        // The innermost cause says most; the layers above it repeat each other.
        let mut cause = words::said(&error);
        let mut source = error.source();
        while let Some(inner) = source {
            cause = words::said(inner);
            source = inner.source();
        }
        if timeout {
            cause = t!("wechat-timed-out");
        }
        if connect { Self::NotSent { host, cause } } else { Self::NoAnswer { host, cause } }
    }

    /// WeChat's refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// What the person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => refusal.hint(),
            Self::NotSent { .. } => Some(t!("wechat-not-sent-hint")),
            Self::BadAnswer { .. } => Some(t!("wechat-bad-answer-hint")),
            Self::NoAnswer { .. } | Self::Setup(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errmsgs_of_all_families_are_cleaned() {
        let cases = [
            ("invalid appid rid: 6aac005a-01bfdbee-79769285", "invalid appid", Some("6aac005a-01bfdbee-79769285")),
            ("invalid code, rid: 6aac007a-6c02c77-26bf69c4", "invalid code", Some("6aac007a-6c02c77-26bf69c4")),
            (
                "invalid credential, access_token is invalid or not latest, could get access_token by \
                 getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r rid: 5f3ded7d-0-1",
                "invalid credential, access_token is invalid or not latest",
                Some("5f3ded7d-0-1"),
            ),
            ("invalid ip 1.2.3.4, not in whitelist hint: [abcd]", "invalid ip 1.2.3.4, not in whitelist", None),
            (
                "argument invalid! data.time2.value is empty rid: 1-2-3",
                "argument invalid! data.time2.value is empty",
                Some("1-2-3"),
            ),
            ("", "", None),
            ("历史模板库已升级 rid: 1-2-3", "历史模板库已升级", Some("1-2-3")),
            ("a\u{1b}[31mb", "a [31mb", None),
            ("about rid: not hex", "about rid: not hex", None),
        ];
        for (raw, text, rid) in cases {
            assert_eq!(clean(raw), (text.to_owned(), rid.map(str::to_owned)), "{raw}");
        }
    }

    #[test]
    fn codes_come_as_numbers_or_text_and_zero_is_no_error() {
        let read = |answer| Refusal::from_answer("/x", &answer).map(|refusal| refusal.errcode);
        assert_eq!(read(json!({"errcode": 40013, "errmsg": "invalid appid"})), Some(40013));
        assert_eq!(read(json!({"errcode": "200014"})), Some(200_014));
        assert_eq!(read(json!({"errcode": 0, "errmsg": "ok"})), None);
        assert_eq!(read(json!({"access_token": "x"})), None);
    }

    #[test]
    fn the_ip_to_allow_is_read_from_the_text() {
        let refusal = |errmsg: &str| Refusal { api: "/x", errcode: 40164, errmsg: errmsg.into(), rid: None };
        let v6 = "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist";
        assert_eq!(refusal(v6).ip(), Some("1.2.3.4"));
        assert_eq!(refusal("invalid ip 1.2.3.4, not in whitelist").ip(), Some("1.2.3.4"));
        assert_eq!(refusal("invalid ip").ip(), None);
        assert!(refusal(v6).hint().unwrap().contains("1.2.3.4"));
    }
}
