//! `wxbox template` manages the account's templates.

mod add_remove;
mod alias;
mod check;
mod view;

use crate::cli::{
    Global, TemplateCommand as Command, TemplateList as ListArgs, TemplateShow as ShowArgs, mistyped_template_error,
};
use crate::clock::Timestamp;
use crate::compose::template_list::{cached_or_fetch, fetch, find_or_fetch};
use crate::compose::template_resolve::TEMPLATE_ID_LEN;
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::i18n::relative_time;
use crate::t;
use crate::ui::{Table, Ui};
use view::{TemplateView, note_alias, template_kind};

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Command) -> anyhow::Result<ExitStatus> {
    // clap accepts an option as the template, because a template ID may begin with hyphens.
    if let Some((name, template)) = command.template()
        && template.starts_with("--")
        && template.len() < TEMPLATE_ID_LEN
    {
        return Err(mistyped_template_error(name, template).into());
    }
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    match command {
        Command::List(args) => list(ui, &app, args),
        Command::Show(args) => show(ui, &app, args),
        Command::Check(args) => check::run(ui, &app, args, template_kind(args.subscribe)),
        Command::Add(args) => add_remove::add(ui, &app, args),
        Command::Remove(args) => add_remove::remove(ui, &app, args),
        Command::Alias(args) => alias::run(ui, &app, global, args),
    }
}

fn list(ui: &mut Ui, app: &AppContext, args: &ListArgs) -> anyhow::Result<ExitStatus> {
    let app_id = app.require_app_id()?;
    let mut store = app.open_or_create_default_store()?;
    let kind = template_kind(args.subscribe);
    let now = Timestamp::now();
    let list = if args.refresh {
        fetch(app, &mut store, &app.account()?, kind)?
    } else {
        let cached = store.templates(&app_id, kind)?;
        cached_or_fetch(ui, app, &mut store, cached, kind, |_| true)?
    };
    let views = list.templates.iter().map(|view| TemplateView::new(view, &app.config, list.fetched_at));
    if ui.json() {
        for view in views {
            ui.print(&view)?;
        }
        return Ok(ExitStatus::Success);
    }
    if list.templates.is_empty() {
        ui.note(&t!("template-none"));
    }
    let heading =
        [t!("template-list-alias"), t!("template-list-title"), t!("template-list-fields"), t!("template-list-id")];
    let mut table = Table::new(&heading).truncatable(&[1, 2]);
    for view in views {
        table.add_row(vec![
            view.alias.unwrap_or("-").to_owned(),
            view.title.to_owned(),
            view.keys.join(","),
            view.template_id.to_owned(),
        ]);
    }
    ui.print_table(&mut table)?;
    let age = now.seconds_since(list.fetched_at);
    // The age is already part of the warning about a stale list.
    if age >= 60 && !list.is_stale(now) {
        ui.note(&t!("template-list-asked", ago = relative_time(age)));
    }
    Ok(ExitStatus::Success)
}

fn show(ui: &mut Ui, app: &AppContext, args: &ShowArgs) -> anyhow::Result<ExitStatus> {
    let mut store = app.open_or_create_default_store()?;
    let (template, fetched_at) = find_or_fetch(ui, app, &mut store, &args.template, template_kind(args.subscribe))?;
    let view = TemplateView::new(&template, &app.config, fetched_at);
    ui.print(&view)?;
    if view.alias.is_none() {
        note_alias(ui, view.template_id, template_kind(args.subscribe));
    }
    Ok(ExitStatus::Success)
}
