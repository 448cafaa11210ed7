//! QR codes in the terminal. Scanners need dark modules on a light background with a margin, so
//! black and white are set explicitly, regardless of the terminal's colors.

pub(in crate::ui) mod file;

use qrcode::{Color, EcLevel, QrCode};

use super::Ui;
use crate::t;

/// How a QR code is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QrStyle {
    /// With half blocks: a cell is one column wide and holds two modules, one above the other.
    Unicode,
    /// With `#`: a module is two columns wide and one line high.
    Ascii,
}

/// Palette entries 16 and 231 are black and white in every theme; the theme defines 0 and 15.
const BLACK_ON_WHITE: &str = "\u{1b}[38;5;16;48;5;231m";
/// A `#` covers only a small part of its cell, which must be dark for scanners.
const BLACK_ON_BLACK: &str = "\u{1b}[38;5;16;48;5;16m";
const RESET_COLORS: &str = "\u{1b}[0m";

/// The standard margin in modules.
const QUIET_ZONE: usize = 4;
/// A sufficient margin if the standard one does not fit.
const MIN_QUIET_ZONE: usize = 2;

/// The lines below the code: the instruction and the countdown.
const CAPTION_LINES: usize = 2;

/// A QR code with error correction level L, which gives the smallest code: a screen is clean and
/// near.
pub struct Qr {
    modules: Vec<Color>,
    width: usize,
}

impl Qr {
    /// Encodes `text`, or returns `None` if it is too long for a QR code.
    pub fn new(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        Some(Self { width: code.width(), modules: code.to_colors() })
    }

    /// Returns the number of columns and lines with a margin of `quiet_zone` modules.
    pub fn size(&self, style: QrStyle, quiet_zone: usize) -> (usize, usize) {
        let side = self.width + 2 * quiet_zone;
        match style {
            QrStyle::Unicode => (side, side.div_ceil(2)),
            QrStyle::Ascii => (2 * side, side),
        }
    }

    fn is_dark(&self, x: usize, y: usize, quiet_zone: usize) -> bool {
        let inside = |cell: usize| cell.checked_sub(quiet_zone).filter(|module| *module < self.width);
        inside(x).zip(inside(y)).is_some_and(|(x, y)| self.modules[y * self.width + x] == Color::Dark)
    }

    /// Renders the code as lines of text. With `set_colors`, black and white are set explicitly.
    pub fn render(&self, style: QrStyle, quiet_zone: usize, set_colors: bool) -> String {
        let side = self.width + 2 * quiet_zone;
        let step = if style == QrStyle::Unicode { 2 } else { 1 };
        let mut text = String::new();
        for y in (0..side).step_by(step) {
            let mut current_colors = "";
            for x in 0..side {
                let (upper, lower) = (self.is_dark(x, y, quiet_zone), self.is_dark(x, y + 1, quiet_zone));
                let colors = if style == QrStyle::Ascii && upper { BLACK_ON_BLACK } else { BLACK_ON_WHITE };
                if set_colors && colors != current_colors {
                    text += colors;
                    current_colors = colors;
                }
                text += match (style, upper, lower) {
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

/// The columns and lines of the terminal, or `None` if there is none.
type TerminalSize = Option<(usize, usize)>;

/// Returns `true` if a code of this size fits into the terminal. Without a terminal everything
/// fits.
fn fits_terminal(terminal: TerminalSize, (columns, lines): (usize, usize)) -> bool {
    terminal.is_none_or(|(width, height)| columns <= width && lines + CAPTION_LINES <= height)
}

impl Ui {
    fn terminal_size(&self) -> TerminalSize {
        let size = if self.err_terminal { console::Term::stderr().size_checked() } else { None };
        size.map(|(lines, columns)| (usize::from(columns), usize::from(lines)))
    }

    /// Returns `true` if the QR code of `text` fits into the terminal.
    pub fn qr_fits(&self, text: &str, style: QrStyle) -> bool {
        Qr::new(text).is_some_and(|code| fits_terminal(self.terminal_size(), code.size(style, MIN_QUIET_ZONE)))
    }

    /// Returns the default style: half blocks if the locale is UTF-8.
    pub fn default_qr_style(&self) -> QrStyle {
        if self.capabilities.ascii_only { QrStyle::Ascii } else { QrStyle::Unicode }
    }

    /// Returns `true` if a person can scan a code on the terminal.
    pub fn is_interactive(&self) -> bool {
        self.err_terminal && !self.quiet && !self.capabilities.screen_reader
    }

    /// Prints the QR code of `text` on stderr, with a message if it does not fit into the terminal.
    /// Returns `false` if no code was printed.
    pub fn print_qr(&mut self, text: &str, style: QrStyle) -> bool {
        let Some(code) = Qr::new(text) else {
            self.warn(&t!("bind-qr-too-long"));
            return false;
        };
        let terminal = self.terminal_size();
        let quiet_zone =
            if fits_terminal(terminal, code.size(style, QUIET_ZONE)) { QUIET_ZONE } else { MIN_QUIET_ZONE };
        let (columns, lines) = code.size(style, quiet_zone);
        // Wrapped lines cannot be scanned; lines that scrolled away are visible in a higher window.
        let is_printed = terminal.is_none_or(|(width, _)| columns <= width);
        if is_printed {
            let drawing = code.render(style, quiet_zone, self.capabilities.supports_color);
            self.write_stderr(&drawing);
        }
        if let Some((width, height)) = terminal.filter(|_| !fits_terminal(terminal, (columns, lines))) {
            let (need, have) = (format!("{columns}×{}", lines + CAPTION_LINES), format!("{width}×{height}"));
            self.status(&if is_printed {
                t!("bind-qr-high", need = need, have = have)
            } else {
                t!("bind-qr-narrow", need = need, have = have)
            });
        }
        is_printed
    }
}
