//! The tables, each once.

use crate::config::KEYS;
use crate::exit::STATUSES;

/// A variable of the environment.
#[derive(Clone, Copy, Debug)]
pub struct VariableDoc {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
}

const fn variable(name: &'static str, description: &'static str) -> VariableDoc {
    VariableDoc { name, description }
}

/// Every variable that wxbox looks at. The command line wins over the variables, they over the config file.
#[rustfmt::skip]
pub const ENVIRONMENT_VARIABLES: [VariableDoc; 28] = [
    variable("WXBOX_CONFIG", "the config file; -c wins over it"),
    variable("WXBOX_DATABASE", "the database file; --database wins over it"),
    variable("WXBOX_APP_ID", "the account's app id, instead of the key app_id"),
    variable("WXBOX_APP_SECRET", "the account's AppSecret, instead of the key app_secret"),
    variable("WXBOX_APP_SECRET_FILE", "a file that holds nothing but the AppSecret"),
    variable("WXBOX_REDIRECT_URI", "instead of the key redirect_uri"),
    variable("WXBOX_LOG", "what -v does: info (as -v) or debug (as -vv)"),
    variable("WXBOX_LANG", "the language of all that is said but --help and man: en or zh (another is warned of); wins over language in the config and over the locale"),
    variable("CREDENTIALS_DIRECTORY", "set by systemd: the secret may be its file wxbox-app-secret"),
    variable("STATE_DIRECTORY", "set by systemd: where the database is kept"),
    variable("XDG_CONFIG_HOME", "where wxbox/config.toml is; else ~/.config"),
    variable("XDG_DATA_HOME", "where wxbox/wxbox.db is; else ~/.local/share"),
    variable("HOME", "what ~ stands for"),
    variable("NO_COLOR", "set: no colours; --color wins over it"),
    variable("CLICOLOR_FORCE", "set and not 0: colours in pipes and files too"),
    variable("TERM", "dumb: no colours, and nothing moves: no spinner, no bar, questions a line at a time"),
    variable("WXBOX_ACCESSIBLE", "set and not 0: nothing moves, and no QR code is drawn unless --qr asks for it; for screen readers"),
    variable("LC_ALL", "the locale: zh… is Chinese; with UTF-8 the QR code is drawn with half blocks"),
    variable("LC_MESSAGES", "the locale's language, where LC_ALL is not set"),
    variable("LC_CTYPE", "the locale's encoding, where LC_ALL is not set"),
    variable("LANG", "the locale, where these are not set"),
    variable("HTTPS_PROXY", "the proxy for requests to WeChat, unless network.proxy is set"),
    variable("HTTP_PROXY", "the same, where network.api_base is http"),
    variable("ALL_PROXY", "the same, where neither of these is set"),
    variable("NO_PROXY", "hosts that are asked without the proxy"),
    variable("REQUEST_METHOD", "set by a web server for what it runs: the variables above count for nothing"),
    variable("SSL_CERT_FILE", "PEM file with the certificate authorities to trust, in place of those built in"),
    variable("SSL_CERT_DIR", "directories with such files, named as `openssl rehash` names them, with colons between"),
];

/// What a command prints with `--json`, a line each.
#[derive(Clone, Copy, Debug)]
pub struct JsonObjectDoc {
    /// The command.
    pub command: &'static str,
    /// The object's fields, in their order.
    pub fields: &'static [&'static str],
    /// Where and when it is printed, or what must be known of it.
    pub notes: &'static str,
}

const MESSAGE_FIELDS: &[&str] = &[
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
];

