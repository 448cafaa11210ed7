//! The rules for the code that a test can check: which module imports which, where output, SQL and
//! texts belong, how large files and functions get, and which words name things.

mod graph;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use regex::Regex;

use graph::{cycles, references};
use source::{SourceFile, all_files, production_files};

use crate::support::files::read_project_file;

pub use source::rust_files;

/// The modules that each top-level module of `src/` may import, from the top layer down: a module
/// imports only modules further down in this table. docs/architecture.md explains the layers.
const MODULES: &[(&str, &[&str])] = &[
    ("lib", &["cli", "commands", "context", "exit", "i18n", "report", "signals", "time_zone", "ui"]),
    (
        "commands",
        &[
            "access_token",
            "binding",
            "callback",
            "cli",
            "clock",
            "compose",
            "config",
            "context",
            "delivery",
            "exit",
            "files",
            "http_server",
            "i18n",
            "listen",
            "names",
            "net",
            "password",
            "pem",
            "pickers",
            "process_hardening",
            "push_listener",
            "random",
            "reference",
            "report",
            "sandbox",
            "secret",
            "serve",
            "signals",
            "store",
            "termination",
            "text_line",
            "time_zone",
            "ui",
            "wechat",
        ],
    ),
    (
        "completion",
        &["cli", "clock", "compose", "config", "context", "i18n", "reference", "store", "time_zone", "ui", "wechat"],
    ),
    (
        "compose",
        &[
            "access_token",
            "cli",
            "clock",
            "config",
            "context",
            "delivery",
            "exit",
            "files",
            "i18n",
            "names",
            "random",
            "report",
            "secret",
            "store",
            "text_line",
            "time_zone",
            "ui",
            "wechat",
        ],
    ),
    ("pickers", &["clock", "context", "exit", "i18n", "store", "ui"]),
    ("push_listener", &["config", "context", "http_server", "i18n", "listen", "serve", "store", "wechat"]),
    ("reference", &["cli", "config", "delivery", "exit", "i18n", "ui", "wechat"]),
    ("context", &["access_token", "cli", "config", "exit", "i18n", "secret", "store", "time_zone", "ui", "wechat"]),
    ("cli", &["clock", "exit", "i18n", "time_zone", "ui"]),
    (
        "serve",
        &[
            "access_token",
            "binding",
            "callback",
            "clock",
            "delivery",
            "http_server",
            "i18n",
            "random",
            "secret",
            "store",
            "time_zone",
            "wechat",
        ],
    ),
    ("binding", &["access_token", "callback", "i18n", "secret", "store", "ui", "wechat"]),
    ("delivery", &["access_token", "clock", "i18n", "secret", "store", "wechat"]),
    ("report", &["access_token", "config", "exit", "i18n", "store", "termination", "wechat"]),
    ("listen", &["callback", "config", "exit", "files", "http_server", "i18n", "pem"]),
    ("access_token", &["clock", "files", "i18n", "secret", "store", "wechat"]),
    ("callback", &["http_server", "i18n", "random", "secret"]),
    ("password", &["exit", "i18n", "names", "secret", "text_line"]),
    ("config", &["files", "i18n", "net", "secret", "text_line", "time_zone", "variant_names"]),
    ("store", &["clock", "files", "i18n", "names", "random", "secret", "termination", "variant_names"]),
    ("wechat", &["clock", "files", "i18n", "net", "pem", "secret", "variant_names"]),
    ("sandbox", &["http_server", "i18n", "variant_names"]),
    ("ui", &["clock", "exit", "files", "i18n", "process_hardening", "secret", "signals", "time_zone"]),
    ("http_server", &["pem"]),
    ("signals", &["exit", "termination"]),
    ("pem", &["i18n"]),
    ("random", &["i18n"]),
    ("time_zone", &["clock"]),
    ("clock", &[]),
    ("exit", &[]),
    ("files", &[]),
    ("i18n", &[]),
    ("names", &[]),
    ("net", &[]),
    ("process_hardening", &[]),
    ("secret", &[]),
    ("termination", &[]),
    ("text_line", &[]),
    ("variant_names", &[]),
];

/// The only module of `commands/` that the other modules may use.
const SHARED_COMMAND_MODULE: &str = "delivery";

const MAX_FILE_LINES: usize = 800;
const MAX_FUNCTION_LINES: usize = 60;
const MAX_IMPL_FILES: usize = 3;

/// Types whose methods are grouped by subject, a file each.
const TYPES_SPLIT_BY_SUBJECT: &[&str] = &["Client", "Platform", "Store"];

