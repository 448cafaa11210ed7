//! `send --dry-run`: prints the bodies that would be sent, and sends none of them.

use std::collections::HashMap;

use crate::clock::Timestamp;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::store::{MediaKey, Store, Submission};
use crate::ui::Ui;
use crate::wechat::media::EXPIRY_MARGIN;
use crate::wechat::message::Content;

/// The bodies, in the order in which each person would get them; a file that WeChat does not keep goes by its name.
pub(super) fn print_bodies(
    ui: &mut Ui,
    app: &AppContext,
    store: &Store,
    parcel: &Submission,
) -> anyhow::Result<ExitStatus> {
    let mut contents = Vec::new();
    for body in [&parcel.payload].into_iter().chain(&parcel.parts) {
        let content: Content = serde_json::from_str(&body.json)?;
        let mut kept = HashMap::new();
        for (file, kind) in content.file_refs() {
            let which = MediaKey { sha256: &file.sha256, kind: kind.as_str() };
            if let Some(media) = store.find_media(app.app_id(), which, Timestamp::now().plus(EXPIRY_MARGIN))? {
                kept.insert((file.sha256, kind), media.media_id);
            }
        }
        contents.push(content.with_media(|file, kind| match kept.get(&(file.sha256.clone(), kind)) {
            Some(media_id) => media_id.clone(),
            None => format!("@{}", file.file),
        }));
    }
    for one in &parcel.recipients {
        for content in &contents {
            ui.write_stdout(&content.body(&one.openid, one.client_msg_id.as_deref()))?;
        }
    }
    Ok(ExitStatus::Success)
}
