//! The topics of `wxbox help`, in plain text.

use super::tables::{ENVIRONMENT_VARIABLES, JSON_OBJECTS, MESSAGE_FIELDS};
use super::translate::TableTranslator;
use super::{definition_list, stacked_list, terminal_markdown};
use crate::cli::HelpTopic;
use crate::exit::STATUSES;
use crate::i18n::Lang;
use crate::ui::wrap;

/// Renders a topic in a language, in at most `width` columns.
pub fn topic_text(topic: &HelpTopic, lang: Lang, width: usize) -> String {
    match topic.name {
        "exit-codes" => exit_codes(lang, width),
        "environment" => environment(lang, width),
        "json" => json(lang, width),
        _ => {
            let pages = PAGES.iter().filter(|page| topic.pages.contains(&page.path));
            pages.map(|page| render_page(page, lang, width)).collect::<Vec<_>>().join("\n")
        }
    }
}

/// A page that a topic prints, so that its text exists only once.
struct TopicPage {
    /// The path of the English page in the project.
    path: &'static str,
    english: &'static str,
    chinese: &'static str,
}

const PAGES: [TopicPage; 4] = [
    TopicPage {
        path: "docs/guides/events.md",
        english: include_str!("../../docs/guides/events.md"),
        chinese: include_str!("../../docs/zh-CN/guides/events.md"),
    },
    TopicPage {
        path: "docs/guides/recovery.md",
        english: include_str!("../../docs/guides/recovery.md"),
        chinese: include_str!("../../docs/zh-CN/guides/recovery.md"),
    },
    TopicPage {
        path: "docs/sandbox.md",
        english: include_str!("../../docs/sandbox.md"),
        chinese: include_str!("../../docs/zh-CN/sandbox.md"),
    },
    TopicPage {
        path: "docs/sandbox-scenario.md",
        english: include_str!("../../docs/sandbox-scenario.md"),
        chinese: include_str!("../../docs/zh-CN/sandbox-scenario.md"),
    },
];

fn render_page(page: &TopicPage, lang: Lang, width: usize) -> String {
    match lang {
        Lang::En => terminal_markdown::render(page.english, page.path, width),
        Lang::Zh => terminal_markdown::render(page.chinese, &page.path.replacen("docs/", "docs/zh-CN/", 1), width),
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

/// Joins an introduction, a list and an end. The lines of the list are wrapped already.
fn topic(introduction: &str, list: &str, end: &str, width: usize) -> String {
    let wrapped = |text: &str| text.lines().flat_map(|line| wrap(line, width)).collect::<Vec<_>>().join("\n");
    format!("{}\n\n{list}\n{}\n", wrapped(introduction), wrapped(end))
}

fn exit_codes(lang: Lang, width: usize) -> String {
    let (introduction, end) = match lang {
        Lang::En => (
            "The exit statuses of wxbox:",
            "Status 0 after `wxbox send` means that \
             WeChat accepted every message. With --json, \"code\" of an error is the exit status.\n\n\
             `wxbox run` exits with the status of its command, and with 128+n if signal n ended the command. The \
             report does not change that.",
        ),
        Lang::Zh => (
            "wxbox 的退出码：",
            "`wxbox send` 的退出码为 0，表示微信接收了全部消息。\
             加 --json 时，错误的 \"code\" 就是退出码。\n\n\
             `wxbox run` 的退出码就是所运行命令的退出码；命令被信号 n 终止时为 128+n。结果通知是否送达，不影响退出码。",
        ),
    };
    topic(introduction, &definition_list(&statuses(lang), width), end, width)
}

fn environment(lang: Lang, width: usize) -> String {
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
    topic(introduction, &definition_list(&variables(lang), width), end, width)
}

/// Returns the fields of an object, with one word in place of the fields of a message.
fn json_fields(fields: &[&str]) -> String {
    let count = MESSAGE_FIELDS.len();
    let start = fields.windows(count).position(|part| part == MESSAGE_FIELDS);
    let fields = match start {
        Some(start) => [&fields[..start], &[JSON_MESSAGE], &fields[start + count..]].concat(),
        None => fields.to_vec(),
    };
    fields.join(", ")
}

/// The word in place of the fields of a message.
const JSON_MESSAGE: &str = "MESSAGE";

fn json(lang: Lang, width: usize) -> String {
    let translator = TableTranslator::new(lang);
    let separator = if lang == Lang::Zh { "；" } else { "; " };
    let mut rows = vec![(JSON_MESSAGE.to_owned(), MESSAGE_FIELDS.join(", "))];
    rows.extend(JSON_OBJECTS.iter().map(|object| {
        let notes = translator.translate(object.notes).replace(separator, "\n");
        (translator.translate(object.command), format!("{}\n{notes}", json_fields(object.fields)))
    }));
    let (introduction, end) = match lang {
        Lang::En => (
            "With --json, stdout has one JSON object per line and nothing else. Errors are objects on stderr. The \
             fields are in this order. Later versions may add fields. MESSAGE stands for the fields of a message, which \
             come first below.",
            "Times are RFC 3339 in UTC. A field without a value is null. state is one of queued, sent, failed, \
             unknown, cancelled and expired. A message in state unknown may have reached WeChat, but there was no \
             usable response.\n\n  wxbox --json user list | jq -r .username\n  \
             wxbox --json send --user luffy \"hi\" | jq -r .state",
        ),
        Lang::Zh => (
            "加 --json 时，标准输出每行一个 JSON 对象，没有其他内容；错误以 JSON 对象输出到标准错误。字段按以下顺序\
             输出，以后的版本可能增加字段。MESSAGE 表示一条消息的字段，列在最前面。",
            "时间为 RFC 3339 格式（UTC）。没有值的字段为 null。state 的取值为 queued、sent、failed、unknown、\
             cancelled 和 expired。状态为 unknown 的消息可能已到达微信，但没有收到可用的响应。\n\n  \
             wxbox --json user list | jq -r .username\n  wxbox --json send --user luffy \"hi\" | jq -r .state",
        ),
    };
    topic(introduction, &stacked_list(&rows, width), end, width)
}
