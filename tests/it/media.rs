//! `media upload`, and what cannot be uploaded.

use std::path::PathBuf;

use snapbox::str;

use crate::harness::{LUFFY, World};
use crate::pty::Terminal;

pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
pub const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
pub const MP4: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
const AMR: &[u8] = b"#!AMR\n\x04\0\0\0\0\0\0\0\0\0\0\0\0";

/// A file that begins so, of that size.
fn filled(world: &World, name: &str, head: &[u8], size: usize) -> PathBuf {
    world.write(name, [head, &vec![0; size - head.len()]].concat())
}

#[test]
fn a_file_is_uploaded_once_in_three_days() {
    let mut world = World::new();
    world.write("chart.png", PNG);
    world.write("same.bin", PNG);
    let first = world.wxbox("media upload chart.png").ok();
    let id = first.stdout().trim().to_owned();
    assert!(id.len() > 20 && first.stderr().is_empty(), "{id}: {}", first.stderr());
    let again = world.wxbox("media upload same.bin").ok();
    assert_eq!(again.stdout().trim(), id);
    assert!(again.stderr().starts_with("WeChat keeps same.bin already, until "), "{}", again.stderr());
    assert_eq!(world.wxbox("-q media upload chart.png").ok().stderr(), "");
    let told = world.wxbox("--json media upload chart.png").ok().json().remove(0);
    assert_eq!((&told["media_id"], &told["type"], &told["kept"]), (&id.into(), &"image".into(), &true.into()));
    let id = told["media_id"].as_str().unwrap();
    assert_eq!(world.feed("media upload -", PNG).ok().stdout().trim(), id);
    let uploads =
        |world: &mut World| world.sandbox().requests().iter().filter(|it| it.contains("/media/upload")).count();
    assert_eq!(uploads(&mut world), 1);
    // As something else it is another; and so it is when the three days are over.
    world.write("cover.jpg", JPEG);
    let image = world.wxbox("media upload cover.jpg").ok().stdout().to_owned();
    assert_ne!(world.wxbox("media upload cover.jpg --type thumb").ok().stdout(), image);
    world.sql::<i64>("UPDATE media SET expires_at = 1 RETURNING 1");
    let later = world.wxbox("media upload chart.png").ok();
    assert_ne!(later.stdout().trim(), id);
    assert_eq!(uploads(&mut world), 3);
    // Nobody could use it in its last minute.
    world.sql::<i64>("UPDATE media SET expires_at = (unixepoch() + 30) * 1000 RETURNING 1");
    assert_ne!(world.wxbox("media upload chart.png").ok().stdout(), later.stdout());
    assert_eq!(uploads(&mut world), 1);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM media"), 1, "what is over is forgotten");
}

#[test]
fn the_content_says_what_a_file_is() {
    let world = World::new();
    let cases: &[(&str, &[u8], &str)] = &[
        ("a", PNG, "image"),
        ("b.txt", JPEG, "image"),
        ("c", b"GIF89a..........", "image"),
        ("d", AMR, "voice"),
        ("e", MP4, "video"),
    ];
    for (name, bytes, kind) in cases {
        world.write(name, bytes);
        assert_eq!(world.wxbox(&format!("--json media upload {name}")).ok().json()[0]["type"], *kind, "{name}");
    }
}

