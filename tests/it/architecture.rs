//! The house rules that a test can hold: who imports whom, who writes where, how long a file grows, and
//! that the catalogue and the code know the same texts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// What each room may import from the crate, besides itself.
const ALLOWED_IMPORTS: &[(&str, &[&str])] = &[
    ("app", &["cli", "config", "error", "secret", "store", "token", "ui", "wechat", "words", "zone"]),
    ("callback", &["http", "secret", "words"]),
    ("cli", &["ui", "words"]),
    ("complaint", &["cli", "error", "words"]),
    (
        "commands",
        &[
            "app",
            "bounded",
            "callback",
            "cli",
            "config",
            "delivery",
            "error",
            "http",
            "line",
            "loopback",
            "names",
            "pem",
            "private",
            "reference",
            "sandbox",
            "secret",
            "signals",
            "stop",
            "store",
            "time",
            "token",
            "ui",
            "wechat",
            "words",
            "zone",
        ],
    ),
    ("bounded", &[]),
    ("config", &["bounded", "line", "loopback", "secret", "words", "zone"]),
    ("delivery", &["secret", "store", "time", "token", "wechat", "words"]),
    ("error", &["config", "stop", "store", "token", "wechat", "words"]),
    ("http", &["pem"]),
    ("line", &[]),
    ("loopback", &[]),
    ("names", &[]),
    ("pem", &["words"]),
    ("private", &[]),
    ("reference", &["cli", "config", "delivery", "error", "wechat"]),
    ("sandbox", &["http", "words"]),
    ("secret", &[]),
    ("signals", &["error", "stop"]),
    ("stop", &[]),
    ("store", &["names", "private", "secret", "stop", "time", "words"]),
    ("time", &[]),
    ("token", &["private", "secret", "store", "time", "wechat", "words"]),
    ("ui", &["error", "private", "secret", "signals", "time", "words", "zone"]),
    ("wechat", &["bounded", "loopback", "pem", "secret", "time", "words"]),
    ("words", &[]),
    ("zone", &["time"]),
];

/// The Rust files below a directory of the project, with their text.
pub fn rust_files(dir: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(dir)];
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(path, text);
            }
        }
    }
    found
}

/// The room of a file below `src`: `src/store/users.rs` → `store`.
fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// A file without its tests, which may do more: everything before the first `#[cfg(test)]` with a block,
/// and nothing of a file that holds tests alone.
fn production_code(path: &Path, text: &str) -> String {
    let of_tests = path.components().any(|part| part.as_os_str() == "tests")
        || path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
    if of_tests {
        return String::new();
    }
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
}

fn production_sources() -> impl Iterator<Item = (PathBuf, String)> {
    rust_files("src").into_iter().map(|(path, text)| {
        let text = production_code(&path, &text);
        (path, text)
    })
}

/// Every line of production code outside the named rooms that matches, but for comments.
fn lines_with(pattern: &str, allowed: &[&str]) -> Vec<String> {
    let pattern = Regex::new(pattern).unwrap();
    let mut found = Vec::new();
    for (path, text) in production_sources().filter(|(path, _)| !allowed.contains(&module_of(path).as_str())) {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        found.extend(code.filter(|line| pattern.is_match(line)).map(|line| format!("{}: {line}", path.display())));
    }
    found
}

