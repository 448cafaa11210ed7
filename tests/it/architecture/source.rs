//! Rust source files, split into code and comments, so that a rule can read one without the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// A Rust file of the project.
pub struct SourceFile {
    /// The path from the root of the project, such as `src/store/users.rs`.
    pub path: String,
    pub text: String,
    /// The text without comments and literals, with the same line numbers.
    pub code: String,
    /// Only the comments, with the same line numbers.
    pub comments: String,
    /// The contents of the string literals.
    pub literals: Vec<String>,
}

/// Returns the Rust files below a directory of the project, with their text.
pub fn rust_files(dir: &str) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut dirs = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(dir)];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.insert(path, text);
            }
        }
    }
    files
}

/// Returns every file of `src/` without its tests. Files that hold only tests are left out.
pub fn production_files() -> &'static [SourceFile] {
    static FILES: LazyLock<Vec<SourceFile>> = LazyLock::new(|| {
        let files = rust_files("src").into_iter().map(|(path, text)| (relative(&path), text));
        let files = files.filter(|(path, _)| !is_test_file(path));
        files.map(|(path, text)| parse(path, text.split("#[cfg(test)]\nmod tests {").next().unwrap())).collect()
    });
    &FILES
}

/// Returns every file of `src/` and `tests/`.
pub fn all_files() -> &'static [SourceFile] {
    static FILES: LazyLock<Vec<SourceFile>> = LazyLock::new(|| {
        let files = ["src", "tests"].into_iter().flat_map(rust_files);
        files.map(|(path, text)| parse(relative(&path), &text)).collect()
    });
    &FILES
}

/// Returns the path from the root of the project.
fn relative(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().to_owned()
}

fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("tests.rs")
}

fn parse(path: String, text: &str) -> SourceFile {
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
        let comment = r"(?P<comment>//[^\n]*|/\*.*?\*/)";
        let raw = r##"b?r##"(?P<raw2>.*?)"\#\#|b?r#"(?P<raw1>.*?)"#|b?r"(?P<raw0>[^"]*)""##.replace(r"\#", "#");
        let string = r#"b?"(?P<string>(?:[^"\\]|\\.)*)""#;
        let char = r"b?'(?:[^'\\\n]|\\(?:u\{[0-9a-fA-F]+\}|x..|.))'";
        Regex::new(&format!("(?s){comment}|{raw}|{string}|{char}")).unwrap()
    });
    let mut literals = Vec::new();
    let (mut code, mut comments) = (String::with_capacity(text.len()), String::with_capacity(text.len()));
    let mut end = 0;
    for token in TOKEN.captures_iter(text) {
        let all = token.get(0).unwrap();
        code += &text[end..all.start()];
        comments.extend(text[end..all.start()].chars().filter(|c| *c == '\n'));
        end = all.end();
        let newlines = || all.as_str().chars().filter(|c| *c == '\n');
        match token.name("comment") {
            Some(comment) => comments += comment.as_str(),
            None => comments.extend(newlines()),
        }
        code.push(' ');
        code.extend(newlines());
        let literal = ["raw2", "raw1", "raw0", "string"].into_iter().find_map(|name| token.name(name));
        literals.extend(literal.map(|literal| literal.as_str().to_owned()));
    }
    code += &text[end..];
    SourceFile { path, text: text.to_owned(), code, comments, literals }
}
