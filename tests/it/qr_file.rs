//! `bind --qr-file`: the image, read by an independent decoder.

use std::path::Path;

use regex::Regex;
use rqrr::PreparedImage;
use rustix::process::Signal;
use snapbox::str;

use crate::bind::{env_with_luffy, finish_after_report};
use crate::support::env::{authorize, page_title};

/// Returns the texts of the QR codes in an image.
fn decode_modules(side: usize, dark: impl Fn(usize, usize) -> bool) -> Vec<String> {
    let mut image = PreparedImage::prepare_from_bitmap(side, side, dark);
    image.detect_grids().iter().map(|grid| grid.decode().unwrap().1).collect()
}

fn decode_png_file(path: &Path) -> Vec<String> {
    decode_png(&std::fs::read(path).unwrap())
}

pub fn decode_png(bytes: &[u8]) -> Vec<String> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Grayscale);
    let side = info.width as usize;
    assert_eq!(info.height as usize, side);
    decode_modules(side, |x, y| pixels[y * side + x] < 128)
}

/// Renders the path of black rectangles on the white one, and decodes the result.
pub fn decode_svg_file(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let number = |found: &regex::Captures<'_>, at: usize| found[at].parse::<usize>().unwrap();
    let ground =
        Regex::new(r##"<rect x="0" y="0" width="(\d+)" height="(\d+)" fill="#fff"/><path fill="#000""##).unwrap();
    let ground = ground.captures(&text).expect("a white ground and black on it");
    let (side, high) = (number(&ground, 1), number(&ground, 2));
    assert_eq!(side, high);
    let mut dark = vec![false; side * side];
    let part = Regex::new(r"M(\d+) (\d+)h(\d+)v(\d+)H(\d+)V(\d+)").unwrap();
    for found in part.captures_iter(&text) {
        let [left, top, width, height, back, up] = [1, 2, 3, 4, 5, 6].map(|at| number(&found, at));
        assert_eq!((back, up), (left, top), "{}", &found[0]);
        for y in top..top + height {
            dark[y * side + left..][..width].fill(true);
        }
    }
    decode_modules(side, |x, y| dark[y * side + x])
}

#[test]
fn qr_file_contains_url_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let env = env_with_luffy();
    type Read = fn(&Path) -> Vec<String>;
    for (name, read) in [("code.png", decode_png_file as Read), ("a b.SVG", decode_svg_file as Read)] {
        // An existing file is replaced.
        std::fs::write(env.path(name), "old").unwrap();
        let mut bind = env.spawn(&format!("bind -q --user luffy --qr-file '{name}'"));
        let url = bind.expect_line();
        assert_eq!(read(&env.path(name)), [url]);
        assert_eq!(std::fs::metadata(env.path(name)).unwrap().permissions().mode() & 0o777, 0o600);
        bind.signal(Signal::INT);
        let ran = bind.wait();
        assert_eq!((ran.status(), ran.stderr()), (Some(130), ""));
    }
}

#[test]
fn scanned_qr_file_binds_user() {
    let env = env_with_luffy();
    let mut bind = env.spawn("bind --user luffy --qr-file code.png");
    bind.expect_line();
    let [link] = &decode_png_file(&env.path("code.png"))[..] else { panic!("one code") };
    assert_eq!(page_title(&authorize(link, "luffy")).0, 200);
    finish_after_report(bind).assert_snapshot(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
Saved the QR code to code.png.
Scan the QR code with the WeChat app of luffy, or open the URL in it.

"#]]);
}

#[test]
fn unwritable_qr_file_fails_before_waiting() {
    let env = env_with_luffy();
    env.assert_unchanged_session(str![[r#"
$ wxbox bind --user luffy --qr-file code.jpg
2> error: cannot save the QR code to code.jpg: the file name must end in .png or .svg
2> hint: use a name such as --qr-file code.png or --qr-file code.svg
exit 2
$ wxbox bind --user luffy --qr-file code --json
2> {"error":"cannot save the QR code to code: the file name must end in .png or .svg","hint":"use a name such as --qr-file code.png or --qr-file code.svg","code":2}
exit 2
$ wxbox bind --user luffy --qr-file absent/code.png
2> error: cannot save the QR code to absent/code.png: No such file or directory (os error 2)
exit 1
$ wxbox bind --user luffy --openid oX --qr-file code.png
2> error: --openid cannot be used with --qr-file
2> hint: run `wxbox bind -h` to see how to use it
exit 2

"#]]);
    std::fs::create_dir(env.path("dir.svg")).unwrap();
    env.assert_unchanged_session(str![[r#"
$ wxbox bind --user luffy --qr-file dir.svg
2> error: cannot save the QR code to dir.svg: Is a directory (os error 21)
exit 1

"#]]);
}