/// Every object.
#[rustfmt::skip]
pub const JSON_OBJECTS: [JsonObjectDoc; 38] = [
    JsonObjectDoc { command: "user …", fields: &["username", "uid", "openid", "bound", "bound_at", "reachable", "follows", "has_followed", "tags", "note", "created_at"], notes: "a person; after a change as it is then; reachable: false where WeChat refused a message or the person does not follow; follows: null where WeChat was not asked; has_followed: whether it ever said yes since the binding" },
    JsonObjectDoc { command: "user remove", fields: &["username", "uid", "openid", "bound", "bound_at", "reachable", "follows", "has_followed", "tags", "note", "created_at", "messages", "queued"], notes: "the person as they were; messages: how many lost their text, queued: how many of these were still waiting" },
    JsonObjectDoc { command: "bind", fields: &["event", "user", "url"], notes: "event authorize_url: the wait begins; with short_link too where the QR code holds one" },
    JsonObjectDoc { command: "bind", fields: &["event", "user", "openid", "nickname"], notes: "event bound" },
    JsonObjectDoc { command: "bind", fields: &["event", "user", "url"], notes: "event follow: the person does not follow the account yet; url: where they can, null where WeChat gives no code" },
    JsonObjectDoc { command: "bind", fields: &["event", "user"], notes: "event timeout" },
    JsonObjectDoc { command: "unbind", fields: &["event", "user", "openid"], notes: "event unbound" },
    JsonObjectDoc { command: "send, outbox flush|retry", fields: MESSAGE_FIELDS, notes: "a message; msgid is text; one that its --key had before has \"duplicate\": true too; where the person was removed or unbound meanwhile only id or user, state and error" },
    JsonObjectDoc { command: "outbox list", fields: &["id", "user", "openid", "type", "state", "attempts", "msgid", "errcode", "errmsg", "rid", "error", "hint", "key", "created_at", "sent_at", "content"], notes: "a message with what it says; content is null once the person is removed" },
    JsonObjectDoc { command: "run", fields: MESSAGE_FIELDS, notes: "the report, on stderr: stdout is the command's own" },
    JsonObjectDoc { command: "send --batch", fields: &["line", "ref", "id", "user", "openid", "type", "state", "attempts", "msgid", "errcode", "errmsg", "rid", "error", "hint", "key", "created_at", "sent_at", "warnings"], notes: "the message of a line, with the line's own ref, and warnings where there are any; of a line that cannot be used, or whose person was removed meanwhile, only line, ref, state and error" },
    JsonObjectDoc { command: "send --dry-run", fields: &["touser", "msgtype", "text"], notes: "the exact body that WeChat would get, with WeChat's own fields: these are a text's" },
    JsonObjectDoc { command: "outbox show", fields: &["id", "user", "openid", "type", "state", "attempts", "msgid", "errcode", "errmsg", "rid", "error", "hint", "key", "created_at", "sent_at", "due_at", "expires_at", "client_msg_id", "content", "after", "history"], notes: "a message with all that is known of it; after: the part that goes before it; history: its attempts" },
    JsonObjectDoc { command: "template …", fields: &["template_id", "title", "content", "keys", "alias", "types", "asked_at"], notes: "a template of the account; types are those of the keys, null where one has none" },
    JsonObjectDoc { command: "template check", fields: &["template_id", "title", "preview", "findings"], notes: "what people see; a finding has key, level (warning or error), rule and text" },
    JsonObjectDoc { command: "media upload", fields: &["media_id", "type", "created_at", "expires_at", "kept"], notes: "a file that WeChat keeps; kept: it did before" },
    JsonObjectDoc { command: "outbox status", fields: &["queued", "sent", "failed", "unknown", "cancelled", "expired", "oldest_queued_at", "oldest_queued_seconds"], notes: "how many messages, by state" },
    JsonObjectDoc { command: "outbox prune", fields: &["removed"], notes: "how many messages" },
    JsonObjectDoc { command: "user export", fields: &["username", "uid", "password", "openid", "tags", "note"], notes: "a person, as user import takes them; password is a hash" },
    JsonObjectDoc { command: "user import", fields: &["added"], notes: "how many people" },
    JsonObjectDoc { command: "user sync", fields: &["event", "user", "openid", "has_followed"], notes: "event unfollowed, followed or invalid: who is not as they were; has_followed: whether the person was seen to follow before, not with invalid" },
    JsonObjectDoc { command: "user sync", fields: &["event", "asked", "follow", "do_not_follow", "invalid", "changed"], notes: "event synced, last: how many people" },
    JsonObjectDoc { command: "follower list", fields: &["openid", "users"], notes: "users: who is bound to it" },
    JsonObjectDoc { command: "follower show", fields: &["openid", "users", "subscribe", "subscribe_time", "subscribe_scene", "qr_scene_str", "remark", "tagid_list", "language", "unionid"], notes: "subscribe: whether the person follows" },
    JsonObjectDoc { command: "follower remark", fields: &["openid", "users", "remark"], notes: "as it is now" },
    JsonObjectDoc { command: "quota show", fields: &["api", "daily_limit", "used", "remain", "rate_limit", "errcode", "error"], notes: "rate_limit: null, or call_count in refresh_second; errcode, error: why there is nothing to tell" },
    JsonObjectDoc { command: "quota clear", fields: &["event", "app_id"], notes: "event quota_cleared" },
    JsonObjectDoc { command: "explain", fields: &["errcode", "errmsg", "meaning", "hint", "action", "wxbox"], notes: "of a code" },
    JsonObjectDoc { command: "explain", fields: &["rid", "invoke_time", "cost_in_ms", "request_url", "request_body", "response_body", "client_ip"], notes: "of a request; secrets masked" },
    JsonObjectDoc { command: "init", fields: &["event", "path", "app_id", "checked", "kept"], notes: "event config_written; checked: WeChat took the app id and the secret; kept: the file that was there before" },
    JsonObjectDoc { command: "config show", fields: &["key", "value", "origin"], notes: "secrets masked; value, origin: null where nothing is set" },
    JsonObjectDoc { command: "config path", fields: &["path", "exists"], notes: "the file that is read, or would be" },
    JsonObjectDoc { command: "doctor", fields: &["check", "status", "detail", "fix"], notes: "status: ok, warning or failure; fix: null where there is nothing to do" },
    JsonObjectDoc { command: "backup", fields: &["file", "bytes"], notes: "the copy" },
    JsonObjectDoc { command: "token", fields: &["access_token", "expires_at"], notes: "" },
    JsonObjectDoc { command: "sandbox", fields: &["event", "url", "app_id", "app_secret"], notes: "event listening, first" },
    JsonObjectDoc { command: "sandbox", fields: &["time", "method", "path", "errcode", "to", "unknown", "fault", "ms"], notes: "a request; errcode, to, unknown and fault only where they apply" },
    JsonObjectDoc { command: "any error", fields: &["error", "hint", "code"], notes: "on stderr; code is the exit status" },
];

