//! The uses of one file of `src/` by another, from its `use` lines and from the paths within its
//! code. A re-export is followed to the file that defines the item. Declaring or re-exporting a
//! child module is no use of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::source::{SourceFile, production_files};

/// A use of something in another file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The file that uses it.
    pub from: String,
    /// The file that defines it.
    pub to: String,
    /// The top-level module by which the use names it.
    pub module: String,
}

/// The modules of `src/`, by their paths: `store::outbox`, and the empty path for `lib.rs`.
struct Modules {
    files: BTreeMap<String, &'static SourceFile>,
    imports: BTreeMap<String, Vec<Import>>,
}

/// One name that a `use` line imports.
struct Import {
    /// The path as it is written.
    path: Vec<String>,
    /// The name in this file; `*` for a glob.
    name: String,
    is_public: bool,
}

/// Returns every use of one file by another.
pub fn references() -> &'static BTreeSet<Reference> {
    static REFERENCES: LazyLock<BTreeSet<Reference>> = LazyLock::new(|| {
        let modules = Modules::load();
        modules.files.keys().flat_map(|module| modules.references_of(module)).collect()
    });
    &REFERENCES
}

/// Returns the uses that make files depend on each other in a circle, a set for each circle.
pub fn cycles() -> Vec<BTreeSet<(&'static str, &'static str)>> {
    let edges: BTreeSet<(&str, &str)> = references().iter().map(|used| (&*used.from, &*used.to)).collect();
    let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in &edges {
        uses.entry(from).or_default().insert(to);
    }
    let reachable: BTreeMap<&str, BTreeSet<&str>> = uses.keys().map(|file| (*file, reachable(&uses, file))).collect();
    let reaches = |from: &str, to: &str| reachable.get(from).is_some_and(|files| files.contains(to));
    let mut cycles: BTreeMap<&BTreeSet<&str>, BTreeSet<_>> = BTreeMap::new();
    for (from, to) in edges.iter().filter(|(from, to)| reaches(to, from)) {
        // Files of one circle reach the same files.
        cycles.entry(&reachable[from]).or_default().insert((*from, *to));
    }
    cycles.into_values().collect()
}

fn reachable<'a>(uses: &BTreeMap<&'a str, BTreeSet<&'a str>>, file: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut pending: Vec<&str> = uses[file].iter().copied().collect();
    while let Some(file) = pending.pop() {
        if reached.insert(file) {
            pending.extend(uses.get(file).into_iter().flatten());
        }
    }
    reached
}

