//! The content of a message as text: all its lines for `outbox show`, its beginning for tables.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::context::AppContext;
use crate::i18n::join_list;
use crate::store::{Store, TemplateKind};
use crate::t;
use crate::ui::truncate;
use crate::wechat::message::{Content, FileRef};

/// The maximum width of the beginning of a content, in columns.
const MAX_BEGINNING_WIDTH: usize = 100;

/// The titles of templates by their ID, as far as they are known without asking WeChat.
pub(super) struct TemplateTitles(HashMap<String, String>);

impl TemplateTitles {
    /// Reads the cached lists; a template that is in none of them has its alias.
    pub(super) fn read(app: &AppContext, store: &Store, app_id: &str) -> anyhow::Result<Self> {
        let aliases = &app.config.templates;
        let mut titles: HashMap<String, String> =
            aliases.iter().map(|(alias, template)| (template.id.value.clone(), alias.clone())).collect();
        for kind in [TemplateKind::Subscription, TemplateKind::Template] {
            let list = store.templates(app_id, kind)?.map(|list| list.templates).unwrap_or_default();
            titles.extend(list.into_iter().map(|template| (template.template_id, template.title)));
        }
        Ok(Self(titles))
    }
}

/// Returns the beginning of a content in one line.
pub(super) fn content_beginning(content: &Content, titles: &TemplateTitles) -> String {
    let text = match content {
        Content::Text { content, .. } => content.clone(),
        Content::Custom { branch, .. } => {
            let mut lines = Vec::new();
            flatten("", branch, &mut lines);
            join_list(lines)
        }
        Content::Template { template_id, data, .. } | Content::Subscribe { template_id, data, .. } => {
            let title = titles.0.get(template_id).unwrap_or(template_id);
            titled(title, &join_list(field_values(data)))
        }
        Content::OneTimeSubscription { title, content, .. } => titled(title, &content.value),
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    truncate(&line, MAX_BEGINNING_WIDTH, "…")
}

fn titled(title: &str, text: &str) -> String {
    if text.is_empty() { title.to_owned() } else { t!("ui-cause", what = title, cause = text) }
}

fn field_values(data: &Map<String, Value>) -> impl Iterator<Item = &str> {
    data.values().filter_map(|field| field["value"].as_str()).filter(|value| !value.trim().is_empty())
}

/// Describes the content in lines of text.
pub(super) fn describe_content(content: Option<&Content>) -> String {
    let mut lines = Vec::new();
    match content {
        None => return t!("outbox-removed"),
        Some(Content::Text { content, .. }) => return content.clone(),
        Some(Content::Custom { branch, .. }) => flatten("", branch, &mut lines),
        Some(Content::Template { template_id, url: link, data, .. })
        | Some(Content::Subscribe { template_id, page: link, data, .. }) => {
            lines.push(t!("outbox-template", id = template_id));
            lines.extend(data.iter().map(|(key, field)| format!("{key}: {}", field["value"].as_str().unwrap_or(""))));
            lines.extend(link.clone());
        }
        Some(Content::OneTimeSubscription { template_id, title, content, url, .. }) => {
            lines.extend([t!("outbox-template", id = template_id), title.clone(), content.value.clone()]);
            lines.extend(url.clone());
        }
    }
    lines.join("\n")
}

/// Adds a line `path: text` for every text, and the file name for a file.
fn flatten(path: &str, object: &Map<String, Value>, lines: &mut Vec<String>) {
    for (name, value) in object {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Object(object) => match serde_json::from_value::<FileRef>(value.clone()) {
                Ok(file) => lines.push(format!("{path}: {}", file.file)),
                Err(_) => flatten(&path, object, lines),
            },
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate().filter_map(|(n, item)| Some((n, item.as_object()?))) {
                    // The index is left out for a single item, which is the usual case.
                    let path = if items.len() == 1 { path.clone() } else { format!("{path}[{n}]") };
                    flatten(&path, item, lines);
                }
            }
            value => lines.push(format!("{path}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))),
        }
    }
}