/// Type names that several modules may have.
const COMMON_TYPE_NAMES: &[&str] = &["Error", "Result"];

/// Words that no identifier and no comment may contain: metaphors, for which docs/glossary.md has
/// the standard term, and archaic verbs.
#[rustfmt::skip]
const DENIED_WORDS: &[&str] = &[
    "bell", "board", "crew", "desk", "door", "flaw", "forsake", "forsaken", "heed", "heeds", "hire",
    "house", "hushed", "lesson", "luck", "mend", "mended", "mends", "papers", "parcel", "parcels", "porter",
    "shelf", "shelved", "strike", "struck", "swell", "tally", "teller", "twins", "unbegun", "unheld", "unkept",
    "unsealed", "whisper",
];

/// Words that no comment may contain: pronouns for which a noun exists, archaic words, and words
/// with two meanings.
const DENIED_COMMENT_WORDS: &str = r"(?i)\b(all the same|altogether|anew|anybody|any more|are to be|at once|be it|became of|came of|for ever|is to be|likewise|meanwhile|nobody|of ours|shall|so many|somebody|whatever|whichever|whoever|whomever)\b";

/// Returns the top-level module of a path such as `src/store/users.rs`.
fn module_of(path: &str) -> &str {
    path["src/".len()..].split('/').next().unwrap().trim_end_matches(".rs")
}

/// Returns every line of production code outside the named modules that matches the pattern in
/// `text`.
fn lines_with(pattern: &str, allowed: &[&str], text: impl Fn(&SourceFile) -> &str) -> Vec<String> {
    let pattern = Regex::new(pattern).unwrap();
    let files = production_files().iter().filter(|file| !allowed.contains(&module_of(&file.path)));
    let lines = files.flat_map(|file| text(file).lines().map(move |line| (file, line)));
    lines.filter(|(_, line)| pattern.is_match(line)).map(|(file, line)| format!("{}: {line}", file.path)).collect()
}

/// Returns a file's functions, each by its name, the number of its first line and of its lines.
fn functions(file: &SourceFile) -> Vec<(String, usize, usize)> {
    let begin = Regex::new(r"^( *)(?:pub(?:\([^)]*\))? )?(?:const )?(?:async )?(?:unsafe )?fn (\w+)").unwrap();
    let lines: Vec<&str> = file.code.lines().collect();
    let mut functions = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(found) = begin.captures(line) else { continue };
        // rustfmt puts the closing brace below the beginning of the function.
        let end = format!("{}}}", &found[1]);
        let length = match line.trim_end().ends_with(['}', ';']) {
            true => 1,
            false => lines[at..].iter().position(|line| line.trim_end() == end).map_or(1, |end| end + 1),
        };
        functions.push((found[2].to_owned(), at + 1, length));
    }
    functions
}

#[test]
fn modules_import_only_what_is_allowed() {
    let position = |name: &str| MODULES.iter().position(|(module, _)| *module == name);
    for (at, (module, imports)) in MODULES.iter().enumerate() {
        for import in *imports {
            assert!(position(import) > Some(at), "{import} does not stand below {module} in MODULES");
        }
    }
    let wrong: BTreeSet<String> = references()
        .iter()
        .filter_map(|reference| {
            let module = module_of(&reference.from);
            let allowed = MODULES[position(module).unwrap_or_else(|| panic!("{module} is not in MODULES"))].1;
            let is_allowed = reference.module == module || allowed.contains(&reference.module.as_str());
            (!is_allowed).then(|| format!("{} imports {}", reference.from, reference.module))
        })
        .collect();
    assert_eq!(wrong, BTreeSet::new());
}

#[test]
fn files_do_not_use_each_other_in_circles() {
    assert_eq!(cycles(), []);
}

