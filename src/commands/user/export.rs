//! `user export`: what `user import` takes.

use std::borrow::Cow;

use serde::Serialize;

use super::cell::marked;
use super::records::COLUMNS;
use crate::app::App;
use crate::error::Exit;
use crate::names::ODD_IN_TAG;
use crate::store::{User, UserFilter};
use crate::ui::{self, Ui};

/// A person as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    username: &'a str,
    uid: &'a str,
    password: Option<&'a str>,
    openid: Option<&'a str>,
    tags: &'a [String],
    note: &'a str,
}

/// Lines are written when so many bytes are together.
const BATCH: usize = 64 << 10;

pub(super) fn export(ui: &mut Ui, app: &App) -> anyhow::Result<Exit> {
    let store = app.store_as_found()?;
    let mut batch = String::new();
    if !ui.json() {
        batch += &csv_line(&COLUMNS)?;
    }
    store.each_user(&UserFilter::default(), app.app_id(), |user| {
        batch += &if ui.json() { json_line(&user)? } else { csv_line(&fields(&user))? };
        if batch.len() >= BATCH {
            write(ui, &batch)?;
            batch.clear();
        }
        anyhow::Ok(())
    })?;
    if !batch.is_empty() {
        write(ui, &batch)?;
    }
    Ok(Exit::Done)
}

/// As it is into a file or a pipe; to a terminal without what could drive it.
fn write(ui: &mut Ui, lines: &str) -> anyhow::Result<()> {
    if ui.out_terminal { ui.raw_out(&ui::clean(lines)) } else { ui.raw_out(lines) }
}

/// A hash and a uid begin no formula; all the rest may.
fn fields(user: &User) -> [String; COLUMNS.len()] {
    let openid = user.binding.as_ref().map_or("", |binding| binding.openid.as_str());
    let tags: Vec<_> = user.tags.iter().map(|tag| marked(tag)).collect();
    let hash = user.password.clone().unwrap_or_default();
    let [username, openid, note] = [&user.username, openid, &user.note].map(|field| marked(field).into_owned());
    [username, user.uid.clone(), hash, openid, joined(&tags), note]
}

fn csv_line(fields: &[impl AsRef<[u8]>]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(fields)?;
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn json_line(user: &User) -> anyhow::Result<String> {
    let line = Line {
        username: &user.username,
        uid: &user.uid,
        password: user.password.as_deref(),
        openid: user.binding.as_ref().map(|binding| binding.openid.as_str()),
        tags: &user.tags,
        note: &user.note,
    };
    Ok(serde_json::to_string(&line)? + "\n")
}

/// Tags as a file has them. A single one that holds a comma has a semicolon behind it, or it would be read as two.
fn joined(tags: &[Cow<'_, str>]) -> String {
    match tags {
        [one] if one.contains(ODD_IN_TAG) => format!("{one};"),
        tags => tags.join(";"),
    }
}
