//! A table of valid and invalid command lines, run in one home after another: the output as text,
//! with `--json`, and with standard input closed. `BLESS=1 cargo test --test it -- command_corpus`
//! rewrites the expected output; read the diff afterwards.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use clap::CommandFactory;
use regex::Regex;
use rustix::process::Signal;
use wxbox::cli::Cli;

use crate::docs::assert_committed;
use crate::support::env::{BACKUP_TEMPLATE_ID, LUFFY, NAMI, TestEnv, ZORO, redactions};

/// The command lines in the order in which they run; `tests/it/command_corpus/*.txt` holds their
/// output.
const CORPUS: &str = include_str!("command_corpus/commands.txt");

pub fn command_lines() -> Vec<String> {
    let placeholders = [("$LUFFY", LUFFY), ("$NAMI", NAMI), ("$ZORO", ZORO), ("$BACKUP", BACKUP_TEMPLATE_ID)];
    let fill = |line: &str| placeholders.iter().fold(line.to_owned(), |line, (name, value)| line.replace(name, value));
    CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(fill).collect()
}

fn format_output(env: &TestEnv, line: &str, output: &Output) -> String {
    let status = output.status.code().map_or_else(|| output.status.to_string(), |code| format!("exit {code}"));
    let mut text = format!("$ wxbox {line}\n{status}\n");
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        if !bytes.is_empty() {
            text += &format!("--- {name}\n{}", String::from_utf8_lossy(bytes));
        }
    }
    redactions().redact(&text.replace(env.home.path().to_str().unwrap(), "[HOME]"))
}

/// Returns whether a line prints a document or a shell script.
fn is_document(line: &str) -> bool {
    line.split(' ').any(|word| ["help", "--help", "-h", "--version", "completions", "man"].contains(&word))
}

/// Runs command lines in a home of their own, compares their output with the committed file, and
/// returns it.
fn assert_corpus(mode: &str, before: &str, lines: &[String], run: impl Fn(&TestEnv, &str) -> Output) -> String {
    let env = TestEnv::new();
    env.write_file("fields.json", r##"{"host": "db1", "size": {"value": "42 GB", "color": "#173177"}}"##);
    env.write_file("bad.toml", "app_id = 3\n");
    env.write_file("latin.txt", b"caf\xe9\n");
    env.write_file("lines.jsonl", "{\"user\": \"luffy\", \"text\": \"你好\", \"ref\": [1]}\n");
    env.write_file(
        "unusable.jsonl",
        "{\"user\": \"nobody\", \"text\": \"x\"}\n\nno JSON\n{\"ref\": 7, \"usr\": \"luffy\"}\n",
    );
    env.write_file("chart.png", crate::media::PNG);
    env.write_file("empty.png", "");
    env.write_file("notes.png", "no picture");
    env.write_file("article.toml", "title = \"t\"\ndescription = \"d\"\nurl = \"https://a.example\"\npicurl = \"\"\n");
    env.write_file(
        "menu.json",
        "{\"msgtype\": \"msgmenu\", \"msgmenu\": {\"list\": [{\"id\": 1, \"content\": \"yes\"}]}}",
    );
    env.write_file("video.json", "{\"msgtype\": \"video\", \"video\": {\"media_id\": \"@chart.png\"}}");
    let output: String = lines
        .iter()
        .map(|line| {
            let line = format!("{before}{line}");
            format_output(&env, &line, &run(&env, &line)) + "\n"
        })
        .collect();
    assert_committed(&format!("tests/it/command_corpus/{mode}.txt"), &output);
    output
}

fn run_piped(env: &TestEnv, line: &str) -> Output {
    run_with_piped_stdin(env.command(line))
}

fn run_with_piped_stdin(mut command: Command) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its standard input may have ended already.
    let _ = child.stdin.take().unwrap().write_all("from the pipe 你好\n".as_bytes());
    child.wait_with_output().unwrap()
}

fn run_with_stdin_closed(env: &TestEnv, line: &str) -> Output {
    let wxbox = env.command(line);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "exec \"$0\" \"$@\" <&-"]).arg(wxbox.get_program()).args(wxbox.get_args());
    shell.env_clear().envs(wxbox.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(env.home.path()).output().unwrap()
}

#[test]
fn corpus_has_at_least_80_lines() {
    assert!(command_lines().len() >= 80, "{}", command_lines().len());
}

