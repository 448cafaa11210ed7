//! Builds a draft of any kind from the options of `send` or from JSON, with the files that it
//! refers to.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::content;
use super::draft::MessageDraft;
use super::input;
use super::media_file;
use super::template_data::parse_fields;
use super::warnings::DraftWarnings;
use crate::cli::Send;
use crate::config::Config;
use crate::exit::CommandError;
use crate::i18n::{json_error, redact_value};
use crate::store::Attachment;
use crate::t;
use crate::wechat::media::{MediaType, is_media_id};
use crate::wechat::message::{Content, FileRef};
use crate::wechat::message_json::{self, ParsedMessage};
use crate::wechat::message_schema::MessageType;
use crate::wechat::message_schema::check::SchemaError;

/// WeChat's media_ids have about 64 characters; a shorter word is treated as the name of a missing
/// file.
const MIN_MEDIA_ID_LEN: usize = 20;

/// Builds the draft that the options of `send` ask for.
///
/// # Errors
/// A usage error that names the invalid option or field, or a file that cannot be read.
pub(crate) fn draft_from_args(
    args: &Send,
    config: &Config,
    warnings: &mut DraftWarnings,
) -> anyhow::Result<MessageDraft> {
    let draft = if let Some(image) = &args.image {
        image_draft(image)?
    } else if let Some(file) = &args.news {
        message_json::parse_news(read_table(file, warnings)?).map_err(schema_failure)?.into()
    } else if let Some(file) = &args.message_file {
        let text = input::read_text(file, warnings)?;
        let message =
            input::parse_json(&text, || input::display_name(file), |cause| invalid_json(file, cause), warnings)?;
        draft_from_json(message, true)?
    } else if let Some(name) = &args.subscribe {
        MessageDraft::from(content::subscription_content(&args.content, name, config, warnings)?)
            .with_template_name(Some(name))
    } else {
        let content = content::from_args(args.text.as_ref(), &args.content, config, warnings)?;
        MessageDraft::from(content).with_template_name(args.content.template.as_deref())
    };
    Ok(draft.split_or_check(args.split, warnings)?)
}

/// Builds an image message from a file or from the media_id of an uploaded one.
fn image_draft(file_or_id: &str) -> anyhow::Result<MessageDraft> {
    let is_file = file_or_id == "-" || Path::new(file_or_id).exists();
    let media_id = if !is_file && file_or_id.len() >= MIN_MEDIA_ID_LEN && is_media_id(file_or_id) {
        file_or_id.into()
    } else {
        format!("@{file_or_id}")
    };
    let branch = Map::from_iter([("media_id".to_owned(), Value::String(media_id))]);
    load_files(Content::Custom { msgtype: MessageType::Image, branch, kf_account: None })
}

/// Builds a draft from JSON. `@FILE` refers to a file only with `allow_files`: input from other
/// sources must not read local files.
///
/// # Errors
/// A field is missing, unknown or invalid; a file is unusable.
pub(crate) fn draft_from_json(message: Map<String, Value>, allow_files: bool) -> anyhow::Result<MessageDraft> {
    let ParsedMessage { mut content, touser } = message_json::parse(message).map_err(schema_failure)?;
    match &mut content {
        Content::Template { data, .. } => *data = parse_fields(std::mem::take(data)).map_err(CommandError::usage)?,
        Content::Subscribe { data, .. } => {
            *data = content::without_colors(parse_fields(std::mem::take(data)).map_err(CommandError::usage)?)
        }
        Content::Custom { msgtype, branch, .. } if !allow_files && references_file(*msgtype, branch) => {
            return Err(CommandError::usage(t!("batch-file-named")).hint(t!("batch-file-named-hint")).into());
        }
        Content::Text { .. } | Content::Custom { .. } | Content::OneTimeSubscription { .. } => {}
    }
    Ok(MessageDraft { touser, ..load_files(content)? })
}

/// Returns whether a media field refers to a file. Other fields, such as a title, may begin with
/// `@` too.
fn references_file(msgtype: MessageType, branch: &Map<String, Value>) -> bool {
    let is_path = |value: &Value| value.as_str().is_some_and(|text| text.starts_with('@'));
    branch.iter().any(|(part, value)| msgtype.media_type(part).is_some() && is_path(value))
}

/// Reads the files that `@` refers to and puts a reference to each in its place.
fn load_files(mut content: Content) -> anyhow::Result<MessageDraft> {
    let mut files = Vec::new();
    if let Content::Custom { msgtype, branch, .. } = &mut content {
        for (part, value) in branch.iter_mut() {
            let path = value.as_str().and_then(|text| text.strip_prefix('@'));
            if let (Some(kind), Some(path)) = (msgtype.media_type(part), path) {
                let (file, attachment) = attach_file(path, kind)?;
                *value = json!(file);
                files.push(attachment);
            }
        }
    }
    Ok(MessageDraft { files, ..content.into() })
}

fn attach_file(path: &str, kind: MediaType) -> Result<(FileRef, Attachment), CommandError> {
    let file = media_file::open(path, Some(kind))?;
    let reference = FileRef { file: file.name, sha256: file.sha256.clone() };
    Ok((reference, Attachment { sha256: file.sha256, bytes: file.bytes }))
}

/// Reads a JSON or TOML table; JSON begins with a brace.
fn read_table(file: &str, warnings: &mut DraftWarnings) -> anyhow::Result<Map<String, Value>> {
    let text = input::read_text(file, warnings)?;
    let to_error = |cause: String| {
        CommandError::usage(t!("send-news-toml", file = input::display_name(file), cause = cause))
            .hint(t!("send-news-hint"))
    };
    if text.trim_start().starts_with('{') {
        let to_error = |cause: &serde_json::Error| to_error(json_error(cause));
        return Ok(input::parse_json(&text, || input::display_name(file), to_error, warnings)?);
    }
    // The full TOML error has several lines and quotes the text.
    let toml_error = |cause: toml::de::Error| to_error(redact_value(&cause.message().replace('\n', " ")));
    Ok(toml::from_str(&text).map_err(toml_error)?)
}

fn invalid_json(file: &str, cause: &serde_json::Error) -> CommandError {
    CommandError::usage(t!("send-message-json", file = input::display_name(file), cause = json_error(cause)))
        .hint(t!("send-message-hint"))
}

fn schema_failure(error: SchemaError) -> CommandError {
    CommandError::usage(error.message).hint(error.hint)
}
