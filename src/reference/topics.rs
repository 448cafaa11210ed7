//! The topics of `wxbox help`, in plain text of 80 columns.

use super::tables::{ENVIRONMENT_VARIABLES, JSON_OBJECTS};
use super::translate::TableTranslator;
use super::{WIDTH, definition_list};
use crate::exit::STATUSES;
use crate::i18n::Lang;
use crate::ui::wrap;

/// A topic of `wxbox help`.
#[derive(Clone, Copy, Debug)]
pub struct HelpTopic {
    /// The argument of `wxbox help`.
    pub name: &'static str,
    /// Renders the text in a language.
    pub text: fn(Lang) -> String,
}

/// Every topic.
pub const TOPICS: [HelpTopic; 6] = [
    HelpTopic { name: "exit-codes", text: exit_codes },
    HelpTopic { name: "environment", text: environment },
    HelpTopic { name: "json", text: json },
    HelpTopic { name: "events", text: |lang| plain_text(in_language(lang, EVENTS_PAGE, EVENTS_PAGE_ZH)) },
    HelpTopic { name: "recovery", text: |lang| plain_text(in_language(lang, RECOVERY_PAGE, RECOVERY_PAGE_ZH)) },
    HelpTopic {
        name: "sandbox",
        text: |lang| {
            let scenario = plain_text(in_language(lang, SCENARIO_PAGE, SCENARIO_PAGE_ZH));
            plain_text(in_language(lang, SANDBOX_PAGE, SANDBOX_PAGE_ZH)) + "\n" + &scenario
        },
    },
];

fn in_language<'t>(lang: Lang, english: &'t str, chinese: &'t str) -> &'t str {
    match lang {
        Lang::En => english,
        Lang::Zh => chinese,
    }
}

/// Returns the exit statuses with their meanings.
pub(super) fn statuses(lang: Lang) -> Vec<(String, String)> {
    let translator = TableTranslator::new(lang);
    STATUSES.iter().map(|(exit, meaning)| (exit.code().to_string(), translator.translate(meaning))).collect()
}

/// Returns the variables with their meanings.
pub(super) fn variables(lang: Lang) -> Vec<(String, String)> {
    let translator = TableTranslator::new(lang);
    let variables = ENVIRONMENT_VARIABLES.iter();
    variables.map(|variable| (variable.name.to_owned(), translator.translate(variable.description))).collect()
}

/// Joins an introduction, a list and an end, whose lines are wrapped.
fn topic(introduction: &str, rows: &[(String, String)], end: &str) -> String {
    let wrapped = |text: &str| text.lines().flat_map(|line| wrap(line, WIDTH)).collect::<Vec<_>>().join("\n");
    format!("{}\n\n{}\n{}\n", wrapped(introduction), definition_list(rows), wrapped(end))
}

fn exit_codes(lang: Lang) -> String {
    let (introduction, end) = match lang {
        Lang::En => (
            "Every exit status of wxbox has one meaning:",
            "A message that WeChat did not accept is never reported as sent. Status 0 after `wxbox send` means that \
             WeChat accepted every message. With --json, \"code\" of an error is the exit status.\n\n\
             `wxbox run` exits with the status of its command, and with 128+n if signal n ended the command. The \
             report does not change that.",
        ),
        Lang::Zh => (
            "wxbox 的每个退出码只有一种含义：",
            "微信没有接收的消息，绝不会报告为已发送。`wxbox send` 的退出码为 0，表示微信接收了全部消息。\
             加 --json 时，错误的 \"code\" 就是退出码。\n\n\
             `wxbox run` 的退出码就是所运行命令的退出码；命令被信号 n 终止时为 128+n。结果通知是否送达，不影响退出码。",
        ),
    };
    topic(introduction, &statuses(lang), end)
}

