//! The server side of web authorization: endpoints that exchange codes for tokens, and tokens for a
//! profile.
//!
//! A token from here belongs to one person and is not valid for `/cgi-bin/`.
//!
//! developers.weixin.qq.com: doc/service/api/webdev/access/{api_snsaccesstoken, api_snsauth,
//! api_snsuserinfo, api_snsrefreshtoken}

use serde_json::{Value, json};

use crate::sandbox::call::Call;
use crate::sandbox::ids;
use crate::sandbox::response::{self, ApiResult, api_error};
use crate::sandbox::state::Platform;
use crate::sandbox::state::oauth_tokens::{ACCESS_TTL_MS, OAuthGrant};

fn token_response(grant: &OAuthGrant, access: &str, refresh: &str) -> Value {
    let mut value = json!({
        "access_token": access,
        "expires_in": ACCESS_TTL_MS / 1000,
        "refresh_token": refresh,
        "openid": grant.openid,
        "scope": grant.scope(),
    });
    if grant.snapshot {
        value["is_snapshotuser"] = json!(1);
    }
    value
}

impl Platform {
    /// `GET /sns/oauth2/access_token`
    pub(in crate::sandbox) fn exchange_code(&mut self, call: &mut Call<'_>) -> ApiResult {
        self.check_appid(&call.param("appid"))?;
        self.check_secret(&call.param("secret"))?;
        if call.param("grant_type") != "authorization_code" {
            return Err(api_error(40002));
        }
        let grant = self.authorizations.redeem_code(&call.param("code"), call.now_ms)?;
        call.openid = Some(grant.openid.clone());
        let access = self.authorizations.issue_access(&grant, call.now_ms);
        let refresh = ids::token();
        let value = token_response(&grant, &access, &refresh);
        self.authorizations.add_refresh(refresh, grant, call.now_ms);
        Ok(value)
    }

    /// `GET /sns/oauth2/refresh_token`: a new access token, the same refresh token.
    pub(in crate::sandbox) fn refresh_web_token(&mut self, call: &mut Call<'_>) -> ApiResult {
        self.check_appid(&call.param("appid"))?;
        if call.param("grant_type") != "refresh_token" {
            return Err(api_error(40002));
        }
        let refresh = call.param("refresh_token");
        let grant = self.authorizations.find_refresh(&refresh, call.now_ms)?.clone();
        call.openid = Some(grant.openid.clone());
        let access = self.authorizations.issue_access(&grant, call.now_ms);
        Ok(token_response(&grant, &access, &refresh))
    }

    /// `GET /sns/userinfo`: 48001 if the person did not consent to share the profile.
    pub(in crate::sandbox) fn get_web_user(&mut self, call: &mut Call<'_>) -> ApiResult {
        let grant = self.authorizations.find_grant(&call.param("access_token"), &call.param("openid"), call.now_ms)?;
        call.openid = Some(grant.openid.clone());
        if !grant.profile || grant.snapshot {
            return Err(api_error(48001));
        }
        Ok(json!({
            "openid": grant.openid,
            "nickname": grant.nickname,
            "sex": 0,
            "language": "",
            "city": "",
            "province": "",
            "country": "",
            "headimgurl": format!("https://thirdwx.qlogo.cn/mmopen/vi_32/{}/132", grant.openid),
            "privilege": [],
        }))
    }

    /// `GET /sns/auth`: whether a web token is still valid.
    pub(in crate::sandbox) fn check_web_token(&mut self, call: &mut Call<'_>) -> ApiResult {
        let grant = self.authorizations.find_grant(&call.param("access_token"), &call.param("openid"), call.now_ms)?;
        call.openid = Some(grant.openid.clone());
        Ok(response::ok())
    }
}
