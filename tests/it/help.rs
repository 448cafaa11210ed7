//! Help: its size, its examples, its language, and the Chinese catalogue.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, Command, CommandFactory, Parser};
use console::measure_text_width;
use regex::Regex;
use snapbox::str;
use wxbox::cli::{COMMAND_GROUPS, Cli, HELP_TOPICS, HELP_ZH, command_in, help_text, usage_text};
use wxbox::i18n::Lang;
use wxbox::reference;

use crate::docs_markdown::assert_translated;
use crate::support::env::TestEnv;

const LANGUAGES: [Lang; 2] = [Lang::En, Lang::Zh];

/// Calls the function with every command and its words.
fn each_command(root: &Command, visit: &mut dyn FnMut(&[String], &Command)) {
    fn below(command: &Command, words: &mut Vec<String>, visit: &mut dyn FnMut(&[String], &Command)) {
        visit(words, command);
        for child in command.get_subcommands() {
            words.push(child.get_name().to_owned());
            below(child, words, visit);
            words.pop();
        }
    }
    below(root, &mut Vec::new(), visit);
}

#[test]
fn wxbox_alone_shows_every_command_in_23_rows() {
    let mut env = TestEnv::without_config();
    for lang in ["en", "zh"] {
        env.set_variable("WXBOX_LANG", lang);
        let ran = env.run("").assert_success();
        assert_eq!(ran.stderr(), "");
        // In 24 rows, the prompt fits below it.
        assert!(ran.stdout().lines().count() <= 23, "{}", ran.stdout());
        let topics = HELP_TOPICS.map(|topic| topic.name);
        assert!(ran.stdout().contains(&format!(" {}\n", topics.join(", "))), "{}", ran.stdout());
        assert!(ran.stdout().contains("wxbox [-c FILE] [--json] [-q] [-v] COMMAND\n"), "{}", ran.stdout());
        for command in Cli::command().get_subcommands() {
            // Two commands may share a row: `bind, unbind  …`.
            let name = command.get_name();
            let has_name = |line: &&str| {
                let (names, _) = line.trim_start().rsplit_once("  ").unwrap_or_default();
                names.split([' ', ',']).any(|word| word == name)
            };
            assert_eq!(ran.stdout().lines().filter(has_name).count(), 1, "{name}");
        }
        assert_eq!(env.run("-h").assert_success().stdout(), ran.stdout());
    }
    let grouped: Vec<_> = COMMAND_GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
    assert_eq!(grouped.len(), Cli::command().get_subcommands().count());
}

#[test]
fn help_fits_its_size() {
    for lang in LANGUAGES {
        each_command(&command_in(lang), &mut |words, command| {
            let short = help_text(lang, words, false).unwrap();
            assert!(short.lines().count() <= 24, "{words:?}: {} lines\n{short}", short.lines().count());
            for text in [&short, &help_text(lang, words, true).unwrap()] {
                let wide: Vec<_> = text.lines().filter(|line| measure_text_width(line) > 80).collect();
                assert_eq!(wide, Vec::<&str>::new(), "{words:?}");
            }
            let usage = usage_text(command);
            assert!(usage.lines().count() <= 2 && usage.lines().all(|line| line.len() <= 73), "{usage}");
        });
    }
}

/// The commands in an example, without its comment.
fn example_commands(command: &Command) -> Vec<String> {
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default().replace("\\\n ", "");
    examples.lines().map(|line| line.split("  ").next().unwrap().to_owned()).collect()
}

#[test]
fn every_command_has_examples_that_parse() {
    let redirections = Regex::new(r" 2>&1| [<>]\S+").unwrap();
    let mut chinese: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    each_command(&command_in(Lang::Zh), &mut |words, command| {
        chinese.insert(words.to_vec(), example_commands(command));
    });
    each_command(&command_in(Lang::En), &mut |words, command| {
        let examples = example_commands(command);
        assert_translated(&examples, &chinese[words], &format!("{words:?}: the Chinese examples"));
        assert_eq!(examples.is_empty(), command.has_subcommands() && !words.is_empty(), "{words:?}");
        for example in examples {
            let redirection = redirections.replace_all(&example, "").into_owned();
            let all = shell_words::split(&redirection).unwrap_or_else(|error| panic!("{example}: {error}"));
            // `$(wxbox …)` within a word is checked by the examples of the documents.
            for part in all.split(|word| word == "|").filter(|part| part.contains(&"wxbox".to_owned())) {
                let at = part.iter().position(|word| word == "wxbox").unwrap();
                if let Err(error) = Cli::try_parse_from(&part[at..]) {
                    panic!("{example}: {error}");
                }
            }
        }
    });
}