/// A table of the reference by its name.
pub type MarkdownTable = (&'static str, fn() -> String);

/// The tables of `docs/reference/`, in Markdown.
pub const MARKDOWN_TABLES: [MarkdownTable; 5] = [
    ("delivery-outcomes", super::delivery_outcomes::outcome_table),
    ("exit-statuses", || {
        let rows = STATUSES.iter().map(|(exit, meaning)| [exit.code().to_string(), (*meaning).to_owned()]);
        markdown_table(["code", "meaning"], rows)
    }),
    ("environment", || {
        markdown_table(
            ["variable", "meaning"],
            ENVIRONMENT_VARIABLES.iter().map(|it| [inline_code(it.name), it.description.to_owned()]),
        )
    }),
    ("config", || {
        let rows = KEYS.iter().map(|key| {
            let default = if key.default.starts_with('(') || key.default.is_empty() {
                key.default.trim_matches(['(', ')']).to_owned()
            } else {
                inline_code(key.default)
            };
            [inline_code(key.name), default, key.description.to_owned()]
        });
        markdown_table(["key", "default", "meaning"], rows)
    }),
    ("json", || {
        let rows = JSON_OBJECTS
            .iter()
            .map(|it| [inline_code(it.command), inline_code(&it.fields.join(", ")), it.notes.to_owned()]);
        markdown_table(["command", "fields", "about"], rows)
    }),
];

fn inline_code(text: &str) -> String {
    format!("`{text}`")
}

pub(super) fn markdown_table<const N: usize>(heading: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(heading.map(str::to_owned).to_vec()) + &line(vec!["---".to_owned(); N]);
    for row in rows {
        text += &line(row.map(|cell| cell.replace('|', "\\|")).to_vec());
    }
    text
}
