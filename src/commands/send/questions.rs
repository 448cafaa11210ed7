//! Asks a person at a terminal for everything that the command line of `send` lacks: the
//! recipients, the text or the template, and each field. Then shows the message as WeChat will show
//! it, and a command line that sends it.

use std::cell::RefCell;

use serde_json::{Map, json};

use crate::cli::{ArgText, DataArg, Send};
use crate::compose::template_list;
use crate::config::TemplateAlias;
use crate::context::AppContext;
use crate::pickers;
use crate::report::classify;
use crate::store::{CachedTemplate, Store, Submission, TemplateKind, TemplateList};
use crate::t;
use crate::ui::{self, InvalidAnswer, Ui, sanitize};
use crate::wechat::message::Content;
use crate::wechat::template::{HIDDEN_KEYS, Piece, keys, parse_template};
use crate::wechat::template_rules::{self, TemplateFieldType, check_data, describe_joined, describe_type};
use crate::wechat::text::sanitize_text;

/// The name of the file that the editor opens.
const EDITED_FILE: &str = "message.txt";

/// Asks for everything that `args` lacks, and adds the answers to it. Returns the options of the
/// answers, in the order of the questions: empty if there was no question.
///
/// # Errors
/// No user is bound; a prompt is interrupted; the editor cannot be started.
pub(super) fn ask_missing(
    ui: &mut Ui,
    app: &AppContext,
    args: &mut Send,
    lacks_recipient: bool,
) -> anyhow::Result<Vec<String>> {
    let mut options = Vec::new();
    let is_template = args.content.template.is_some() || args.subscribe.is_some();
    if !lacks_recipient && args.has_content() && !is_template {
        return Ok(options);
    }
    let mut store = app.open_existing_store()?;
    if lacks_recipient {
        ask_recipients(ui, app, &store, args, &mut options)?;
    }
    if !args.has_content() {
        ask_content(ui, app, &mut store, args, &mut options)?;
    }
    ask_fields(ui, app, &mut store, args, &mut options)?;
    Ok(options)
}

fn ask_recipients(
    ui: &mut Ui,
    app: &AppContext,
    store: &Store,
    args: &mut Send,
    options: &mut Vec<String>,
) -> anyhow::Result<()> {
    let choice = pickers::pick_recipients(ui, app, store)?;
    for (option, names) in [("--user", &choice.user), ("--tag", &choice.tag)] {
        options.extend(names.iter().flat_map(|name| [option.to_owned(), name.clone()]));
    }
    options.extend(choice.all.then(|| "--all".to_owned()));
    (args.user, args.tag, args.all) = (choice.user, choice.tag, choice.all);
    Ok(())
}

/// Asks for a text or a template.
fn ask_content(
    ui: &mut Ui,
    app: &AppContext,
    store: &mut Store,
    args: &mut Send,
    options: &mut Vec<String>,
) -> anyhow::Result<()> {
    let templates = list_templates(ui, app, store)?;
    let mut labels = vec![t!("send-ask-text-item"), t!("send-ask-editor-item")];
    labels.extend(templates.iter().map(|(name, template)| match *name == template.title {
        true => t!("send-ask-template-item", title = template.title),
        false => t!("send-ask-alias-item", title = template.title, alias = name),
    }));
    let picked = ui::pick(ui, &t!("send-ask-content"), &labels)?;
    if let Some((name, _)) = picked.checked_sub(2).and_then(|index| templates.get(index)) {
        options.extend(["--template".to_owned(), name.clone()]);
        args.content.template = Some(name.clone());
        return Ok(());
    }
    let text = match picked {
        0 => ui::prompt_text(ui, &t!("send-ask-text"), None, |_| Ok(()))?,
        _ => edit_text(ui, "")?,
    };
    options.extend(["--text".to_owned(), text.clone()]);
    args.content.text_option = Some(ArgText::from(text.as_str()));
    Ok(())
}

