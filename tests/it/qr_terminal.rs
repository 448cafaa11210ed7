//! The QR code as it is drawn in a terminal, read by an independent decoder.

use rqrr::PreparedImage;
use rustix::process::Signal;
use vt100::{Color, Screen};

use crate::bind::env_with_luffy;
use crate::support::env::TestEnv;
use crate::support::pty::Terminal;

/// The size of a drawn cell in pixels; a terminal cell is twice as high as it is wide.
const CELL_WIDTH_PX: usize = 4;
const CELL_HEIGHT_PX: usize = 2 * CELL_WIDTH_PX;

/// Returns the brightness of the upper and the lower half of a cell that holds half blocks or `#`.
fn half_cell_brightness(ink: u8, paper: u8, text: &str) -> [u8; 2] {
    let mixed = u8::midpoint(ink, paper);
    match text {
        "▀" => [ink, paper],
        "▄" => [paper, ink],
        "█" => [ink, ink],
        "" | " " => [paper, paper],
        // A character covers a part of its cell.
        _ => [mixed, mixed],
    }
}

/// Returns the texts of all QR codes in a grid of cells, each given by the brightness of its
/// halves. A camera cannot classify values between dark and bright, so both readings must decode.
fn decode_cells(columns: usize, rows: usize, cell: impl Fn(usize, usize) -> [u8; 2]) -> Vec<String> {
    let texts = |threshold: u8| -> Vec<String> {
        let mut image = PreparedImage::prepare_from_bitmap(columns * CELL_WIDTH_PX, rows * CELL_HEIGHT_PX, |x, y| {
            cell(y / CELL_HEIGHT_PX, x / CELL_WIDTH_PX)[y % CELL_HEIGHT_PX / (CELL_HEIGHT_PX / 2)] < threshold
        });
        image.detect_grids().iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect()
    };
    let [dim, strict] = [texts(100), texts(155)];
    assert_eq!(dim, strict);
    dim
}

/// Returns the QR codes on a screen, in a theme with that default ink and paper.
pub fn decode_screen(screen: &Screen, [ink, paper]: [u8; 2]) -> Vec<String> {
    let (rows, columns) = screen.size();
    let bright = |color: Color, default: u8| match color {
        Color::Default => default,
        // The colors that the program sets must be the same in every theme.
        Color::Idx(16) => 0,
        Color::Idx(231) => 255,
        other => panic!("a colour of the theme's: {other:?}"),
    };
    decode_cells(columns.into(), rows.into(), |row, column| {
        let cell = screen.cell(row as u16, column as u16).unwrap();
        half_cell_brightness(bright(cell.fgcolor(), ink), bright(cell.bgcolor(), paper), cell.contents())
    })
}

pub const DARK_THEME: [u8; 2] = [220, 20];
const LIGHT_THEME: [u8; 2] = [30, 250];

/// Returns the URL on the screen, joined where the window wrapped it.
fn url_on_screen(screen: &Screen) -> String {
    let text = screen.contents();
    text.lines().find(|line| line.starts_with("http://")).expect("a URL").to_owned()
}

/// Runs a bind in a terminal until the QR code is drawn.
fn start_bind_until_drawn(env: &TestEnv, line: &str, rows: u16, columns: u16) -> (Terminal, Screen) {
    let mut terminal = Terminal::start(env.command(line), rows, columns);
    let screen = terminal.wait_for("waiting for the phone").clone();
    (terminal, screen)
}

#[test]
fn qr_decodes_on_dark_and_light_themes() {
    for (locale, block) in [("C.UTF-8", "▀"), ("C", "##")] {
        let mut env = env_with_luffy();
        env.set_variable("LANG", locale).set_variable("NO_COLOR", "1");
        let (terminal, screen) = start_bind_until_drawn(&env, "bind --user luffy", 100, 180);
        assert!(screen.contents().contains(block), "{locale}: {}", screen.contents());
        for theme in [DARK_THEME, LIGHT_THEME] {
            assert_eq!(decode_screen(&screen, theme), [url_on_screen(&screen)], "{locale}");
        }
        terminal.type_keys("\x03");
        terminal.wait().assert_status(130);
    }
}

#[test]
fn options_take_precedence_over_locale() {
    let env = env_with_luffy();
    let (_terminal, screen) = start_bind_until_drawn(&env, "bind --user luffy --qr ascii", 100, 180);
    assert!(!screen.contents().contains(['▀', '▄', '█']));
    assert_eq!(decode_screen(&screen, DARK_THEME), [url_on_screen(&screen)]);
    let (_terminal, screen) =
        start_bind_until_drawn(&env, "bind --user luffy --qr none --listen 127.0.0.1:0", 100, 180);
    assert_eq!(decode_screen(&screen, DARK_THEME), Vec::<String>::new());
    assert!(screen.contents().contains("Open the URL in the WeChat app of luffy."));
}

