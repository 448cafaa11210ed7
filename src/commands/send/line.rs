//! One line of `send --batch`: a JSON object that says what goes to whom.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::{App, openid};
use crate::cli::What;
use crate::commands::compose::recipients::Recipient;
use crate::commands::compose::{content, fields, wrap};
use crate::commands::template_data::fields_of;
use crate::commands::template_fields::judge;
use crate::commands::template_list::ask;
use crate::error::{Failure, classify};
use crate::store::{Parcel, Store, Template, TemplateList};
use crate::t;
use crate::token::Account;
use crate::wechat::message::Content;
use crate::words::json;

/// What a line may say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    user: Option<String>,
    openid: Option<String>,
    text: Option<String>,
    template: Option<String>,
    #[serde(default)]
    data: Map<String, Value>,
    url: Option<String>,
    key: Option<String>,
    #[serde(default, rename = "ref")]
    reference: Value,
}

/// A line that can be used: what is sent, and the caller's name for it.
pub(super) struct Order {
    pub(super) parcel: Parcel,
    pub(super) reference: Value,
}

/// A line that cannot: why, and the caller's name for it where that could be read.
pub(super) struct Unusable {
    pub(super) error: String,
    pub(super) reference: Value,
}

/// What the lines of a batch are read with.
pub(super) struct Reader {
    pub(super) app: App,
    pub(super) store: Store,
    pub(super) account: Option<Account>,
    /// What WeChat would not show is an error.
    strict: bool,
    templates: Option<TemplateList>,
    asked: bool,
}

impl Reader {
    pub(super) fn new(app: App, store: Store, account: Option<Account>, strict: bool) -> Self {
        Self { app, store, account, strict, templates: None, asked: false }
    }

    /// What a line says.
    pub(super) fn read(&mut self, line: &[u8]) -> Result<Order, Unusable> {
        let unusable = |error: String, reference: Value| Unusable { error, reference };
        let line: Line = match std::str::from_utf8(line).map(|text| text.trim_start_matches('\u{feff}')) {
            Err(_) => return Err(unusable(t!("batch-utf8"), Value::Null)),
            Ok(text) => serde_json::from_str(text).map_err(|error| {
                // What came before the mistake may be whole JSON all the same.
                let reference =
                    serde_json::from_str::<Value>(text).ok().and_then(|mut it| Some(it.get_mut("ref")?.take()));
                unusable(t!("batch-json", cause = json(&error)), reference.unwrap_or_default())
            })?,
        };
        let reference = line.reference.clone();
        match self.parcel(line) {
            Ok(parcel) => Ok(Order { parcel, reference }),
            Err(error) => Err(unusable(classify(&error).what, reference)),
        }
    }

    fn parcel(&mut self, line: Line) -> anyhow::Result<Parcel> {
        let to = self.recipient(&line)?;
        let content = match (line.text, line.template) {
            (Some(text), None) if line.data.is_empty() && line.url.is_none() => content::text(&text)?,
            (None, Some(name)) => self.template(&name, line.data, line.url)?,
            _ => return Err(Failure::usage(t!("batch-what")).into()),
        };
        wrap(content, None, line.key, self.app.config.send.expire_after.value, vec![to])
    }

    fn recipient(&self, line: &Line) -> anyhow::Result<Recipient> {
        match (&line.user, &line.openid) {
            (Some(name), None) => {
                let user = self.app.user(&self.store, name)?;
                let Some(binding) = user.binding else {
                    return Err(Failure::no_such(t!("user-not-bound", user = user.username)).into());
                };
                Ok(Recipient { user_id: Some(user.id), openid: binding.openid })
            }
            (None, Some(id)) => Ok(Recipient { user_id: None, openid: openid(id)?.to_owned() }),
            _ => Err(Failure::usage(t!("batch-whom")).into()),
        }
    }

    fn template(&mut self, name: &str, given: Map<String, Value>, url: Option<String>) -> anyhow::Result<Content> {
        if let Some(url) = &url {
            content::check_url(url)?;
        }
        let what = What { url, ..What::default() };
        let mut content = content::template(&what, name, &self.app.config)?;
        let Content::Template { data, template_id, .. } = &mut content else { return Ok(content) };
        data.extend(fields_of(given).map_err(Failure::usage)?);
        let found = self.find(name, data)?;
        if let Some(found) = &found {
            template_id.clone_from(&found.template_id);
        }
        // Nobody reads warnings among thousands of lines.
        fields::values(name, found.as_ref(), data, self.strict)?;
        Ok(content)
    }

    /// The template, if there is a list to find it in.
    fn find(&mut self, name: &str, data: &Map<String, Value>) -> anyhow::Result<Option<Template>> {
        if self.templates.is_none() {
            self.templates = self.store.templates(self.app.app_id())?;
        }
        match self.templates.as_ref().map(|list| judge(&self.app, name, data, list)) {
            Some(Ok(found)) => return Ok(Some(found.clone())),
            // One look at WeChat's own list serves the whole batch.
            refused if self.asked => return Ok(refused.transpose()?.cloned()),
            _ => self.asked = true,
        }
        if let Some(account) = &self.account {
            self.templates = Some(ask(&self.app, &mut self.store, account)?);
        }
        Ok(self.templates.as_ref().map(|list| judge(&self.app, name, data, list)).transpose()?.cloned())
    }
}
