//! One line of `send --batch`: a JSON object with a recipient and a message.

use serde_json::{Map, Value};

use crate::access_token::Account;
use crate::cli::ContentArgs;
use crate::compose::input;
use crate::compose::recipients::Recipient;
use crate::compose::template_data::parse_fields;
use crate::compose::template_resolve::{TemplateCache, TemplateResolver};
use crate::compose::warnings::DraftWarnings;
use crate::compose::{content, expiry, message_json, template_check};
use crate::context::{AppContext, parse_openid_argument};
use crate::exit::CommandError;
use crate::i18n::{closest_match, join_list, json_error_without_position};
use crate::report::classify;
use crate::store::{Store, Submission};
use crate::t;
use crate::wechat::message::Content;
use crate::wechat::text::number_text;

/// The names of all fields.
const LINE_FIELDS: [&str; 9] = ["user", "openid", "text", "template", "message", "data", "url", "key", "ref"];

/// The fields of a line.
struct BatchLine {
    user: Option<String>,
    openid: Option<String>,
    text: Option<String>,
    template: Option<String>,
    message: Option<Map<String, Value>>,
    data: Map<String, Value>,
    url: Option<String>,
    key: Option<String>,
}

impl BatchLine {
    /// Parses the fields.
    ///
    /// # Errors
    ///
    /// A field is unknown or has the wrong type.
    fn from_fields(mut fields: Map<String, Value>) -> Result<Self, CommandError> {
        if let Some(field) = fields.keys().find(|field| !LINE_FIELDS.contains(&field.as_str())) {
            return Err(CommandError::usage(match closest_match(field, LINE_FIELDS) {
                Some(near) => t!("batch-field-near", field = field, near = near),
                None => t!("batch-field", field = field, fields = join_list(LINE_FIELDS)),
            }));
        }
        Ok(Self {
            user: take_text(&mut fields, "user")?,
            openid: take_text(&mut fields, "openid")?,
            text: take_text(&mut fields, "text")?,
            template: take_text(&mut fields, "template")?,
            message: take_object(&mut fields, "message")?,
            data: take_object(&mut fields, "data")?.unwrap_or_default(),
            url: take_text(&mut fields, "url")?,
            key: take_text(&mut fields, "key")?,
        })
    }
}

/// Removes a text field. A number counts as its text, and null as missing.
fn take_text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, CommandError> {
    match fields.get_mut(name).map(Value::take) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Number(number)) => Ok(Some(number_text(&number))),
        Some(_) => Err(CommandError::usage(t!("batch-not-text", field = name))),
    }
}

/// Removes an object field. Null counts as missing.
fn take_object(fields: &mut Map<String, Value>, name: &str) -> Result<Option<Map<String, Value>>, CommandError> {
    match fields.get_mut(name).map(Value::take) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(CommandError::usage(t!("batch-not-object", field = name))),
    }
}

/// A valid line: the submission, and the caller's reference.
pub(super) struct LineSubmission {
    pub(super) submission: Submission,
    pub(super) reference: Value,
    pub(super) warnings: Vec<String>,
}

/// An invalid line: the error, and the caller's reference if it could be parsed.
pub(super) struct InvalidLine {
    pub(super) error: String,
    pub(super) reference: Value,
}

/// Parses the lines of a batch.
pub(super) struct LineParser {
    pub(super) app: AppContext,
    pub(super) store: Store,
    pub(super) account: Option<Account>,
    options: LineOptions,
    templates: TemplateCache,
}

/// The options that apply to all lines.
pub(super) struct LineOptions {
    /// Values that WeChat would not display are errors.
    pub(super) strict: bool,
    /// A text that is too long is sent in parts.
    pub(super) split: bool,
}

impl LineParser {
    pub(super) fn new(app: AppContext, store: Store, account: Option<Account>, options: LineOptions) -> Self {
        Self { app, store, account, options, templates: TemplateCache::default() }
    }

