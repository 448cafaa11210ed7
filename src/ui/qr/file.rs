//! QR codes as PNG or SVG images, for people who do not see the terminal: black on white, with the
//! margin that scanners need.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use qrcode::render::svg;
use qrcode::{Color, EcLevel, QrCode};

use crate::exit::CommandError;
use crate::files;
use crate::t;

/// The white margin in modules, as the standard requires.
const QUIET_ZONE: usize = 4;
/// The width of a module in pixels.
const MODULE_PIXELS: usize = 8;

/// An image file for a QR code.
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
    /// Creates the description of a file; the extension selects the format.
    ///
    /// # Errors
    /// The extension is neither `.png` nor `.svg`.
    pub fn new(path: &Path) -> Result<Self, CommandError> {
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        let format = match extension.to_str() {
            Some("png") => QrFileFormat::Png,
            Some("svg") => QrFileFormat::Svg,
            _ => return Err(CommandError::usage(t!("bind-qr-file", path = path)).hint(t!("bind-qr-file-hint"))),
        };
        Ok(Self { path: path.to_owned(), format })
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the QR code of `text` and replaces an existing file atomically. Only the owner can
    /// read the file, because a link that binds a person is only for that person.
    ///
    /// # Errors
    /// The text is too long for a code, or the file cannot be written.
    pub fn write(&self, text: &str) -> io::Result<()> {
        let code = encode_qr(text)?;
        let image = match self.format {
            QrFileFormat::Png => render_png(&code)?,
            QrFileFormat::Svg => code
                .render::<svg::Color<'_>>()
                .module_dimensions(MODULE_PIXELS as u32, MODULE_PIXELS as u32)
                .build()
                .into(),
        };
        let dir = files::parent_dir(&self.path);
        // Otherwise the error would name the temporary file.
        std::fs::metadata(dir)?;
        let mut file = files::private_temp_file(dir, ".wxbox-qr-")?;
        file.write_all(&image)?;
        file.persist(&self.path)?;
        Ok(())
    }
}

/// Returns the QR code of `text` as a PNG image.
///
/// # Errors
/// The text is too long for a code.
pub fn encode_qr_png(text: &str) -> io::Result<Vec<u8>> {
    render_png(&encode_qr(text)?)
}

fn encode_qr(text: &str) -> io::Result<QrCode> {
    // Level M, because the code may be printed or photographed from a distant screen.
    QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, t!("bind-qr-too-long")))
}

/// Renders a PNG with one bit per pixel; 1 is white.
fn render_png(code: &QrCode) -> io::Result<Vec<u8>> {
    let (width, colors) = (code.width(), code.to_colors());
    let side = (width + 2 * QUIET_ZONE) * MODULE_PIXELS;
    let is_dark = |x: usize, y: usize| {
        let inside = |pixel: usize| (pixel / MODULE_PIXELS).checked_sub(QUIET_ZONE).filter(|module| *module < width);
        inside(x).zip(inside(y)).is_some_and(|(x, y)| colors[y * width + x] == Color::Dark)
    };
    let byte = |y: usize, first: usize| (first..first + 8).fold(0_u8, |bits, x| bits << 1 | u8::from(!is_dark(x, y)));
    let pixels: Vec<u8> =
        (0..side).flat_map(|y| (0..side).step_by(8).map(move |first| (y, first))).map(|(y, x)| byte(y, x)).collect();
    let mut image = Vec::new();
    let side = u32::try_from(side).map_err(io::Error::other)?;
    let mut encoder = png::Encoder::new(&mut image, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extension_selects_format() {
        let format = |path: &str| QrFile::new(Path::new(path)).ok().map(|file| file.format);
        assert_eq!(format("a/code.png"), Some(QrFileFormat::Png));
        assert_eq!(format("CODE.SVG"), Some(QrFileFormat::Svg));
        for path in ["code", "code.jpg", ".png", "png", ""] {
            assert_eq!(format(path), None, "{path}");
        }
    }
}
