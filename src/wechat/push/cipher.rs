//! The encryption of pushes: AES-256-CBC with a key that the account's administrator sets in
//! WeChat's console (EncodingAESKey).
//!
//! Page: doc/oplatform/developers/dev/push/encryption.

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use secrecy::SecretBox;

use super::error::PushError;
use crate::secret::{ExposeSecret as _, Secret};

/// The key's 43 characters hold 258 bits, so the last one may have spare bits that are set.
const KEY_ENCODING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The number of characters of an EncodingAESKey.
pub const AES_KEY_CHARS: usize = 43;

/// The random bytes at the beginning of a plaintext.
const RANDOM_BYTES: usize = 16;

/// The bytes of the length field after them.
const LENGTH_BYTES: usize = 4;

/// Plaintexts are padded to a multiple of this, although a block of AES has 16 bytes.
const PADDED_BLOCK_BYTES: usize = 32;

/// A decoded EncodingAESKey.
pub struct AesKey(SecretBox<[u8; 32]>);

impl AesKey {
    /// Decodes a key of 43 characters; `None` if it is not one.
    pub fn decode(text: &Secret) -> Option<Self> {
        let text = text.expose_secret();
        let bytes = KEY_ENCODING.decode(text).ok().filter(|_| text.len() == AES_KEY_CHARS)?;
        Some(Self(SecretBox::new(Box::new(bytes.try_into().ok()?))))
    }

    /// Decrypts the `Encrypt` element of a push for the account `app_id`.
    ///
    /// # Errors
    ///
    /// [`PushError::OtherAccount`] if the push is for another account, [`PushError::Undecryptable`]
    /// if the push was encrypted with another key or is damaged.
    pub(super) fn decrypt(&self, encrypted: &str, app_id: &str) -> Result<Vec<u8>, PushError> {
        let bytes = STANDARD.decode(encrypted).map_err(|_| PushError::Undecryptable)?;
        let (key, iv) = self.key_and_iv();
        let plain = cbc::Decryptor::<Aes256>::new(key.into(), iv.into())
            .decrypt_padded_vec::<NoPadding>(&bytes)
            .map_err(|_| PushError::Undecryptable)?;
        let padding = usize::from(*plain.last().ok_or(PushError::Undecryptable)?);
        if !(1..=PADDED_BLOCK_BYTES).contains(&padding) || padding > plain.len() {
            return Err(PushError::Undecryptable);
        }
        let content = plain[..plain.len() - padding].get(RANDOM_BYTES..).ok_or(PushError::Undecryptable)?;
        let (length, content) = content.split_first_chunk::<LENGTH_BYTES>().ok_or(PushError::Undecryptable)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| PushError::Undecryptable)?;
        let (message, receiver) = content.split_at_checked(length).ok_or(PushError::Undecryptable)?;
        if receiver != app_id.as_bytes() {
            return Err(PushError::OtherAccount);
        }
        Ok(message.to_vec())
    }

    /// Encrypts a reply for the `Encrypt` element. `random` must be new for each reply.
    pub(super) fn encrypt(&self, message: &str, app_id: &str, random: [u8; RANDOM_BYTES]) -> String {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let mut plain = [random.as_slice(), &length.to_be_bytes(), message.as_bytes(), app_id.as_bytes()].concat();
        let padding = PADDED_BLOCK_BYTES - plain.len() % PADDED_BLOCK_BYTES;
        plain.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
        let (key, iv) = self.key_and_iv();
        let bytes = cbc::Encryptor::<Aes256>::new(key.into(), iv.into()).encrypt_padded_vec::<NoPadding>(&plain);
        STANDARD.encode(bytes)
    }

    /// Returns the key and the initialization vector, which is the beginning of the key.
    fn key_and_iv(&self) -> (&[u8; 32], &[u8; 16]) {
        let key = self.0.expose_secret();
        let (iv, _) = key.split_first_chunk().unwrap_or((&[0; 16], &[]));
        (key, iv)
    }
}