type Catalogue = BTreeMap<String, BTreeMap<String, String>>;

fn catalogue() -> Catalogue {
    toml::from_str(HELP_ZH).unwrap()
}

/// The keys of the texts that a command needs.
fn expected_keys(words: &[String], command: &Command) -> BTreeSet<String> {
    let mut keys = BTreeSet::from(["about".to_owned()]);
    let is_own = |arg: &&Arg| words.is_empty() || !arg.is_global_set() && arg.get_id() != "help";
    for arg in command.get_arguments().filter(is_own) {
        keys.insert(arg.get_id().to_string());
        if !arg.is_hide_possible_values_set() {
            let values = arg.get_possible_values();
            let explained = values.iter().filter(|value| value.get_help().is_some());
            keys.extend(explained.map(|value| format!("{}={}", arg.get_id(), value.get_name())));
        }
    }
    keys.extend(command.get_after_help().map(|_| "examples".to_owned()));
    keys.extend(command.get_after_long_help().map(|_| "notes".to_owned()));
    keys
}

#[test]
fn chinese_help_is_complete() {
    let catalogue = catalogue();
    let mut tables = BTreeSet::from(["terms".to_owned()]);
    each_command(&command_in(Lang::En), &mut |words, command| {
        let name = if words.is_empty() { "wxbox".to_owned() } else { words.join(" ") };
        let found: BTreeSet<String> = catalogue[&name].keys().cloned().collect();
        assert_eq!(found, expected_keys(words, command), "[{name}] of src/i18n/help-zh-CN.toml");
        tables.insert(name);
    });
    assert_eq!(catalogue.keys().cloned().collect::<BTreeSet<_>>(), tables);
}

/// An argument with a long text has one in both languages.
#[test]
fn chinese_help_has_the_paragraphs_of_the_english_one() {
    let catalogue = catalogue();
    each_command(&command_in(Lang::En), &mut |words, command| {
        let name = if words.is_empty() { "wxbox".to_owned() } else { words.join(" ") };
        for arg in command.get_arguments() {
            let Some(chinese) = catalogue[&name].get(arg.get_id().as_str()) else { continue };
            let english = arg.get_long_help().or(arg.get_help()).unwrap().to_string();
            let paragraphs = |text: &str| text.split("\n\n").count();
            assert_eq!(paragraphs(&english), paragraphs(chinese), "{name} {}", arg.get_id());
        }
    });
}

#[test]
fn chinese_help_has_no_english_sentence() {
    let sentence = Regex::new(r"[A-Za-z']{2,}(?: [A-Za-z']{2,}){2,}").unwrap();
    let mut found = Vec::new();
    let mut check = |words: &[String], text: &str, examples: &[String]| {
        let quoted = Regex::new("`[^`]*`|\"[^\"]*\"|用法：.*|^ {7}wxbox .*").unwrap();
        for line in text.lines() {
            let is_example = examples.iter().any(|example| line.trim().starts_with(example.trim()));
            if !is_example && sentence.is_match(&quoted.replace_all(line, "")) {
                found.push(format!("{words:?}: {line}"));
            }
        }
    };
    each_command(&command_in(Lang::Zh), &mut |words, command| {
        // Lines of an example that are continued count as code, too.
        let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<String> = examples.lines().map(|line| line.split("  ").next().unwrap().to_owned()).collect();
        let examples: Vec<String> = examples.into_iter().filter(|line| !line.is_empty()).collect();
        check(words, &help_text(Lang::Zh, words, true).unwrap(), &examples);
        check(words, &help_text(Lang::Zh, words, false).unwrap(), &examples);
    });
    assert_eq!(found, Vec::<String>::new());
    for topic in HELP_TOPICS {
        let text = reference::topic_text(&topic, Lang::Zh, 80);
        assert!(text.contains("。"), "{}", topic.name);
        let wide: Vec<_> = text.lines().filter(|line| measure_text_width(line) > 80).collect();
        // A line of code cannot be broken.
        assert!(wide.iter().all(|line| line.starts_with("  ")), "{wide:?}");
    }
}

