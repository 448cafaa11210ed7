//! Password hashes: Argon2id with the crate's recommended cost (19 MiB, 2 passes), as PHC strings.

use std::io::Read;

use anyhow::Context as _;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Argon2, Params};

use crate::exit::CommandError;
use crate::names;
use crate::secret::{ExposeSecret, Secret};
use crate::t;
use crate::text_line;

/// The size limit for a password, in case a large file is read by mistake.
const MAX_PASSWORD_BYTES: u64 = 4096;

/// Hashes a password in its normal form (NFC), because keyboards produce an accented letter in two
/// forms.
pub(crate) fn hash(password: &Secret) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(composed(password).expose_secret().as_bytes());
    Ok(hash.map_err(|e| anyhow::anyhow!("{e}")).context(t!("user-password-hash"))?.to_string())
}

/// Returns whether the hash belongs to the password. A hash of another program may belong to the
/// letters as they were typed, so both forms are checked.
pub(crate) fn verify(password: &Secret, hash: &str) -> bool {
    let matches = |password: &Secret, hash: &PasswordHash| {
        Argon2::default().verify_password(password.expose_secret().as_bytes(), hash).is_ok()
    };
    let composed = composed(password);
    let is_composed = composed.expose_secret() == password.expose_secret();
    PasswordHash::new(hash).is_ok_and(|hash| matches(&composed, &hash) || (!is_composed && matches(password, &hash)))
}

fn composed(password: &Secret) -> Secret {
    names::normalize_nfc(password.expose_secret()).into_owned().into()
}

/// Returns whether the text is a usable hash; `None` if it looks like a hash but is invalid.
pub(crate) fn is_hash(text: &str) -> Option<bool> {
    if !text.starts_with("$argon2id$") {
        return Some(false);
    }
    let is_complete = |hash: &PasswordHash| hash.salt.is_some() && hash.hash.is_some() && has_acceptable_cost(hash);
    PasswordHash::new(text).is_ok_and(|hash| is_complete(&hash)).then_some(true)
}

/// Returns whether verifying a password takes at most a few seconds and 1 GiB of memory.
fn has_acceptable_cost(hash: &PasswordHash) -> bool {
    Params::try_from(hash).is_ok_and(|cost| cost.m_cost() <= 1 << 20 && cost.t_cost() <= 64 && cost.p_cost() <= 64)
}

/// Returns whether the password can be typed at a prompt: one line, not too long.
pub(crate) fn is_usable(password: &str) -> bool {
    !password.is_empty() && password.len() as u64 <= MAX_PASSWORD_BYTES && !password.contains(char::is_control)
}

/// Reads a password from standard input, without a byte order mark and line ends.
pub(crate) fn read_stdin() -> anyhow::Result<Secret> {
    read_stdin_or(t!("user-password-unusable"))
}

/// Reads another kind of secret from standard input. `unusable` is the error for invalid input.
pub(crate) fn read_stdin_or(unusable: String) -> anyhow::Result<Secret> {
    let mut bytes = Vec::new();
    std::io::stdin().take(MAX_PASSWORD_BYTES + 1).read_to_end(&mut bytes).context(t!("ui-stdin"))?;
    let text = String::from_utf8(bytes).map_err(|_| CommandError::usage(t!("ui-stdin-utf8")))?;
    let password = text_line::trim_password(&text);
    if password.is_empty() || password.len() as u64 > MAX_PASSWORD_BYTES || password.contains('\n') {
        return Err(CommandError::usage(unusable).into());
    }
    Ok(password.to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_matches_only_its_password() {
        let hash = hash(&"geheim".into()).unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(verify(&"geheim".into(), &hash));
        assert!(!verify(&"Geheim".into(), &hash));
        assert!(!verify(&"geheim".into(), "no hash"));
    }

    #[test]
    fn accented_password_matches_composed_and_decomposed() {
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
        for set in [composed, decomposed] {
            let hash = hash(&set.into()).unwrap();
            assert!(verify(&composed.into(), &hash) && verify(&decomposed.into(), &hash), "{set:?}");
            assert!(!verify(&"cafe".into(), &hash));
        }
        // Another program may have hashed the letters as they were typed.
        let typed = Argon2::default().hash_password(decomposed.as_bytes()).unwrap().to_string();
        assert!(verify(&decomposed.into(), &typed));
    }

    #[test]
    fn hash_with_excessive_cost_is_rejected() {
        let hash = |cost: &str| format!("$argon2id$v=19${cost}$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA");
        assert_eq!(is_hash(&hash("m=19456,t=2,p=1")), Some(true));
        for cost in ["m=4294967295,t=1,p=1", "m=8,t=4294967295,p=1", "m=8000000,t=1,p=1000000"] {
            assert_eq!(is_hash(&hash(cost)), None, "{cost}");
        }
    }
}
