//! The kinds of message beside text and template: what `send` is asked for by options or as JSON becomes a content,
//! with the files that go with it.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::notes::Notes;
use super::{Said, content};
use crate::cli::Send;
use crate::commands::template_data::fields_of;
use crate::commands::{input, media_file};
use crate::config::Config;
use crate::error::Failure;
use crate::store::Attachment;
use crate::t;
use crate::wechat::kinds::{self, Flaw, Msgtype, Written};
use crate::wechat::media::{MediaType, is_media_id};
use crate::wechat::message::{Content, FileRef};
use crate::words::{json as json_error, without_value};

/// WeChat's media_ids are about 64 characters long; a word that is shorter than this is a file that is not there.
const MEDIA_ID: usize = 20;

/// What the options of `send` ask for.
///
/// # Errors
/// What is wrong with it.
pub(in crate::commands) fn of(args: &Send, config: &Config, notes: &mut Notes) -> anyhow::Result<Said> {
    let said = if let Some(image) = &args.image {
        self::image(image)?
    } else if let Some(file) = &args.news {
        kinds::news(table(file, notes)?).map_err(failure)?.into()
    } else if let Some(file) = &args.message_file {
        let text = input::text(file, notes)?;
        let message = input::json(&text, || input::name(file), |cause| not_json(file, cause), notes)?;
        written(message, true)?
    } else if let Some(name) = &args.subscribe {
        Said::from(content::subscribe(&args.what, name, config, notes)?).named(Some(name))
    } else {
        let content = content::of(args.text.as_ref(), &args.what, config, notes)?;
        Said::from(content).named(args.what.template.as_deref())
    };
    Ok(said.fit(args.split, notes)?)
}

/// A picture: a file, or the media_id of one that was uploaded.
fn image(named: &str) -> anyhow::Result<Said> {
    let is_file = named == "-" || Path::new(named).exists();
    let media_id =
        if !is_file && named.len() >= MEDIA_ID && is_media_id(named) { named.into() } else { format!("@{named}") };
    let branch = Map::from_iter([("media_id".to_owned(), Value::String(media_id))]);
    with_files(Content::Custom { msgtype: Msgtype::Image, branch, kf_account: None })
}

/// A message as JSON. Only where somebody sits who could name them on the command line does `@FILE` name a file.
///
/// # Errors
/// A part is missing, unknown or not what it must be; a file cannot be used.
pub(in crate::commands) fn written(message: Map<String, Value>, files: bool) -> anyhow::Result<Said> {
    let Written { mut content, touser } = kinds::read(message).map_err(failure)?;
    match &mut content {
        Content::Template { data, .. } => *data = fields_of(std::mem::take(data)).map_err(Failure::usage)?,
        Content::Subscribe { data, .. } => {
            *data = content::colourless(fields_of(std::mem::take(data)).map_err(Failure::usage)?)
        }
        Content::Custom { msgtype, branch, .. } if !files && names_file(*msgtype, branch) => {
            return Err(Failure::usage(t!("batch-file-named")).hint(t!("batch-file-named-hint")).into());
        }
        Content::Text { .. } | Content::Custom { .. } | Content::Once { .. } => {}
    }
    Ok(Said { touser, ..with_files(content)? })
}

/// Whether a part that may name a file does; a title may begin with `@`, too.
fn names_file(msgtype: Msgtype, branch: &Map<String, Value>) -> bool {
    let is_path = |value: &Value| value.as_str().is_some_and(|text| text.starts_with('@'));
    branch.iter().any(|(part, value)| msgtype.media(part).is_some() && is_path(value))
}

/// Reads the files that `@` names, and puts what is known of them there.
fn with_files(mut content: Content) -> anyhow::Result<Said> {
    let mut files = Vec::new();
    if let Content::Custom { msgtype, branch, .. } = &mut content {
        for (part, value) in branch.iter_mut() {
            let path = value.as_str().and_then(|text| text.strip_prefix('@'));
            if let (Some(kind), Some(path)) = (msgtype.media(part), path) {
                let (file, attachment) = attach(path, kind)?;
                *value = json!(file);
                files.push(attachment);
            }
        }
    }
    Ok(Said { files, ..content.into() })
}

fn attach(path: &str, kind: MediaType) -> Result<(FileRef, Attachment), Failure> {
    let file = media_file::open(path, Some(kind))?;
    let reference = FileRef { file: file.name, sha256: file.sha256.clone() };
    Ok((reference, Attachment { sha256: file.sha256, bytes: file.bytes }))
}

/// A JSON or TOML table; JSON begins with a brace.
fn table(file: &str, notes: &mut Notes) -> anyhow::Result<Map<String, Value>> {
    let text = input::text(file, notes)?;
    let unusable = |cause: String| {
        Failure::usage(t!("send-news-toml", file = input::name(file), cause = cause)).hint(t!("send-news-hint"))
    };
    if text.trim_start().starts_with('{') {
        let unusable = |cause: &serde_json::Error| unusable(json_error(cause));
        return Ok(input::json(&text, || input::name(file), unusable, notes)?);
    }
    // The whole of TOML's complaint is several lines, with a picture that repeats the text.
    let complaint = |cause: toml::de::Error| unusable(without_value(&cause.message().replace('\n', " ")));
    Ok(toml::from_str(&text).map_err(complaint)?)
}

fn not_json(file: &str, cause: &serde_json::Error) -> Failure {
    Failure::usage(t!("send-message-json", file = input::name(file), cause = json_error(cause)))
        .hint(t!("send-message-hint"))
}

fn failure(flaw: Flaw) -> Failure {
    Failure::usage(flaw.what).hint(flaw.hint)
}
