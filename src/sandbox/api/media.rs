//! The endpoints that upload and download files, and the path under which pages show them.
//!
//! developers.weixin.qq.com: doc/service/api/material/temporary/{api_uploadtempmedia, api_getmedia}

use serde_json::{Value, json};

use super::multipart;
use crate::http_server::{HttpResponse, Request};
use crate::sandbox::call::Call;
use crate::sandbox::response::{ApiError, ApiResult, api_error};
use crate::sandbox::state::Platform;
use crate::sandbox::state::media::format::{MediaFormat, MediaKind};
use crate::sandbox::state::media::{MEDIA_PATH, UploadedFile};

const MAX_VOICE_MS: u64 = 60_000;

impl Platform {
    /// `POST /cgi-bin/media/upload`
    ///
    /// The `Content-Type` of a part is optional: the client wechatpy sends none. The id of a thumb
    /// is named `thumb_media_id`, as in older answers of the platform. The current name is not
    /// known, so a client must accept both.
    pub(in crate::sandbox) fn upload_media(&mut self, call: &mut Call<'_>) -> ApiResult {
        let name = call.param("type");
        let kind = MediaKind::from_name(&name).ok_or_else(|| api_error(40004))?;
        let content_type = call.request.header("content-type").unwrap_or_default();
        let parts = multipart::parse_parts(content_type, &call.request.body).ok_or_else(|| api_error(41005))?;
        let part = parts.iter().find(|part| part.name == "media").ok_or_else(|| api_error(41005))?;
        let file_name = part.file_name.as_deref().ok_or_else(|| api_error(41005))?;
        let file = check_upload(kind, file_name, part.bytes, call.now_ms)?;
        let id = self.media.add(file);
        let id_key = if kind == MediaKind::Thumb { "thumb_media_id" } else { "media_id" };
        let mut answer = json!({"type": name});
        answer[id_key] = Value::String(id);
        answer["created_at"] = Value::from(call.now_ms / 1000);
        answer["item"] = json!([]);
        Ok(answer)
    }

    /// `GET /cgi-bin/media/get`
    pub(in crate::sandbox) fn download_media(&mut self, call: &mut Call<'_>) -> Result<HttpResponse, ApiError> {
        let id = call.param("media_id");
        if id.is_empty() {
            return Err(api_error(41006));
        }
        let file = self.media.get_unexpired(&id, call.now_ms).ok_or_else(|| api_error(40007))?;
        if file.kind == MediaKind::Video {
            let host = call.request.header("host").unwrap_or("127.0.0.1");
            let url = json!({"video_url": format!("http://{host}{MEDIA_PATH}{id}")});
            return Ok(HttpResponse::bytes(200, "application/json; encoding=utf-8", url.to_string()));
        }
        let name = format!("attachment; filename=\"{id}.{}\"", file.format.extension());
        Ok(HttpResponse::bytes(200, file.format.content_type(), file.bytes.as_slice())
            .with_header("Content-disposition", &name))
    }

    /// `GET /sandbox/media/ID`: serves the file to a page as long as it is kept.
    ///
    /// A delivered message keeps its picture beyond the three days.
    pub(in crate::sandbox) fn show_media(&self, request: &Request) -> HttpResponse {
        let id = request.path.strip_prefix(MEDIA_PATH).unwrap_or_default();
        match self.media.get(id) {
            None => HttpResponse::text(404, ""),
            // The format was read from the bytes, and browsers must not guess another type: nothing
            // in the file can run.
            Some(file) => HttpResponse::bytes(200, file.format.content_type(), file.bytes.as_slice())
                .with_header("Content-Security-Policy", "default-src 'none'; sandbox")
                .with_header("Cache-Control", "private, max-age=86400, immutable"),
        }
    }
}

/// Checks that a file may be uploaded as that type.
///
/// The extension of the name and the content must agree on a format of that type.
fn check_upload(kind: MediaKind, name: &str, bytes: &[u8], now_ms: i64) -> Result<UploadedFile, ApiError> {
    if bytes.is_empty() {
        return Err(api_error(44001));
    }
    // The page documents a number for each type (40009 to 40012), but the platform was seen to
    // answer this one.
    if bytes.len() > kind.max_bytes() {
        return Err(api_error(40006));
    }
    let format = MediaFormat::detect(bytes)
        .filter(|format| format.is_allowed_as(kind) && MediaFormat::from_name(name) == Some(*format));
    let format = format.ok_or_else(|| api_error(40005))?;
    let duration_ms = format.duration_ms(bytes);
    if duration_ms.is_some_and(|ms| ms > MAX_VOICE_MS) {
        return Err(api_error(45007));
    }
    // A phone shows at least one second.
    let seconds = duration_ms.and_then(|ms| u32::try_from(ms.div_ceil(1000).max(1)).ok());
    Ok(UploadedFile { kind, format, bytes: bytes.to_vec(), seconds, at_ms: now_ms })
}
