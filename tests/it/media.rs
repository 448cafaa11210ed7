//! `media upload`, and files that cannot be uploaded.

use std::path::PathBuf;

use snapbox::str;

use crate::support::env::TestEnv;
use crate::support::pty::Terminal;

pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
pub const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
pub const MP4: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
const AMR: &[u8] = b"#!AMR\n\x04\0\0\0\0\0\0\0\0\0\0\0\0";

/// Writes a file of that size with this beginning.
fn write_file_of_size(env: &TestEnv, name: &str, head: &[u8], size: usize) -> PathBuf {
    env.write_file(name, [head, &vec![0; size - head.len()]].concat())
}

#[test]
fn file_is_uploaded_once_in_three_days() {
    let mut env = TestEnv::new();
    env.write_file("chart.png", PNG);
    env.write_file("same.bin", PNG);
    let first = env.run("media upload chart.png").assert_success();
    let id = first.stdout().trim().to_owned();
    assert!(id.len() > 20 && first.stderr().is_empty(), "{id}: {}", first.stderr());
    let again = env.run("media upload same.bin").assert_success();
    assert_eq!(again.stdout().trim(), id);
    assert!(again.stderr().starts_with("WeChat already has same.bin; it is valid until "), "{}", again.stderr());
    assert_eq!(env.run("-q media upload chart.png").assert_success().stderr(), "");
    let upload = env.run("--json media upload chart.png").assert_success().json_lines().remove(0);
    assert_eq!((&upload["media_id"], &upload["type"], &upload["kept"]), (&id.into(), &"image".into(), &true.into()));
    let id = upload["media_id"].as_str().unwrap();
    assert_eq!(env.run_with_stdin("media upload -", PNG).assert_success().stdout().trim(), id);
    let uploads =
        |env: &mut TestEnv| env.sandbox().requests().iter().filter(|request| request.contains("/media/upload")).count();
    assert_eq!(uploads(&mut env), 1);
    // A file with another type is another upload, and so is one after three days.
    env.write_file("cover.jpg", JPEG);
    let image = env.run("media upload cover.jpg").assert_success().stdout().to_owned();
    assert_ne!(env.run("media upload cover.jpg --type thumb").assert_success().stdout(), image);
    env.query::<i64>("UPDATE media SET expires_at = 1 RETURNING 1");
    let later = env.run("media upload chart.png").assert_success();
    assert_ne!(later.stdout().trim(), id);
    assert_eq!(uploads(&mut env), 3);
    // A media_id in its last minute is not reused.
    env.query::<i64>("UPDATE media SET expires_at = (unixepoch() + 30) * 1000 RETURNING 1");
    assert_ne!(env.run("media upload chart.png").assert_success().stdout(), later.stdout());
    assert_eq!(uploads(&mut env), 1);
    assert_eq!(env.count("media"), 1, "what is over is forgotten");
}

#[test]
fn file_type_is_detected_from_content() {
    let env = TestEnv::new();
    let cases: &[(&str, &[u8], &str)] = &[
        ("a", PNG, "image"),
        ("b.txt", JPEG, "image"),
        ("c", b"GIF89a..........", "image"),
        ("d", AMR, "voice"),
        ("e", MP4, "video"),
    ];
    for (name, bytes, kind) in cases {
        env.write_file(name, bytes);
        assert_eq!(
            env.run(&format!("--json media upload {name}")).assert_success().json_lines()[0]["type"],
            *kind,
            "{name}"
        );
    }
}

