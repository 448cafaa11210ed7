//! A template as a result.

use std::fmt;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::config::Config;
use crate::store::CachedTemplate;
use crate::t;
use crate::ui::{KeyValues, format_key_values};
use crate::wechat::template::{HIDDEN_KEYS, Piece, keys, parse_template};
use crate::wechat::template_rules::{TemplateFieldType, describe_type};

/// A template as a result.
#[derive(Serialize)]
pub(super) struct TemplateView<'a> {
    pub(super) template_id: &'a str,
    pub(super) title: &'a str,
    content: &'a str,
    pub(super) keys: Vec<&'a str>,
    pub(super) alias: Option<&'a str>,
    /// The type of each key that has one.
    types: Vec<Option<&'static str>>,
    /// When WeChat gave the list.
    asked_at: Timestamp,
}

impl<'a> TemplateView<'a> {
    /// The template of a list that WeChat gave at that time.
    pub(super) fn new(it: &'a CachedTemplate, config: &'a Config, asked_at: Timestamp) -> Self {
        let mut aliases = config.templates.iter().filter(|(_, own)| own.id.value == it.template_id);
        let keys = keys(&it.content);
        Self {
            template_id: &it.template_id,
            title: &it.title,
            content: &it.content,
            types: keys.iter().map(|key| TemplateFieldType::from_key(key).map(TemplateFieldType::name)).collect(),
            keys,
            alias: aliases.next().map(|(name, _)| name.as_str()),
            asked_at,
        }
    }

    /// The keys below each other, each with what its value must be.
    fn format_fields(&self) -> String {
        let about = |key: &str| match TemplateFieldType::from_key(key) {
            Some(kind) => describe_type(kind),
            None if HIDDEN_KEYS.contains(&key) => t!("template-field-hidden"),
            None => String::new(),
        };
        let rows: Vec<_> = self.keys.iter().map(|key| ((*key).to_owned(), about(key))).collect();
        format_key_values(&rows).lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// The card as the phone shows it, with a field's name where its value goes.
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
            (t!("template-fields"), self.format_fields().into()),
            (t!("template-content"), self.render_card().into()),
        ])
        .fmt(f)
    }
}
