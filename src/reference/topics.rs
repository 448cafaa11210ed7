//! The topics of `wxbox help`, in plain text of 80 columns.

use super::definition_list;
use super::tables::{ENVIRONMENT_VARIABLES, JSON_OBJECTS};
use crate::exit::STATUSES;

/// A topic of `wxbox help`.
#[derive(Clone, Copy, Debug)]
pub struct HelpTopic {
    /// What it is asked for by.
    pub name: &'static str,
    /// Its text.
    pub text: fn() -> String,
}

/// Every topic.
pub const TOPICS: [HelpTopic; 5] = [
    HelpTopic { name: "exit-codes", text: exit_codes },
    HelpTopic { name: "environment", text: environment },
    HelpTopic { name: "json", text: json },
    HelpTopic { name: "recovery", text: || RECOVERY_TEXT.to_owned() },
    HelpTopic { name: "sandbox", text: || SANDBOX_TEXT.to_owned() },
];

/// Exit statuses as terms with their meanings.
pub(super) fn statuses() -> Vec<(String, String)> {
    STATUSES.iter().map(|(exit, meaning)| (exit.code().to_string(), (*meaning).to_owned())).collect()
}

/// Variables as terms with their meanings.
pub(super) fn variables() -> Vec<(String, String)> {
    ENVIRONMENT_VARIABLES.iter().map(|it| (it.name.to_owned(), it.description.to_owned())).collect()
}

fn exit_codes() -> String {
    format!(
        "Every exit status of wxbox has one meaning:\n\n{}\n\
         A message that WeChat did not accept is never reported as sent: 0 after `send`\n\
         means that WeChat took every message. With --json an error's \"code\" is the\n\
         exit status.\n\n\
         `run` ends with the status of its command, and with 128+n where signal n ended\n\
         the command. What became of the report does not change that.\n",
        definition_list(&statuses())
    )
}

fn environment() -> String {
    format!(
        "Variables that wxbox looks at. The command line wins over them, they win over\n\
         the config file. An empty one counts as unset.\n\n{}\n\
         No option takes the secret, since everybody on the machine can see arguments.\n",
        definition_list(&variables())
    )
}

fn json() -> String {
    let rows: Vec<_> = JSON_OBJECTS
        .iter()
        .map(|it| {
            let about = if it.notes.is_empty() { String::new() } else { format!(" ({})", it.notes) };
            (it.command.to_owned(), format!("{}{about}", it.fields.join(", ")))
        })
        .collect();
    format!(
        "With --json, stdout carries one JSON object a line and nothing else, and errors\n\
         are objects on stderr. The fields, in their order; later versions may add more:\n\n{}\n\
         Times are RFC 3339 in UTC. A field that has no value is null. state is one of\n\
         queued, sent, failed, unknown, cancelled, expired; unknown is a message whose\n\
         request may have reached WeChat though no answer came.\n\n\
         \x20 wxbox --json user list | jq -r .username\n\
         \x20 wxbox --json send --user luffy \"hi\" | jq -r .state\n",
        definition_list(&rows)
    )
}

const RECOVERY_TEXT: &str = r#"What to do when the database is damaged or gone. DB stands for its file, which
`wxbox config show` names. A file that is damaged wxbox leaves as it is.

Stop what uses it: lines of cron, a `bind` that waits,

  systemctl stop wxbox-flush.timer wxbox-flush.service

Keep what is there. DB-wal, which a killed process leaves, is a part of it, and
must not lie beside another DB: wxbox refuses the two.

  mkdir damaged
  mv DB* damaged/

Restore the last copy that `wxbox backup` made:

  cp /var/backups/wxbox.db DB

Or save what can be read, with SQLite's own program. (Where it can, .recover in
place of .dump saves more; that of Debian and Ubuntu cannot.)

  sqlite3 damaged/DB .dump | sed "s/^ROLLBACK.*/COMMIT;/" | sqlite3 DB
  version=$(sqlite3 damaged/DB "pragma user_version")
  sqlite3 DB "pragma user_version = $version"
  sqlite3 DB "pragma application_id = 2004378161; pragma journal_mode = wal"

