//! The keys of the config file and their values, for `config set|get|unset`.

use clap_complete::engine::CompletionCandidate;

use super::candidate::{by_shell, described};
use crate::config::{ConfigEntry, KEYS, KeyPath, ValueType};
use crate::context::AppContext;
use crate::i18n::current_language;
use crate::reference::TableTranslator;
use crate::store::TemplateList;
use crate::wechat::template::{HIDDEN_KEYS, keys};

/// Returns the keys, each with its meaning: those of the table of keys, and those of each alias.
pub(super) fn keys_of_config(app: Option<&AppContext>, list: Option<&TemplateList>) -> Vec<CompletionCandidate> {
    let translator = TableTranslator::new(current_language());
    let meaning = |name: &str| {
        let key = KEYS.iter().find(|key| key.name == name);
        key.map(|key| translator.translate(key.description)).unwrap_or_default()
    };
    let fixed = KEYS.iter().filter(|key| !key.name.starts_with("templates.") && key.name != "appsecret");
    let mut candidates: Vec<_> = fixed.map(|key| described(key.name, &meaning(key.name))).collect();
    for (alias, template) in app.into_iter().flat_map(|app| &app.config.templates) {
        let mut add = |below: &[&str], key: &str| {
            if let Ok(path) = KeyPath::of_template(alias, below) {
                candidates.push(described(&path.to_string(), &meaning(key)));
            }
        };
        add(&["id"], "templates.NAME.id");
        add(&["url"], "templates.NAME.url");
        let id = template.id.value.as_str();
        let listed = list.and_then(|list| list.templates.iter().find(|template| template.template_id == id));
        let fields = listed.map(|template| keys(&template.content)).unwrap_or_default();
        for field in fields.into_iter().filter(|field| !HIDDEN_KEYS.contains(field)) {
            add(&["data", field], "templates.NAME.data.KEY");
        }
    }
    candidates
}

/// Returns the values of a key: its choices, files, templates, or the current value.
pub(super) fn values_of_key(
    app: Option<&AppContext>,
    list: Option<&TemplateList>,
    key: &str,
) -> Vec<CompletionCandidate> {
    let Some((path, key)) = KeyPath::parse(key).ok().and_then(|path| path.key().map(|key| (path, key))) else {
        return Vec::new();
    };
    if key.name == "templates.NAME.id" {
        let templates = list.into_iter().flat_map(|list| &list.templates);
        return templates.map(|template| described(&template.template_id, &template.title)).collect();
    }
    match key.value_type {
        ValueType::Choice(values) => values.iter().map(|value| described(value, "")).collect(),
        ValueType::Path => vec![by_shell("files")],
        ValueType::Secret | ValueType::UrlWithPassword => Vec::new(),
        ValueType::Text | ValueType::Integer | ValueType::TextList => {
            let entries = app.map(|app| app.config.entries()).unwrap_or_default();
            let name = path.to_string();
            let current = entries.into_iter().find(|entry| entry.key == name);
            current.and_then(plain_value).map(|value| described(&value, "")).into_iter().collect()
        }
    }
}

/// Returns a value in the form in which a user types it.
fn plain_value(entry: ConfigEntry) -> Option<String> {
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let value = entry.value?;
    Some(match value.as_array() {
        Some(texts) => texts.iter().map(text).collect::<Vec<_>>().join(","),
        None => text(&value),
    })
}