/// Every command has a line in the corpus, and so has every option of its own.
#[test]
fn corpus_covers_every_command_and_option() {
    fn below(command: &clap::Command, words: &str, missing: &mut Vec<String>) {
        for subcommand in command.get_subcommands() {
            below(subcommand, &format!("{words}{} ", subcommand.get_name()), missing);
        }
        let own: Vec<_> =
            command_lines().into_iter().map(|line| format!(" {line} ")).filter(|line| line.contains(words)).collect();
        if own.is_empty() {
            missing.push(words.to_owned());
        }
        for option in command.get_opts().filter_map(clap::Arg::get_long) {
            if !own.iter().any(|line| line.contains(&format!(" --{option}"))) {
                missing.push(format!("{words}--{option}"));
            }
        }
    }
    let mut missing = Vec::new();
    for command in Cli::command().get_subcommands() {
        below(command, &format!(" {} ", command.get_name()), &mut missing);
    }
    assert_eq!(missing, Vec::<String>::new(), "add a line to tests/it/command_corpus/commands.txt");
}

#[test]
fn text_output_matches_corpus() {
    assert_corpus("text", "", &command_lines(), run_piped);
}

#[test]
fn json_output_matches_corpus() {
    assert_corpus("json", "--json ", &command_lines(), |env, line| {
        let output = run_piped(env, line);
        if !is_document(line) {
            assert_lines_are_objects(line, &output);
        }
        output
    });
}

fn assert_lines_are_objects(line: &str, output: &Output) {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| str::from_utf8(bytes).unwrap());
    // Warnings are text on stderr; an error is the last line there.
    let error = stderr.lines().last().filter(|_| !output.status.success() && stdout.is_empty());
    for printed in stdout.lines().chain(error) {
        let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(printed);
        assert!(object.is_ok(), "{line}: {printed}");
    }
}

#[test]
fn closed_stdin_output_matches_corpus() {
    assert_corpus("closed", "", &command_lines(), run_with_stdin_closed);
}

#[test]
fn chinese_output_matches_corpus() {
    // The scripts are English in every language, and so are the texts of the roff format.
    let speaks = |line: &String| !line.split(' ').any(|word| ["completions", "man"].contains(&word));
    let lines: Vec<_> = command_lines().into_iter().filter(speaks).collect();
    let output = assert_corpus("chinese", "", &lines, |env, line| {
        let mut command = env.command(line);
        command.env("WXBOX_LANG", "zh");
        run_with_piped_stdin(command)
    });
    assert_eq!(untranslated_lines(&output), Vec::<String>::new());
    // Two spaces and more separate columns.
    let parted = Regex::new("[\u{4e00}-\u{9fff}，。；：！？、（）“”] [\u{4e00}-\u{9fff}，。；：！？、（）“”]").unwrap();
    let printed = output.lines().filter(|line| !line.starts_with("$ wxbox "));
    assert_eq!(printed.filter(|line| parted.is_match(line)).collect::<Vec<_>>(), Vec::<&str>::new());
}

/// Returns the English in an output: three words in a row that are neither quoted, nor a command
/// line, nor JSON.
fn untranslated_lines(whole: &str) -> Vec<String> {
    let sentence = Regex::new("[A-Za-z']{2,}(?: [A-Za-z']{2,}){2,}").unwrap();
    let quoted =
        Regex::new("`[^`]*`|“[^”]*”|（[^）]*）|用法.*|^  (?:systemctl|echo|title =|push =) .*|^错误信息 .*|^  Host: .*|^ *wxbox .*|^[{].*[}]$|\tfrom the pipe 你好$").unwrap();
    let lines = whole.lines().filter(|line| !line.starts_with("$ wxbox "));
    lines.filter(|line| sentence.is_match(&quoted.replace_all(line, ""))).map(str::to_owned).collect()
}

#[test]
fn signal_ends_list_with_unread_output() {
    let env = TestEnv::without_config();
    env.run("user add luffy").assert_success();
    env.query::<i64>(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
         INSERT INTO users (username, uid, note, created_at)
         SELECT 'person-' || n, printf('%032x', n), printf('%.100c', 'x'), n FROM n RETURNING id",
    );
    for signal in [Signal::INT, Signal::TERM] {
        for line in ["user list", "user list --json"] {
            let mut run = env.spawn(line);
            // The command has begun to write, and the pipe holds less than the whole.
            assert!(!run.expect_line().is_empty());
            run.signal(signal);
            assert_eq!(run.wait().status(), None, "{line}: ended by the signal itself");
        }
    }
}