#[test]
fn what_wechat_would_not_take_is_not_uploaded() {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.write("empty.png", "");
    world.write("text.png", "this is text, not a picture");
    world.write("photo.webp", b"RIFF\x10\0\0\0WEBPVP8 ");
    world.write("chart.png", PNG);
    world.write("clip.mp4", MP4);
    std::fs::create_dir(world.path("pictures")).unwrap();
    filled(&world, "large.png", PNG, (10 << 20) + 1);
    filled(&world, "largest.png", PNG, 10 << 20);
    filled(&world, "cover.jpg", JPEG, (64 << 10) + 1);
    filled(&world, "long.amr", AMR, (2 << 20) + 1);
    world.wxbox("media upload /no/such/absent.png").is(str![[r#"
exit 1
--- stderr
error: cannot read absent.png: No such file or directory (os error 2)
hint: name a picture, sound or film; `send` takes the media_id of one, too

"#]]);
    world.wxbox("media upload empty.png").is(str![[r#"
exit 2
--- stderr
error: empty.png is empty
hint: name a picture, sound or film; `send` takes the media_id of one, too

"#]]);
    world.wxbox("media upload text.png").is(str![[r#"
exit 2
--- stderr
error: text.png is neither a picture nor a sound nor a film
hint: WeChat takes image: PNG, JPEG, GIF; voice: AMR, MP3; video: MP4; thumb: JPEG

"#]]);
    world.wxbox("media upload photo.webp").is(str![[r#"
exit 2
--- stderr
error: photo.webp is image/webp, which WeChat does not take
hint: WeChat takes image: PNG, JPEG, GIF; voice: AMR, MP3; video: MP4; thumb: JPEG

"#]]);
    world.wxbox("media upload pictures").is(str![[r#"
exit 2
--- stderr
error: pictures is a directory
hint: name a picture, sound or film; `send` takes the media_id of one, too

"#]]);
    world.wxbox("media upload /dev/zero").is(str![[r#"
exit 2
--- stderr
error: zero is neither a file nor standard input
hint: name a picture, sound or film; `send` takes the media_id of one, too

"#]]);
    world.wxbox("media upload large.png").is(str![[r#"
exit 2
--- stderr
error: large.png has 10485761 bytes, 10485760 is the most that WeChat takes as image
hint: shrink it

"#]]);
    world.wxbox("media upload long.amr").is(str![[r#"
exit 2
--- stderr
error: long.amr has 2097153 bytes, 2097152 is the most that WeChat takes as voice
hint: shrink it

"#]]);
    world.wxbox("media upload cover.jpg --type thumb").is(str![[r#"
exit 2
--- stderr
error: cover.jpg has 65537 bytes, 65536 is the most that WeChat takes as thumb
hint: shrink it

"#]]);
    world.wxbox("media upload chart.png --type thumb").is(str![[r#"
exit 2
--- stderr
error: chart.png is PNG, which WeChat does not take as thumb
hint: WeChat takes thumb: JPEG

"#]]);
    world.wxbox("media upload clip.mp4 --type voice").is(str![[r#"
exit 2
--- stderr
error: clip.mp4 is MP4, which WeChat does not take as voice
hint: WeChat takes voice: AMR, MP3

"#]]);
    world.wxbox("media upload clip.mp4 --type film").is(str![[r#"
exit 2
--- stderr
error: invalid value 'film' for '--type <TYPE>' [possible values: image, voice, video, thumb]

"#]]);
    world.wxbox("media upload -").is(str![[r#"
exit 2
--- stderr
error: standard input is empty
hint: name a picture, sound or film; `send` takes the media_id of one, too

"#]]);
    world.wxbox("send -u luffy --image absent.png").is(str![[r#"
exit 1
--- stderr
error: cannot read absent.png: No such file or directory (os error 2)
hint: name a picture, sound or film; `send` takes the media_id of one, too

"#]]);
    world.wxbox("send -u luffy --image empty.png").is(str![[r#"
exit 2
--- stderr
error: empty.png is empty
hint: name a picture, sound or film; `send` takes the media_id of one, too

"#]]);
    world.wxbox("send -u luffy --image clip.mp4").is(str![[r#"
exit 2
--- stderr
error: clip.mp4 is MP4, which WeChat does not take as image
hint: WeChat takes image: PNG, JPEG, GIF

"#]]);
    world.wxbox("send -u luffy --image pictures").is(str![[r#"
exit 2
--- stderr
error: pictures is a directory
hint: name a picture, sound or film; `send` takes the media_id of one, too

"#]]);
    world.wxbox("send -u luffy --image large.png").is(str![[r#"
exit 2
--- stderr
error: large.png has 10485761 bytes, 10485760 is the most that WeChat takes as image
hint: shrink it

"#]]);
    world.wxbox("send -u luffy --image ''").is(str![[r#"
exit 1
--- stderr
error: cannot read "": No such file or directory (os error 2)
hint: name a picture, sound or film; `send` takes the media_id of one, too

"#]]);
    let video = r#"{"msgtype": "video", "video": {"media_id": "@clip.mp4", "thumb_media_id": "@chart.png"}}"#;
    world.feed("send -u luffy --message -", video).is(str![[r#"
exit 2
--- stderr
error: chart.png is PNG, which WeChat does not take as thumb
hint: WeChat takes thumb: JPEG

"#]]);
    assert_eq!(world.sql::<i64>("SELECT count(*) FROM messages"), 0);
    assert_eq!(world.sandbox().requests(), Vec::<String>::new());
    world.wxbox("media upload largest.png").ok();
}

#[test]
fn an_upload_that_is_refused_or_fails_says_so() {
    let mut world = World::of("[[faults]]\napi = \"/cgi-bin/media/upload\"\nerrcode = 40009\n");
    world.write("chart.png", PNG);
    world.wxbox("media upload chart.png").is(str![[r#"
exit 1
--- stderr
error: WeChat says 40009 (invalid image size): image too large
hint: Shrink the image

"#]]);
    world.sandbox().form("faults", "[[faults]]\napi = \"/cgi-bin/media/upload\"\nstatus = 502\n");
    let ran = world.wxbox("media upload chart.png");
    assert_eq!(ran.status(), Some(1), "{}", ran.stderr());
    world.sandbox().form("faults", "[[faults]]\napi = \"/cgi-bin/media/upload\"\nnth = 1\nerrcode = 40001\n");
    world.wxbox("media upload chart.png").ok();
}

#[test]
fn a_bar_shows_how_far_an_upload_is() {
    let mut world = World::new();
    world.wxbox(&format!("user add luffy --openid {LUFFY}")).ok();
    world.sandbox().form("faults", "[[faults]]\napi = \"/cgi-bin/media/upload\"\nhang = \"after\"\n");
    filled(&world, "chart.png", PNG, 3 << 20);
    for line in ["media upload chart.png", "send -u luffy --image chart.png"] {
        let mut terminal = Terminal::start(world.command(line), 24, 100);
        // Its end, since it may come piece by piece.
        let screen = terminal.until("/3.00 MiB");
        assert!(screen.contents().contains("uploading chart.png"), "{}", screen.contents());
        terminal.keys("\x03");
        terminal.end();
    }
    world.sandbox().form("faults", "");
    world.wxbox("outbox flush").is(str![[r#"
exit 0
--- stdout
sent message 1 (image) to luffy

"#]]);
}
