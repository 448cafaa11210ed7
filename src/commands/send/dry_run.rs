//! `send --dry-run` prints the bodies of the requests, and sends none.

use std::collections::HashMap;

use crate::clock::Timestamp;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::store::{MediaKey, Store, Submission};
use crate::ui::Ui;
use crate::wechat::media::EXPIRY_MARGIN;
use crate::wechat::message::Content;

/// Prints the bodies in the order in which each person would get them. The name of a file stands in
/// place of a media ID that is not cached.
pub(super) fn print_bodies(
    ui: &mut Ui,
    app: &AppContext,
    store: &Store,
    submission: &Submission,
) -> anyhow::Result<ExitStatus> {
    let mut contents = Vec::new();
    for payload in [&submission.payload].into_iter().chain(&submission.remaining_parts) {
        let content: Content = serde_json::from_str(&payload.json)?;
        let mut cached_ids = HashMap::new();
        for (file, kind) in content.file_refs() {
            let key = MediaKey { sha256: &file.sha256, kind: kind.as_str() };
            if let Some(media) = store.find_media(app.app_id(), key, Timestamp::now().plus(EXPIRY_MARGIN))? {
                cached_ids.insert((file.sha256, kind), media.media_id);
            }
        }
        contents.push(content.with_media(|file, kind| match cached_ids.get(&(file.sha256.clone(), kind)) {
            Some(media_id) => media_id.clone(),
            None => format!("@{}", file.file),
        }));
    }
    for recipient in &submission.recipients {
        for content in &contents {
            ui.write_stdout(&content.body(&recipient.openid, recipient.client_msg_id.as_deref()))?;
        }
    }
    Ok(ExitStatus::Success)
}
