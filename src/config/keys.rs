//! The table of all keys of the config file. The check for unknown keys, the test of the example
//! file and the documents use it.

use crate::text_line::{looks_like_aes_key, may_contain_app_secret};

/// The replacement for a secret in output.
pub(super) const MASK: &str = "***";

/// A key of the config file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigKey {
    /// The key with its tables; a segment in capitals (`NAME`, `KEY`) is a placeholder.
    pub name: &'static str,
    /// The default as TOML, a phrase in parentheses if it depends on other values, or empty if
    /// there is none.
    pub default: &'static str,
    /// The meaning, in one line.
    pub description: &'static str,
    /// The type of the value.
    pub value_type: ValueType,
}

/// The type of the value of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A string, such as an address or a duration.
    Text,
    /// The path of a file.
    Path,
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// A whole number.
    Integer,
    /// One string or a list of them.
    TextList,
    /// A string that is never shown.
    Secret,
    /// A URL that may contain a password.
    UrlWithPassword,
}

const fn key(name: &'static str, default: &'static str, description: &'static str) -> ConfigKey {
    ConfigKey { name, default, description, value_type: ValueType::Text }
}

impl ConfigKey {
    const fn of_type(self, value_type: ValueType) -> Self {
        Self { value_type, ..self }
    }
}

