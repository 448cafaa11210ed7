//! Changes to TOML text that keep its comments, its order and the form of its other values.
//!
//! `toml_edit` makes the change. It adds a new key at the end of its table, and removes the
//! comments above a key with the key. A config that `init` wrote explains each key there. So this
//! module tries a better place first, and uses it if the text then has the same meaning.

use std::ops::Range;

use toml_edit::{Document, DocumentMut, InlineTable, Item, Key, Table, TableLike, Value};

/// Returns the text with one value set; `None` if the text is not TOML, or has something else in
/// place of a table.
pub(super) fn set_value(text: &str, path: &[&str], value: &Value) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let is_new = insert(document.as_table_mut(), path, value)?;
    let changed = document.to_string();
    if !is_new {
        return Some(changed);
    }
    let line = |leaf: &str| format!("{} = {value}\n", Key::new(leaf).display_repr());
    let candidates = [uncommented(text, path, &line), after_last_key(text, path, &line), appended(text, path, &line)];
    let better = candidates.into_iter().flatten().find(|candidate| has_same_meaning(candidate, &changed));
    Some(better.unwrap_or(changed))
}

/// Returns the text without a value or a table; `None` if it has none at this path.
pub(super) fn remove(text: &str, path: &[&str]) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let (leaf, parents) = path.split_last()?;
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for name in parents {
        table = table.get_mut(name)?.as_table_like_mut()?;
    }
    table.remove(leaf)?;
    let changed = document.to_string();
    let better = without_lines(text, path).filter(|candidate| has_same_meaning(candidate, &changed));
    Some(better.unwrap_or(changed))
}

/// Returns whether the text has a value or a table at this path.
pub(super) fn contains(text: &str, path: &[&str]) -> bool {
    Document::parse(text).is_ok_and(|document| find(document.as_table(), path).is_some())
}

/// Returns the names in the header of a table, as in `templates."a b"`.
pub(super) fn header(path: &[&str]) -> String {
    path.iter().map(|name| Key::new(*name).display_repr().into_owned()).collect::<Vec<_>>().join(".")
}

