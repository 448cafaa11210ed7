//! WeChat's own check of the network between its servers and the push URL.
//!
//! Page: doc/service/api/base/api_callbackcheck.

use serde_json::{Value, json};

use super::client::Idempotency;
use super::{Client, Result};
use crate::secret::Secret;

/// WeChat's findings about the host of the account's push URL.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PushUrlCheck {
    /// The addresses to which the host resolves there.
    pub resolved: Vec<String>,
    /// The pings to these addresses.
    pub pings: Vec<PingResult>,
}

/// Pings of one of WeChat's servers.
#[derive(Clone, Debug, PartialEq)]
pub struct PingResult {
    /// The address.
    pub ip: String,
    /// The lost packets, in percent.
    pub package_loss: f64,
}

impl Client {
    /// Asks WeChat to resolve the host of the push URL that the account has in the console, and to
    /// ping it.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcode 40201 if the account has no push URL.
    pub fn check_push_url(&self, token: &Secret) -> Result<PushUrlCheck> {
        let body = json!({"action": "all", "check_operator": "DEFAULT"}).to_string();
        let response = self.post_with("/cgi-bin/callback/check", token, body.as_bytes(), Idempotency::Safe)?;
        Ok(parse_check(&response))
    }
}

fn parse_check(response: &Value) -> PushUrlCheck {
    let entries = |name: &str| response.get(name).and_then(Value::as_array).into_iter().flatten();
    let ip = |entry: &Value| entry.get("ip").and_then(Value::as_str).map(str::to_owned);
    let ping = |entry: &Value| {
        let loss = entry.get("package_loss").and_then(Value::as_str)?;
        Some(PingResult { ip: ip(entry)?, package_loss: loss.trim_end_matches('%').trim().parse().ok()? })
    };
    PushUrlCheck {
        resolved: entries("dns").filter_map(ip).collect(),
        pings: entries("ping").filter_map(ping).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_is_parsed_as_documented() {
        let response = json!({
            "dns": [{"ip": "111.161.64.40", "real_operator": "UNICOM"}],
            "ping": [
                {"ip": "111.161.64.40", "from_operator": "UNICOM", "package_loss": "0%", "time": "23.079ms"},
                {"ip": "111.161.64.48", "from_operator": "UNICOM", "package_loss": "100%"},
                {"ip": "111.161.64.48", "package_loss": "none"},
            ],
        });
        let ping = |ip: &str, package_loss| PingResult { ip: ip.into(), package_loss };
        let pings = vec![ping("111.161.64.40", 0.0), ping("111.161.64.48", 100.0)];
        assert_eq!(parse_check(&response), PushUrlCheck { resolved: vec!["111.161.64.40".into()], pings });
        assert_eq!(parse_check(&json!({"dns": null})), PushUrlCheck::default());
    }
}