#[test]
fn unsupported_file_is_not_uploaded() {
    let mut env = TestEnv::with_bound_luffy();
    env.write_file("empty.png", "");
    env.write_file("text.png", "this is text, not a picture");
    env.write_file("photo.webp", b"RIFF\x10\0\0\0WEBPVP8 ");
    env.write_file("chart.png", PNG);
    env.write_file("clip.mp4", MP4);
    std::fs::create_dir(env.path("pictures")).unwrap();
    write_file_of_size(&env, "large.png", PNG, (10 << 20) + 1);
    write_file_of_size(&env, "largest.png", PNG, 10 << 20);
    write_file_of_size(&env, "cover.jpg", JPEG, (64 << 10) + 1);
    write_file_of_size(&env, "long.amr", AMR, (2 << 20) + 1);
    env.assert_session(str![[r#"
$ wxbox media upload /no/such/absent.png
2> error: cannot read absent.png: No such file or directory (os error 2)
2> hint: use an image, audio or video file; `wxbox send` also accepts a media_id
exit 1
$ wxbox media upload empty.png
2> error: empty.png is empty
2> hint: use an image, audio or video file; `wxbox send` also accepts a media_id
exit 2
$ wxbox media upload text.png
2> error: text.png is not an image, audio or video file
2> hint: use one of the formats that WeChat accepts: image: PNG, JPEG, GIF; voice: AMR, MP3; video: MP4; thumb: JPEG
exit 2
$ wxbox media upload photo.webp
2> error: photo.webp is image/webp, which WeChat does not accept
2> hint: use one of the formats that WeChat accepts: image: PNG, JPEG, GIF; voice: AMR, MP3; video: MP4; thumb: JPEG
exit 2
$ wxbox media upload pictures
2> error: pictures is a directory
2> hint: use an image, audio or video file; `wxbox send` also accepts a media_id
exit 2
$ wxbox media upload /dev/zero
2> error: zero does not exist and is not standard input
2> hint: use an image, audio or video file; `wxbox send` also accepts a media_id
exit 2
$ wxbox media upload large.png
2> error: large.png has 10485761 bytes; WeChat allows at most 10485760 for image
2> hint: use a smaller file
exit 2
$ wxbox media upload long.amr
2> error: long.amr has 2097153 bytes; WeChat allows at most 2097152 for voice
2> hint: use a smaller file
exit 2
$ wxbox media upload cover.jpg --type thumb
2> error: cover.jpg has 65537 bytes; WeChat allows at most 65536 for thumb
2> hint: use a smaller file
exit 2
$ wxbox media upload chart.png --type thumb
2> error: chart.png is PNG, which WeChat does not accept as thumb
2> hint: use one of the formats that WeChat accepts: thumb: JPEG
exit 2
$ wxbox media upload clip.mp4 --type voice
2> error: clip.mp4 is MP4, which WeChat does not accept as voice
2> hint: use one of the formats that WeChat accepts: voice: AMR, MP3
exit 2
$ wxbox media upload clip.mp4 --type film
2> error: invalid value "film" for --type; possible values: image, voice, video, thumb
exit 2
$ wxbox media upload -
2> error: standard input is empty
2> hint: use an image, audio or video file; `wxbox send` also accepts a media_id
exit 2
$ wxbox send -u luffy --image absent.png
2> error: cannot read absent.png: No such file or directory (os error 2)
2> hint: use an image, audio or video file; `wxbox send` also accepts a media_id
exit 1
$ wxbox send -u luffy --image empty.png
2> error: empty.png is empty
2> hint: use an image, audio or video file; `wxbox send` also accepts a media_id
exit 2
$ wxbox send -u luffy --image clip.mp4
2> error: clip.mp4 is MP4, which WeChat does not accept as image
2> hint: use one of the formats that WeChat accepts: image: PNG, JPEG, GIF
exit 2
$ wxbox send -u luffy --image pictures
2> error: pictures is a directory
2> hint: use an image, audio or video file; `wxbox send` also accepts a media_id
exit 2
$ wxbox send -u luffy --image large.png
2> error: large.png has 10485761 bytes; WeChat allows at most 10485760 for image
2> hint: use a smaller file
exit 2
$ wxbox send -u luffy --image ''
2> error: cannot read "": No such file or directory (os error 2)
2> hint: use an image, audio or video file; `wxbox send` also accepts a media_id
exit 1

"#]]);
    let video = r#"{"msgtype": "video", "video": {"media_id": "@clip.mp4", "thumb_media_id": "@chart.png"}}"#;
    env.run_with_stdin("send -u luffy --message -", video).assert_snapshot(str![[r#"
exit 2
--- stderr
error: chart.png is PNG, which WeChat does not accept as thumb
hint: use one of the formats that WeChat accepts: thumb: JPEG

"#]]);
    assert_eq!(env.count("messages"), 0);
    assert_eq!(env.sandbox().requests(), Vec::<String>::new());
    env.run("media upload largest.png").assert_success();
}

#[test]
fn rejected_or_failed_upload_is_reported() {
    let mut env = TestEnv::with_scenario("[[faults]]\napi = \"/cgi-bin/media/upload\"\nerrcode = 40009\n");
    env.write_file("chart.png", PNG);
    env.assert_session(str![[r#"
$ wxbox media upload chart.png
2> error: WeChat returned 40009 (invalid image size): image too large
2> hint: shrink the image
exit 1

"#]]);
    env.sandbox().post_form("faults", "[[faults]]\napi = \"/cgi-bin/media/upload\"\nstatus = 502\n");
    let ran = env.run("media upload chart.png");
    assert_eq!(ran.status(), Some(1), "{}", ran.stderr());
    env.sandbox().post_form("faults", "[[faults]]\napi = \"/cgi-bin/media/upload\"\nnth = 1\nerrcode = 40001\n");
    env.run("media upload chart.png").assert_success();
}

#[test]
fn upload_progress_is_shown_on_terminal() {
    let mut env = TestEnv::with_bound_luffy();
    env.sandbox().post_form("faults", "[[faults]]\napi = \"/cgi-bin/media/upload\"\nhang = \"after\"\n");
    write_file_of_size(&env, "chart.png", PNG, 3 << 20);
    for line in ["media upload chart.png", "send -u luffy --image chart.png"] {
        let mut terminal = Terminal::start(env.command(line), 24, 100);
        // The test looks for the end of the text, because it may arrive in pieces.
        let screen = terminal.wait_for("/3.00 MiB");
        assert!(screen.contents().contains("uploading chart.png"), "{}", screen.contents());
        terminal.type_keys("\x03");
        terminal.wait();
    }
    env.sandbox().post_form("faults", "");
    env.assert_session(str![[r#"
$ wxbox outbox flush
sent message 1 (image) to luffy

"#]]);
}