/// Returns the account's templates, each with the name to use: its alias, else its title, else its
/// ID. Without a connection, returns the cached ones, or none with a warning.
fn list_templates(ui: &mut Ui, app: &AppContext, store: &mut Store) -> anyhow::Result<Vec<(String, CachedTemplate)>> {
    let cached = store.templates(app.app_id(), TemplateKind::Template)?;
    let list = match template_list::cached_or_fetch(ui, app, store, cached, TemplateKind::Template, |_| true) {
        Ok(list) => list,
        Err(error) => {
            ui.warn(&t!("template-list-failed", cause = classify(&error).message));
            return Ok(Vec::new());
        }
    };
    let names: Vec<String> = list.templates.iter().map(|template| short_name(app, &list, template)).collect();
    Ok(names.into_iter().zip(list.templates).collect())
}

/// Returns the shortest name that belongs to no other template.
fn short_name(app: &AppContext, list: &TemplateList, template: &CachedTemplate) -> String {
    let alias = app.config.templates.iter().find(|(_, alias)| alias.id.value == template.template_id);
    let is_unique = list.templates.iter().filter(|other| other.title == template.title).count() == 1;
    match alias {
        Some((alias, _)) => alias.clone(),
        None if is_unique && !app.config.templates.contains_key(&template.title) => template.title.clone(),
        None => template.template_id.clone(),
    }
}

/// Opens the user's editor and returns the text without the line break that editors add.
pub(super) fn edit_text(ui: &Ui, initial_text: &str) -> anyhow::Result<String> {
    let edited = ui::edit_text(ui, initial_text, EDITED_FILE)?;
    // The text that the user did not save counts as empty, and an empty text is not sent.
    Ok(edited.unwrap_or_default().trim_end_matches(['\r', '\n']).to_owned())
}

/// Asks for the fields of the template that neither the options nor the alias set.
fn ask_fields(
    ui: &mut Ui,
    app: &AppContext,
    store: &mut Store,
    args: &mut Send,
    options: &mut Vec<String>,
) -> anyhow::Result<()> {
    let (name, kind) = match (&args.content.template, &args.subscribe) {
        (Some(name), _) => (name.clone(), TemplateKind::Template),
        (None, Some(name)) => (name.clone(), TemplateKind::Subscription),
        (None, None) => return Ok(()),
    };
    if args.content.data_json.is_some() {
        return Ok(());
    }
    // The check of the finished message reports a template that cannot be found.
    let Ok((template, _)) = template_list::find_or_fetch(ui, app, store, &name, kind) else { return Ok(()) };
    let alias = app.config.templates.get(&name);
    let keys = keys(&template.content);
    // The check of the finished message reports an unknown field.
    if !keys.is_empty() && args.content.data.iter().any(|field| !keys.contains(&field.key.as_str())) {
        return Ok(());
    }
    for key in keys {
        let is_given = args.content.data.iter().any(|field| field.key == key);
        if is_given || HIDDEN_KEYS.contains(&key) || has_default(alias, key) {
            continue;
        }
        if let Some(field_type) = TemplateFieldType::from_key(key) {
            ui.note(&t!("send-ask-field-rule", key = key, rule = describe_type(field_type)));
        }
        let question = field_question(&template.content, key);
        let value = ui::prompt_text(ui, &question, None, field_check(key))?;
        options.extend(["--data".to_owned(), format!("{key}={value}")]);
        args.content.data.push(DataArg { key: key.to_owned(), value: ArgText::from(value.as_str()) });
    }
    Ok(())
}

fn has_default(alias: Option<&TemplateAlias>, key: &str) -> bool {
    alias.is_some_and(|alias| alias.data.iter().any(|(name, _)| name == key))
}

/// Returns the question for a field: its label on the card, if it has one, and its key.
fn field_question(content: &str, key: &str) -> String {
    let pieces = parse_template(content);
    let before = pieces.iter().take_while(|piece| **piece != Piece::Key(key)).last();
    let label = match before {
        Some(Piece::Text(text)) => text.lines().last().unwrap_or_default().trim().trim_end_matches([':', '：']).trim(),
        _ => "",
    };
    match label {
        "" => key.to_owned(),
        label => t!("pick-with-details", name = label, details = key),
    }
}

