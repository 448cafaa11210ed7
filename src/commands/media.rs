//! `wxbox media upload` uploads a file for use in messages.

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

/// An uploaded file.
#[derive(Serialize)]
struct MediaView {
    media_id: String,
    #[serde(rename = "type")]
    kind: MediaType,
    created_at: Timestamp,
    expires_at: Timestamp,
    /// The file was uploaded earlier, and not again.
    kept: bool,
}

impl fmt::Display for MediaView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.media_id)
    }
}

impl MediaView {
    fn new(media: CachedMedia, kind: MediaType, cached: bool) -> Self {
        let CachedMedia { media_id, created_at, expires_at } = media;
        Self { media_id, kind, created_at, expires_at, kept: cached }
    }
}

fn upload(ui: &mut Ui, app: &AppContext, args: &MediaUpload) -> anyhow::Result<ExitStatus> {
    app.account()?;
    let kind: Option<MediaType> = args.kind.as_ref().and_then(|word| MediaType::from_name(word));
    let file = media_file::open(&args.file, kind)?;
    let mut session = app.api_session()?;
    let app_id = session.account.app_id.clone();
    let key = MediaKey { sha256: &file.sha256, kind: file.kind.as_str() };
    let uploaded_at = Timestamp::now();
    if let Some(cached) = session.store.find_media(&app_id, key, uploaded_at.plus(EXPIRY_MARGIN))? {
        ui.status(&t!("media-kept", file = file.name, time = format_local(cached.expires_at)));
        ui.print(&MediaView::new(cached, file.kind, true))?;
        return Ok(ExitStatus::Success);
    }
    let (bar, progress_fn) = progress_bar(ui, &file.name, file.bytes.len() as u64);
    let media_id =
        session.call(|client, token| client.upload(token, file.kind, file.format, &file.bytes, &progress_fn))?;
    drop(bar.lock().unwrap_or_else(PoisonError::into_inner).take());
    let media = CachedMedia { media_id: media_id?, created_at: uploaded_at, expires_at: uploaded_at.plus(MEDIA_TTL) };
    session.store.save_media(&app_id, key, &media, uploaded_at)?;
    ui.print(&MediaView::new(media, file.kind, false))?;
    Ok(ExitStatus::Success)
}

/// Returns a progress bar, and the function that updates it.
fn progress_bar(ui: &mut Ui, name: &str, total_bytes: u64) -> (Arc<Mutex<Option<Progress>>>, ProgressFn) {
    let bar = Arc::new(Mutex::new(Some(Progress::for_bytes(ui, &t!("ui-uploading", file = name), total_bytes))));
    let shared_bar = bar.clone();
    let progress_fn = Arc::new(move |sent_bytes| {
        if let Some(bar) = &*shared_bar.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.set_position(sent_bytes);
        }
    });
    (bar, progress_fn)
}