If only the log is said to be damaged, DB is whole without it, as it was when
the log was last moved into it:

  cp damaged/DB DB

Then look at it:

  wxbox doctor
  wxbox outbox list --state queued

What was queued when the copy was made may have been sent since, and would be
sent again: WeChat drops the repeat of a template message within 10 minutes, and
never that of a text. Give up what is not to be sent again, before anything is
delivered:

  wxbox outbox cancel --all          # or: wxbox outbox cancel ID...

What happened after the copy was made it does not know. Who was bound since
binds again; a --key used since is free, so a script that repeats its `send`
sends again.

  systemctl start wxbox-flush.timer
"#;

const SANDBOX_TEXT: &str = r#"The sandbox is a stand-in for the WeChat platform on this machine: strict where
the platform is, and nothing leaves the machine. `wxbox demo` shows it at work.

  wxbox sandbox                         its phones: http://127.0.0.1:8899/
  wxbox sandbox --listen 127.0.0.1:0    any free port

It prints its credentials, people and templates. Point a config at it:

  app_id = "wx0123456789abcdef"
  app_secret = "0123456789abcdef0123456789abcdef"
  redirect_uri = "http://127.0.0.1:8080/callback/"
  [network]
  api_base = "http://127.0.0.1:8899"
  open_base = "http://127.0.0.1:8899"

Then, beside it:

  wxbox -c sandbox.toml user add luffy
  wxbox -c sandbox.toml bind --user luffy   open the URL, tap Allow
  wxbox -c sandbox.toml send --user luffy "hello"

Its page shows what arrived, and has buttons for what people do: write, follow,
leave, tap a menu, allow a subscription notification. What messages can refer
to is listed at the start; uploads are kept for three days, 64 MiB at most.
--world FILE gives it another account, people and templates, all keys optional:

  verified = true              # menus and typing; a test account gets 40200
  strict_templates = true      # typed fields, as on a real account
  one_time_template = "…"      # 43 characters, of message/template/subscribe
  business_domain = "…"        # where /mp/subscribemsg may send people back to

  [[people]]
  name = "robin"
  openid = "…"                 # 28 characters
  follows = true
  wrote = true
  grants = ["*"]               # a notification of each subscription template,
                               # or ids, once for each notification
  scenes = [1000]              # of one-time messages

  [[templates]]                # of template messages
  id = "…"
  title = "Disk full"
  content = "Host: {{host.DATA}}"

  [[subscriptions]]            # of subscription notifications
  id = "…"
  title = "Disk report"
  content = "Host: {{character_string1.DATA}}"
  long_term = false            # true: a consent lasts until it is taken back

  [[kf_accounts]]              # in whose name messages can be sent
  account = "franky@ship"
  nickname = "Franky"

  [[articles]]                 # of mpnews and mpnewsarticle
  media_id = "…"
  article_id = "…"
  title = "How the ship was built"

  [[cards]]                    # of wxcard
  id = "…"
  title = "One free repair"

The world may have faults, too. Each says which calls it strikes and has one of
the keys below; the first that strikes wins, delays go with others:

  [[faults]]
  api = "/cgi-bin/message/*"   # default: every call of the API
  nth = 3                      # or [3, 5], or every = 5, or probability = 0.1
  times = 2                    # twice at most
  to = "oLuffy_wears_the_straw_hat_1"
  reset = "after"

  errcode = 45009              that refusal in place of the call
  status = 502                 a page in place of the call; after it with
                               processed = true
  truncated = true             the call, then half of its answer
  reset = "before"             a reset, before or "after" the call
  hang = "before"              no answer, before or "after" the call
  drip = "200ms"               the call, then its answer a byte at a time
  content_type = "text/html"   the right answer under the wrong header
  delay = "50ms"               the right answer, later

POST /sandbox/faults replaces them (such TOML as the body), POST /sandbox/tokens
with revoke=1 makes all access tokens worthless, GET /sandbox/stats.json counts
what arrived. crowd = 100000 in a world adds so many followers.
"#;
