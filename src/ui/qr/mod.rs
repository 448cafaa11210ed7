//! QR codes in the terminal. Scanners want dark on light with a margin, whatever the terminal's colours
//! are, so black and white are set explicitly there.

pub(in crate::ui) mod file;
use qrcode::{Color, EcLevel, QrCode};

use super::Ui;
use crate::t;

/// How a code is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QrStyle {
    /// Half blocks: a cell is one column wide and holds two modules, one above the other.
    Unicode,
    /// `#`: a module is two columns wide and a line high.
    Ascii,
}

/// Palette entries 16 and 231 are black and white in every theme; 0 and 15 are what the theme says.
const BLACK_ON_WHITE: &str = "\u{1b}[38;5;16;48;5;231m";
/// A `#` leaves most of its cell to the background, and scanners want it dark.
const BLACK_ON_BLACK: &str = "\u{1b}[38;5;16;48;5;16m";
const RESET_COLORS: &str = "\u{1b}[0m";

/// The standard margin, in modules, and one that is enough where that does not fit.
const QUIET_ZONE: usize = 4;
const MIN_QUIET_ZONE: usize = 2;

/// What is said below the code: what to do with it, and how long it is waited for.
const CAPTION_LINES: usize = 2;

/// A QR code at error correction level L, the smallest: a screen is clean and near.
pub struct Qr {
    modules: Vec<Color>,
    width: usize,
}

impl Qr {
    /// Encodes `text`; `None` where it is too long for any code.
    pub fn new(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        Some(Self { width: code.width(), modules: code.to_colors() })
    }

    /// Columns and lines with a margin of `quiet` modules.
    pub fn size(&self, look: QrStyle, quiet: usize) -> (usize, usize) {
        let side = self.width + 2 * quiet;
        match look {
            QrStyle::Unicode => (side, side.div_ceil(2)),
            QrStyle::Ascii => (2 * side, side),
        }
    }

    fn is_dark(&self, x: usize, y: usize, quiet: usize) -> bool {
        let inside = |at: usize| at.checked_sub(quiet).filter(|at| *at < self.width);
        inside(x).zip(inside(y)).is_some_and(|(x, y)| self.modules[y * self.width + x] == Color::Dark)
    }

    /// The drawing, a line an end of line; `explicit` sets black and white.
    pub fn render(&self, look: QrStyle, quiet: usize, set_colors: bool) -> String {
        let side = self.width + 2 * quiet;
        let step = if look == QrStyle::Unicode { 2 } else { 1 };
        let mut text = String::new();
        for y in (0..side).step_by(step) {
            let mut colors = "";
            for x in 0..side {
                let (upper, lower) = (self.is_dark(x, y, quiet), self.is_dark(x, y + 1, quiet));
                let wanted = if look == QrStyle::Ascii && upper { BLACK_ON_BLACK } else { BLACK_ON_WHITE };
                if set_colors && wanted != colors {
                    text += wanted;
                    colors = wanted;
                }
                text += match (look, upper, lower) {
                    (QrStyle::Unicode, false, false) => " ",
                    (QrStyle::Unicode, true, false) => "▀",
                    (QrStyle::Unicode, false, true) => "▄",
                    (QrStyle::Unicode, true, true) => "█",
                    (QrStyle::Ascii, true, _) => "##",
                    (QrStyle::Ascii, false, _) => "  ",
                };
            }
            if set_colors {
                text += RESET_COLORS;
            }
            text.push('\n');
        }
        text
    }
}

/// Columns and lines of a window.
type TerminalSize = Option<(usize, usize)>;

/// Whether a drawing of that size is seen whole; without a window there is room for everything.
fn fits_terminal(room: TerminalSize, (columns, lines): (usize, usize)) -> bool {
    room.is_none_or(|room| columns <= room.0 && lines + CAPTION_LINES <= room.1)
}

impl Ui {
    fn terminal_size(&self) -> TerminalSize {
        let window = if self.err_terminal { console::Term::stderr().size_checked() } else { None };
        window.map(|(lines, columns)| (usize::from(columns), usize::from(lines)))
    }

    /// Whether `text` can be drawn as a QR code that is seen whole.
    pub fn qr_fits(&self, text: &str, look: QrStyle) -> bool {
        Qr::new(text).is_some_and(|code| fits_terminal(self.terminal_size(), code.size(look, MIN_QUIET_ZONE)))
    }

    /// How to draw where nobody said: half blocks where the locale is UTF-8.
    pub fn default_qr_style(&self) -> QrStyle {
        if self.capabilities.ascii_only { QrStyle::Ascii } else { QrStyle::Unicode }
    }

    /// Whether somebody is there to scan what is drawn.
    pub fn is_interactive(&self) -> bool {
        self.err_terminal && !self.quiet && !self.capabilities.screen_reader
    }

    /// Draws `text` as a QR code on stderr, and says so where the window cannot show it whole. `false`
    /// where nothing can be scanned.
    pub fn print_qr(&mut self, text: &str, look: QrStyle) -> bool {
        let Some(code) = Qr::new(text) else {
            self.warn(&t!("bind-qr-too-long"));
            return false;
        };
        let room = self.terminal_size();
        let quiet = if fits_terminal(room, code.size(look, QUIET_ZONE)) { QUIET_ZONE } else { MIN_QUIET_ZONE };
        let (columns, lines) = code.size(look, quiet);
        // Lines that the window breaks are no code; lines that it scrolls away come back in a higher one.
        let drawn = room.is_none_or(|room| columns <= room.0);
        if drawn {
            let drawing = code.render(look, quiet, self.capabilities.supports_color);
            self.write_stderr(&drawing);
        }
        if let Some((wide, high)) = room.filter(|_| !fits_terminal(room, (columns, lines))) {
            let (need, have) = (format!("{columns}×{}", lines + CAPTION_LINES), format!("{wide}×{high}"));
            self.status(&if drawn {
                t!("bind-qr-short", need = need, have = have)
            } else {
                t!("bind-qr-narrow", need = need, have = have)
            });
        }
        drawn
    }
}
