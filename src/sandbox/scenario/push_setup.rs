//! The push settings of a scenario.

use std::time::Duration;

use serde::Deserialize;

use super::error::{ScenarioError, require};
use crate::sandbox::push::settings::{PushSettings, PushSettingsError};

/// The longest pause of a push.
const MAX_PAUSE: Duration = Duration::from_secs(3600);

/// The table `push` of a scenario. Every key is optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PushConfig {
    /// The http address of the account's server, on this machine. Without it nothing is pushed.
    pub url: Option<String>,
    /// 3 to 32 letters and digits.
    pub token: Option<String>,
    /// The EncodingAESKey: 43 letters and digits.
    pub aes_key: Option<String>,
    /// `plain`, `compatible` or `safe`. Defaults to `safe` if there is a key, else to `plain`.
    pub mode: Option<String>,
    /// The time between the beginnings of two attempts. Defaults to 5 seconds.
    pub retry_after: Option<String>,
    /// The time between a message and its receipt. Defaults to 100 milliseconds.
    pub receipt_after: Option<String>,
    /// The delay of a push with the fault `late`. Defaults to 2 seconds.
    pub late_after: Option<String>,
}

/// The times of the pushes.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct PushTiming {
    pub(in crate::sandbox) retry_after: Duration,
    pub(in crate::sandbox) receipt_after: Duration,
    pub(in crate::sandbox) late_after: Duration,
}

impl Default for PushTiming {
    fn default() -> Self {
        Self {
            retry_after: Duration::from_secs(5),
            receipt_after: Duration::from_millis(100),
            late_after: Duration::from_secs(2),
        }
    }
}

impl PushConfig {
    /// Returns the settings; `None` without a URL.
    pub(in crate::sandbox) fn settings(&self) -> Result<Option<PushSettings>, ScenarioError> {
        let all = [("push.token", &self.token), ("push.aes_key", &self.aes_key), ("push.mode", &self.mode)];
        let Some(url) = &self.url else {
            return match all.into_iter().find(|(_, value)| value.is_some()) {
                Some((key, _)) => Err(ScenarioError::MissingPartner { key, with: "url" }),
                None => Ok(None),
            };
        };
        let Some(token) = &self.token else {
            return Err(ScenarioError::MissingPartner { key: "push.url", with: "token" });
        };
        let [key, mode] = [&self.aes_key, &self.mode].map(|value| value.as_deref().unwrap_or_default());
        let settings = PushSettings::new(url, token, key, mode);
        settings.map(Some).map_err(|error| {
            let invalid = |key, value: &str| ScenarioError::Value { key, value: value.to_owned() };
            match error {
                PushSettingsError::Url => invalid("push.url", url),
                // Secrets are not shown.
                PushSettingsError::Token => invalid("push.token", "…"),
                PushSettingsError::AesKey => invalid("push.aes_key", "…"),
                PushSettingsError::Mode => invalid("push.mode", mode),
                PushSettingsError::MissingAesKey => ScenarioError::MissingPartner { key: "push.mode", with: "aes_key" },
            }
        })
    }

    /// Returns the times, with their defaults.
    pub(in crate::sandbox) fn timing(&self) -> Result<PushTiming, ScenarioError> {
        let default = PushTiming::default();
        Ok(PushTiming {
            retry_after: parse_pause("push.retry_after", self.retry_after.as_deref(), default.retry_after)?,
            receipt_after: parse_pause("push.receipt_after", self.receipt_after.as_deref(), default.receipt_after)?,
            late_after: parse_pause("push.late_after", self.late_after.as_deref(), default.late_after)?,
        })
    }

    /// Checks every value.
    pub(super) fn check(&self) -> Result<(), ScenarioError> {
        self.timing()?;
        self.settings().map(|_| ())
    }
}

fn parse_pause(key: &'static str, text: Option<&str>, default: Duration) -> Result<Duration, ScenarioError> {
    let Some(text) = text else { return Ok(default) };
    let pause = text.parse::<humantime::Duration>().ok().map(Duration::from).filter(|pause| *pause <= MAX_PAUSE);
    require(pause.is_some(), key, text)?;
    Ok(pause.unwrap_or(default))
}

#[cfg(test)]
mod tests {
    use crate::sandbox::Scenario;
    use crate::sandbox::push::settings::PushMode;

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

    #[test]
    fn mode_follows_from_the_key() {
        for (rest, mode) in [
            (String::new(), PushMode::Plain),
            (format!("aes_key = \"{KEY}\""), PushMode::Safe),
            (format!("aes_key = \"{KEY}\"\nmode = \"compatible\""), PushMode::Compatible),
            (format!("aes_key = \"{KEY}\"\nmode = \"plain\""), PushMode::Plain),
        ] {
            let toml = format!("[push]\nurl = \"http://127.0.0.1:1/push\"\ntoken = \"abc\"\n{rest}");
            let settings = Scenario::from_toml(&toml).unwrap().push.settings().unwrap().unwrap();
            assert_eq!(settings.mode, mode, "{rest}");
            assert_eq!(settings.encryption_key().is_some(), mode != PushMode::Plain, "{rest}");
        }
        assert!(Scenario::default().push.settings().unwrap().is_none());
    }

    #[test]
    fn invalid_values_are_rejected_without_secrets() {
        let with = |rest: &str| format!("url = \"http://127.0.0.1/\"\ntoken = \"token123\"\n{rest}");
        for (toml, reason) in [
            ("url = \"https://127.0.0.1/\"\ntoken = \"token123\"".to_owned(), "push.url cannot be"),
            ("url = \"/push\"\ntoken = \"token123\"".to_owned(), "push.url cannot be"),
            ("url = \"http://127.0.0.1/\"".to_owned(), "push.url requires token"),
            ("token = \"token123\"".to_owned(), "push.token requires url"),
            (with("mode = \"safe\""), "push.mode requires aes_key"),
            (with("mode = \"json\""), "push.mode cannot be"),
            (with("aes_key = \"secret_key\""), "push.aes_key cannot be “…”"),
            (with("retry_after = \"soon\""), "push.retry_after cannot be"),
            (with("late_after = \"2h\""), "push.late_after cannot be"),
            ("url = \"http://127.0.0.1/\"\ntoken = \"se cret\"".to_owned(), "push.token cannot be “…”"),
            (with("secret = 1"), "unknown field"),
        ] {
            let error = Scenario::from_toml(&format!("[push]\n{toml}")).unwrap_err().to_string();
            let clean: String = error.chars().filter(|c| !matches!(c, '\u{2068}' | '\u{2069}')).collect();
            assert!(clean.contains(reason), "{toml}: {clean}");
            assert!(
                !clean.contains("token123") && !clean.contains("secret_key") && !clean.contains("se cret"),
                "{clean}"
            );
        }
    }
}