    /// Parses a line and builds its submission.
    pub(super) fn parse(&mut self, line: &[u8]) -> Result<LineSubmission, InvalidLine> {
        let mut warnings = DraftWarnings::new(self.options.strict);
        let invalid_line = |error: CommandError, reference: Value| InvalidLine { error: error.message, reference };
        let fields = parse_batch_line(line, &mut warnings).map_err(|error| {
            // Even with `--strict`, the reference comes from a lenient parse.
            let lenient = parse_batch_line(line, &mut DraftWarnings::new(false)).ok();
            invalid_line(error, lenient.and_then(|mut fields| fields.remove("ref")).unwrap_or_default())
        })?;
        let reference = fields.get("ref").cloned().unwrap_or_default();
        let line = BatchLine::from_fields(fields).map_err(|error| invalid_line(error, reference.clone()))?;
        match self.build_submission(line, &mut warnings) {
            Ok(submission) => Ok(LineSubmission { submission, reference, warnings: warnings.take() }),
            Err(error) => Err(InvalidLine { error: classify(&error).message, reference }),
        }
    }

    fn build_submission(&mut self, line: BatchLine, warnings: &mut DraftWarnings) -> anyhow::Result<Submission> {
        if line.key.as_deref().is_some_and(|key| key.trim().is_empty()) {
            return Err(CommandError::usage(t!("batch-key")).into());
        }
        let recipient = self.find_recipient(&line)?;
        let has_no_extras = line.data.is_empty() && line.url.is_none();
        let (mut draft, name) = match (line.text, line.template, line.message) {
            (Some(text), None, None) if has_no_extras => (content::text_content(&text)?.into(), None),
            (None, None, Some(message)) if has_no_extras => (message_json::draft_from_json(message, false)?, None),
            (None, Some(name), None) => {
                (self.template_content(&name, line.data, line.url, warnings)?.into(), Some(name))
            }
            _ => return Err(CommandError::usage(t!("batch-content")).into()),
        };
        let mut templates = TemplateResolver {
            app: &self.app,
            store: &mut self.store,
            account: self.account.as_ref(),
            cache: &mut self.templates,
        };
        template_check::resolve_and_check(&mut templates, name.as_deref(), warnings, &mut draft.content)?;
        let recipient = vec![recipient];
        draft.check_touser(&recipient)?;
        let draft = draft.split_or_check(self.options.split, warnings)?;
        draft.into_submission(None, line.key, expiry(&self.app), recipient)
    }

    fn find_recipient(&self, line: &BatchLine) -> anyhow::Result<Recipient> {
        match (&line.user, &line.openid) {
            (Some(name), None) => {
                let user = self.app.find_user(&self.store, name)?;
                let Some(binding) = user.binding else {
                    return Err(CommandError::not_found(t!("user-not-bound", user = user.username)).into());
                };
                let (user_id, user, openid) = (Some(user.id), Some(user.username), binding.openid);
                Ok(Recipient { user_id, user, openid, by_name: true })
            }
            (None, Some(id)) => {
                let openid = parse_openid_argument(id)?.to_owned();
                Ok(Recipient { user_id: None, user: None, openid, by_name: true })
            }
            _ => Err(CommandError::usage(t!("batch-recipient")).into()),
        }
    }

    fn template_content(
        &self,
        name: &str,
        fields: Map<String, Value>,
        url: Option<String>,
        warnings: &mut DraftWarnings,
    ) -> anyhow::Result<Content> {
        let args = ContentArgs { url, ..ContentArgs::default() };
        let mut content = content::template_content(&args, name, &self.app.config, warnings)?;
        if let Content::Template { data, .. } = &mut content {
            data.extend(parse_fields(fields).map_err(CommandError::usage)?);
        }
        Ok(content)
    }
}

/// Parses a line as a JSON object.
///
/// # Errors
///
/// The line is not a JSON object, or with `--strict` needs a repair.
fn parse_batch_line(line: &[u8], warnings: &mut DraftWarnings) -> Result<Map<String, Value>, CommandError> {
    let name = || t!("input-line");
    let text = input::decode_lossy(line.to_vec(), name, warnings)?;
    let text = text.trim_start_matches('\u{feff}');
    // The line number is printed beside the error.
    let syntax_error = |cause: &serde_json::Error| {
        let (cause, column) = (json_error_without_position(cause), cause.column());
        CommandError::usage(t!("batch-json", cause = cause, column = column))
    };
    match input::parse_json(text, name, syntax_error, warnings)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(CommandError::usage(t!("batch-object"))),
    }
}