impl Modules {
    fn load() -> Self {
        static USE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"(?m)^\s*(?P<public>pub(?:\([^)]*\))?\s+)?use\s+(?P<tree>[^;]+);").unwrap());
        let mut modules = Self { files: BTreeMap::new(), imports: BTreeMap::new() };
        for file in production_files().iter().filter(|file| file.path != "src/main.rs") {
            let module = file.path["src/".len()..].trim_end_matches(".rs").replace('/', "::");
            let module = module.trim_end_matches("::mod").to_owned();
            let module = if module == "lib" { String::new() } else { module };
            let mut imports = Vec::new();
            for line in USE.captures_iter(&file.code) {
                let tree: String = line["tree"].split_whitespace().collect::<Vec<_>>().join(" ");
                expand(&tree, &[], line.name("public").is_some(), &mut imports);
            }
            modules.imports.insert(module.clone(), imports);
            modules.files.insert(module, file);
        }
        modules
    }

    fn references_of(&self, module: &str) -> Vec<Reference> {
        static USE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?m)^\s*(?:pub(?:\([^)]*\))?\s+)?(?:use|mod)\s+[^;{]*(?:\{[^;]*)?;|pub\([^)]*\)").unwrap()
        });
        static PATH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[a-z_][a-z0-9_]*(?:::\w+)+").unwrap());
        static MACRO: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bt(?:_in)?!").unwrap());
        let file = self.files[module];
        let code = USE.replace_all(&file.code, "");
        let mut paths: Vec<Vec<String>> = Vec::new();
        for import in &self.imports[module] {
            let is_used = !import.is_public || Regex::new(&format!(r"\b{}\b", import.name)).unwrap().is_match(&code);
            // A module that is imported is used by the paths that begin with it.
            let Some(path) =
                self.absolute(module, &import.path, 0).filter(|path| !self.files.contains_key(&path.join("::")))
            else {
                continue;
            };
            if import.name == "*" || is_used {
                paths.push(path);
            }
        }
        let inline = PATH.find_iter(&code).map(|path| path.as_str().split("::").map(str::to_owned).collect::<Vec<_>>());
        paths.extend(inline.filter_map(|path| self.absolute(module, &path, 0)));
        if MACRO.is_match(&code) {
            paths.push(vec!["i18n".to_owned(), "t".to_owned()]);
        }
        paths
            .into_iter()
            .filter(|path| !path.is_empty())
            .map(|path| Reference {
                from: file.path.clone(),
                to: self.files[&self.definer(&path, 0)].path.clone(),
                module: if ["t", "t_in"].contains(&path[0].as_str()) { "i18n".to_owned() } else { path[0].clone() },
            })
            .filter(|reference| reference.from != reference.to)
            .collect()
    }

    /// Returns the path from the root of the crate, or `None` for a path of another crate.
    fn absolute(&self, module: &str, path: &[String], depth: usize) -> Option<Vec<String>> {
        let parents =
            || -> Vec<String> { module.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect() };
        let (first, rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => parents(),
            "super" => {
                let mut base = parents();
                base.pop();
                return match rest.first().map(String::as_str) {
                    Some("super") => self.absolute(&base.join("::"), rest, depth),
                    _ => Some([base, rest.to_vec()].concat()),
                };
            }
            name => {
                let child = [parents(), vec![name.to_owned()]].concat();
                if self.files.contains_key(&child.join("::")) {
                    child
                } else {
                    let import = self.imports[module].iter().find(|import| import.name == name && depth < 8)?;
                    if import.path == path {
                        return None;
                    }
                    self.absolute(module, &import.path, depth + 1)?
                }
            }
        };
        base.extend_from_slice(rest);
        Some(base)
    }

    /// Returns the module whose file defines the item at an absolute path.
    fn definer(&self, path: &[String], depth: usize) -> String {
        let mut module = String::new();
        for (at, name) in path.iter().enumerate() {
            let child = if module.is_empty() { name.clone() } else { format!("{module}::{name}") };
            if self.files.contains_key(&child) {
                module = child;
                continue;
            }
            if module.is_empty() && ["t", "t_in"].contains(&name.as_str()) {
                return "i18n".to_owned();
            }
            let imports = self.imports[&module].iter().filter(|import| depth < 8 && import.name == *name);
            if let Some(mut target) = imports.filter_map(|import| self.absolute(&module, &import.path, 0)).next() {
                target.extend_from_slice(&path[at + 1..]);
                return self.definer(&target, depth + 1);
            }
            break;
        }
        module
    }
}

/// Adds the names of a tree such as `crate::store::{self, outbox::{A, B as C}}`.
fn expand(tree: &str, prefix: &[String], is_public: bool, imports: &mut Vec<Import>) {
    let tree = tree.trim();
    if let Some((path, group)) = tree.split_once('{') {
        let prefix: Vec<String> =
            prefix.iter().cloned().chain(path.split("::").filter(|part| !part.is_empty()).map(str::to_owned)).collect();
        let group = group.trim_end().strip_suffix('}').unwrap();
        let mut depth = 0;
        let is_separator = |c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        };
        for part in group.split(is_separator).filter(|part| !part.trim().is_empty()) {
            expand(part, &prefix, is_public, imports);
        }
        return;
    }
    let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
    let mut path: Vec<String> = prefix
        .iter()
        .cloned()
        .chain(path.trim().split("::").filter(|part| !part.is_empty()).map(str::to_owned))
        .collect();
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let name = alias.unwrap_or(path.last().unwrap()).to_owned();
    if name == "*" {
        path.pop();
    }
    imports.push(Import { path, name, is_public });
}