#[test]
fn topics_fit_the_terminal_and_have_no_markdown() {
    let markdown = Regex::new(r"\*\*|```|\]\(|(?m)^#+ |^\|").unwrap();
    for topic in HELP_TOPICS {
        for lang in LANGUAGES {
            for width in [50, 80] {
                let text = reference::topic_text(&topic, lang, width);
                // A line of code and a path cannot be broken.
                let is_prose = |line: &&str| !line.starts_with("  ") && line.trim().contains(' ');
                let prose: Vec<&str> = text.lines().filter(is_prose).collect();
                let wide: Vec<_> = prose.iter().filter(|line| measure_text_width(line) > width).collect();
                let is_broken = |line: &str| !line.contains('`') && !line.contains('/');
                assert!(!wide.iter().any(|line| is_broken(line)), "{}: {wide:?}", topic.name);
                let raw: Vec<_> = prose.iter().filter(|line| markdown.is_match(line)).collect();
                assert_eq!(raw, Vec::<&&str>::new(), "{}", topic.name);
            }
        }
    }
    let events = reference::topic_text(&HELP_TOPICS[3], Lang::En, 80);
    assert!(events.contains("server of Binding (docs/guides/binding.md):"), "{events}");
}

#[test]
fn help_and_usage_errors_follow_the_language_of_the_config() {
    let mut env = TestEnv::without_config();
    env.set_variable("LC_ALL", "C");
    env.write_config("language = \"zh\"\n");
    for line in ["--help", "send -h", "help send", "help exit-codes", "man"] {
        let ran = env.run(line).assert_success();
        assert!(ran.stdout().contains("发送消息") || ran.stdout().contains("退出码"), "{line}: {}", ran.stdout());
    }
    env.assert_session(str![[r#"
$ wxbox user show
2> 错误：缺少 NAME
2> 提示：用法为 wxbox user show NAME
exit 2
$ wxbox send luffy hello
2> 错误：无法识别的参数“hello”
2> 提示：请运行 `wxbox send --user luffy hello`
exit 2

"#]]);
    env.write_file("english.toml", "language = \"en\"\n");
    env.assert_session(str![[r#"
$ wxbox -c english.toml user show
2> error: NAME is missing
2> hint: usage: wxbox user show NAME
exit 2

"#]]);
    env.set_variable("WXBOX_LANG", "en");
    assert!(env.run("send -h").stdout().starts_with("Send a message\n"));
    // A config that cannot be read does not affect the help.
    env.set_variable("WXBOX_LANG", "").write_config("app_id = 3\n");
    assert!(env.run("send -h").assert_success().stdout().starts_with("Send a message\n"));
}

#[test]
fn manual_pages_are_available_in_chinese() {
    let env = TestEnv::without_config();
    env.run("man --lang zh zh/man1").assert_success();
    let english = reference::man_pages(Lang::En).unwrap();
    let chinese = reference::man_pages(Lang::Zh).unwrap();
    let names = |pages: &[(String, String)]| pages.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&english), names(&chinese));
    let heading = Regex::new(r"(?m)^\.SH .*[A-Za-z].*$").unwrap();
    for (name, page) in &chinese {
        assert_eq!(&std::fs::read_to_string(env.path(&format!("zh/man1/{name}"))).unwrap(), page);
        assert!(!heading.is_match(page) && page.contains("\n.SH 名称\n"), "{name}: {page}");
        let sections = |page: &str| page.matches("\n.SH ").count();
        let (_, other) = english.iter().find(|(known, _)| known == name).unwrap();
        assert_eq!(sections(page), sections(other), "{name}");
    }
    env.assert_session(str![[r#"
$ wxbox man --lang fr
2> error: invalid value "fr" for --lang: "zh" or "en"
exit 2

"#]]);
}
