//! `wxbox template …`: the account's templates.

mod add_remove;
mod check;
mod view;

use crate::cli::{Global, TemplateCommand as Command, TemplateList as ListArgs, TemplateShow as ShowArgs};
use crate::clock::Timestamp;
use crate::compose::template_list::{fetch, fetch_or_cached, find_or_fetch};
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::i18n::relative_time;
use crate::store::TemplateKind;
use crate::t;
use crate::ui::{Table, Ui};
use view::TemplateView;

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Command) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    match command {
        Command::List(args) => list(ui, &app, args),
        Command::Show(args) => show(ui, &app, args),
        Command::Check(args) => check::run(ui, &app, args),
        Command::Add(args) => add_remove::add(ui, &app, args),
        Command::Remove(args) => add_remove::remove(ui, &app, args),
    }
}

/// Which list is meant.
fn template_kind(subscribe: bool) -> TemplateKind {
    if subscribe { TemplateKind::Subscription } else { TemplateKind::Template }
}

fn list(ui: &mut Ui, app: &AppContext, args: &ListArgs) -> anyhow::Result<ExitStatus> {
    let app_id = app.require_app_id()?;
    let mut store = app.open_or_create_default_store()?;
    let family = template_kind(args.subscribe);
    let now = Timestamp::now();
    let kept = if args.refresh { None } else { store.templates(&app_id, family)? };
    let list = match kept {
        Some(kept) if !kept.is_stale(now) => kept,
        None if args.refresh => fetch(app, &mut store, &app.account()?, family)?,
        kept => fetch_or_cached(ui, app, &mut store, kept, family)?,
    };
    let shown = list.templates.iter().map(|it| TemplateView::new(it, &app.config, list.fetched_at));
    if ui.json() {
        for it in shown {
            ui.print(&it)?;
        }
        return Ok(ExitStatus::Success);
    }
    if list.templates.is_empty() {
        ui.note(&t!("template-none"));
    }
    let heading =
        [t!("template-list-alias"), t!("template-list-title"), t!("template-list-fields"), t!("template-list-id")];
    let mut table = Table::new(&heading).truncatable(&[1, 2]);
    for it in shown {
        table.add_row(vec![
            it.alias.unwrap_or("-").to_owned(),
            it.title.to_owned(),
            it.keys.join(","),
            it.template_id.to_owned(),
        ]);
    }
    ui.print_table(&mut table)?;
    let age = now.seconds_since(list.fetched_at);
    // Of an older one there is a warning already.
    if age >= 60 && !list.is_stale(now) {
        ui.note(&t!("template-list-asked", ago = relative_time(age)));
    }
    Ok(ExitStatus::Success)
}

fn show(ui: &mut Ui, app: &AppContext, args: &ShowArgs) -> anyhow::Result<ExitStatus> {
    let mut store = app.open_or_create_default_store()?;
    let (found, asked_at) = find_or_fetch(ui, app, &mut store, &args.template, template_kind(args.subscribe))?;
    ui.print(&TemplateView::new(&found, &app.config, asked_at))?;
    Ok(ExitStatus::Success)
}
