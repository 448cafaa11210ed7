//! The message catalogues: both languages have the same messages, each in its own writing.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use wxbox::i18n::{EN, ZH};

/// Returns the messages of a catalogue with their texts, in order.
pub fn parse_messages(catalogue: &str) -> Vec<(&str, String)> {
    let mut all: Vec<(&str, String)> = Vec::new();
    for line in catalogue.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            Some((id, text)) => all.push((id, text.trim_start().to_owned())),
            None if line.is_empty() => {}
            None => {
                let (_, text) = all.last_mut().expect("a message that the line belongs to");
                *text += "\n";
                *text += line;
            }
        }
    }
    all
}

fn find_all<'t>(pattern: &str, text: &'t str) -> Vec<&'t str> {
    Regex::new(pattern).unwrap().find_iter(text).map(|found| found.as_str()).collect()
}

/// Returns a message without its placeholders and its syntax.
pub fn strip_placeholders(text: &str) -> String {
    let syntax =
        Regex::new(r#"\{ ?\$[a-z_]+ ->|\n *\*?\[[A-Za-z0-9]+\]|\{ ?\$[a-z_]+ ?\}|\{ ?"[^"]*" ?\}|[{}]"#).unwrap();
    syntax.replace_all(text, " ").trim().to_owned()
}

#[test]
fn both_languages_have_the_same_messages_in_the_same_order() {
    let ids = |catalogue| parse_messages(catalogue).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    let (english, chinese) = (ids(EN), ids(ZH));
    let sets: [BTreeSet<&str>; 2] = [english.iter().copied().collect(), chinese.iter().copied().collect()];
    assert_eq!(sets[0].difference(&sets[1]).collect::<Vec<_>>(), Vec::<&&str>::new(), "not in zh-CN.ftl");
    assert_eq!(sets[1].difference(&sets[0]).collect::<Vec<_>>(), Vec::<&&str>::new(), "in zh-CN.ftl alone");
    assert_eq!(sets[0].len(), english.len(), "one is there twice");
    for (one, other) in english.iter().zip(&chinese) {
        assert_eq!(one, other, "the order");
    }
    assert_eq!(english.len(), chinese.len());
}

#[test]
fn preview_and_sandbox_display_same_values() {
    let values =
        |text: &str| -> BTreeSet<String> { find_all(r"\$[a-z_]+", text).into_iter().map(str::to_owned).collect() };
    let chinese: BTreeMap<_, _> = parse_messages(ZH).into_iter().collect();
    for (id, text) in parse_messages(EN) {
        let Some(other) = chinese.get(id) else { continue };
        // English has singular and plural; Chinese need not distinguish them.
        let counts = find_all(r"\{ ?\$([a-z_]+) ->", &text);
        let counted = |name: &String| counts.iter().any(|count| count.contains(&format!("{name} ")));
        let (values, others) = (values(&text), values(other));
        let lost: Vec<_> = values.difference(&others).filter(|name| !counted(name)).collect();
        assert_eq!(lost, Vec::<&String>::new(), "{id}: not said in Chinese");
        assert!(others.is_subset(&values) || id.starts_with("ui-"), "{id}: {others:?} where English has {values:?}");
    }
}

/// WeChat's own words for places in its console, units and license plates: the Chinese that an
/// English text may contain.
const WECHAT_TERMS: [&str; 37] = [
    "微信公众平台",
    "接口管理",
    "接口权限与额度",
    "基础信息",
    "开发密钥",
    "白名单",
    "网页授权域名",
    "网页授权获取用户基本信息",
    "设置与开发",
    "账号设置",
    "功能设置",
    "消息推送",
    "接口配置信息",
    "消息加解密方式",
    "安全模式",
    "明文模式",
    "请求",
    "超时",
    "验证失败",
    "数据格式",
    "已认证",
    "接口权限",
    "测试号",
    "订阅号",
    "服务号",
    "微信开发者平台",
    "我的业务",
    "通用错误码",
    "模板消息",
    "模板库",
    "类目模板库",
    "年",
    "月",
    "日",
    "元",
    "粤",
    "挂",
];

#[test]
fn english_catalogue_has_no_chinese() {
    for (id, text) in parse_messages(EN) {
        assert_ne!(text.trim(), "", "{id}");
        let foreign: Vec<_> = find_all("[\u{2e80}-\u{9fff}\u{ff00}-\u{ffef}]+", &text)
            .into_iter()
            .filter(|run| !WECHAT_TERMS.contains(run) && id != "demo-send-text")
            .collect();
        assert_eq!(foreign, Vec::<&str>::new(), "{id}");
    }
}

#[test]
fn chinese_catalogue_has_no_english() {
    // Names of things, or only placeholders and punctuation.
    let alike = Regex::new(
        "^(?:(?:app|open|union|u|msg)?id|ID|AppID|OPENID|TLS|wxbox|redirect_uri|access_token|stdin)$|^chmod ",
    );
    let alike = alike.unwrap();
    let mut english = Vec::new();
    for (id, text) in parse_messages(ZH) {
        assert_ne!(text.trim(), "", "{id}");
        let prose = strip_placeholders(&text);
        let says = prose.chars().any(char::is_alphabetic) && !alike.is_match(&prose);
        if says && !prose.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) {
            english.push(format!("{id} = {text}"));
        }
    }
    assert_eq!(english, Vec::<String>::new());
}

#[test]
fn chinese_catalogue_uses_chinese_punctuation() {
    let han = "\u{4e00}-\u{9fff}";
    let wrong = [
        // Half-width punctuation next to Chinese, brackets that hold Chinese, and quotes of either
        // kind.
        format!("[{han}][,;:!?]|[,;!?][{han}]|[(][^()]*[{han}]|[{han}][^()]*[)]|[{han}]\"[{han}]"),
        // Full-width punctuation includes its own gap.
        "[，。；：？！、（）“”] | [，。；：？！、（）]".to_owned(),
        // Latin words and placeholders are separated from Chinese by a space.
        format!("[{han}][A-Za-z0-9`{{]|[A-Za-z0-9`}}][{han}]"),
    ];
    // A variant of a selector begins in the middle of a sentence.
    let open = Regex::new(r"\{ ?\$[a-z_]+ ->\s*|\s*\n *\*?\[[A-Za-z0-9]+\] |\n *\}").unwrap();
    let mut found = Vec::new();
    // Dates and license plates in the form that WeChat accepts, and WeChat's own sentence.
    for (id, text) in parse_messages(ZH)
        .into_iter()
        .filter(|(id, _)| !["rule-car-number", "rule-date", "rule-time", "sandbox-link-10003"].contains(id))
    {
        let flat = open.replace_all(&text, "\u{0}");
        for pattern in &wrong {
            // A span of time ends with a Chinese unit.
            let wrong = find_all(pattern, &flat).into_iter().filter(|it| *it != "}前");
            found.extend(wrong.map(|it| format!("{id}: {it}")));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}
