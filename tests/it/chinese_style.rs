//! The rules for Chinese texts: modern written Chinese, one term for each thing, and Chinese
//! punctuation. They hold for the catalogue, the error codes, the example config and the documents.

use std::path::Path;

use regex::Regex;
use wxbox::i18n::{Lang, ZH};
use wxbox::wechat::errcode;

use crate::docs_markdown::chinese_documents;

/// The sentence that WeChat shows on the phone, with WeChat's punctuation.
const WECHAT_SENTENCE: &str = "redirect_uri域名与后台配置不一致，错误码:10003";

const HAN: &str = "\u{4e00}-\u{9fff}";

/// Literary words, and words that are typical of translations. `COMMON_WORDS` contain some of them.
const LITERARY_WORDS: &[&str] =
    &["须", "其", "此人", "供", "则", "均", "若", "于", "之", "所述", "皆", "亦", "方可", "倘", "予以", "不声不响"];

/// Words of modern Chinese that contain a literary one.
const COMMON_WORDS: &[&str] = &[
    "必须",
    "其他",
    "其余",
    "其中",
    "其次",
    "提供",
    "否则",
    "规则",
    "由于",
    "位于",
    "属于",
    "用于",
    "大于",
    "小于",
    "等于",
    "少于",
    "对于",
    "处于",
    "将于",
    "便于",
    "低于",
    "过于",
    "出于",
    "优先于",
    "取决于",
    "其一",
    "之处",
    "之前",
    "之后",
    "之间",
    "之一",
    "之外",
    "之内",
];

/// A word that is not used, and the word to use instead.
const WRONG_TERMS: &[(&str, &str)] = &[
    ("到期", "已到发送时间 or 已过期"),
    ("收件人", "接收者"),
    ("对方", "用户 or 接收者"),
    ("粉丝", "关注者"),
    ("应答", "响应"),
    ("退出状态", "退出码"),
    ("正式账号", "正式服务号"),
    ("订阅号", "公众号（原订阅号）"),
    ("公众号", "服务号"),
    ("全局返回码", "通用错误码"),
    ("后台", "微信公众平台 or 微信开发者平台"),
    ("替身", "模拟的微信平台"),
    ("密钥", "AppSecret, 私钥 or 幂等键"),
    ("机密", "敏感信息"),
    ("凭证", "凭据"),
    ("主目录", "HOME"),
    ("不确定是否送达", "结果未知"),
    ("逐次拉长", "按递增间隔"),
    ("结构版本", "数据库结构版本"),
    ("IP 白名单", "API IP 白名单"),
];

/// Names and WeChat's own sentences that contain a wrong term and are right.
const RIGHT_NAMES: &[&str] =
    &[WECHAT_SENTENCE, "对方正在输入", "公众号（原订阅号）", "开发密钥", "数据库结构版本", "API IP 白名单"];

/// A text and where it is.
struct Text {
    place: String,
    text: String,
}

/// Returns the messages of the catalogue, each in one line.
fn catalogue_texts() -> Vec<Text> {
    let mut texts: Vec<Text> = Vec::new();
    for line in ZH.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            Some((id, text)) => texts.push(Text { place: id.to_owned(), text: text.trim().to_owned() }),
            None => {
                let message = texts.last_mut().expect("a message that the line belongs to");
                message.text += "\n";
                message.text += line;
            }
        }
    }
    texts
}

fn errcode_texts() -> Vec<Text> {
    let texts = |entry: errcode::ErrcodeEntry| {
        let texts = [Some(entry.meaning(Lang::Zh)), entry.remedy(Lang::Zh)];
        texts.into_iter().flatten().map(move |text| Text { place: entry.errcode.to_string(), text: text.to_owned() })
    };
    errcode::entries().flat_map(texts).collect()
}

/// Returns the lines of the Chinese documents without code and link targets, and the comments of
/// the example config.
fn document_texts() -> Vec<Text> {
    let code = Regex::new("`[^`]*`").unwrap();
    let markup = Regex::new(r"\]\([^)]*\)|\*\*|!?\[").unwrap();
    let address = Regex::new("<https?:[^>]*>").unwrap();
    let mut texts = Vec::new();
    for name in chinese_documents() {
        let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&name)).unwrap();
        let mut in_block = false;
        for (number, line) in page.lines().enumerate() {
            let is_fence = line.trim_start().starts_with("```");
            in_block ^= is_fence;
            if !in_block && !is_fence {
                let prose = code.replace_all(line, "`");
                let text = markup.replace_all(&address.replace_all(&prose, "URL"), "").into_owned();
                texts.push(Text { place: format!("{name}:{}", number + 1), text });
            }
        }
    }
    let comments = include_str!("../../config.example.zh-CN.toml").lines().enumerate();
    texts.extend(comments.filter_map(|(number, line)| {
        let text = code.replace_all(line.strip_prefix("# ")?, "`").into_owned();
        Some(Text { place: format!("config.example.zh-CN.toml:{}", number + 1), text })
    }));
    texts
}

