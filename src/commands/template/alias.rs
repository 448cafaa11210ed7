//! `wxbox template alias` writes a name for a template into the config file.

use std::fmt;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::view::template_kind;
use crate::cli::{Global, TemplateAliasArgs};
use crate::compose::template_list::{cached_or_fetch, find_or_fetch, shell_name};
use crate::config::{CliOverrides, ConfigFileChange, ConfigLock, Environment, KeyPath, active_path};
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::join_list;
use crate::store::{CachedTemplate, TemplateKind};
use crate::t;
use crate::ui::{self, Ui};
use crate::wechat::template::{HIDDEN_KEYS, keys};

/// An alias that was written or removed.
#[derive(Serialize)]
struct TemplateAliasView<'a> {
    alias: &'a str,
    template_id: &'a str,
    /// The title; `None` after the alias was removed.
    title: Option<&'a str>,
    keys: Vec<&'a str>,
    path: &'a Path,
}

impl fmt::Display for TemplateAliasView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self.title {
            Some(title) => t!("template-alias-written", alias = self.alias, title = title, path = self.path),
            None => t!("template-alias-removed", alias = self.alias, path = self.path),
        })
    }
}

pub(super) fn run(
    ui: &mut Ui,
    app: &AppContext,
    global: &Global,
    args: &TemplateAliasArgs,
) -> anyhow::Result<ExitStatus> {
    let name = args.name.trim();
    let Ok(key) = KeyPath::of_template(name, &[]) else {
        return Err(CommandError::usage(t!("template-alias-unusable")).into());
    };
    let flags = CliOverrides { config: global.config.clone(), ..CliOverrides::default() };
    let path = active_path(&flags, &Environment::from_process())?;
    if args.remove {
        return remove(ui, app, &path, &key, name);
    }
    let kind = template_kind(args.subscribe);
    let template = choose(ui, app, args, kind)?;
    let fields: Vec<&str> = keys(&template.content).into_iter().filter(|key| !HIDDEN_KEYS.contains(key)).collect();
    let existing = app.config.templates.get(name);
    let is_same = existing.is_some_and(|alias| alias.id.value == template.template_id);
    if let Some(alias) = existing.filter(|_| !is_same && !args.force) {
        let exists = t!("template-alias-exists", alias = name, id = alias.id.value.as_str());
        if !ui.can_ask() {
            return Err(CommandError::not_found(exists).hint(t!("template-alias-exists-hint")).into());
        }
        if !ui::confirm(ui, &t!("ui-cause", what = exists, cause = t!("template-alias-replace")))? {
            ui.status(&t!("init-nothing"));
            return Ok(ExitStatus::Success);
        }
    }
    if !is_same {
        change_file(&path, |change| {
            change.unset(&key);
            change.add_template(name, &template.template_id, &template.title, &fields);
            Ok(())
        })?;
    }
    ui.print_result(&TemplateAliasView {
        alias: name,
        template_id: &template.template_id,
        title: Some(&template.title),
        keys: keys(&template.content),
        path: &path,
    })?;
    ui.note(&t!("template-alias-use", line = send_line(name, kind, &fields)));
    Ok(ExitStatus::Success)
}

/// Returns a command that sends with the alias.
fn send_line(alias: &str, kind: TemplateKind, fields: &[&str]) -> String {
    let option = if kind == TemplateKind::Template { "-t" } else { "--subscribe" };
    let alias = shell_words::quote(alias);
    let data: String = fields.iter().map(|field| format!(" -d {}=…", shell_words::quote(field))).collect();
    ["wxbox", "send", "--user", "NAME", option, &alias].join(" ") + &data
}

/// Returns the template that the command line names, or that the user picks.
fn choose(
    ui: &mut Ui,
    app: &AppContext,
    args: &TemplateAliasArgs,
    kind: TemplateKind,
) -> anyhow::Result<CachedTemplate> {
    let mut store = app.open_or_create_default_store()?;
    if let Some(name) = &args.template {
        return Ok(find_or_fetch(ui, app, &mut store, name, kind)?.0);
    }
    if !ui.can_ask() {
        let hint = t!("template-alias-missing-hint", alias = shell_name(&args.name, kind));
        return Err(CommandError::usage(t!("template-alias-missing")).hint(hint).into());
    }
    let cached = store.templates(&app.require_app_id()?, kind)?;
    // The user may look for a template that was just added, so the cached list is not enough.
    let mut list = cached_or_fetch(ui, app, &mut store, cached, kind, |_| false)?;
    if list.templates.is_empty() {
        return Err(CommandError::not_found(t!("template-none")).hint(t!("template-none-hint")).into());
    }
    let item = |template: &CachedTemplate| {
        let fields = join_list(keys(&template.content));
        t!("template-alias-item", title = template.title, fields = fields, id = template.template_id)
    };
    let items: Vec<String> = list.templates.iter().map(item).collect();
    let index = ui::pick(ui, &t!("template-alias-pick", alias = args.name.trim()), &items)?;
    Ok(list.templates.swap_remove(index))
}

fn remove(ui: &mut Ui, app: &AppContext, path: &Path, key: &KeyPath, name: &str) -> anyhow::Result<ExitStatus> {
    let Some(alias) = app.config.templates.get(name) else {
        return Err(CommandError::not_found(t!("template-alias-none", alias = name)).into());
    };
    change_file(path, |change| match change.unset(key) {
        true => Ok(()),
        false => Err(CommandError::not_found(t!("template-alias-none", alias = name))),
    })?;
    let template_id = &alias.id.value;
    ui.print_result(&TemplateAliasView { alias: name, template_id, title: None, keys: Vec::new(), path })?;
    Ok(ExitStatus::Success)
}

/// Changes the config file, and writes it if the result is valid.
fn change_file(
    path: &Path,
    apply: impl FnOnce(&mut ConfigFileChange) -> Result<(), CommandError>,
) -> anyhow::Result<()> {
    let write_error = |cause: io::Error| {
        let message = match cause.kind() {
            io::ErrorKind::ResourceBusy => t!("config-changed-by-other", path = path),
            _ => t!("init-cannot-write", path = path, cause = cause),
        };
        CommandError { exit: ExitStatus::Unexpected, message, hint: None }
    };
    let lock = ConfigLock::acquire(path).map_err(write_error)?;
    let mut change = ConfigFileChange::read(path)?;
    apply(&mut change)?;
    change.check(&Environment::from_process())?;
    change.write(&lock, false).map_err(write_error)?;
    Ok(())
}