fn has_same_meaning(one: &str, other: &str) -> bool {
    match (one.parse::<toml::Table>(), other.parse::<toml::Table>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Sets a value. Returns whether the key is new.
fn insert(table: &mut dyn TableLike, path: &[&str], value: &Value) -> Option<bool> {
    let (name, below) = path.split_first()?;
    if !below.is_empty() {
        if !table.contains_key(name) {
            let mut new = Table::new();
            new.set_implicit(below.len() > 1);
            table.insert(name, Item::Table(new));
        }
        let item = table.get_mut(name)?;
        if let (Some(existing), ["color"]) = (item.as_value().filter(|value| !value.is_inline_table()), below) {
            // The color of a field belongs beside its value.
            let mut field = InlineTable::new();
            field.insert("value", existing.clone().decorated(" ", ""));
            *item = Item::Value(Value::InlineTable(field));
        }
        return insert(item.as_table_like_mut()?, below, value);
    }
    match table.get_mut(name) {
        Some(Item::Value(existing)) => {
            let decor = existing.decor().clone();
            *existing = value.clone();
            *existing.decor_mut() = decor;
            Some(false)
        }
        Some(_) => None,
        None => {
            table.insert(name, Item::Value(value.clone()));
            Some(true)
        }
    }
}

/// Returns the text with the key in place of its example, which is a comment in the same table.
fn uncommented(text: &str, path: &[&str], line: &impl Fn(&str) -> String) -> Option<String> {
    let (leaf, parents) = path.split_last()?;
    let lines = table_lines(text, parents)?;
    let example = lines.into_iter().find(|range| {
        let comment = text.get(range.clone()).and_then(|line| line.trim_start().strip_prefix('#'));
        let assignment = comment.and_then(|comment| comment.trim_start().strip_prefix(leaf));
        assignment.is_some_and(|rest| rest.trim_start().starts_with('='))
    })?;
    Some(replaced(text, example, &line(leaf)))
}

/// Returns the text with the key below the last one of its table.
fn after_last_key(text: &str, path: &[&str], line: &impl Fn(&str) -> String) -> Option<String> {
    let (leaf, parents) = path.split_last()?;
    let document = Document::parse(text).ok()?;
    let table = find_table(document.as_table(), parents)?;
    let ends = table.iter().filter_map(|(_, item)| item.as_value()?.span()).map(|span| span.end);
    let end = line_end(text, ends.chain(table.span().map(|span| span.end)).max()?);
    Some(replaced(text, end..end, &line(leaf)))
}

/// Returns the text with a new table at its end.
fn appended(text: &str, path: &[&str], line: &impl Fn(&str) -> String) -> Option<String> {
    let (leaf, parents) = path.split_last()?;
    if parents.is_empty() {
        return Some(replaced(text, text.len()..text.len(), &line(leaf)));
    }
    let table = format!("\n[{}]\n{}", header(parents), line(leaf));
    Some(replaced(text, text.len()..text.len(), &table).trim_start_matches('\n').to_owned())
}

/// Returns the text without the lines of a key, or of a table and the tables below it.
fn without_lines(text: &str, path: &[&str]) -> Option<String> {
    let (leaf, parents) = path.split_last()?;
    let document = Document::parse(text).ok()?;
    let parent = find_table(document.as_table(), parents)?;
    let (key, item) = parent.get_key_value(leaf)?;
    let mut ranges = Vec::new();
    match item {
        Item::Value(value) => ranges.push(key.span()?.start..value.span()?.end),
        Item::Table(table) => table_ranges(table, &mut ranges)?,
        _ => return None,
    }
    ranges.sort_by_key(|range| range.start);
    let mut remaining = text.to_owned();
    for range in ranges.into_iter().rev() {
        let start = text.get(..range.start)?.rfind('\n').map_or(0, |newline| newline + 1);
        let mut end = line_end(text, range.end);
        if item.is_table() {
            // The comments up to the next blank line belong to the table.
            let rest = text.get(end..)?;
            let is_own = |line: &&str| line.trim_start().starts_with('#');
            end += rest.split_inclusive('\n').take_while(is_own).map(str::len).sum::<usize>();
            end +=
                text.get(end..)?.split_inclusive('\n').next().filter(|line| line.trim().is_empty()).map_or(0, str::len);
        }
        remaining.replace_range(start..end, "");
    }
    Some(remaining)
}

/// Adds the range of a table, from its header to its last value, and the ranges of the tables below
/// it.
fn table_ranges(table: &Table, ranges: &mut Vec<Range<usize>>) -> Option<()> {
    if !table.is_implicit() {
        let header = table.span()?;
        let ends = table.iter().filter_map(|(_, item)| item.as_value()?.span()).map(|span| span.end);
        ranges.push(header.start..ends.chain([header.end]).max()?);
    }
    for (_, item) in table.iter() {
        match item {
            Item::Table(below) => table_ranges(below, ranges)?,
            Item::ArrayOfTables(_) => return None,
            _ => {}
        }
    }
    Some(())
}

fn find<'t>(table: &'t dyn TableLike, path: &[&str]) -> Option<&'t Item> {
    let (name, below) = path.split_first()?;
    let item = table.get(name)?;
    if below.is_empty() { Some(item) } else { find(item.as_table_like()?, below) }
}

/// Returns a table that has a header; the root has none.
fn find_table<'t>(root: &'t Table, path: &[&str]) -> Option<&'t Table> {
    path.iter().try_fold(root, |table, name| table.get(name)?.as_table())
}

/// Returns the lines between the header of a table and the next header, also one in a comment.
fn table_lines(text: &str, path: &[&str]) -> Option<Vec<Range<usize>>> {
    let document = Document::parse(text).ok()?;
    let begin = match path {
        [] => 0,
        _ => line_end(text, find_table(document.as_table(), path)?.span()?.end),
    };
    let mut at = begin;
    let lines = text.get(begin..)?.split_inclusive('\n').map(|line| {
        at += line.len();
        at - line.len()..at
    });
    let is_header = |range: &Range<usize>| {
        let line = text.get(range.clone()).unwrap_or_default();
        line.trim_start_matches(['#', ' ', '\t']).starts_with('[')
    };
    Some(lines.take_while(|range| !is_header(range)).collect())
}

/// Returns the end of the line, with its line break, that contains the byte at `at`.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |newline| at + newline + 1)
}