fn all_texts() -> Vec<Text> {
    [catalogue_texts(), errcode_texts(), document_texts()].into_iter().flatten().collect()
}

fn without(text: &str, words: &[&str]) -> String {
    words.iter().fold(text.to_owned(), |text, word| text.replace(word, "\u{0}"))
}

/// Returns the violations that `find` returns for the texts, each with its place.
fn violations(texts: &[Text], find: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let found = texts.iter().flat_map(|text| find(&text.text).into_iter().map(move |what| (text, what)));
    found.map(|(text, what)| format!("{}: {what} in: {}", text.place, text.text)).collect()
}

fn matches(pattern: &Regex, text: &str) -> Vec<String> {
    pattern.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

#[track_caller]
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "{} texts:\n{}", violations.len(), violations.join("\n"));
}

#[test]
fn chinese_is_modern() {
    assert_none(&violations(&all_texts(), |text| {
        let text = without(text, COMMON_WORDS);
        LITERARY_WORDS.iter().filter(|word| text.contains(**word)).map(|word| (*word).to_owned()).collect()
    }));
}

#[test]
fn chinese_has_one_word_for_each_thing() {
    assert_none(&violations(&all_texts(), |text| {
        let text = without(text, RIGHT_NAMES);
        let wrong = WRONG_TERMS.iter().filter(|(word, _)| text.contains(word));
        wrong.map(|(word, right)| format!("{word} (write {right})")).collect()
    }));
}

#[test]
fn chinese_punctuation_is_full_width() {
    let half_width =
        Regex::new(&format!("[{HAN}][,;:!?]|[,;!?][{HAN}]|[(][^()]*[{HAN}]|[{HAN}][^()]*[)]|[{HAN}]\"[{HAN}]"));
    let ellipsis = Regex::new(&format!("[{HAN}]…|…[{HAN}]")).unwrap();
    let half_width = half_width.unwrap();
    assert_none(&violations(&all_texts(), |text| {
        let text = without(text, &[WECHAT_SENTENCE]);
        [matches(&half_width, &text), matches(&ellipsis, &without(&text, &["……"]))].concat()
    }));
}

/// Pages have paragraphs, so their sentences end with a full stop.
#[test]
fn chinese_message_of_one_clause_has_no_full_stop() {
    let is_page = |place: &str| place.starts_with("callback-") || place.starts_with("sandbox-");
    let mut texts = catalogue_texts();
    texts.retain(|text| !is_page(&text.place));
    texts.extend(errcode_texts());
    assert_none(&violations(&texts, |text| match text.strip_suffix('。') {
        Some(clause) if !clause.contains(['，', '；', '：', '。', '？', '！']) => vec!["a full stop".to_owned()],
        _ => Vec::new(),
    }));
}

#[test]
fn chinese_and_latin_are_separated_by_a_blank() {
    let joined = Regex::new(&format!("[{HAN}][A-Za-z0-9`]|[A-Za-z0-9`][{HAN}]")).unwrap();
    let around_punctuation = Regex::new("[，。；：？！、（）“”] | [，。；：？！、（）]").unwrap();
    let mut texts = document_texts();
    texts.extend(errcode_texts());
    assert_none(&violations(&texts, |text| {
        let text = without(text, &[WECHAT_SENTENCE]);
        // The cells of a table are separated by spaces.
        let cells = text.replace(" |", "|").replace("| ", "|");
        [matches(&joined, &text), matches(&around_punctuation, &cells)].concat()
    }));
}

/// A space between a Chinese word and a Chinese name would be wrong, and none would hide the name.
#[test]
fn chinese_text_has_names_and_paths_in_quotes() {
    let name = Regex::new(r"(?:^|[^“'：])\{ \$(?:user|tag|who|person|title|to|holder) \}").unwrap();
    let quoted = Regex::new("“[^“”]*”").unwrap();
    assert_none(&violations(&catalogue_texts(), |text| matches(&name, text)));
    assert_none(&violations(&all_texts(), |text| {
        // The arrow of a path in a console.
        let path = Regex::new(&format!("[{HAN}”] ?→")).unwrap();
        matches(&path, &quoted.replace_all(text, ""))
    }));
}
