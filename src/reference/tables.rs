//! The tables that the help topics, the manual page and `docs/reference/` print, each of them once.

/// A variable of the environment.
#[derive(Clone, Copy, Debug)]
pub struct VariableDoc {
    /// The name of the variable.
    pub name: &'static str,
    /// The effect of the variable.
    pub description: &'static str,
}

const fn variable(name: &'static str, description: &'static str) -> VariableDoc {
    VariableDoc { name, description }
}

/// Every variable that wxbox reads. The command line overrides variables, and variables the config
/// file.
#[rustfmt::skip]
pub const ENVIRONMENT_VARIABLES: [VariableDoc; 35] = [
    variable("WXBOX_CONFIG", "the config file; -c overrides it"),
    variable("WXBOX_DATABASE", "the database file; --database overrides it"),
    variable("WXBOX_APP_ID", "the account's AppID, instead of the key app_id"),
    variable("WXBOX_APP_SECRET", "the account's AppSecret, instead of the key app_secret"),
    variable("WXBOX_APP_SECRET_FILE", "a file that contains only the AppSecret"),
    variable("WXBOX_REDIRECT_URI", "instead of the key redirect_uri"),
    variable("WXBOX_TO", "instead of the key send.to: recipients with commas between them"),
    variable("WXBOX_PUSH_TOKEN", "the Token of 消息推送, instead of the key push.token"),
    variable("WXBOX_PUSH_TOKEN_FILE", "a file that contains only the Token"),
    variable("WXBOX_PUSH_AES_KEY", "the EncodingAESKey of 消息推送, instead of the key push.aes_key"),
    variable("WXBOX_PUSH_AES_KEY_FILE", "a file that contains only the EncodingAESKey"),
    variable("WXBOX_LOG", "the log level: info (as -v) or debug (as -vv)"),
    variable("WXBOX_LANG", "the language: en or zh (any other gives a warning); overrides language in the config and the locale"),
    variable("CREDENTIALS_DIRECTORY", "set by systemd: secrets may be its files wxbox-app-secret, wxbox-push-token and wxbox-push-aes-key"),
    variable("STATE_DIRECTORY", "set by systemd: the directory of the database"),
    variable("XDG_CONFIG_HOME", "the directory of wxbox/config.toml; else ~/.config"),
    variable("XDG_DATA_HOME", "the directory of wxbox/wxbox.db; else ~/.local/share"),
    variable("HOME", "the directory that ~ stands for"),
    variable("NO_COLOR", "set: no colors; --color overrides it"),
    variable("CLICOLOR_FORCE", "set and not 0: colors in pipes and files too"),
    variable("TERM", "dumb: no colors, no spinner and no progress bar; questions take one line each"),
    variable("WXBOX_ACCESSIBLE", "set and not 0: no animation, and no QR code unless --qr asks for it; for screen readers"),
    variable("WXBOX_PAGER", "the pager for help and lists that are longer than the terminal; cat: none"),
    variable("PAGER", "the same for all programs, if WXBOX_PAGER is not set; else less"),
    variable("LC_ALL", "the locale: zh… is Chinese; with UTF-8 the QR code is drawn with half blocks"),
    variable("LC_MESSAGES", "the language of the locale, if LC_ALL is not set"),
    variable("LC_CTYPE", "the encoding of the locale, if LC_ALL is not set"),
    variable("LANG", "the locale, if these are not set"),
    variable("HTTPS_PROXY", "the proxy for requests to WeChat, unless network.proxy is set"),
    variable("HTTP_PROXY", "the same, if network.api_base is http"),
    variable("ALL_PROXY", "the same, if neither of these is set"),
    variable("NO_PROXY", "hosts that are reached without the proxy"),
    variable("REQUEST_METHOD", "set by a web server for CGI programs: the proxy variables are then ignored"),
    variable("SSL_CERT_FILE", "PEM file with the certificate authorities to trust, instead of those built in"),
    variable("SSL_CERT_DIR", "directories with such files, separated by colons; `openssl rehash` names the files"),
];

/// A JSON object that a command prints with `--json`, one a line.
#[derive(Clone, Copy, Debug)]
pub struct JsonObjectDoc {
    /// The command that prints the object.
    pub command: &'static str,
    /// The fields in their order.
    pub fields: &'static [&'static str],
    /// When the object is printed, and notes about its fields.
    pub notes: &'static str,
}

/// The fields of an object that begins with those of a user, followed by these.
macro_rules! user_fields {
    ($($more:literal),*) => {
        &[
            "username",
            "uid",
            "openid",
            "bound",
            "bound_at",
            "reachable",
            "follows",
            "has_followed",
            "tags",
            "note",
            "created_at",
            "reason",
            "texts_until",
            $($more),*
        ]
    };
}