#[test]
fn tight_window_narrows_qr_margin() {
    let env = env_with_luffy();
    let (_terminal, screen) = start_bind_until_drawn(&env, "bind --user luffy", 45, 72);
    assert_eq!(decode_screen(&screen, DARK_THEME), [url_on_screen(&screen)]);
    assert!(!screen.contents().contains("cannot draw the QR code"));
}

#[test]
fn eighty_columns_fit_half_blocks_but_not_ascii() {
    let mut env = env_with_luffy();
    let (terminal, screen) = start_bind_until_drawn(&env, "bind --user luffy", 60, 80);
    assert!(!screen.contents().contains("cannot draw the QR code"), "{}", screen.contents());
    for theme in [DARK_THEME, LIGHT_THEME] {
        assert_eq!(decode_screen(&screen, theme), [url_on_screen(&screen)]);
    }
    terminal.type_keys("\x03");
    terminal.wait();
    env.set_variable("LANG", "C");
    // The listener is not where redirect_uri leads, so a short link is useless.
    let (_terminal, screen) = start_bind_until_drawn(&env, "bind --user luffy --listen 127.0.0.1:0", 100, 80);
    let text = screen.contents();
    assert!(!text.contains("##"), "{text}");
    assert!(text.contains("cannot draw the QR code: the terminal is 80x100"), "{text}");
    assert!(text.contains("Open the URL in the WeChat app of luffy."), "{text}");
    // A window of the requested size does hold the code.
    let (_, need) = text.split_once("the code needs ").unwrap();
    let (columns, rows) = need.split_once(';').unwrap().0.split_once('x').unwrap();
    let size = (rows.parse().unwrap(), columns.parse().unwrap());
    let (_terminal, screen) = start_bind_until_drawn(&env, "bind --user luffy --listen 127.0.0.1:0", size.0, size.1);
    assert_eq!(decode_screen(&screen, DARK_THEME).len(), 1, "{}", screen.contents());
}

#[test]
fn too_small_window_is_reported() {
    let env = env_with_luffy();
    let (_terminal, screen) = start_bind_until_drawn(&env, "bind --user luffy --listen 127.0.0.1:0", 24, 80);
    let text = screen.contents();
    assert!(text.contains("the QR code does not fit: the terminal is 80×24"), "{text}");
    assert!(text.contains("of luffy"), "{text}");

    // The window is too narrow, and a wrapped QR code cannot be scanned.
    let (_terminal, screen) = start_bind_until_drawn(&env, "bind --user luffy --listen 127.0.0.1:0", 60, 40);
    let text = screen.contents();
    assert!(!text.contains(['▀', '▄', '█']), "{text}");
    assert!(text.replace('\n', " ").contains("--qr-file FILE"), "{text}");
    assert!(text.contains("Open the URL in the WeChat app of luffy."), "{text}");
}

/// Returns the QR codes in a text that is printed in black on white.
fn decode_printed(text: &str) -> Vec<String> {
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    decode_cells(columns, lines.len(), |row, column| match lines[row].get(column) {
        // The ink of a `#`, which covers a part of its cell.
        Some('#') => [0, 0],
        Some(sign) => half_cell_brightness(0, 255, &sign.to_string()),
        None => [255, 255],
    })
}

#[test]
fn qr_without_terminal_is_black_on_white_on_request() {
    let env = env_with_luffy();
    for (look, sign) in [("unicode", "▀"), ("ascii", "##")] {
        let mut bind = env.spawn(&format!("bind --user luffy --qr {look}"));
        let url = bind.expect_line();
        bind.signal(Signal::INT);
        let ran = bind.wait();
        assert_eq!(ran.status(), Some(130));
        assert!(ran.stderr().contains(sign) && !ran.stderr().contains('\u{1b}'));
        let code: Vec<&str> = ran.stderr().lines().filter(|line| !line.contains(char::is_alphabetic)).collect();
        assert_eq!(decode_printed(&code.join("\n")), [url], "{look}");
    }
}

#[test]
fn suggested_window_size_fits_qr() {
    let env = env_with_luffy();
    let (_terminal, screen) = start_bind_until_drawn(&env, "bind --user luffy --listen 127.0.0.1:0", 24, 80);
    let text = screen.contents();
    let (_, need) = text.split_once("the code needs ").unwrap();
    let (columns, rows) = need.split_once(';').unwrap().0.split_once('×').unwrap();
    let size = (rows.parse().unwrap(), columns.parse().unwrap());
    let (_terminal, screen) = start_bind_until_drawn(&env, "bind --user luffy --listen 127.0.0.1:0", size.0, size.1);
    let text = screen.contents();
    assert!(!text.contains("cannot draw the QR code"), "{text}");
    // On a light theme, the lines of the URL, scrolled away here, would be a part of the margin.
    assert_eq!(decode_screen(&screen, LIGHT_THEME).len(), 1, "{text}");
    assert_eq!(decode_screen(&screen, DARK_THEME).len(), 1, "{text}");
}
