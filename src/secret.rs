//! Strings that cannot be printed: the AppSecret, tokens, OAuth codes, passwords.
//!
//! [`Secret`] has no `Display` and no `Serialize`, its `Debug` shows nothing, and its memory is wiped
//! when it is dropped. [`ExposeSecret`] names the few places that need the text itself.

pub use secrecy::{ExposeSecret, SecretString as Secret};