/// Returns the check of an answer. A value that breaks the rule is accepted when it is entered
/// again, because only WeChat decides.
fn field_check(key: &str) -> impl Fn(&str) -> Result<(), InvalidAnswer> + std::marker::Send + 'static {
    let key = key.to_owned();
    let rejected = RefCell::new(String::new());
    move |answer| {
        let data = Map::from_iter([(key.clone(), json!({ "value": sanitize_text(answer) }))]);
        let findings = check_data(&[&key], &data, false);
        if findings.is_empty() || *rejected.borrow() == answer {
            return Ok(());
        }
        answer.clone_into(&mut rejected.borrow_mut());
        Err(InvalidAnswer::unless_repeated(t!("send-ask-field-again", finding = describe_joined(&findings))))
    }
}

/// Shows the message as the phone will show it, and the command line that sends it.
///
/// # Errors
/// The database failed.
pub(super) fn show_message(
    ui: &mut Ui,
    app: &AppContext,
    store: &Store,
    submission: &Submission,
    command_line: &str,
) -> anyhow::Result<()> {
    ui.write_stderr(&format!("\n{}\n\n", sanitize(&preview(app, store, submission)?)));
    ui.write_stderr(&format!("{}\n  {}\n\n", t!("send-ask-command"), sanitize(command_line)));
    Ok(())
}

/// Asks whether to send the message.
///
/// # Errors
/// The prompt is interrupted.
pub(super) fn confirm(ui: &mut Ui, submission: &Submission) -> anyhow::Result<bool> {
    let question = match submission.recipients.as_slice() {
        [only] => t!("send-ask-send", to = only.user.as_ref().unwrap_or(&only.openid)),
        several => t!("send-ask-send-several", count = several.len()),
    };
    let is_confirmed = ui::confirm_yes(ui, &question)?;
    if !is_confirmed {
        ui.status(&t!("send-many-kept"));
    }
    Ok(is_confirmed)
}

/// Returns the message as the phone shows it, indented.
fn preview(app: &AppContext, store: &Store, submission: &Submission) -> anyhow::Result<String> {
    let content: Content = serde_json::from_str(&submission.payload.json)?;
    let text = match &content {
        Content::Text { content, .. } => content.clone(),
        Content::Template { template_id, data, .. } => card(app, store, TemplateKind::Template, template_id, data)?,
        Content::Subscribe { template_id, data, .. } => {
            card(app, store, TemplateKind::Subscription, template_id, data)?
        }
        Content::Custom { .. } | Content::OneTimeSubscription { .. } => submission.payload.kind.to_owned(),
    };
    Ok(text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"))
}

/// Returns the title and the lines of a card. If the template is not known, returns the fields.
fn card(
    app: &AppContext,
    store: &Store,
    kind: TemplateKind,
    template_id: &str,
    data: &Map<String, serde_json::Value>,
) -> anyhow::Result<String> {
    let list = store.templates(app.app_id(), kind)?;
    let template = list.iter().flat_map(|list| &list.templates).find(|template| template.template_id == template_id);
    Ok(match template {
        Some(template) => format!("{}\n{}", template.title, template_rules::preview(&template.content, data)),
        None => data.iter().map(|(key, field)| format!("{key}: {field}")).collect::<Vec<_>>().join("\n"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_question_has_label_and_key() {
        let content = "{{first.DATA}}\nHost: {{host.DATA}}\n大小：{{thing1.DATA}}\n{{number2.DATA}}";
        assert_eq!(field_question(content, "host"), "Host (host)");
        assert_eq!(field_question(content, "thing1"), "大小 (thing1)");
        assert_eq!(field_question(content, "number2"), "number2");
    }

    #[test]
    fn value_against_the_rule_is_accepted_the_second_time() {
        let check = field_check("number1");
        assert!(check("42").is_ok());
        assert!(check("many").is_err());
        assert!(check("more").is_err());
        assert!(check("more").is_ok());
    }
}
