//! Both READMEs: their tables match the code (the Chinese ones by `docs_markdown_zh.tsv`), and
//! their code blocks are the same under the same headings. `BLESS=1 cargo test docs` rewrites the
//! tables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regex::Regex;
use wxbox::reference;

use crate::docs::assert_committed;
use crate::support::files::read_project_file;

/// Each text of the tables with its Chinese translation; `…` at the end of both stands for a rest
/// that stays as it is.
const CHINESE_TABLE_TEXTS: &str = include_str!("docs_markdown_zh.tsv");

/// Inserts the tables into a README, with each cell mapped by `say`.
fn assert_tables(name: &str, mut say: impl FnMut(&str) -> String) {
    let mut readme = read_project_file(name);
    for (table, text) in reference::README_TABLES {
        let (begin, end) = (format!("<!-- BEGIN: {table} -->\n"), format!("<!-- END: {table} -->\n"));
        let (before, rest) = readme.split_once(&begin).unwrap_or_else(|| panic!("{name} lacks {begin}"));
        let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{name} lacks {end}"));
        readme = format!("{before}{begin}{}{end}{after}", say(&text()));
    }
    assert_committed(name, &readme);
}

#[test]
fn tables_match_code() {
    assert_tables("README.md", str::to_owned);
}

#[test]
fn chinese_tables_match_code() {
    let known: BTreeMap<&str, &str> = CHINESE_TABLE_TEXTS.lines().map(|line| line.split_once('\t').unwrap()).collect();
    assert_eq!(known.len(), CHINESE_TABLE_TEXTS.lines().count(), "a text is there twice");
    let mut used = BTreeSet::new();
    let code = Regex::new("`[^`]*`").unwrap();
    let mut cell = |text: &str| {
        let begun = known.iter().filter_map(|(english, chinese)| {
            let (english, chinese) = (english.strip_suffix('…')?, chinese.strip_suffix('…')?);
            Some((english, text.strip_prefix(english).map(|rest| format!("{chinese}{rest}"))?))
        });
        match (known.get(text), begun.max_by_key(|(english, _)| english.len())) {
            (Some(chinese), _) => {
                used.insert(text.to_owned());
                (*chinese).to_owned()
            }
            (None, Some((english, chinese))) => {
                used.insert(format!("{english}…"));
                chinese
            }
            (None, None) => {
                let english = code.replace_all(text, "").chars().any(char::is_alphabetic);
                assert!(!english, "tests/it/docs_markdown_zh.tsv lacks: {text}");
                text.to_owned()
            }
        }
    };
    // A pipe character within a cell is escaped, so only these end a cell.
    let line = |line: &str, cell: &mut dyn FnMut(&str) -> String| {
        let inner = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")).unwrap();
        let cells: Vec<String> = inner.split(" | ").map(&mut *cell).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    assert_tables("README.zh-CN.md", |table| table.lines().map(|row| line(row, &mut cell)).collect());
    let idle: Vec<_> = known.keys().filter(|english| !used.contains(**english)).collect();
    assert_eq!(idle, Vec::<&&str>::new(), "in tests/it/docs_markdown_zh.tsv, but in no table");
}

/// Returns the code blocks with their languages, and the number of headings before each.
fn code_blocks(readme: &str) -> Vec<(usize, String, Vec<String>)> {
    let mut found = Vec::new();
    let (mut headings, mut inside) = (0, false);
    for line in readme.lines() {
        match line.trim_start().strip_prefix("```") {
            Some(language) if !inside => {
                inside = true;
                found.push((headings, language.to_owned(), Vec::new()));
            }
            Some(_) => inside = false,
            None if inside => {
                let (_, _, lines) = found.last_mut().expect("a block");
                lines.push(line.trim().to_owned());
            }
            None if line.starts_with('#') => headings += 1,
            None => {}
        }
    }
    found
}

#[test]
fn readmes_have_same_code_blocks_under_same_headings() {
    let comment = Regex::new(r"(^|\s+)# .*$").unwrap();
    // Terminal output and placeholder values are in the language of the reader.
    let typed = |name: &str| -> Vec<_> {
        let plain = |line: &String| comment.replace(line, "").into_owned();
        code_blocks(&read_project_file(name))
            .into_iter()
            .map(|(headings, language, lines)| {
                let lines: Vec<String> = match language.as_str() {
                    "text" => lines.iter().filter(|line| line.starts_with("$ ")).cloned().collect(),
                    _ => lines.iter().filter(|line| !line.contains("\"…")).map(plain).collect(),
                };
                (headings, language, lines)
            })
            .collect()
    };
    let (english, chinese) = (typed("README.md"), typed("README.zh-CN.md"));
    for (one, other) in english.iter().zip(&chinese) {
        assert_eq!(one, other);
    }
    assert_eq!(english.len(), chinese.len());
}

#[test]
fn links_point_to_existing_files() {
    let link = Regex::new(r"\]\(([^)#:]+)\)").unwrap();
    for name in ["README.md", "README.zh-CN.md"] {
        for found in link.captures_iter(&read_project_file(name)) {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&found[1]);
            assert!(path.exists(), "{name}: {}", &found[1]);
        }
    }
}
