//! One line of `send --batch`: a JSON object that says what goes to whom.

use serde_json::{Map, Value};

use crate::app::{App, openid};
use crate::cli::What;
use crate::commands::compose::notes::Notes;
use crate::commands::compose::recipients::Recipient;
use crate::commands::compose::{content, expiry, fields, kinds, wrap};
use crate::commands::input;
use crate::commands::template_data::fields_of;
use crate::commands::template_fields::Known;
use crate::error::{Failure, classify};
use crate::store::{Parcel, Store};
use crate::t;
use crate::token::Account;
use crate::wechat::message::{Content, digits};
use crate::words::{json_fault, listed, nearest};

/// What a line may say.
const FIELDS: [&str; 9] = ["user", "openid", "text", "template", "message", "data", "url", "key", "ref"];

/// What a line says.
struct Line {
    user: Option<String>,
    openid: Option<String>,
    text: Option<String>,
    template: Option<String>,
    message: Option<Map<String, Value>>,
    data: Map<String, Value>,
    url: Option<String>,
    key: Option<String>,
}

impl Line {
    /// # Errors
    /// A field is none of a line's, or is not what it must be.
    fn of(mut fields: Map<String, Value>) -> Result<Self, Failure> {
        if let Some(field) = fields.keys().find(|field| !FIELDS.contains(&field.as_str())) {
            return Err(Failure::usage(match nearest(field, FIELDS) {
                Some(near) => t!("batch-field-near", field = field, near = near),
                None => t!("batch-field", field = field, fields = listed(FIELDS)),
            }));
        }
        Ok(Self {
            user: text(&mut fields, "user")?,
            openid: text(&mut fields, "openid")?,
            text: text(&mut fields, "text")?,
            template: text(&mut fields, "template")?,
            message: object(&mut fields, "message")?,
            data: object(&mut fields, "data")?.unwrap_or_default(),
            url: text(&mut fields, "url")?,
            key: text(&mut fields, "key")?,
        })
    }
}

/// Takes a text out of a line; a number is the text that it is written as, and null is nothing.
fn text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Failure> {
    match fields.get_mut(name).map(Value::take) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Number(number)) => Ok(Some(digits(&number))),
        Some(_) => Err(Failure::usage(t!("batch-not-text", field = name))),
    }
}

/// Takes an object out of a line; null is nothing.
fn object(fields: &mut Map<String, Value>, name: &str) -> Result<Option<Map<String, Value>>, Failure> {
    match fields.get_mut(name).map(Value::take) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(Failure::usage(t!("batch-not-object", field = name))),
    }
}

/// A line that can be used: what is sent, and the caller's name for it.
pub(super) struct Order {
    pub(super) parcel: Parcel,
    pub(super) reference: Value,
    pub(super) warnings: Vec<String>,
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
    known: Known,
}

/// What the command line says for all lines.
pub(super) struct Manner {
    /// What WeChat would not show is an error.
    pub(super) strict: bool,
    /// A text that is too long goes in parts.
    pub(super) split: bool,
}

impl Reader {
    pub(super) fn new(app: App, store: Store, account: Option<Account>, how: Manner) -> Self {
        Self { app, store, account, how, known: Known::default() }
    }

    /// What a line says.
    pub(super) fn read(&mut self, line: &[u8]) -> Result<Order, Unusable> {
        let mut notes = Notes::new(self.how.strict);
        let unusable = |failure: Failure, reference: Value| Unusable { error: failure.what, reference };
        let fields = read(line, &mut notes).map_err(|failure| {
            // With `strict`, too, the caller's name for the line is what can be read of it.
            let lenient = read(line, &mut Notes::new(false)).ok();
            unusable(failure, lenient.and_then(|mut fields| fields.remove("ref")).unwrap_or_default())
        })?;
        let reference = fields.get("ref").cloned().unwrap_or_default();
        let line = Line::of(fields).map_err(|failure| unusable(failure, reference.clone()))?;
        match self.parcel(line, &mut notes) {
            Ok(parcel) => Ok(Order { parcel, reference, warnings: notes.take() }),
            Err(error) => Err(Unusable { error: classify(&error).what, reference }),
        }
    }

    fn parcel(&mut self, line: Line, notes: &mut Notes) -> anyhow::Result<Parcel> {
        if line.key.as_deref().is_some_and(|key| key.trim().is_empty()) {
            return Err(Failure::usage(t!("batch-key")).into());
        }
        let to = self.recipient(&line)?;
        let bare = line.data.is_empty() && line.url.is_none();
        let (mut said, name) = match (line.text, line.template, line.message) {
            (Some(text), None, None) if bare => (content::text(&text)?.into(), None),
            (None, None, Some(message)) if bare => (kinds::written(message, false)?, None),
            (None, Some(name), None) => (self.template(&name, line.data, line.url, notes)?.into(), Some(name)),
            _ => return Err(Failure::usage(t!("batch-what")).into()),
        };
        let (app, account) = (&self.app, self.account.as_ref());
        fields::settle(app, &mut self.store, account, &mut self.known, name.as_deref(), notes, &mut said.content)?;
        let to = vec![to];
        said.is_for(&to)?;
        let said = said.fit(self.how.split, notes)?;
        wrap(said, None, line.key, expiry(&self.app), to)
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

    fn template(
        &self,
        name: &str,
        given: Map<String, Value>,
        url: Option<String>,
        notes: &mut Notes,
    ) -> anyhow::Result<Content> {
        let what = What { url, ..What::default() };
        let mut content = content::template(&what, name, &self.app.config, notes)?;
        if let Content::Template { data, .. } = &mut content {
            data.extend(fields_of(given).map_err(Failure::usage)?);
        }
        Ok(content)
    }
}

/// The fields of a line.
///
/// # Errors
/// It is no JSON object, or with `--strict` not quite one.
fn read(line: &[u8], notes: &mut Notes) -> Result<Map<String, Value>, Failure> {
    let name = || t!("input-line");
    let text = input::decoded(line.to_vec(), name, notes)?;
    let text = text.trim_start_matches('\u{feff}');
    // The number of the line is told beside it.
    let unusable = |cause: &serde_json::Error| {
        let (cause, column) = (json_fault(cause), cause.column());
        Failure::usage(t!("batch-json", cause = cause, column = column))
    };
    match input::json(text, name, unusable, notes)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(Failure::usage(t!("batch-object"))),
    }
}
