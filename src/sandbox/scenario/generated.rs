//! The generated followers of a scenario (`crowd`), whose names and openids are made from their
//! numbers.
//!
//! Number 7 is `crowd000007` with the openid `oCrowd0000000000000000000007`: `oCrowd` and 22
//! digits. All of them follow the account and have just written, so both templates and texts reach
//! them.

use super::account_setup::PersonConfig;

/// The maximum number of generated followers.
pub(super) const MAX_GENERATED: u32 = 1_000_000;

/// Returns the generated follower of that number, from 1.
pub(in crate::sandbox) fn follower(number: u32) -> PersonConfig {
    let openid = Some(format!("oCrowd{number:022}"));
    let name = format!("crowd{number:06}");
    PersonConfig { name, openid, follows: true, wrote: true, grants: Vec::new(), scenes: Vec::new() }
}

/// Returns the number of a generated openid, if it is one of the first `size`.
pub(in crate::sandbox) fn index_of(openid: &str, size: u32) -> Option<u32> {
    let digits = openid.strip_prefix("oCrowd").filter(|digits| digits.len() == 22)?;
    let number = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
    (1..=size).contains(&number).then_some(number)
}

/// Returns whether one of the first `size` generated followers has that name.
pub(super) fn is_generated_name(name: &str, size: u32) -> bool {
    let number = name.strip_prefix("crowd").and_then(|digits| digits.parse().ok());
    number.is_some_and(|number| (1..=size).contains(&number) && follower(number).name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_openids_are_derived_from_numbers() {
        for at in [1, 7, 99_999, MAX_GENERATED] {
            let openid = follower(at).openid.unwrap();
            assert_eq!((openid.len(), index_of(&openid, MAX_GENERATED)), (28, Some(at)));
        }
        assert_eq!(follower(100_000).name, "crowd100000");
        assert!(is_generated_name("crowd000010", 10));
        for name in ["crowd000011", "crowd000000", "crowd10", "crowd+00010", "luffy"] {
            assert!(!is_generated_name(name, 10), "{name}");
        }
        for openid in [
            "oCrowd0000000000000000000000",
            "oCrowd0000000000000000000011",
            "oCrowd+000000000000000000001",
            "oCrowd00000000000000000000001",
            "oLuffy_wears_the_straw_hat_1",
        ] {
            assert_eq!(index_of(openid, 10), None, "{openid}");
        }
    }
}
