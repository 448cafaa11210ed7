//! `wxbox template …`: the account's templates.

use std::fmt;

use serde::Serialize;

use super::template_list::{ask, find};
use crate::app::App;
use crate::cli::{Global, Template as Command, TemplateList as ListArgs, TemplateShow as ShowArgs};
use crate::config::{Config, Flags};
use crate::error::Exit;
use crate::store::Template;
use crate::t;
use crate::time::Timestamp;
use crate::ui::{Table, Ui, facts};
use crate::wechat::template::{Piece, keys, pieces};

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Command) -> anyhow::Result<Exit> {
    let app = App::open(ui, global, Flags::default())?;
    match command {
        Command::List(args) => list(ui, &app, args),
        Command::Show(args) => show(ui, &app, args),
    }
}

/// A template as a result.
#[derive(Serialize)]
struct Shown<'a> {
    template_id: &'a str,
    title: &'a str,
    content: &'a str,
    keys: Vec<&'a str>,
    alias: Option<&'a str>,
    #[serde(skip)]
    asked_at: Timestamp,
}

impl<'a> Shown<'a> {
    fn new(it: &'a Template, config: &'a Config, asked_at: Timestamp) -> Self {
        let mut aliases = config.templates.iter().filter(|(_, own)| own.id.value == it.template_id);
        Self {
            template_id: &it.template_id,
            title: &it.title,
            content: &it.content,
            keys: keys(&it.content),
            alias: aliases.next().map(|(name, _)| name.as_str()),
            asked_at,
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As the phone shows it, with a field's name where its value goes.
        let card: String = pieces(self.content)
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Key(key) => format!("‹{key}›"),
            })
            .collect();
        f.write_str(&facts(&[
            (t!("template-title"), self.title.to_owned()),
            (t!("template-id"), self.template_id.to_owned()),
            (t!("template-alias"), self.alias.unwrap_or("-").to_owned()),
            (t!("template-fields"), self.keys.join(", ")),
            (t!("template-asked-at"), self.asked_at.to_string()),
            (t!("template-content"), card.replace("\r\n", "\n").trim_end().to_owned()),
        ]))
    }
}

fn list(ui: &mut Ui, app: &App, args: &ListArgs) -> anyhow::Result<Exit> {
    let app_id = app.account_id()?;
    let mut store = app.store()?;
    let kept = if args.refresh { None } else { store.templates(&app_id)? };
    let list = match kept {
        Some(kept) => kept,
        None => ask(app, &mut store, &app.account()?)?,
    };
    let shown = list.templates.iter().map(|it| Shown::new(it, &app.config, list.asked_at));
    if ui.json() {
        for it in shown {
            ui.data(&it)?;
        }
        return Ok(Exit::Done);
    }
    if list.templates.is_empty() {
        ui.status(&t!("template-none"));
    }
    let heading =
        [t!("template-list-alias"), t!("template-list-title"), t!("template-list-fields"), t!("template-list-id")];
    let mut table = Table::new(&heading);
    for it in shown {
        table.row(vec![
            it.alias.unwrap_or("-").to_owned(),
            it.title.to_owned(),
            it.keys.join(","),
            it.template_id.to_owned(),
        ]);
    }
    ui.table(&table)?;
    Ok(Exit::Done)
}

fn show(ui: &mut Ui, app: &App, args: &ShowArgs) -> anyhow::Result<Exit> {
    let app_id = app.account_id()?;
    let mut store = app.store()?;
    let mut list = store.templates(&app_id)?;
    // A list that does not know it may be old: WeChat has the last word.
    if list.as_ref().is_none_or(|list| find(app, &args.template, list).is_err()) {
        let asked = app.account().and_then(|account| ask(app, &mut store, &account));
        list = match (asked, list) {
            (Ok(asked), _) => Some(asked),
            (Err(error), None) => return Err(error),
            (Err(error), Some(kept)) => {
                ui.warn(&t!("template-unasked", cause = crate::error::classify(&error).what));
                Some(kept)
            }
        };
    }
    if let Some(list) = &list {
        let found = find(app, &args.template, list)?;
        ui.data(&Shown::new(found, &app.config, list.asked_at))?;
    }
    Ok(Exit::Done)
}
