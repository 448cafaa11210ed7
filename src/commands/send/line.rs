//! One line of `send --batch`: a JSON object that says what goes to whom.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::{App, openid};
use crate::cli::What;
use crate::commands::compose::recipients::Recipient;
use crate::commands::compose::{content, expiry, fields, kinds, wrap};
use crate::commands::template_data::fields_of;
use crate::commands::template_fields::judge;
use crate::commands::template_list::ask;
use crate::error::{Failure, classify};
use crate::store::{Family, Parcel, Store, Template, TemplateList};
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
    message: Option<Map<String, Value>>,
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
    how: Manner,
    templates: Known,
    subscriptions: Known,
}

/// What the command line says for all lines.
pub(super) struct Manner {
    /// What WeChat would not show is an error.
    pub(super) strict: bool,
    /// A text that is too long goes in parts.
    pub(super) split: bool,
}

/// A list of templates, as far as it was looked at.
#[derive(Default)]
struct Known {
    list: Option<TemplateList>,
    asked: bool,
}

impl Reader {
    pub(super) fn new(app: App, store: Store, account: Option<Account>, how: Manner) -> Self {
        Self { app, store, account, how, templates: Known::default(), subscriptions: Known::default() }
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
        if line.key.as_deref().is_some_and(|key| key.trim().is_empty()) {
            return Err(Failure::usage(t!("batch-key")).into());
        }
        let to = self.recipient(&line)?;
        let bare = line.data.is_empty() && line.url.is_none();
        let (mut said, name) = match (line.text, line.template, line.message) {
            (Some(text), None, None) if bare => (content::text(&text)?.into(), None),
            (None, None, Some(message)) if bare => (kinds::written(message, false)?, None),
            (None, Some(name), None) => (self.template(&name, line.data, line.url)?.into(), Some(name)),
            _ => return Err(Failure::usage(t!("batch-what")).into()),
        };
        self.settle(name.as_deref(), &mut said.content)?;
        let to = vec![to];
        said.is_for(&to)?;
        wrap(said.fit(self.how.split)?, None, line.key, expiry(&self.app), to)
    }

    fn recipient(&self, line: &Line) -> anyhow::Result<Recipient> {
        match (&line.user, &line.openid) {
            (Some(name), None) => {
                let user = self.app.user(&self.store, name)?;
                let Some(binding) = user.binding else {
                    return Err(Failure::no_such(t!("user-not-bound", user = user.username)).into());
                };
                let (user_id, user, openid) = (Some(user.id), Some(user.username), binding.openid);
                Ok(Recipient { user_id, user, openid, by_name: true })
            }
            (None, Some(id)) => {
                let openid = openid(id)?.to_owned();
                Ok(Recipient { user_id: None, user: None, openid, by_name: true })
            }
            _ => Err(Failure::usage(t!("batch-whom")).into()),
        }
    }

    fn template(&self, name: &str, given: Map<String, Value>, url: Option<String>) -> anyhow::Result<Content> {
        if let Some(url) = &url {
            content::check_url(url)?;
        }
        let what = What { url, ..What::default() };
        let mut content = content::template(&what, name, &self.app.config)?;
        if let Content::Template { data, .. } = &mut content {
            data.extend(fields_of(given).map_err(Failure::usage)?);
        }
        Ok(content)
    }

    /// Which template is meant, and whether its fields are filled.
    fn settle(&mut self, name: Option<&str>, content: &mut Content) -> anyhow::Result<()> {
        let Some((family, template_id, data)) = fields::listed(content) else { return Ok(()) };
        let own = template_id.clone();
        let name = name.unwrap_or(&own);
        let found = self.find((name, family), data)?;
        if let Some(found) = &found {
            template_id.clone_from(&found.template_id);
        }
        // Nobody reads warnings among thousands of lines.
        fields::values((name, family), found.as_ref(), data, self.how.strict)?;
        Ok(())
    }

    /// The template, if there is a list to find it in.
    fn find(&mut self, (name, family): (&str, Family), data: &Map<String, Value>) -> anyhow::Result<Option<Template>> {
        let known = match family {
            Family::Template => &mut self.templates,
            Family::Subscription => &mut self.subscriptions,
        };
        if known.list.is_none() {
            known.list = self.store.templates(self.app.app_id(), family)?;
        }
        match known.list.as_ref().map(|list| judge(&self.app, name, data, list)) {
            Some(Ok(found)) => return Ok(Some(found.clone())),
            // One look at WeChat's own list serves the whole batch.
            refused if known.asked => return Ok(refused.transpose()?.cloned()),
            _ => known.asked = true,
        }
        if let Some(account) = &self.account {
            known.list = Some(ask(&self.app, &mut self.store, account, family)?);
        }
        Ok(known.list.as_ref().map(|list| judge(&self.app, name, data, list)).transpose()?.cloned())
    }
}
