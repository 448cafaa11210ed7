//! `user export` writes all people in the format that `user import` reads.

use std::borrow::Cow;

use serde::Serialize;

use super::csv_formula::escape_formula;
use super::import_reader::COLUMNS;
use crate::cli::UserExport;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::names::AMBIGUOUS_TAG_SEPARATORS;
use crate::store::{User, UserFilter};
use crate::ui::{self, Ui};

/// A person as a JSON line.
#[derive(Serialize)]
struct ExportRow<'a> {
    username: &'a str,
    uid: &'a str,
    password: Option<&'a str>,
    openid: Option<&'a str>,
    tags: &'a [String],
    note: &'a str,
}

/// The number of bytes to collect before a write.
const WRITE_BATCH_BYTES: usize = 64 << 10;

/// The character at the beginning of a file by which Excel recognizes UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

pub(super) fn export(ui: &mut Ui, app: &AppContext, args: &UserExport) -> anyhow::Result<ExitStatus> {
    let store = app.open_existing_store()?;
    let mut batch = String::new();
    if args.bom {
        batch.push(BYTE_ORDER_MARK);
    }
    if !ui.json() {
        batch += &csv_line(&COLUMNS)?;
    }
    store.for_each_user(&UserFilter::default(), app.app_id(), |user| {
        batch += &if ui.json() { json_line(&user)? } else { csv_line(&csv_fields(&user))? };
        if batch.len() >= WRITE_BATCH_BYTES {
            write_lines(ui, &batch)?;
            batch.clear();
        }
        anyhow::Ok(())
    })?;
    if !batch.is_empty() {
        write_lines(ui, &batch)?;
    }
    Ok(ExitStatus::Success)
}

/// Writes lines to a file or pipe unchanged, and to a terminal without control characters.
fn write_lines(ui: &mut Ui, lines: &str) -> anyhow::Result<()> {
    if ui.out_terminal { ui.write_stdout(&ui::sanitize(lines)) } else { ui.write_stdout(lines) }
}

/// Returns the fields of a row. A hash or a uid never starts a formula, so these two are not
/// escaped.
fn csv_fields(user: &User) -> [String; COLUMNS.len()] {
    let openid = user.binding.as_ref().map_or("", |binding| binding.openid.as_str());
    let tags: Vec<_> = user.tags.iter().map(|tag| escape_formula(tag)).collect();
    let hash = user.password.clone().unwrap_or_default();
    let [username, openid, note] = [&user.username, openid, &user.note].map(|field| escape_formula(field).into_owned());
    [username, user.uid.clone(), hash, openid, join_tags(&tags), note]
}

fn csv_line(fields: &[impl AsRef<[u8]>]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(fields)?;
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn json_line(user: &User) -> anyhow::Result<String> {
    let line = ExportRow {
        username: &user.username,
        uid: &user.uid,
        password: user.password.as_deref(),
        openid: user.binding.as_ref().map(|binding| binding.openid.as_str()),
        tags: &user.tags,
        note: &user.note,
    };
    Ok(serde_json::to_string(&line)? + "\n")
}

/// Joins tags. A single tag with a comma gets a trailing semicolon, or `import` would split it.
fn join_tags(tags: &[Cow<'_, str>]) -> String {
    match tags {
        [tag] if tag.contains(AMBIGUOUS_TAG_SEPARATORS) => format!("{tag};"),
        tags => tags.join(";"),
    }
}