fn environment(lang: Lang) -> String {
    let (introduction, end) = match lang {
        Lang::En => (
            "wxbox reads these environment variables. The command line overrides them, and they override the config \
             file. An empty variable counts as unset.",
            "No option accepts the AppSecret, because every user of the machine can see arguments.",
        ),
        Lang::Zh => (
            "wxbox 读取以下环境变量。命令行优先于环境变量，环境变量优先于配置文件。空的环境变量视为未设置。",
            "没有接受 AppSecret 的选项，因为本机的所有用户都能看到命令行参数。",
        ),
    };
    topic(introduction, &variables(lang), end)
}

fn json(lang: Lang) -> String {
    let translator = TableTranslator::new(lang);
    let rows: Vec<_> = JSON_OBJECTS
        .iter()
        .map(|object| {
            let fields = object.fields.join(", ");
            let about = match (object.notes, lang) {
                ("", _) => fields,
                (notes, Lang::En) => format!("{fields} ({notes})"),
                (notes, Lang::Zh) => format!("{fields}（{}）", translator.translate(notes)),
            };
            (translator.translate(object.command), about)
        })
        .collect();
    let (introduction, end) = match lang {
        Lang::En => (
            "With --json, stdout has one JSON object per line and nothing else. Errors are objects on stderr. The \
             fields are in this order. Later versions may add fields.",
            "Times are RFC 3339 in UTC. A field without a value is null. state is one of queued, sent, failed, \
             unknown, cancelled and expired. A message in state unknown may have reached WeChat, but there was no \
             usable response.\n\n  wxbox --json user list | jq -r .username\n  \
             wxbox --json send --user luffy \"hi\" | jq -r .state",
        ),
        Lang::Zh => (
            "加 --json 时，标准输出每行一个 JSON 对象，没有其他内容；错误以 JSON 对象输出到标准错误。字段按以下顺序\
             输出，以后的版本可能增加字段。",
            "时间为 RFC 3339 格式（UTC）。没有值的字段为 null。state 的取值为 queued、sent、failed、unknown、\
             cancelled 和 expired。状态为 unknown 的消息可能已到达微信，但没有收到可用的响应。\n\n  \
             wxbox --json user list | jq -r .username\n  wxbox --json send --user luffy \"hi\" | jq -r .state",
        ),
    };
    topic(introduction, &rows, end)
}

/// The pages that a topic prints, so that their text exists only once.
const EVENTS_PAGE: &str = include_str!("../../docs/guides/events.md");
const EVENTS_PAGE_ZH: &str = include_str!("../../docs/zh-CN/guides/events.md");
const RECOVERY_PAGE: &str = include_str!("../../docs/guides/recovery.md");
const RECOVERY_PAGE_ZH: &str = include_str!("../../docs/zh-CN/guides/recovery.md");
const SANDBOX_PAGE: &str = include_str!("../../docs/sandbox.md");
const SANDBOX_PAGE_ZH: &str = include_str!("../../docs/zh-CN/sandbox.md");
const SCENARIO_PAGE: &str = include_str!("../../docs/sandbox-scenario.md");
const SCENARIO_PAGE_ZH: &str = include_str!("../../docs/zh-CN/sandbox-scenario.md");

/// Renders Markdown for a terminal: headings without marks, code indented, tables as definition
/// lists, links as their text.
///
/// It supports only the syntax that these pages use.
fn plain_text(page: &str) -> String {
    let link = regex_lite::Regex::new(r"\[([^\]]+)\]\([^)]+\)");
    let page = link.map_or_else(|_| page.into(), |link| link.replace_all(page, "$1"));
    let mut text = String::new();
    let mut rows = Vec::new();
    let mut is_code = false;
    for line in page.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
            continue;
        }
        if !is_code && let Some(row) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) {
            if let Some((term, meaning)) = row.split_once(" | ") {
                rows.push((term.replace('`', ""), meaning.replace('`', "")));
            }
            continue;
        }
        if !rows.is_empty() {
            // The list needs neither the heading of the table nor the rule below it.
            text += &definition_list(&rows.split_off(2));
            rows.clear();
        }
        if is_code && !line.is_empty() {
            text += "  ";
            text += line;
        } else {
            text += &wrap(line.trim_start_matches('#').trim_start(), WIDTH).join("\n");
        }
        text.push('\n');
    }
    text
}
