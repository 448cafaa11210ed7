//! Passwords: Argon2id with the crate's recommended cost (19 MiB, 2 passes), kept as PHC strings.

use std::io::Read;

use anyhow::Context as _;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Argon2, Params};

use crate::exit::CommandError;
use crate::names;
use crate::secret::{ExposeSecret, Secret};
use crate::t;
use crate::text_line;

/// More than any password; a file by mistake is not read whole.
const MAX_PASSWORD_BYTES: u64 = 4096;

/// The hash to keep: of one form of the letters (NFC), since keyboards type an accented letter in two ways.
pub(crate) fn hash(password: &Secret) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(composed(password).expose_secret().as_bytes());
    Ok(hash.map_err(|e| anyhow::anyhow!("{e}")).context(t!("user-password-hash"))?.to_string())
}

/// Whether it is the password of that hash; a hash that was made elsewhere, or by an older wxbox, may be of the letters
/// as they were typed.
pub(crate) fn verify(password: &Secret, hash: &str) -> bool {
    let opens = |password: &Secret, hash: &PasswordHash| {
        Argon2::default().verify_password(password.expose_secret().as_bytes(), hash).is_ok()
    };
    let composed = composed(password);
    let is_composed = composed.expose_secret() == password.expose_secret();
    PasswordHash::new(hash).is_ok_and(|hash| opens(&composed, &hash) || (!is_composed && opens(password, &hash)))
}

fn composed(password: &Secret) -> Secret {
    names::normalize_nfc(password.expose_secret()).into_owned().into()
}

/// Whether it is a hash that passwords can be checked against; `None`: it looks like one, but is broken.
pub(crate) fn is_hash(text: &str) -> Option<bool> {
    if !text.starts_with("$argon2id$") {
        return Some(false);
    }
    let whole = |hash: &PasswordHash| hash.salt.is_some() && hash.hash.is_some() && has_acceptable_cost(hash);
    PasswordHash::new(text).is_ok_and(|hash| whole(&hash)).then_some(true)
}

/// Whether the check of a password takes seconds and a GiB at most, not all there is of both.
fn has_acceptable_cost(hash: &PasswordHash) -> bool {
    Params::try_from(hash).is_ok_and(|it| it.m_cost() <= 1 << 20 && it.t_cost() <= 64 && it.p_cost() <= 64)
}

/// Whether it can be typed where a password is asked for: one line, not too long.
pub(crate) fn is_usable(password: &str) -> bool {
    !password.is_empty() && password.len() as u64 <= MAX_PASSWORD_BYTES && !password.contains(char::is_control)
}

/// A password from standard input; a byte order mark before it and line ends after it do not count.
pub(crate) fn read_stdin() -> anyhow::Result<Secret> {
    read_stdin_or(t!("user-password-unusable"))
}

/// The same for another kind of secret; `unusable` says what standard input must hold.
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
    fn only_the_password_opens_its_hash() {
        let hash = hash(&"geheim".into()).unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(verify(&"geheim".into(), &hash));
        assert!(!verify(&"Geheim".into(), &hash));
        assert!(!verify(&"geheim".into(), "no hash"));
    }

    #[test]
    fn an_accented_letter_is_one_however_it_is_typed() {
        let (composed, apart) = ("caf\u{e9}", "cafe\u{301}");
        for set in [composed, apart] {
            let hash = hash(&set.into()).unwrap();
            assert!(verify(&composed.into(), &hash) && verify(&apart.into(), &hash), "{set:?}");
            assert!(!verify(&"cafe".into(), &hash));
        }
        // A hash that was made of the letters as they were typed.
        let typed = Argon2::default().hash_password(apart.as_bytes()).unwrap().to_string();
        assert!(verify(&apart.into(), &typed));
    }

    #[test]
    fn no_hash_may_cost_all_memory_or_the_whole_day() {
        let hash = |cost: &str| format!("$argon2id$v=19${cost}$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA");
        assert_eq!(is_hash(&hash("m=19456,t=2,p=1")), Some(true));
        for cost in ["m=4294967295,t=1,p=1", "m=8,t=4294967295,p=1", "m=8000000,t=1,p=1000000"] {
            assert_eq!(is_hash(&hash(cost)), None, "{cost}");
        }
    }
}