/// Every key, in the order of `config.example.toml`. Tests compare the defaults with those of
/// `load.rs`, and the keys with those that `show.rs` lists.
#[rustfmt::skip]
pub const KEYS: [ConfigKey; 44] = [
    key("app_id", "", "the account's AppID"),
    key("app_secret", "", "the account's AppSecret; the name appsecret is accepted too").of_type(ValueType::Secret),
    key("app_secret_file", "", "a file that contains only the AppSecret, instead of app_secret").of_type(ValueType::Path),
    key("redirect_uri", "", "the callback address, to which WeChat redirects the phone when a user is bound"),
    key("scope", r#""snsapi_userinfo""#, "the permission that a person is asked for: snsapi_userinfo (nickname and openid) or snsapi_base (openid only, no question)").of_type(ValueType::Choice(&["snsapi_userinfo", "snsapi_base"])),
    key("token_endpoint", r#""stable""#, "the API that returns the access token: stable or classic").of_type(ValueType::Choice(&["stable", "classic"])),
    key("database", "(wxbox.db in $STATE_DIRECTORY, else in $XDG_DATA_HOME/wxbox)", "the SQLite file with users, bindings, messages and tokens").of_type(ValueType::Path),
    key("language", "(by the locale: LC_ALL, LC_MESSAGES, LANG)", "the language of the output and of messages that wxbox writes: zh or en").of_type(ValueType::Choice(&["zh", "en"])),
    key("time_zone", "(the system's: TZ, /etc/localtime)", "the time zone of displayed times, such as Asia/Shanghai"),
    key("listen.address", "(every interface, on the port of redirect_uri, if that is http or tls_cert is set)", "the address on which bind listens for the phone"),
    key("listen.timeout", r#""5m""#, "how long bind waits for the phone"),
    key("listen.tls_cert", "", "PEM file with the certificate chain; with tls_key, bind serves HTTPS itself").of_type(ValueType::Path),
    key("listen.tls_key", "", "PEM file with the private key of that certificate").of_type(ValueType::Path),
    key("listen.domain_verify_file", "", "the MP_verify_….txt by which WeChat checks the owner of the domain").of_type(ValueType::Path),
    key("serve.address", "(as bind finds it: listen.address, else by redirect_uri)", "the address on which serve listens"),
    key("serve.public_url", "(the scheme, host and port of redirect_uri)", "the address at which WeChat and phones reach serve, with the path before its own if a proxy adds one"),
    key("push.token", "", "the Token of WeChat's 消息推送: 3 to 32 letters and digits").of_type(ValueType::Secret),
    key("push.token_file", "", "a file that contains only the Token, instead of push.token").of_type(ValueType::Path),
    key("push.aes_key", "", "the EncodingAESKey of WeChat's 消息推送: 43 characters; without it events are not encrypted").of_type(ValueType::Secret),
    key("push.aes_key_file", "", "a file that contains only the EncodingAESKey, instead of push.aes_key").of_type(ValueType::Path),
    key("push.previous_aes_key", "", "the EncodingAESKey before a change, which wxbox also accepts").of_type(ValueType::Secret),
    key("push.previous_aes_key_file", "", "a file that contains only the EncodingAESKey before a change").of_type(ValueType::Path),
    key("push.path", r#""/push""#, "the path to which WeChat sends events"),
    key("push.forward_to", "", "a server that gets each event too, because an account has one address for events: https, or http on this machine").of_type(ValueType::UrlWithPassword),
    key("network.api_base", r#"["https://api.weixin.qq.com", "https://api2.weixin.qq.com"]"#, "the address of WeChat's API, or a list of addresses to try in order").of_type(ValueType::TextList),
    key("network.open_base", r#""https://open.weixin.qq.com""#, "the address of WeChat's authorization page"),
    key("network.timeout", r#""10s""#, "the time limit of a request to WeChat"),
    key("network.proxy", "(the variables HTTPS_PROXY and NO_PROXY)", "the proxy for requests to WeChat").of_type(ValueType::UrlWithPassword),
    key("network.ca_file", "", "PEM file with an additional trusted certificate authority").of_type(ValueType::Path),
    key("send.to", "", "the recipients of send and run if no option names any: a user, tag:NAME, openid:ID or all, or a list of them").of_type(ValueType::TextList),
    key("send.concurrency", "16", "the number of concurrent requests").of_type(ValueType::Integer),
    key("send.rate", "0", "the maximum number of messages per second; 0 = no limit").of_type(ValueType::Integer),
    key("send.wait", r#""30s""#, "how long send retries a message after its first failure before it leaves it to outbox flush"),
    key("send.max_attempts", "0", "the maximum number of attempts for a message; 0 = until it expires").of_type(ValueType::Integer),
    key("send.expire_after", r#""24h""#, "a message that is not delivered expires after this time"),
    key("send.retain", r#""90d""#, "finished messages are deleted after this time"),
    key("templates.NAME.id", "", "WeChat's id of the template that NAME stands for"),
    key("templates.NAME.url", "", "the address that a tap on the message opens"),
    key("templates.NAME.miniprogram.appid", "", "the AppID of a mini program that a tap opens instead"),
    key("templates.NAME.miniprogram.pagepath", "", "the page of that mini program"),
    key("templates.NAME.data.KEY", "", "the default value of the field KEY: text or a number"),
    key("templates.NAME.data.KEY.value", "", "the same, together with a color"),
    key("templates.NAME.data.KEY.color", "", "the color, as #RRGGBB"),
    key("appsecret", "", "another name for app_secret").of_type(ValueType::Secret),
];

pub(super) enum KeyKind {
    /// The key does not exist.
    Unknown,
    /// A table with keys.
    Table,
    /// A value; some values may also be tables.
    Value,
}

/// Classifies a key by its segments.
pub(super) fn classify(path: &[&str]) -> KeyKind {
    let has_prefix = |key: &&ConfigKey| matches_prefix(key, path);
    if KEYS.iter().filter(has_prefix).any(|key| key.name.split('.').count() == path.len()) {
        KeyKind::Value
    } else if KEYS.iter().any(|key| has_prefix(&key)) {
        KeyKind::Table
    } else {
        KeyKind::Unknown
    }
}

/// Returns the key of a path that [`classify`] calls a value.
pub(super) fn find(path: &[&str]) -> Option<&'static ConfigKey> {
    KEYS.iter().find(|key| matches_prefix(key, path) && key.name.split('.').count() == path.len())
}

/// Returns whether a key is in the table of this path, or in a table below.
pub(super) fn is_below(key: &ConfigKey, path: &[&str]) -> bool {
    matches_prefix(key, path) && key.name.split('.').count() > path.len()
}

fn matches_prefix(key: &ConfigKey, path: &[&str]) -> bool {
    let mut segments = key.name.split('.');
    path.iter().all(|wanted| segments.next().is_some_and(|segment| segment == *wanted || is_placeholder(segment)))
}

fn is_placeholder(segment: &str) -> bool {
    segment.bytes().all(|b| b.is_ascii_uppercase())
}

/// Returns the closest match for an unknown key: a similar key in the same table, else the same
/// name in another table.
pub(super) fn closest_key(path: &[&str]) -> Option<String> {
    let (last, parents) = path.split_last()?;
    let normalized = last.to_lowercase().replace('-', "_");
    let max_distance = (normalized.chars().count() / 3).clamp(1, 3);
    let sibling = KEYS
        .iter()
        .filter(|key| matches_prefix(key, parents))
        .filter_map(|key| key.name.split('.').nth(parents.len()))
        .filter(|segment| !is_placeholder(segment))
        .map(|segment| (strsim::damerau_levenshtein(segment, &normalized), segment))
        .filter(|(distance, _)| *distance <= max_distance)
        .min_by_key(|(distance, _)| *distance);
    if let Some((_, segment)) = sibling {
        return Some(dotted_key(&[parents, &[segment]].concat()));
    }
    KEYS.iter().find(|key| key.name.rsplit('.').next() == Some(normalized.as_str())).map(|key| key.name.to_owned())
}

/// Returns a key in TOML: `listen.timeout`, `templates."a b".id`.
pub(super) fn dotted_key(path: &[&str]) -> String {
    let mut whole = String::new();
    for segment in path {
        if !whole.is_empty() {
            whole.push('.');
        }
        let bare = !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        // A quoted key may contain anything, even escape sequences for the terminal.
        whole.push_str(&match () {
            // The user put the value in place of the key.
            () if may_contain_app_secret(segment) || looks_like_aes_key(segment) => MASK.to_owned(),
            () if bare => (*segment).to_owned(),
            () => format!("{segment:?}"),
        });
    }
    whole
}