/// Replaces a range of whole lines.
fn replaced(text: &str, range: Range<usize>, lines: &str) -> String {
    let mut text = text.to_owned();
    let is_line_start = range.start == 0 || text.as_bytes().get(range.start - 1) == Some(&b'\n');
    let lines = if is_line_start { lines.to_owned() } else { format!("\n{lines}") };
    text.replace_range(range, &lines);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# The account.
app_id = \"wx1\" # mine

[listen]
# Where to listen.
# address = \"127.0.0.1:8080\"

# How long to wait.
timeout = \"5m\"

# ---- Templates
# [templates.example]
# id = \"x\"
[templates.backup]
id = \"T1\"
# url = \"https://example.com\"

[templates.backup.data]
# host = \"\"
size = 3.50

# ---- The end
[send]
rate = 0
";

    fn set(text: &str, path: &str, value: impl Into<Value>) -> String {
        set_value(text, &path.split('.').collect::<Vec<_>>(), &value.into()).unwrap()
    }

    fn removed(text: &str, path: &str) -> String {
        remove(text, &path.split('.').collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn changed_value_keeps_everything_else() {
        assert_eq!(set(TEXT, "app_id", "wx2"), TEXT.replace("wx1", "wx2"));
        assert_eq!(set(TEXT, "send.rate", 7), TEXT.replace("rate = 0", "rate = 7"));
        assert_eq!(set(TEXT, "templates.backup.data.size", "4"), TEXT.replace("size = 3.50", "size = \"4\""));
        let inline = "[templates.a]\nid = \"1\"\ndata = { x = \"y\" } # z\n";
        assert_eq!(set(inline, "templates.a.data.x", "w"), inline.replace("\"y\"", "\"w\""));
        assert_eq!(
            set(inline, "templates.a.data.x.color", "#010203"),
            inline.replace("x = \"y\"", "x = { value = \"y\", color = \"#010203\" }")
        );
    }

    #[test]
    fn new_key_takes_the_place_of_its_example() {
        assert_eq!(
            set(TEXT, "listen.address", ":80"),
            TEXT.replace("# address = \"127.0.0.1:8080\"", "address = \":80\"")
        );
        assert_eq!(set(TEXT, "templates.backup.data.host", "db1"), TEXT.replace("# host = \"\"", "host = \"db1\""));
    }

    #[test]
    fn new_key_follows_the_last_one_of_its_table() {
        assert_eq!(set(TEXT, "send.wait", "1s"), format!("{TEXT}wait = \"1s\"\n"));
        assert_eq!(set(TEXT, "scope", "snsapi_base"), TEXT.replace("# mine\n", "# mine\nscope = \"snsapi_base\"\n"));
        assert_eq!(set("[send]", "send.rate", 1), "[send]\nrate = 1\n");
        assert_eq!(set("rate = 1", "wait", "2s"), "rate = 1\nwait = \"2s\"\n");
    }

    #[test]
    fn new_table_is_added_at_the_end() {
        assert_eq!(set(TEXT, "serve.address", ":80"), format!("{TEXT}\n[serve]\naddress = \":80\"\n"));
        assert_eq!(set("", "send.rate", 1), "[send]\nrate = 1\n");
        assert_eq!(set("", "rate", 1), "rate = 1\n");
        let text = set_value("", &["templates", "a b", "id"], &"T".into()).unwrap();
        assert_eq!(text, "[templates.\"a b\"]\nid = \"T\"\n");
        // Below a table, only toml_edit finds the place.
        let text = set("# begin\n[send]\nrate = 1\n", "app_id", "wx1");
        assert_eq!(text.parse::<toml::Table>().unwrap()["app_id"].as_str(), Some("wx1"));
        assert!(text.contains("# begin") && text.contains("rate = 1"), "{text}");
    }

    #[test]
    fn removed_key_leaves_the_comments() {
        assert_eq!(removed(TEXT, "listen.timeout"), TEXT.replace("timeout = \"5m\"\n", ""));
        assert_eq!(removed(TEXT, "app_id"), TEXT.replace("app_id = \"wx1\" # mine\n", ""));
        let several = "[network]\napi_base = [\n  \"a\",\n  \"b\",\n] # both\nproxy = \"c\"\n";
        assert_eq!(removed(several, "network.api_base"), "[network]\nproxy = \"c\"\n");
        assert_eq!(removed("data = { x = 1, y = 2 }\n", "data.x"), "data = { y = 2 }\n");
        assert_eq!(remove(TEXT, &["send", "wait"]), None);
        assert_eq!(remove("not toml", &["send", "wait"]), None);
    }

    #[test]
    fn removed_table_goes_with_its_comments_alone() {
        let without = removed(TEXT, "templates.backup");
        assert!(!without.contains("T1") && !without.contains("host") && !without.contains("size"), "{without}");
        assert!(without.contains("# ---- Templates\n# [templates.example]\n"), "{without}");
        assert!(without.contains("# ---- The end\n[send]\nrate = 0\n"), "{without}");
    }

    #[test]
    fn value_in_place_of_a_table_is_an_error() {
        assert_eq!(set_value("send = 3\n", &["send", "rate"], &1.into()), None);
        assert_eq!(set_value("[app_id]\n", &["app_id"], &"x".into()), None);
        assert_eq!(set_value("a = \n", &["b"], &"x".into()), None);
    }
}
