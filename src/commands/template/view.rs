//! The view of a template.

use std::fmt;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::compose::template_list::shell_name;
use crate::config::Config;
use crate::store::{CachedTemplate, TemplateKind};
use crate::t;
use crate::ui::{Cell, KeyValues, Ui};
use crate::wechat::template::{HIDDEN_KEYS, Piece, keys, parse_template};
use crate::wechat::template_rules::{TemplateFieldType, describe_type};

/// One template.
#[derive(Serialize)]
pub(super) struct TemplateView<'a> {
    pub(super) template_id: &'a str,
    pub(super) title: &'a str,
    content: &'a str,
    pub(super) keys: Vec<&'a str>,
    pub(super) alias: Option<&'a str>,
    /// The type of each key, if it has one.
    types: Vec<Option<&'static str>>,
    /// When WeChat returned the list.
    asked_at: Timestamp,
}

impl<'a> TemplateView<'a> {
    /// Returns the view of a template in a list that was fetched at `asked_at`.
    pub(super) fn new(template: &'a CachedTemplate, config: &'a Config, asked_at: Timestamp) -> Self {
        let mut aliases = config.templates.iter().filter(|(_, alias)| alias.id.value == template.template_id);
        let keys = keys(&template.content);
        Self {
            template_id: &template.template_id,
            title: &template.title,
            content: &template.content,
            types: keys.iter().map(|key| TemplateFieldType::from_key(key).map(TemplateFieldType::as_str)).collect(),
            keys,
            alias: aliases.next().map(|(name, _)| name.as_str()),
            asked_at,
        }
    }

    /// Lists the keys, each with the type of its value.
    fn list_fields(&self) -> Vec<(String, String)> {
        let description = |key: &str| match TemplateFieldType::from_key(key) {
            Some(kind) => describe_type(kind),
            None if HIDDEN_KEYS.contains(&key) => t!("template-field-hidden"),
            None => String::new(),
        };
        self.keys.iter().map(|key| ((*key).to_owned(), description(key))).collect()
    }

    /// Returns the message as the phone shows it, with a field's name in place of its value.
    fn render_card(&self) -> String {
        let text = parse_template(self.content).into_iter().map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Key(key) => format!("‹{key}›"),
        });
        text.collect::<String>().replace("\r\n", "\n").trim_end().to_owned()
    }
}

impl fmt::Display for TemplateView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        KeyValues(vec![
            (t!("template-title"), self.title.into()),
            (t!("template-id"), self.template_id.into()),
            (t!("template-alias"), self.alias.unwrap_or("-").into()),
            (t!("template-asked-at"), self.asked_at.into()),
            (t!("template-fields"), Cell::Rows(self.list_fields())),
            (t!("template-content"), self.render_card().into()),
        ])
        .fmt(f)
    }
}

/// Returns the list that the option `--subscribe` selects.
pub(super) fn template_kind(subscribe: bool) -> TemplateKind {
    if subscribe { TemplateKind::Subscription } else { TemplateKind::Template }
}

/// Prints the command that gives a template a short name.
pub(super) fn note_alias(ui: &mut Ui, id: &str, kind: TemplateKind) {
    ui.note(&t!("template-alias-command", id = shell_name(id, kind)));
}
