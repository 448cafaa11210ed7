//! `bind --qr-file`: the picture, read by an independent decoder.

use std::path::Path;

use regex::Regex;
use rqrr::PreparedImage;
use rustix::process::Signal;
use snapbox::str;

use crate::bad_input::unchanged;
use crate::bind::with_luffy;
use crate::harness::{allow, open};

/// The texts of the codes in a picture.
fn decode(side: usize, dark: impl Fn(usize, usize) -> bool) -> Vec<String> {
    let mut image = PreparedImage::prepare_from_bitmap(side, side, dark);
    image.detect_grids().iter().map(|grid| grid.decode().unwrap().1).collect()
}

fn in_png(path: &Path) -> Vec<String> {
    in_picture(&std::fs::read(path).unwrap())
}

pub fn in_picture(bytes: &[u8]) -> Vec<String> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Grayscale);
    let side = info.width as usize;
    assert_eq!(info.height as usize, side);
    decode(side, |x, y| pixels[y * side + x] < 128)
}

/// Fills the path of black rectangles on the white one.
pub fn in_svg(path: &Path) -> Vec<String> {
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
    decode(side, |x, y| dark[y * side + x])
}

#[test]
fn the_picture_holds_the_url_and_is_nobody_elses() {
    use std::os::unix::fs::PermissionsExt;
    let world = with_luffy();
    type Read = fn(&Path) -> Vec<String>;
    for (name, read) in [("code.png", in_png as Read), ("a b.SVG", in_svg as Read)] {
        // What was there before is replaced.
        std::fs::write(world.path(name), "old").unwrap();
        let mut bind = world.spawn(&format!("bind -q --user luffy --qr-file '{name}'"));
        let url = bind.next_line();
        assert_eq!(read(&world.path(name)), [url]);
        assert_eq!(std::fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o777, 0o600);
        bind.signal(Signal::INT);
        let ran = bind.end();
        assert_eq!((ran.status(), ran.stderr()), (Some(130), ""));
    }
}

#[test]
fn who_scans_the_picture_is_bound() {
    let world = with_luffy();
    let mut bind = world.spawn("bind --user luffy --qr-file code.png");
    bind.next_line();
    let [link] = &in_png(&world.path("code.png"))[..] else { panic!("one code") };
    assert_eq!(open(&allow(link, "luffy")).0, 200);
    bind.end().is(str![[r#"
exit 0
--- stdout
http://127.0.0.1:[PORT]/connect/oauth2/authorize?appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2F[LISTENER]%2Fcallback%2F&response_type=code&scope=snsapi_userinfo&state=[STATE]#wechat_redirect
bound luffy to oLuffy_wears_the_straw_hat_1 (luffy)
--- stderr
The code is in code.png.
Scan the code with WeChat, or open the URL there, as luffy.

"#]]);
}

#[test]
fn a_file_that_cannot_be_drawn_ends_it_before_the_wait() {
    let world = with_luffy();
    unchanged(&world, "bind --user luffy --qr-file code.jpg").is(str![[r#"
exit 2
--- stderr
error: code.jpg is neither a .png nor a .svg file
hint: the ending says what is drawn: --qr-file code.png or --qr-file code.svg

"#]]);
    unchanged(&world, "bind --user luffy --qr-file code --json").is(str![[r#"
exit 2
--- stderr
{"error":"code is neither a .png nor a .svg file","hint":"the ending says what is drawn: --qr-file code.png or --qr-file code.svg","code":2}

"#]]);
    unchanged(&world, "bind --user luffy --qr-file absent/code.png").is(str![[r#"
exit 1
--- stderr
error: cannot draw the code in absent/code.png: No such file or directory (os error 2)

"#]]);
    unchanged(&world, "bind --user luffy --openid oX --qr-file code.png").is(str![[r#"
exit 2
--- stderr
error: the argument '--openid <OPENID>' cannot be used with '--qr-file <FILE>'
hint: the usage is: wxbox bind --openid <OPENID> <--user <NAME>|--unbound>

"#]]);
    std::fs::create_dir(world.path("dir.svg")).unwrap();
    unchanged(&world, "bind --user luffy --qr-file dir.svg").is(str![[r#"
exit 1
--- stderr
error: cannot draw the code in dir.svg: Is a directory (os error 21)

"#]]);
}
