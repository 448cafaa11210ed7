//! The codes and tokens of web authorization.

use std::collections::{HashMap, VecDeque};

use crate::sandbox::ids;
use crate::sandbox::response::{ApiError, api_error};

const CODE_TTL_MS: i64 = 300_000;
pub(in crate::sandbox) const ACCESS_TTL_MS: i64 = 7_200_000;
const REFRESH_TTL_MS: i64 = 30 * 86_400_000;
/// The number of codes, and of tokens of either type, that are kept. Every opened link creates one.
const MAX_ENTRIES: usize = 20_000;

/// The data that a person allowed the account to read.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct OAuthGrant {
    pub(in crate::sandbox) openid: String,
    pub(in crate::sandbox) nickname: String,
    /// Whether the profile is included, or only the openid.
    pub(in crate::sandbox) profile: bool,
    /// Whether the grant comes from a snapshot page.
    pub(in crate::sandbox) snapshot: bool,
}

impl OAuthGrant {
    pub(in crate::sandbox) fn scope(&self) -> &'static str {
        if self.profile { "snsapi_userinfo" } else { "snsapi_base" }
    }
}

#[derive(Debug)]
struct AuthorizationCode {
    grant: OAuthGrant,
    until_ms: i64,
    used: bool,
}

/// A grant with the expiry of its token.
#[derive(Debug)]
struct TokenGrant {
    grant: OAuthGrant,
    until_ms: i64,
}

/// Codes or tokens by their text. At the limit, the oldest entry is removed.
#[derive(Debug)]
struct BoundedMap<T> {
    entries: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Default for BoundedMap<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T> BoundedMap<T> {
    fn add(&mut self, text: String, entry: T) {
        if self.order.len() >= MAX_ENTRIES
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
        self.order.push_back(text.clone());
        self.entries.insert(text, entry);
    }
}

/// The codes and tokens of web authorization.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Authorizations {
    codes: BoundedMap<AuthorizationCode>,
    access: BoundedMap<TokenGrant>,
    refresh: BoundedMap<TokenGrant>,
}

impl Authorizations {
    /// Issues a code for that grant, valid once and for five minutes.
    pub(in crate::sandbox) fn issue_code(&mut self, grant: OAuthGrant, now_ms: i64) -> String {
        let code = ids::code();
        self.codes.add(code.clone(), AuthorizationCode { grant, until_ms: now_ms + CODE_TTL_MS, used: false });
        code
    }

    /// Returns the grant of a code, once.
    ///
    /// 41008 if the code is empty, 40029 if it is unknown or expired, 40163 if it is used.
    pub(in crate::sandbox) fn redeem_code(&mut self, code: &str, now_ms: i64) -> Result<OAuthGrant, ApiError> {
        if code.is_empty() {
            return Err(api_error(41008));
        }
        let entry = self.codes.entries.get_mut(code).ok_or_else(|| api_error(40029))?;
        if entry.used {
            return Err(api_error(40163));
        }
        if now_ms >= entry.until_ms {
            return Err(api_error(40029));
        }
        entry.used = true;
        Ok(entry.grant.clone())
    }

    /// Adds a refresh token for that grant.
    pub(in crate::sandbox) fn add_refresh(&mut self, token: String, grant: OAuthGrant, now_ms: i64) {
        self.refresh.add(token, TokenGrant { grant, until_ms: now_ms + REFRESH_TTL_MS });
    }

    /// Returns the grant of a refresh token.
    ///
    /// 41003 if the token is empty, 40030 if it is unknown, 42002 if it is expired.
    pub(in crate::sandbox) fn find_refresh(&self, token: &str, now_ms: i64) -> Result<&OAuthGrant, ApiError> {
        if token.is_empty() {
            return Err(api_error(41003));
        }
        let entry = self.refresh.entries.get(token).ok_or_else(|| api_error(40030))?;
        if now_ms >= entry.until_ms { Err(api_error(42002)) } else { Ok(&entry.grant) }
    }

    pub(in crate::sandbox) fn issue_access(&mut self, grant: &OAuthGrant, now_ms: i64) -> String {
        let token = ids::token();
        self.access.add(token.clone(), TokenGrant { grant: grant.clone(), until_ms: now_ms + ACCESS_TTL_MS });
        token
    }

    /// Returns the grant of a web token, which must belong to that openid.
    pub(in crate::sandbox) fn find_grant(
        &self,
        token: &str,
        openid: &str,
        now_ms: i64,
    ) -> Result<&OAuthGrant, ApiError> {
        if token.is_empty() {
            return Err(api_error(41001));
        }
        let entry = self.access.entries.get(token).ok_or_else(|| api_error(40001))?;
        if now_ms >= entry.until_ms {
            return Err(api_error(42001));
        }
        if entry.grant.openid == openid { Ok(&entry.grant) } else { Err(api_error(40003)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_codes_are_removed_above_limit() {
        let mut authorizations = Authorizations::default();
        let grant = OAuthGrant { openid: "o".into(), nickname: String::new(), profile: false, snapshot: false };
        let codes: Vec<String> = (0..MAX_ENTRIES + 2).map(|_| authorizations.issue_code(grant.clone(), 0)).collect();
        let mut redeem =
            |index: usize| authorizations.redeem_code(&codes[index], 1).map_err(|error| error.errcode).err();
        assert_eq!([redeem(0), redeem(1), redeem(2), redeem(MAX_ENTRIES + 1)], [Some(40029), Some(40029), None, None]);
        assert_eq!((authorizations.codes.entries.len(), authorizations.codes.order.len()), (MAX_ENTRIES, MAX_ENTRIES));
    }
}
