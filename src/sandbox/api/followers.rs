//! The endpoints that list and describe followers.
//!
//! developers.weixin.qq.com: doc/service/api/usermanage/userinfo/{api_getfans, api_userinfo,
//! api_batchuserinfo, api_updateremark}

use serde_json::{Value, json};

use crate::sandbox::call::Call;
use crate::sandbox::response::{self, ApiError, ApiResult, api_error};
use crate::sandbox::state::Platform;

const MAX_BATCH: usize = 100;
/// The pages disagree about this limit; this is the stricter one.
const MAX_REMARK_BYTES: usize = 29;

impl Platform {
    /// Returns the JSON that describes the person with that openid: 40003 if there is none.
    fn user_info_json(&self, openid: &str) -> Result<Value, ApiError> {
        let index = self.known_index(openid)?;
        let person = self.people.get(index).ok_or_else(|| api_error(40003))?;
        Ok(person.to_json(&self.tags.tags_of(index)))
    }

    /// `GET /cgi-bin/user/get`: the followers, page by page, until a page is empty.
    pub(in crate::sandbox) fn list_followers(&mut self, call: &mut Call<'_>) -> ApiResult {
        let after = call.param("next_openid");
        let start = match after.as_str() {
            "" => 0,
            openid => self.known_index(openid)? + 1,
        };
        let total = self.people.iter().filter(|person| person.follows).count();
        let page: Vec<&str> = self
            .people
            .iter()
            .skip(start)
            .filter(|person| person.follows)
            .take(self.scenario.followers_a_page)
            .map(|person| person.openid.as_str())
            .collect();
        let Some(last) = page.last() else {
            return Ok(json!({"total": total, "count": 0, "next_openid": ""}));
        };
        Ok(json!({"total": total, "count": page.len(), "data": {"openid": page}, "next_openid": last}))
    }

    /// `GET /cgi-bin/user/info`: how the person came to follow, and no profile.
    pub(in crate::sandbox) fn get_user(&mut self, call: &mut Call<'_>) -> ApiResult {
        let openid = call.param("openid");
        let info = self.user_info_json(&openid)?;
        call.openid = Some(openid);
        Ok(info)
    }

    /// `POST /cgi-bin/user/info/batchget`: all of the people, or 40003 if one does not exist.
    pub(in crate::sandbox) fn get_users(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let list = body["user_list"].as_array().ok_or_else(|| api_error(47001))?;
        if list.is_empty() || list.len() > MAX_BATCH {
            return Err(api_error(40032));
        }
        let info = |entry: &Value| self.user_info_json(entry["openid"].as_str().unwrap_or_default());
        let list: Vec<Value> = list.iter().map(info).collect::<Result<_, _>>()?;
        Ok(json!({"user_info_list": list}))
    }

    /// `POST /cgi-bin/user/info/updateremark`
    pub(in crate::sandbox) fn set_remark(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let remark = body["remark"].as_str().ok_or_else(|| api_error(47001))?;
        let person = self.person_mut(body["openid"].as_str().unwrap_or_default()).ok_or_else(|| api_error(40003))?;
        call.openid = Some(person.openid.clone());
        if !person.follows {
            return Err(api_error(43004));
        }
        if remark.len() > MAX_REMARK_BYTES {
            return Err(api_error(40092));
        }
        remark.clone_into(&mut person.remark);
        Ok(response::ok())
    }

    /// `GET /cgi-bin/get_api_domain_ip` and `/cgi-bin/getcallbackip`: the address of this machine.
    pub(in crate::sandbox) fn list_server_addresses(&mut self, _: &mut Call<'_>) -> ApiResult {
        Ok(Value::from_iter([("ip_list", json!(["127.0.0.1"]))]))
    }
}
