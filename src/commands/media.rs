//! `wxbox media upload`: a file for WeChat to keep.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::cli::{Global, MediaCommand as Command, MediaUpload};
use crate::clock::Timestamp;
use crate::compose::media_file;
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::store::{CachedMedia, MediaKey};
use crate::t;
use crate::time_zone::format_local;
use crate::ui::{Progress, Ui};
use crate::wechat::media::{EXPIRY_MARGIN, MEDIA_TTL, MediaType, ProgressFn};

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Command) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    match command {
        Command::Upload(args) => upload(ui, &app, args),
    }
}

/// A file that WeChat keeps, as a result.
#[derive(Serialize)]
struct MediaView {
    media_id: String,
    #[serde(rename = "type")]
    kind: MediaType,
    created_at: Timestamp,
    expires_at: Timestamp,
    /// It was uploaded before.
    kept: bool,
}

impl fmt::Display for MediaView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.media_id)
    }
}

impl MediaView {
    fn new(media: CachedMedia, kind: MediaType, kept: bool) -> Self {
        let CachedMedia { media_id, created_at, expires_at } = media;
        Self { media_id, kind, created_at, expires_at, kept }
    }
}

fn upload(ui: &mut Ui, app: &AppContext, args: &MediaUpload) -> anyhow::Result<ExitStatus> {
    app.account()?;
    let kind: Option<MediaType> = args.kind.as_ref().and_then(|word| word.parse().ok());
    let file = media_file::open(&args.file, kind)?;
    let mut session = app.api_session()?;
    let app_id = session.account.app_id.clone();
    let which = MediaKey { sha256: &file.sha256, kind: file.kind.as_str() };
    let asked_at = Timestamp::now();
    if let Some(kept) = session.store.find_media(&app_id, which, asked_at.plus(EXPIRY_MARGIN))? {
        ui.status(&t!("media-kept", file = file.name, time = format_local(kept.expires_at)));
        ui.print(&MediaView::new(kept, file.kind, true))?;
        return Ok(ExitStatus::Success);
    }
    let (bar, told) = progress_bar(ui, &file.name, file.bytes.len() as u64);
    let made = session.call(|client, token| client.upload(token, file.kind, file.format, &file.bytes, &told))?;
    drop(bar.lock().unwrap_or_else(PoisonError::into_inner).take());
    let media = CachedMedia { media_id: made?, created_at: asked_at, expires_at: asked_at.plus(MEDIA_TTL) };
    session.store.save_media(&app_id, which, &media, asked_at)?;
    ui.print(&MediaView::new(media, file.kind, false))?;
    Ok(ExitStatus::Success)
}

/// A bar, and what moves it.
fn progress_bar(ui: &mut Ui, name: &str, whole: u64) -> (Arc<Mutex<Option<Progress>>>, ProgressFn) {
    let bar = Arc::new(Mutex::new(Some(Progress::for_bytes(ui, &t!("ui-uploading", file = name), whole))));
    let moved = bar.clone();
    let told = Arc::new(move |done| {
        if let Some(bar) = &*moved.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.set_position(done);
        }
    });
    (bar, told)
}
