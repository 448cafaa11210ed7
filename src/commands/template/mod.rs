//! `wxbox template …`: the account's templates.

mod change;
mod check;
mod shown;

use crate::app::App;
use crate::cli::{Global, Template as Command, TemplateList as ListArgs, TemplateShow as ShowArgs};
use crate::commands::template_list::{ask, asked_or_kept, look};
use crate::config::Flags;
use crate::error::Exit;
use crate::store::Family;
use crate::t;
use crate::time::Timestamp;
use crate::ui::{Table, Ui};
use crate::words::ago;
use shown::Shown;

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Command) -> anyhow::Result<Exit> {
    let app = App::open(ui, global, Flags::default())?;
    match command {
        Command::List(args) => list(ui, &app, args),
        Command::Show(args) => show(ui, &app, args),
        Command::Check(args) => check::run(ui, &app, args),
        Command::Add(args) => change::add(ui, &app, args),
        Command::Remove(args) => change::remove(ui, &app, args),
    }
}

/// Which list is meant.
fn family(subscribe: bool) -> Family {
    if subscribe { Family::Subscription } else { Family::Template }
}

fn list(ui: &mut Ui, app: &App, args: &ListArgs) -> anyhow::Result<Exit> {
    let app_id = app.account_id()?;
    let mut store = app.store_to_use()?;
    let family = family(args.subscribe);
    let now = Timestamp::now();
    let kept = if args.refresh { None } else { store.templates(&app_id, family)? };
    let list = match kept {
        Some(kept) if !kept.is_old(now) => kept,
        None if args.refresh => ask(app, &mut store, &app.account()?, family)?,
        kept => asked_or_kept(ui, app, &mut store, kept, family)?,
    };
    let shown = list.templates.iter().map(|it| Shown::new(it, &app.config, list.asked_at));
    if ui.json() {
        for it in shown {
            ui.data(&it)?;
        }
        return Ok(Exit::Done);
    }
    if list.templates.is_empty() {
        ui.whisper(&t!("template-none"));
    }
    let heading =
        [t!("template-list-alias"), t!("template-list-title"), t!("template-list-fields"), t!("template-list-id")];
    let mut table = Table::new(&heading).cut(&[1, 2]);
    for it in shown {
        table.row(vec![
            it.alias.unwrap_or("-").to_owned(),
            it.title.to_owned(),
            it.keys.join(","),
            it.template_id.to_owned(),
        ]);
    }
    ui.table(&mut table)?;
    let age = now.seconds_since(list.asked_at);
    // Of an older one there is a warning already.
    if age >= 60 && !list.is_old(now) {
        ui.whisper(&t!("template-list-asked", ago = ago(age)));
    }
    Ok(Exit::Done)
}

fn show(ui: &mut Ui, app: &App, args: &ShowArgs) -> anyhow::Result<Exit> {
    let mut store = app.store_to_use()?;
    let (found, asked_at) = look(ui, app, &mut store, &args.template, family(args.subscribe))?;
    ui.data(&Shown::new(&found, &app.config, asked_at))?;
    Ok(Exit::Done)
}