/// The fields of an object that has those of a message, between these.
macro_rules! message_fields {
    ($($before:literal),*; $($after:literal),*) => {
        &[
            $($before,)*
            "id",
            "user",
            "openid",
            "type",
            "state",
            "attempts",
            "msgid",
            "errcode",
            "errmsg",
            "rid",
            "error",
            "hint",
            "key",
            "created_at",
            "sent_at",
            "receipt",
            "receipt_at",
            "receipt_text",
            $($after),*
        ]
    };
}

/// The fields of a message.
pub(super) const MESSAGE_FIELDS: &[&str] = message_fields!(;);

/// Every object.
#[rustfmt::skip]
pub const JSON_OBJECTS: [JsonObjectDoc; 48] = [
    JsonObjectDoc { command: "user show|list|add|edit|passwd", fields: user_fields!(), notes: "a person, after the change if there is one; reachable: false if WeChat refused a message or the person does not follow the account; follows: null if WeChat was not asked; has_followed: whether the person was seen to follow since the binding; reason: why reachable is false (not_bound, not_following, unfollowed, refused), else null; texts_until: when the 48 hours for texts end, null if no push reported when the person wrote" },
    JsonObjectDoc { command: "user remove", fields: user_fields!("messages", "queued", "unknown"), notes: "the person before the removal; messages: how many lost their text; queued: how many of these were waiting; unknown: how many of the waiting ones may have arrived" },
    JsonObjectDoc { command: "bind", fields: &["event", "user", "url"], notes: "event authorize_url: the wait begins; also has short_link if the QR code holds one" },
    JsonObjectDoc { command: "bind", fields: &["event", "user", "openid", "nickname"], notes: "event bound" },
    JsonObjectDoc { command: "bind", fields: &["event", "user", "url"], notes: "event follow: the person does not follow the account yet; url: where they can, null if WeChat gives no QR code" },
    JsonObjectDoc { command: "bind", fields: &["event", "user"], notes: "event timeout" },
    JsonObjectDoc { command: "bind", fields: &["event", "user", "url", "expires_at"], notes: "event scan_url, with --scan: the wait begins" },
    JsonObjectDoc { command: "unbind", fields: &["event", "user", "openid", "cancelled", "unknown"], notes: "event unbound; cancelled: how many queued messages were cancelled; unknown: how many are not retried and may have arrived" },
    JsonObjectDoc { command: "send, outbox flush|retry", fields: MESSAGE_FIELDS, notes: "a message; msgid is text; \"duplicate\": true if its --key was used before; only id or user, state and error if the person was removed or unbound meanwhile" },
    JsonObjectDoc { command: "serve", fields: &["event", "address", "public_url", "at"], notes: "event listening" },
    JsonObjectDoc { command: "serve", fields: &["event", "openid", "user", "at"], notes: "event followed, unfollowed or wrote; user: null if no user is bound to the openid" },
    JsonObjectDoc { command: "serve", fields: &["event", "user", "openid", "at"], notes: "event bound" },
    JsonObjectDoc { command: "serve", fields: &["event", "id", "openid", "receipt", "at"], notes: "event receipt: what WeChat reported about a message" },
    JsonObjectDoc { command: "serve", fields: &["event", "name", "openid", "user", "at"], notes: "event other: any other event, with WeChat's name of it" },
    JsonObjectDoc { command: "outbox list|follow", fields: message_fields!(; "content", "updated_at"), notes: "a message with its content, which is null after the person was removed; updated_at: when its state, its next attempt or its receipt changed last" },
    JsonObjectDoc { command: "run", fields: MESSAGE_FIELDS, notes: "the report, on stderr; stdout belongs to the command" },
    JsonObjectDoc { command: "send --batch", fields: message_fields!("line", "ref"; "warnings"), notes: "the message of a line, with the ref of the line, and warnings if there are any; only line, ref, state and error if the line cannot be used or its person was removed meanwhile" },
    JsonObjectDoc { command: "send --dry-run", fields: &["touser", "msgtype", "text"], notes: "the exact body that WeChat would receive, with WeChat's own fields; these are the fields of a text" },
    JsonObjectDoc { command: "outbox show", fields: message_fields!(; "due_at", "expires_at", "client_msg_id", "content", "after", "history", "updated_at"), notes: "a message with all details; after: the previous part; history: its attempts" },
    JsonObjectDoc { command: "template show|list|add|remove", fields: &["template_id", "title", "content", "keys", "alias", "types", "asked_at"], notes: "a template of the account; types: the types of the keys, null for a key without one" },
    JsonObjectDoc { command: "template check", fields: &["template_id", "title", "preview", "findings"], notes: "the card as people see it; a finding has key, level (warning or error), rule and text" },
    JsonObjectDoc { command: "template alias", fields: &["alias", "template_id", "title", "keys", "path"], notes: "title: null after the alias was removed; path: the config file" },
    JsonObjectDoc { command: "media upload", fields: &["media_id", "type", "created_at", "expires_at", "kept"], notes: "a file that WeChat stores; kept: it was uploaded before" },
    JsonObjectDoc { command: "outbox status", fields: &["queued", "sent", "failed", "unknown", "cancelled", "expired", "receipts", "oldest_queued_at", "oldest_queued_seconds"], notes: "the number of messages by state; receipts: the number of sent messages by receipt (delivered, blocked, failed, none)" },
    JsonObjectDoc { command: "outbox prune", fields: &["removed"], notes: "the number of messages" },
    JsonObjectDoc { command: "user export", fields: &["username", "uid", "password", "openid", "tags", "note"], notes: "a person, in the form that user import reads; password is a hash" },
    JsonObjectDoc { command: "user import", fields: &["added"], notes: "the number of people" },
    JsonObjectDoc { command: "user sync", fields: &["event", "user", "openid", "has_followed"], notes: "event unfollowed, followed or invalid: a person whose state changed; has_followed: whether the person was seen to follow before, absent with invalid" },
    JsonObjectDoc { command: "user sync", fields: &["event", "asked", "follow", "do_not_follow", "invalid", "changed"], notes: "event synced, last: the number of people" },
    JsonObjectDoc { command: "follower list", fields: &["openid", "users"], notes: "users: the people bound to it" },
    JsonObjectDoc { command: "follower show", fields: &["openid", "users", "subscribe", "subscribe_time", "subscribe_scene", "qr_scene_str", "remark", "tagid_list", "language", "unionid"], notes: "subscribe: whether the person follows" },
    JsonObjectDoc { command: "follower remark", fields: &["openid", "users", "remark"], notes: "after the change" },
    JsonObjectDoc { command: "quota show", fields: &["api", "daily_limit", "used", "remain", "rate_limit", "errcode", "error"], notes: "rate_limit: null, or call_count in refresh_second; errcode, error: why there is no result" },
    JsonObjectDoc { command: "quota clear", fields: &["event", "app_id"], notes: "event quota_cleared" },
    JsonObjectDoc { command: "explain", fields: &["errcode", "errmsg", "meaning", "hint", "action", "wxbox"], notes: "about an error code" },
    JsonObjectDoc { command: "explain", fields: &["rid", "invoke_time", "cost_in_ms", "request_url", "request_body", "response_body", "client_ip"], notes: "about a request; secrets masked" },
    JsonObjectDoc { command: "init", fields: &["event", "path", "app_id", "checked", "push_url", "kept"], notes: "event config_written; checked: WeChat accepted the AppID and the AppSecret; push_url: the URL to enter in WeChat's console for events; kept: the path of the previous file" },
    JsonObjectDoc { command: "config show", fields: &["key", "value", "origin"], notes: "secrets masked; value, origin: null if nothing is set" },
    JsonObjectDoc { command: "config get", fields: &["key", "value", "origin"], notes: "as config show" },
    JsonObjectDoc { command: "config set|unset", fields: &["key", "value", "path"], notes: "secrets masked; value: null after unset; path: the file that was changed" },
    JsonObjectDoc { command: "config path", fields: &["path", "exists"], notes: "the file that is read, or would be read" },
    JsonObjectDoc { command: "doctor", fields: &["check", "status", "detail", "fix"], notes: "status: ok, warning or failure; fix: null if there is nothing to do" },
    JsonObjectDoc { command: "backup", fields: &["file", "bytes"], notes: "the copy" },
    JsonObjectDoc { command: "token", fields: &["access_token", "expires_at"], notes: "" },
    JsonObjectDoc { command: "sandbox", fields: &["event", "url", "app_id", "app_secret"], notes: "event listening, first" },
    JsonObjectDoc { command: "sandbox", fields: &["time", "method", "path", "errcode", "to", "unknown", "fault", "ms"], notes: "a request; errcode, to, unknown and fault only if they apply" },
    JsonObjectDoc { command: "sandbox", fields: &["event", "time", "push", "openid", "attempt", "status", "problem", "fault", "ms"], notes: "event push: an attempt to push; openid, status, problem and fault only if they apply; attempt 0: lost" },
    JsonObjectDoc { command: "any error", fields: &["error", "hint", "code"], notes: "on stderr; code is the exit status" },
];
