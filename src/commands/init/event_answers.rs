//! The answers about WeChat's events, and the secrets that `init` generates for them.

use url::Url;

use crate::cli::EventsMode;
use crate::random::random_base62;
use crate::secret::Secret;
use crate::wechat::push::AES_KEY_CHARS;

/// The longest Token that WeChat's console accepts.
const TOKEN_CHARS: usize = 32;

/// The answers about events that options give in advance.
#[derive(Clone)]
pub(super) struct EventOptions {
    pub(super) mode: Option<EventsMode>,
    pub(super) public_url: Option<Url>,
    /// The URL in the present config.
    pub(super) present_url: Option<Url>,
}

/// The answer to the question about events.
pub(super) enum EventChoice {
    /// No events are received.
    Declined,
    /// The config already has events; its secrets are kept.
    Kept,
    /// Events are received with new secrets.
    New(EventAnswers),
}

/// The settings with which events are received.
#[derive(Clone, Debug)]
pub(super) struct EventAnswers {
    pub(super) token: Secret,
    /// `None` if the events are not encrypted.
    pub(super) aes_key: Option<Secret>,
    /// `serve.public_url`, if it is not the origin of `redirect_uri`.
    pub(super) public_url: Option<Url>,
}

impl EventAnswers {
    /// Generates a new Token and, for encrypted events, a new EncodingAESKey.
    pub(super) fn generate(mode: EventsMode, public_url: Option<Url>) -> anyhow::Result<Self> {
        let secret = |chars| random_base62(chars).map(Secret::from);
        let aes_key = match mode {
            EventsMode::Safe => Some(secret(AES_KEY_CHARS)?),
            EventsMode::Plain => None,
        };
        Ok(Self { token: secret(TOKEN_CHARS)?, aes_key, public_url })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::ExposeSecret as _;

    #[test]
    fn generated_secrets_have_the_form_of_the_console() {
        let mut tokens = Vec::new();
        for mode in [EventsMode::Safe, EventsMode::Plain] {
            let events = EventAnswers::generate(mode, None).unwrap();
            let is_plain_text = |secret: &Secret| secret.expose_secret().bytes().all(|b| b.is_ascii_alphanumeric());
            assert!(is_plain_text(&events.token) && events.aes_key.iter().all(is_plain_text));
            assert_eq!(events.token.expose_secret().len(), 32);
            let key_chars = events.aes_key.as_ref().map(|key| key.expose_secret().len());
            assert_eq!(key_chars, (mode == EventsMode::Safe).then_some(43));
            assert!(!format!("{events:?}").contains(events.token.expose_secret()));
            tokens.push(events.token.expose_secret().to_owned());
        }
        assert_ne!(tokens[0], tokens[1]);
    }
}
