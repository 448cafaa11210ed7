//! Tests of uploaded files: which ones are accepted, for how long, and what a download returns.

use super::*;

pub(super) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
pub(super) const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
pub(super) const MP4: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
const DAY: i64 = 24 * HOUR;

/// Returns an AMR file of that many frames of 20 ms.
pub(super) fn amr(frames: usize) -> Vec<u8> {
    [b"#!AMR\n".to_vec(), [[0x04].as_slice(), &[0; 12]].concat().repeat(frames)].concat()
}

fn form(disposition: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("--XX\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
    [head.as_bytes(), bytes, b"\r\n--XX--\r\n"].concat()
}

impl TestPlatform {
    fn upload_form(&mut self, kind: &str, body: Vec<u8>) -> Value {
        let token = text(&self.stable(false)["access_token"]);
        let target = format!("/cgi-bin/media/upload?access_token={token}&type={kind}");
        let headers = [("content-type", "multipart/form-data; boundary=XX")];
        parse(&self.request("POST", &target, &headers, body))
    }

    fn upload(&mut self, kind: &str, name: &str, bytes: &[u8]) -> Value {
        self.upload_form(kind, form(&format!("name=\"media\"; filename=\"{name}\""), bytes))
    }

    /// Uploads a file and returns its id.
    pub(super) fn media(&mut self, kind: &str, name: &str, bytes: &[u8]) -> String {
        let answer = self.upload(kind, name, bytes);
        let named = if kind == "thumb" { "thumb_media_id" } else { "media_id" };
        text(&answer[named])
    }

    fn download(&mut self, id: &str) -> HttpResponse {
        let token = text(&self.stable(false)["access_token"]);
        let target = format!("/cgi-bin/media/get?access_token={token}&media_id={id}");
        self.request("GET", &target, &[("host", "sandbox.example:8899")], "")
    }
}

#[test]
fn each_media_type_accepts_its_formats_up_to_its_size() {
    let mut sandbox = TestPlatform::new();
    let filled = |head: &[u8], size: usize| [head, &vec![0; size - head.len()]].concat();
    let cases: &[(&str, &str, Vec<u8>, i64)] = &[
        ("image", "a.png", PNG.to_vec(), 0),
        ("image", "a.JPG", filled(JPEG, 10 << 20), 0),
        ("image", "a.jpeg", filled(JPEG, (10 << 20) + 1), 40006),
        ("image", "a.gif", b"GIF89a".to_vec(), 0),
        ("image", "a.bmp", b"BM".to_vec(), 40005),
        ("image", "a.jpg", PNG.to_vec(), 40005),
        ("image", "a.png", b"hello".to_vec(), 40005),
        ("image", "png", PNG.to_vec(), 40005),
        ("image", "a.png", Vec::new(), 44001),
        ("voice", "a.amr", amr(3000), 0),
        ("voice", "a.amr", amr(3001), 45007),
        ("voice", "a.amr", filled(&amr(1), (2 << 20) + 1), 40006),
        ("voice", "a.png", PNG.to_vec(), 40005),
        ("video", "a.mp4", filled(MP4, 10 << 20), 0),
        ("video", "a.mp4", filled(MP4, (10 << 20) + 1), 40006),
        ("thumb", "a.jpg", filled(JPEG, 64 << 10), 0),
        ("thumb", "a.jpg", filled(JPEG, (64 << 10) + 1), 40006),
        ("thumb", "a.png", PNG.to_vec(), 40005),
        ("", "a.png", PNG.to_vec(), 40004),
        ("file", "a.png", PNG.to_vec(), 40004),
    ];
    for (kind, name, bytes, errcode) in cases {
        let answer = sandbox.upload(kind, name, bytes);
        assert_eq!(errcode_of(&answer), *errcode, "{kind} {name} {}: {answer}", bytes.len());
    }
}

#[test]
fn upload_response_names_media_id_by_type() {
    let mut sandbox = TestPlatform::new();
    let answer = sandbox.upload("image", "a.png", PNG);
    assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["type", "media_id", "created_at", "item"]);
    assert_eq!(answer["item"], json!([]));
    assert_eq!((&answer["type"], &answer["created_at"]), (&json!("image"), &json!(START / 1000)));
    assert_eq!(text(&answer["media_id"]).len(), 64);
    let answer = sandbox.upload("thumb", "a.jpg", JPEG);
    assert_eq!(
        answer.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["type", "thumb_media_id", "created_at", "item"]
    );
}

#[test]
fn form_without_file_is_rejected() {
    let mut sandbox = TestPlatform::new();
    for body in [
        Vec::new(),
        PNG.to_vec(),
        form("name=\"media\"", PNG),
        form("name=\"file\"; filename=\"a.png\"", PNG),
        form("name=\"media\"; filename*=utf-8''a.png", PNG),
    ] {
        assert_eq!(
            errcode_of(&sandbox.upload_form("image", body.clone())),
            41005,
            "{}",
            String::from_utf8_lossy(&body)
        );
    }
    let answer = sandbox.call("/cgi-bin/media/upload", "{}");
    assert_eq!(errcode_of(&answer), 40004);
}

#[test]
fn file_can_be_downloaded_for_three_days() {
    let mut sandbox = TestPlatform::new();
    let id = sandbox.media("image", "a.png", PNG);
    let reply = sandbox.download(&id);
    assert_eq!(reply.header_value("content-type"), Some("image/png"));
    assert_eq!(reply.header_value("content-disposition"), Some(format!("attachment; filename=\"{id}.png\"").as_str()));
    assert_eq!(reply.body(), PNG);
    sandbox.now += 3 * DAY - 1;
    assert_eq!(sandbox.download(&id).body(), PNG);
    sandbox.now += 1;
    assert_eq!(errcode_of(&parse(&sandbox.download(&id))), 40007);
    assert_eq!(errcode_of(&parse(&sandbox.download("x"))), 40007);
    assert_eq!(errcode_of(&parse(&sandbox.download(""))), 41006);
    // A phone that displayed the file still does.
    assert_eq!(sandbox.request("GET", &format!("/sandbox/media/{id}"), &[], "").body(), PNG);
    assert_eq!(sandbox.request("GET", "/sandbox/media/x", &[], "").status(), 404);
}

#[test]
fn video_download_returns_address() {
    let mut sandbox = TestPlatform::new();
    let id = sandbox.media("video", "a.mp4", MP4);
    let answer = parse(&sandbox.download(&id));
    assert_eq!(answer, json!({"video_url": format!("http://sandbox.example:8899/sandbox/media/{id}")}));
    let reply = sandbox.request("GET", &format!("/sandbox/media/{id}"), &[], "");
    assert_eq!((reply.header_value("content-type"), reply.body()), (Some("video/mp4"), MP4));
    assert_eq!(reply.header_value("content-security-policy"), Some("default-src 'none'; sandbox"));
}

#[test]
fn fault_applies_to_uploads() {
    let mut sandbox = TestPlatform::with_scenario("[[faults]]\napi = \"/cgi-bin/media/*\"\nnth = 2\nerrcode = 45009");
    let codes: Vec<i64> = (0..3).map(|_| errcode_of(&sandbox.upload("image", "a.png", PNG))).collect();
    assert_eq!(codes, [0, 45009, 0]);
}
