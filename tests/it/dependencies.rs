//! The dependencies: each is used, and docs/decisions.md gives the reason for it. `cargo deny`
//! checks licenses, duplicates and sources in `.ci/run`.

use std::collections::{BTreeMap, HashSet};

use regex::Regex;

use crate::architecture::rust_files;
use crate::support::files::read_project_file;

/// Returns the names below `[dependencies]` and `[dev-dependencies]`, each with the directory whose
/// code uses it.
fn dependencies() -> BTreeMap<String, &'static str> {
    let manifest: toml::Table = read_project_file("Cargo.toml").parse().unwrap();
    let of = |section: &str, dir: &'static str| {
        let names: Vec<_> = manifest[section].as_table().unwrap().keys().cloned().collect();
        names.into_iter().map(move |name| (name, dir))
    };
    of("dependencies", "src").chain(of("dev-dependencies", "tests")).collect()
}

#[test]
fn every_dependency_is_documented() {
    let text = read_project_file("docs/decisions.md");
    let table = text.split("## Libraries").nth(1).unwrap().split("\n## ").next().unwrap();
    // One line may name several: | `a`, `b` | why |
    let name = Regex::new("`([a-z0-9_-]+)`").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `")).map(|line| line.split(" | ").next().unwrap());
    let mut reasons: Vec<_> = rows.flat_map(|row| name.captures_iter(row).map(|found| found[1].to_owned())).collect();
    reasons.sort();
    assert_eq!(reasons, dependencies().into_keys().collect::<Vec<_>>());
}

#[test]
fn every_dependency_is_used() {
    let name = Regex::new(r"(?m)^ *(?:pub )?use (\w+)|\b(\w+)(?:::|!)").unwrap();
    let used_in = |dir| -> HashSet<String> {
        let code: String = rust_files(dir).into_values().collect();
        name.captures_iter(&code).filter_map(|it| it.get(1).or(it.get(2))).map(|it| it.as_str().to_owned()).collect()
    };
    let used: BTreeMap<_, _> = ["src", "tests"].map(|dir| (dir, used_in(dir))).into();
    let idle: Vec<_> = dependencies()
        .into_iter()
        .filter(|(name, dir)| {
            // The only package whose library has another name.
            let name = if name == "md-5" { "md5".to_owned() } else { name.replace('-', "_") };
            !used[dir].contains(&name)
        })
        .collect();
    assert_eq!(idle, []);
}
