//! Draws a QR code as JPEG, the format that the platform answers with.
//!
//! Each module of the code is one block of the picture (8 × 8 pixels) that is all black or all
//! white. JPEG stores such a block as one number, the difference to the block before it, so that
//! this encoder needs no transform and only three words of a Huffman table. JPEG libraries contain
//! much more, under another license.

use qrcode::{Color, EcLevel, QrCode};

/// The width of a block in pixels.
const MODULE_PIXELS: usize = 8;
/// The number of white modules around the code.
const QUIET_ZONE: usize = 4;

/// Encodes `text` as a QR code in a JPEG file; `None` if the text is too long for a QR code.
pub(super) fn encode_qr_jpeg(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width() + 2 * QUIET_ZONE;
    let pixels = u16::try_from(width * MODULE_PIXELS).ok()?.to_be_bytes();
    let inside = QUIET_ZONE..QUIET_ZONE + code.width();
    let dark = |at: usize| {
        let (x, y) = (at % width, at / width);
        inside.contains(&x) && inside.contains(&y) && code[(x - QUIET_ZONE, y - QUIET_ZONE)] == Color::Dark
    };
    let mut file = vec![0xff, 0xd8];
    write_segment(&mut file, 0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    // All quantization steps are 8, so the number of a block is its brightness, from -128 to 127.
    write_segment(&mut file, 0xdb, &[[0].as_slice(), &[8; 64]].concat());
    let size = [pixels, pixels].concat();
    write_segment(&mut file, 0xc0, &[[8].as_slice(), &size, &[1, 1, 0x11, 0]].concat());
    // The number of words of each length, then the number of difference bits that each word stands
    // for: `0` none, `10` eight, `110` seven (the first white block, which has no block before it).
    write_segment(&mut file, 0xc4, &[0x00, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 7]);
    // One word: `0`, only the brightness.
    write_segment(&mut file, 0xc4, &[0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    write_segment(&mut file, 0xda, &[1, 1, 0x00, 0, 63, 0]);
    let mut bits = vec![true, true, false, true, true, true, true, true, true, true, false];
    for at in 1..width * width {
        if dark(at) == dark(at - 1) {
            bits.push(false);
        } else {
            // A step up by 255 is eight ones, a step down by 255 is eight zeros.
            bits.extend([true, false]);
            bits.extend([!dark(at); 8]);
        }
        bits.push(false);
    }
    for byte in bits.chunks(8) {
        let byte = (0..8).fold(0, |sum, at| sum << 1 | u8::from(byte.get(at).copied().unwrap_or(true)));
        file.push(byte);
        if byte == 0xff {
            file.push(0);
        }
    }
    file.extend([0xff, 0xd9]);
    Some(file)
}

fn write_segment(file: &mut Vec<u8>, marker: u8, content: &[u8]) {
    let length = u16::try_from(content.len() + 2).unwrap_or_default();
    file.extend([0xff, marker]);
    file.extend(length.to_be_bytes());
    file.extend(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the brightness of every module of an encoded picture, row by row.
    fn decode_jpeg(file: &[u8]) -> Vec<i32> {
        let head = file.windows(2).position(|marker| marker == [0xff, 0xda]).unwrap() + 2;
        let head = head + usize::from(u16::from_be_bytes([file[head], file[head + 1]]));
        let mut bytes = file[head..file.len() - 2].to_vec();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == 0xff && at + 1 < bytes.len() {
                assert_eq!(bytes.remove(at + 1), 0);
            }
            at += 1;
        }
        let mut bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1));
        let (mut all, mut now) = (Vec::new(), 0);
        loop {
            let mut word = 0;
            while let Some(true) = bits.next() {
                word += 1;
            }
            let count = match word {
                0 => 0,
                1 => 8,
                2 => 7,
                _ => return all,
            };
            let value = (0..count).fold(0, |sum, _| sum << 1 | i32::from(bits.next().unwrap()));
            let step = if count > 0 && value >> (count - 1) == 0 { value - (1 << count) + 1 } else { value };
            now += step;
            match bits.next() {
                Some(end) => assert!(!end),
                None => return all,
            }
            all.push(now);
        }
    }

    #[test]
    fn qr_jpeg_decodes_to_its_text() {
        for text in ["http://127.0.0.1:8899/q/0123456789abcdef0123456789abcdef", "x"] {
            let file = encode_qr_jpeg(text).unwrap();
            assert!(file.starts_with(b"\xff\xd8\xff\xe0\0\x10JFIF\0") && file.ends_with(b"\xff\xd9"));
            let frame = file.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
            let width = usize::from(u16::from_be_bytes([file[frame + 5], file[frame + 6]])) / MODULE_PIXELS;
            let modules = decode_jpeg(&file);
            // The padding of the last byte may read as one more block.
            assert!((width * width..=width * width + 1).contains(&modules.len()), "{}", modules.len());
            assert!(modules[..width * width].iter().all(|module| [-128, 127].contains(module)));
            let point =
                |x: usize, y: usize| (modules[y / MODULE_PIXELS * width + x / MODULE_PIXELS] + 128).try_into().unwrap();
            let size = width * MODULE_PIXELS;
            let mut picture = rqrr::PreparedImage::prepare_from_greyscale(size, size, point);
            let grid = picture.detect_grids().pop().unwrap();
            assert_eq!(grid.decode().unwrap().1, text);
        }
        assert_eq!(encode_qr_jpeg(&"x".repeat(5000)), None);
    }
}
