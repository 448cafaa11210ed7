//! The signature and the cipher of pushes.
//!
//! developers.weixin.qq.com: doc/oplatform/developers/dev/push/encryption

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// The number of characters of an EncodingAESKey.
pub(super) const KEY_CHARS: usize = 43;
/// The number of random bytes before a message.
const RANDOM_BYTES: usize = 16;
/// The padding fills blocks of this size, although those of the cipher have 16 bytes.
const PADDED_BLOCK_BYTES: usize = 32;

/// Returns the signature of these values: the SHA-1 of their sorted concatenation, in hex.
pub(in crate::sandbox) fn sign(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, parts.concat().as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The key that an EncodingAESKey encodes.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct PushKey([u8; 32]);

impl PushKey {
    /// Parses an EncodingAESKey: 43 letters and digits.
    pub(in crate::sandbox) fn parse(text: &str) -> Option<Self> {
        // 43 characters hold two bits more than the key has.
        let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
        let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
        let has_shape = text.len() == KEY_CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let bytes = has_shape.then(|| engine.decode(format!("{text}=")).ok())??;
        bytes.try_into().ok().map(Self)
    }

    /// Encrypts a message to that account, as base64.
    pub(in crate::sandbox) fn encrypt(&self, random: [u8; RANDOM_BYTES], message: &str, app_id: &str) -> String {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
        let mut plain = [random.as_slice(), &length, message.as_bytes(), app_id.as_bytes()].concat();
        let padding = PADDED_BLOCK_BYTES - plain.len() % PADDED_BLOCK_BYTES;
        plain.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
        let (key, iv) = self.key_and_iv();
        STANDARD.encode(cbc::Encryptor::<Aes256>::new(&key.into(), &iv.into()).encrypt_padded_vec::<NoPadding>(&plain))
    }

    /// Decrypts a message; `None` unless it is intact and belongs to that account.
    pub(in crate::sandbox) fn decrypt(&self, encrypted: &str, app_id: &str) -> Option<String> {
        let bytes = STANDARD.decode(encrypted).ok()?;
        let (key, iv) = self.key_and_iv();
        let plain =
            cbc::Decryptor::<Aes256>::new(&key.into(), &iv.into()).decrypt_padded_vec::<NoPadding>(&bytes).ok()?;
        let (padding, length) = (*plain.last()?, plain.len());
        if !(1..=PADDED_BLOCK_BYTES).contains(&padding.into()) {
            return None;
        }
        let (content, padded) = plain.split_at(length.checked_sub(padding.into())?);
        if padded.iter().any(|byte| *byte != padding) {
            return None;
        }
        let (length, rest) = content.get(RANDOM_BYTES..)?.split_first_chunk::<4>()?;
        let (message, suffix) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        if suffix != app_id.as_bytes() {
            return None;
        }
        String::from_utf8(message.to_vec()).ok()
    }

    fn key_and_iv(&self) -> ([u8; 32], [u8; 16]) {
        let mut iv = [0; 16];
        iv.copy_from_slice(&self.0[..16]);
        (self.0, iv)
    }
}
