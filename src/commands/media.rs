//! `wxbox media upload`: a file for WeChat to keep.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::app::App;
use crate::cli::{Global, Media as Command, MediaUpload};
use crate::commands::media_file;
use crate::config::Flags;
use crate::error::Exit;
use crate::store::{Media, Which};
use crate::t;
use crate::time::Timestamp;
use crate::ui::{Progress, Ui};
use crate::wechat::media::{LIFE, MARGIN, MediaType, Told};
use crate::zone::local;

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Command) -> anyhow::Result<Exit> {
    let app = App::open(ui, global, Flags::default())?;
    match command {
        Command::Upload(args) => upload(ui, &app, args),
    }
}

/// A file that WeChat keeps, as a result.
#[derive(Serialize)]
struct Shown {
    media_id: String,
    #[serde(rename = "type")]
    kind: MediaType,
    created_at: Timestamp,
    expires_at: Timestamp,
    /// It was uploaded before.
    kept: bool,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.media_id)
    }
}

impl Shown {
    fn new(media: Media, kind: MediaType, kept: bool) -> Self {
        let Media { media_id, created_at, expires_at } = media;
        Self { media_id, kind, created_at, expires_at, kept }
    }
}

fn upload(ui: &mut Ui, app: &App, args: &MediaUpload) -> anyhow::Result<Exit> {
    app.account()?;
    let kind: Option<MediaType> = args.kind.as_ref().and_then(|word| word.parse().ok());
    let file = media_file::open(&args.file, kind)?;
    let mut session = app.session()?;
    let app_id = session.account.app_id.clone();
    let which = Which { sha256: &file.sha256, kind: file.kind.as_str() };
    let asked_at = Timestamp::now();
    if let Some(kept) = session.store.media(&app_id, which, asked_at.after(MARGIN))? {
        ui.status(&t!("media-kept", file = file.name, time = local(kept.expires_at)));
        ui.data(&Shown::new(kept, file.kind, true))?;
        return Ok(Exit::Done);
    }
    let (bar, told) = bar(ui, &file.name, file.bytes.len() as u64);
    let made = session.call(|client, token| client.upload(token, file.kind, file.format, &file.bytes, &told))?;
    drop(bar.lock().unwrap_or_else(PoisonError::into_inner).take());
    let media = Media { media_id: made?, created_at: asked_at, expires_at: asked_at.after(LIFE) };
    session.store.keep_media(&app_id, which, &media, asked_at)?;
    ui.data(&Shown::new(media, file.kind, false))?;
    Ok(Exit::Done)
}

/// A bar, and what moves it.
fn bar(ui: &mut Ui, name: &str, whole: u64) -> (Arc<Mutex<Option<Progress>>>, Told) {
    let bar = Arc::new(Mutex::new(Some(Progress::of_bytes(ui, &t!("ui-uploading", file = name), whole))));
    let moved = bar.clone();
    let told = Arc::new(move |done| {
        if let Some(bar) = &*moved.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.is_at(done);
        }
    });
    (bar, told)
}