#[test]
fn modules_import_only_what_is_allowed() {
    static IMPORT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bcrate::(\{[^}]*\}|[a-z_]+)").unwrap());
    let allowed: BTreeMap<_, _> = ALLOWED_IMPORTS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (path, text) in production_sources() {
        let room = module_of(&path);
        let Some(may) = allowed.get(room.as_str()) else {
            assert!(["lib", "main"].contains(&room.as_str()), "{room} is not in the table");
            continue;
        };
        for found in IMPORT.captures_iter(&text) {
            let names = found[1]
                .trim_matches(['{', '}'])
                .split(',')
                .map(|name| name.trim().split("::").next().unwrap_or_default().to_owned());
            for name in names.filter(|name| !name.is_empty()) {
                // The macros of the catalogue.
                let name = if name == "t" || name == "t_in" { "words".to_owned() } else { name };
                if name != room && !may.contains(&name.as_str()) {
                    wrong.push(format!("{} imports {name}", path.display()));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn commands_do_not_import_each_other() {
    // What they share: the machine's addresses, where a file can be made, input that is read whole, what is sent and to
    // whom, delivery and how it ended, files for WeChat, how a message is shown, the listener's papers, passwords, what
    // is said of a port that is taken, and templates.
    let shared = [
        "addresses",
        "compose",
        "deliver",
        "ground",
        "input",
        "media_file",
        "message",
        "papers",
        "password",
        "port",
        "tally",
        "template_data",
        "template_fields",
        "template_list",
    ];
    let import = Regex::new(r"\b(?:super|commands)::([a-z_]+)").unwrap();
    let mut wrong = Vec::new();
    for (path, text) in production_sources().filter(|(path, _)| module_of(path) == "commands") {
        let depth = path.components().rev().position(|part| part.as_os_str() == "commands").unwrap();
        for found in import.captures_iter(&text) {
            let sibling = depth == 1 || found[0].starts_with("commands");
            if sibling && !shared.contains(&&found[1]) {
                wrong.push(format!("{} uses {}", path.display(), &found[0]));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn only_ui_writes_to_the_streams() {
    let none = Vec::<String>::new();
    assert_eq!(lines_with(r"\b(e?print(ln)?|dbg)!|io::(stdout|stderr)\(", &["ui"]), none);
    assert_eq!(lines_with(r"process::exit|process::abort", &["ui"]), none);
}

#[test]
fn sql_is_in_the_store_alone() {
    assert_eq!(lines_with(r"rusqlite|\bSELECT\b|\bINSERT\b|\bPRAGMA\b", &["store"]), Vec::<String>::new());
}

#[test]
fn production_has_no_sleep_panic_or_todo() {
    let pattern = r"thread::sleep|\.unwrap\(\)|\.expect\(|\btodo!|\bunimplemented!|\bpanic!|\bTODO\b|\bFIXME\b";
    assert_eq!(lines_with(pattern, &[]), Vec::<String>::new());
}

#[test]
fn no_file_exceeds_line_limit() {
    let long: Vec<_> = ["src", "tests"]
        .into_iter()
        .flat_map(rust_files)
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > 400)
        .collect();
    assert_eq!(long, []);
}

#[test]
fn every_file_opens_with_purpose() {
    let silent: Vec<_> =
        rust_files("src").into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|it| it.0).collect();
    assert_eq!(silent, Vec::<PathBuf>::new());
}

fn message_ids(catalogue: &str) -> BTreeSet<&str> {
    catalogue
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once(" ="))
        .map(|(id, _)| id)
        .collect()
}

#[test]
fn catalogue_and_code_have_same_messages() {
    let used = Regex::new(r#"\bt(?:_in)?!\(\s*(?:[\w.]+,\s*)?"([a-z0-9-]+)""#).unwrap();
    let code: String =
        production_sources().filter(|(path, _)| !path.ends_with("words/mod.rs")).map(|(_, text)| text).collect();
    let used: BTreeSet<&str> = used.captures_iter(&code).map(|found| found.get(1).unwrap().as_str()).collect();
    let english = message_ids(wxbox::i18n::EN);
    assert_eq!(used.difference(&english).collect::<Vec<_>>(), Vec::<&&str>::new(), "used, but not in en.ftl");
    // A macro of a room may build the call, so any literal counts.
    let idle: Vec<_> = english.iter().filter(|id| !code.contains(&format!("\"{id}\""))).collect();
    assert_eq!(idle, Vec::<&&str>::new(), "in en.ftl, but not used");
}

/// Where words in a row are no text of ours: documents, which are English; SQL; what the sandbox says in WeChat's
/// place; how WeChat writes dates.
const UNTRANSLATED_FILES: &[&str] = &[
    "config/keys.rs",
    "error.rs",
    "reference/",
    "sandbox/answer.rs",
    "sandbox/custom/kinds.rs",
    "sandbox/industry.rs",
    "sandbox/library.rs",
    "sandbox/platform.rs",
    "sandbox/subscribe/mod.rs",
    "sandbox/tags.rs",
    "sandbox/templates.rs",
    "sandbox/template_types.rs",
    "sandbox/tokens.rs",
    "store/",
    "wechat/template_rules/kinds.rs",
];

/// What else is none: HTML, HTTP, command lines, names of file systems and templates, words of others that are looked
/// for.
const UNTRANSLATED_TEXTS: &[&str] = &[
    "default-src 'none'",
    "form-action ",
    "setInterval(",
    ":root{",
    "noopener noreferrer",
    "GET {} HTTP/1.1",
    "user add luffy",
    "bind --user luffy",
    "9p (Windows drives",
    " hint: [",
    "# ---- ",
    " at line ",
    "unknown field `",
    "invalid type: ",
    "invalid value: ",
    "unknown variant ",
    "one of ",
    "connection closed",
    "failed to lookup",
    "invalid HTTP",
    "invalid peer certificate",
    "tunnel error",
    "invalid ip ",
    ", could get access_token",
];

#[test]
fn code_contains_no_user_prose() {
    let literal = Regex::new(r#"(?s)"((?:[^"\\]|\\.)*)""#).unwrap();
    let words = Regex::new(r"[A-Za-z]{2,} [a-z]{2,}|[\x{4e00}-\x{9fff}]").unwrap();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for (path, text) in production_sources() {
        let path = path.strip_prefix(&src).unwrap().to_str().unwrap();
        if UNTRANSLATED_FILES.iter().any(|it| path.starts_with(it)) {
            continue;
        }
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        // A quotation mark that opens no text; and --help, which is English.
        let code = code.replace(r#"'"'"#, "");
        let code = if path.starts_with("cli/") { without_help(&code) } else { code };
        let texts = literal.captures_iter(&code).map(|it| it.get(1).unwrap().as_str());
        let wrong = texts.filter(|it| words.is_match(it) && !UNTRANSLATED_TEXTS.iter().any(|known| it.contains(known)));
        found.extend(wrong.map(|it| format!("{path}: {it}")));
    }
    assert_eq!(found, Vec::<String>::new());
}

/// Command lines without what only --help shows: constants and attributes.
fn without_help(code: &str) -> String {
    let help = Regex::new(
        r#"(?s)\n(?:pub(?:\([a-z]+\))? )?const [A-Z_]+: &str = "(?:[^"\\]|\\.)*";|#\[(?:command|arg)\(.*?\)\]\n"#,
    )
    .unwrap();
    help.replace_all(code, "\n").into_owned()
}
