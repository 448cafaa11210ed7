//! QR codes as pictures, for whoever cannot see the terminal: a PNG or an SVG, black on white with the
//! margin that scanners want.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use qrcode::render::svg;
use qrcode::{Color, EcLevel, QrCode};

use crate::exit::CommandError;
use crate::files;
use crate::t;

/// Modules of white around the code, as the standard asks for.
const QUIET_ZONE: usize = 4;
/// Pixels a module.
const MODULE_PIXELS: usize = 8;

/// A file to draw a code in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrFile {
    path: PathBuf,
    format: QrFileFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QrFileFormat {
    Png,
    Svg,
}

impl QrFile {
    /// The file of that name, whose ending says what it is.
    ///
    /// # Errors
    /// The ending is neither `.png` nor `.svg`.
    pub fn new(path: &Path) -> Result<Self, CommandError> {
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        let format = match ending.to_str() {
            Some("png") => QrFileFormat::Png,
            Some("svg") => QrFileFormat::Svg,
            _ => return Err(CommandError::usage(t!("bind-qr-file", path = path)).hint(t!("bind-qr-file-hint"))),
        };
        Ok(Self { path: path.to_owned(), format })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Draws `text` in it, whole or not at all, in the place of what was there. Nobody else can read it: a
    /// link to bind somebody is for that person alone.
    ///
    /// # Errors
    /// The text is too long for a code, or the file cannot be written.
    pub fn write(&self, text: &str) -> io::Result<()> {
        let code = encode_qr(text)?;
        let picture = match self.format {
            QrFileFormat::Png => render_png(&code)?,
            QrFileFormat::Svg => code
                .render::<svg::Color<'_>>()
                .module_dimensions(MODULE_PIXELS as u32, MODULE_PIXELS as u32)
                .build()
                .into(),
        };
        let dir = files::parent_dir(&self.path);
        // Said here, since the temporary file's name is nobody's business.
        std::fs::metadata(dir)?;
        let mut file = files::private_temp_file(dir, ".wxbox-qr-")?;
        file.write_all(&picture)?;
        file.persist(&self.path)?;
        Ok(())
    }
}

/// A picture of the code of `text`, as PNG.
///
/// # Errors
/// The text is too long for a code.
pub fn encode_qr_png(text: &str) -> io::Result<Vec<u8>> {
    render_png(&encode_qr(text)?)
}

fn encode_qr(text: &str) -> io::Result<QrCode> {
    // Level M: it may be printed, or photographed from a screen far away.
    QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, t!("bind-qr-too-long")))
}

/// One bit a pixel: 1 is white.
fn render_png(code: &QrCode) -> io::Result<Vec<u8>> {
    let (width, colors) = (code.width(), code.to_colors());
    let side = (width + 2 * QUIET_ZONE) * MODULE_PIXELS;
    let dark = |x: usize, y: usize| {
        let inside = |pixel: usize| (pixel / MODULE_PIXELS).checked_sub(QUIET_ZONE).filter(|module| *module < width);
        inside(x).zip(inside(y)).is_some_and(|(x, y)| colors[y * width + x] == Color::Dark)
    };
    let byte = |y: usize, first: usize| (first..first + 8).fold(0_u8, |bits, x| bits << 1 | u8::from(!dark(x, y)));
    let pixels: Vec<u8> =
        (0..side).flat_map(|y| (0..side).step_by(8).map(move |first| (y, first))).map(|(y, x)| byte(y, x)).collect();
    let mut picture = Vec::new();
    let side = u32::try_from(side).map_err(io::Error::other)?;
    let mut encoder = png::Encoder::new(&mut picture, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_format() {
        let format = |path: &str| QrFile::new(Path::new(path)).ok().map(|file| file.format);
        assert_eq!(format("a/code.png"), Some(QrFileFormat::Png));
        assert_eq!(format("CODE.SVG"), Some(QrFileFormat::Svg));
        for path in ["code", "code.jpg", ".png", "png", ""] {
            assert_eq!(format(path), None, "{path}");
        }
    }
}
