//! Strings that cannot be printed: the AppSecret, tokens, OAuth codes, passwords.
//!
//! [`Secret`] has no `Display` and no `Serialize`, its `Debug` prints nothing, and its memory is
//! wiped when it is dropped. [`ExposeSecret`] marks the few places that need the text itself.

pub use secrecy::{ExposeSecret, SecretString as Secret};
