//! The secrets of the configuration, and the places that can hold each of them.

/// A secret of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigSecret {
    /// The AppSecret of the account.
    AppSecret,
    /// The Token with which WeChat signs its pushes.
    PushToken,
    /// The EncodingAESKey with which WeChat encrypts its pushes.
    PushAesKey,
    /// The EncodingAESKey before a change of the key.
    PreviousPushAesKey,
}

impl ConfigSecret {
    /// All secrets.
    pub const ALL: [Self; 4] = [Self::AppSecret, Self::PushToken, Self::PushAesKey, Self::PreviousPushAesKey];

    /// Returns the name that WeChat's console gives to the secret, in any language.
    pub fn title(self) -> &'static str {
        match self {
            Self::AppSecret => "AppSecret",
            Self::PushToken => "Token",
            Self::PushAesKey | Self::PreviousPushAesKey => "EncodingAESKey",
        }
    }

    /// Returns the key of the config file with its table.
    pub fn key(self) -> &'static str {
        match self {
            Self::AppSecret => "app_secret",
            Self::PushToken => "push.token",
            Self::PushAesKey => "push.aes_key",
            Self::PreviousPushAesKey => "push.previous_aes_key",
        }
    }

    /// Returns the environment variable that holds the secret itself. The previous key has none,
    /// because it is only set for a short time.
    pub fn variable(self) -> Option<&'static str> {
        match self {
            Self::AppSecret => Some("WXBOX_APP_SECRET"),
            Self::PushToken => Some("WXBOX_PUSH_TOKEN"),
            Self::PushAesKey => Some("WXBOX_PUSH_AES_KEY"),
            Self::PreviousPushAesKey => None,
        }
    }

    /// Returns the environment variable that names a file with the secret.
    pub(super) fn file_variable(self) -> Option<&'static str> {
        match self {
            Self::AppSecret => Some("WXBOX_APP_SECRET_FILE"),
            Self::PushToken => Some("WXBOX_PUSH_TOKEN_FILE"),
            Self::PushAesKey => Some("WXBOX_PUSH_AES_KEY_FILE"),
            Self::PreviousPushAesKey => None,
        }
    }

    /// Returns the name of the systemd credential that holds the secret.
    pub(super) fn credential(self) -> Option<&'static str> {
        match self {
            Self::AppSecret => Some("wxbox-app-secret"),
            Self::PushToken => Some("wxbox-push-token"),
            Self::PushAesKey => Some("wxbox-push-aes-key"),
            Self::PreviousPushAesKey => None,
        }
    }

    /// Returns the names, within their table, of the keys that hold the secret itself.
    pub(super) fn inline_names(self) -> &'static [&'static str] {
        match self {
            Self::AppSecret => &["app_secret", "appsecret"],
            Self::PushToken => &["token"],
            Self::PushAesKey => &["aes_key"],
            Self::PreviousPushAesKey => &["previous_aes_key"],
        }
    }

    /// Returns the name, within its table, of the key that names a file with the secret.
    pub(super) fn file_name(self) -> &'static str {
        match self {
            Self::AppSecret => "app_secret_file",
            Self::PushToken => "token_file",
            Self::PushAesKey => "aes_key_file",
            Self::PreviousPushAesKey => "previous_aes_key_file",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ConfigSecret;
    use crate::config::{KEYS, VARIABLES};

    #[test]
    fn places_of_secrets_are_known_keys_and_variables() {
        for secret in ConfigSecret::ALL {
            let table = secret.key().rsplit_once('.').map_or(String::new(), |(table, _)| format!("{table}."));
            for name in secret.inline_names().iter().chain([&secret.file_name()]) {
                let key = format!("{table}{name}");
                assert!(KEYS.iter().any(|known| known.name == key), "{key}");
            }
            assert_eq!(secret.key(), format!("{table}{}", secret.inline_names()[0]));
            for variable in secret.variable().into_iter().chain(secret.file_variable()) {
                assert!(VARIABLES.contains(&variable), "{variable}");
            }
        }
    }
}