#[test]
fn commands_do_not_import_each_other() {
    let command = |path: &str| -> Option<String> {
        let name = path.strip_prefix("src/commands/")?.split('/').next()?;
        Some(name.trim_end_matches(".rs").to_owned())
    };
    let wrong: Vec<String> = references()
        .iter()
        .filter(|reference| {
            let (Some(from), Some(to)) = (command(&reference.from), command(&reference.to)) else { return false };
            from != "mod" && from != to && to != SHARED_COMMAND_MODULE
        })
        .map(|reference| format!("{} uses {}", reference.from, reference.to))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn only_ui_writes_to_the_streams() {
    let none = Vec::<String>::new();
    assert_eq!(lines_with(r"\b(e?print(ln)?|dbg)!|io::(stdout|stderr)\(", &["ui"], |file| &file.code), none);
    assert_eq!(lines_with(r"process::exit|process::abort", &["ui"], |file| &file.code), none);
}

#[test]
fn sql_is_in_the_store_alone() {
    let found = lines_with(r"rusqlite|\bSELECT\b|\bINSERT\b|\bPRAGMA\b", &["store"], |file| &file.text);
    let code = found.into_iter().filter(|line| !line.split_once(": ").unwrap().1.trim_start().starts_with("//"));
    assert_eq!(code.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn production_has_no_sleep_panic_or_todo() {
    let pattern = r"thread::sleep|\.unwrap\(\)|\.expect\(|\btodo!|\bunimplemented!|\bpanic!";
    assert_eq!(lines_with(pattern, &[], |file| &file.code), Vec::<String>::new());
    assert_eq!(lines_with(r"\bTODO\b|\bFIXME\b", &[], |file| &file.text), Vec::<String>::new());
}

#[test]
fn no_file_or_function_is_too_long() {
    let files: Vec<_> = all_files()
        .iter()
        .map(|file| (file.text.lines().count(), &file.path))
        .filter(|(lines, _)| *lines > MAX_FILE_LINES)
        .collect();
    assert_eq!(files, []);
    let functions: Vec<_> = production_files()
        .iter()
        .flat_map(|file| functions(file).into_iter().map(|(name, _, lines)| (lines, name, &file.path)))
        .filter(|(lines, _, _)| *lines > MAX_FUNCTION_LINES)
        .collect();
    assert_eq!(functions, []);
}

#[test]
fn impls_of_a_type_stand_together() {
    let inherent = Regex::new(r"(?m)^impl(?:<[^>]*>)? (\w+)(?:<[^{]*>)? (?:where[^{]*)?\{").unwrap();
    let mut files: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
    for file in production_files() {
        for found in inherent.captures_iter(&file.code) {
            files.entry((module_of(&file.path), found[1].to_owned())).or_default().insert(&file.path);
        }
    }
    files.retain(|(_, name), files| files.len() > MAX_IMPL_FILES && !TYPES_SPLIT_BY_SUBJECT.contains(&name.as_str()));
    assert_eq!(files, BTreeMap::new());
}

/// The sandbox and the client of the platform share no type, so that both have a `Message` and a
/// `Level`.
#[test]
fn each_type_name_is_unique() {
    let definition = Regex::new(r"(?m)^(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|union|type) (\w+)").unwrap();
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in production_files().iter().filter(|file| !["sandbox", "wechat"].contains(&module_of(&file.path))) {
        for found in definition.captures_iter(&file.code) {
            files.entry(found.get(1).unwrap().as_str()).or_default().push(&file.path);
        }
    }
    files.retain(|name, paths| paths.len() > 1 && !COMMON_TYPE_NAMES.contains(name));
    assert_eq!(files, BTreeMap::new());
}

#[test]
fn no_identifier_or_comment_has_a_denied_word() {
    let word = Regex::new(r"[A-Z]?[a-z]+|[A-Z]+").unwrap();
    let mut found = BTreeMap::new();
    for file in all_files() {
        for (number, (code, comment)) in file.code.lines().zip(file.comments.lines()).enumerate() {
            let words = word.find_iter(code).chain(word.find_iter(comment)).map(|word| word.as_str().to_lowercase());
            for word in words.filter(|word| DENIED_WORDS.contains(&word.as_str())) {
                found.entry(word).or_insert_with(Vec::new).push(format!("{}:{}", file.path, number + 1));
            }
        }
    }
    assert_eq!(found, BTreeMap::new());
}

#[test]
fn no_message_id_has_a_denied_word() {
    let texts = read_project_file("src/i18n/en.ftl");
    let ids =
        texts.lines().filter(|line| line.starts_with(char::is_lowercase)).filter_map(|line| line.split(' ').next());
    let denied: Vec<_> = ids.filter(|id| id.split('-').any(|word| DENIED_WORDS.contains(&word))).collect();
    assert_eq!(denied, Vec::<&str>::new());
}

#[test]
fn no_comment_has_a_denied_phrase() {
    let phrases = [
        DENIED_COMMENT_WORDS,
        // A sentence whose subject is a clause: "What a run learns", "Who finds none".
        r"^//[/!]? (What|Which|Who|Whom|Whose)\b",
    ];
    let phrases = phrases.map(|phrase| Regex::new(phrase).unwrap());
    let mut found = Vec::new();
    for file in all_files() {
        let comments = file.comments.lines().enumerate();
        let denied = comments.filter(|(_, comment)| phrases.iter().any(|phrase| phrase.is_match(comment)));
        found.extend(denied.map(|(number, comment)| format!("{}:{}: {comment}", file.path, number + 1)));
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn doc_comment_of_a_function_begins_with_a_verb() {
    let function = r"(pub(\([a-z: ]+\))? )?(const )?fn \w+";
    let whether = Regex::new(&format!(r"(?m)^\s*/// Whether .*(\n\s*(///|#\[).*)*\n\s*{function}")).unwrap();
    let found: Vec<_> = all_files()
        .iter()
        .flat_map(|file| whether.find_iter(&file.text).map(move |found| format!("{}: {}", file.path, found.as_str())))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_file_opens_with_purpose() {
    let silent: Vec<_> =
        rust_files("src").into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path).collect();
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
    let files = production_files().iter().filter(|file| file.path != "src/i18n/mod.rs");
    let code: String = files.map(|file| file.text.as_str()).collect();
    let used: BTreeSet<&str> = used.captures_iter(&code).map(|found| found.get(1).unwrap().as_str()).collect();
    let english = message_ids(wxbox::i18n::EN);
    assert_eq!(used.difference(&english).collect::<Vec<_>>(), Vec::<&&str>::new(), "used, but not in en.ftl");
    // A macro of a module may build the call, so any literal counts.
    let literal = Regex::new(r#""([a-z0-9-]+)""#).unwrap();
    let literals: BTreeSet<&str> = literal.captures_iter(&code).map(|found| found.get(1).unwrap().as_str()).collect();
    let idle: Vec<_> = english.difference(&literals).collect();
    assert_eq!(idle, Vec::<&&str>::new(), "in en.ftl, but not used");
}

/// Files whose prose is not in the catalogue: documents, which are English; SQL; the sandbox's
/// responses in WeChat's place; WeChat's formats of dates.
const UNTRANSLATED_FILES: &[&str] = &[
    // The English terms of the help are the keys of its catalogue.
    "cli/help/",
    "config/keys.rs",
    "exit.rs",
    // The verbs before a command, in both languages.
    "i18n/command_options.rs",
    "reference/",
    "sandbox/api/",
    "sandbox/faults/fault.rs",
    "sandbox/push/event.rs",
    "sandbox/response.rs",
    "sandbox/router.rs",
    "sandbox/scenario/template_library.rs",
    "sandbox/state/",
    "store/",
    "wechat/template_rules/field_types.rs",
];

/// Literals that are no texts of wxbox: HTML, HTTP, command lines, names of file systems, and parts
/// of other programs' messages that are searched for.
const UNTRANSLATED_TEXTS: &[&str] = &[
    "default-src 'none'",
    "form-action ",
    "setInterval(",
    ":root{",
    "noopener noreferrer",
    "GET {} HTTP/1.1",
    "user add luffy",
    "bind --user luffy",
    // The words after a number, between which no line is broken.
    "秒分小天日月年",
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
    let prose = Regex::new(r"[A-Za-z]{2,} [a-z]{2,}|[\x{4e00}-\x{9fff}]").unwrap();
    let mut found = Vec::new();
    for file in production_files() {
        let path = &file.path["src/".len()..];
        if UNTRANSLATED_FILES.iter().any(|prefix| path.starts_with(prefix)) {
            continue;
        }
        // The English --help.
        let help: Vec<&str> = if path.starts_with("cli/") { help_texts(&file.text) } else { Vec::new() };
        let is_known = |text: &str| {
            UNTRANSLATED_TEXTS.iter().any(|known| text.contains(known)) || help.iter().any(|help| help.contains(text))
        };
        let texts = file.literals.iter().filter(|text| prose.is_match(text) && !is_known(text));
        found.extend(texts.map(|text| format!("{path}: {text}")));
    }
    assert_eq!(found, Vec::<String>::new());
}

/// Returns the texts of a file that only --help shows: of constants and attributes.
fn help_texts(text: &str) -> Vec<&str> {
    let help = Regex::new(
        r#"(?s)\n(?:pub(?:\([a-z]+\))? )?const [A-Z_]+: &str = "((?:[^"\\]|\\.)*)";|#\[(?:command|arg)\((.*?)\)\]\n"#,
    )
    .unwrap();
    help.captures_iter(text).filter_map(|found| found.get(1).or(found.get(2))).map(|found| found.as_str()).collect()
}
