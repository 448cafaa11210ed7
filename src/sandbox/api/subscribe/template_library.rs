//! The endpoints for the template library of subscription notifications.
//!
//! They add templates of the library to the account and remove them again. The library holds the
//! same templates as the one of template messages.
//!
//! developers.weixin.qq.com: doc/service/api/notify/notify/{api_getcategory,
//! api_getpubnewtemplatetitles, api_getpubnewtemplatekeywords, api_addwxanewtemplate,
//! api_delwxanewtemplate}

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::sandbox::api::industries::OF_LIBRARY;
use crate::sandbox::api::templates::MAX_TEMPLATES;
use crate::sandbox::call::Call;
use crate::sandbox::call::parse_number;
use crate::sandbox::ids;
use crate::sandbox::response;
use crate::sandbox::response::{ApiError, ApiResult, api_error};
use crate::sandbox::scenario::account_setup::SubscriptionConfig;
use crate::sandbox::scenario::template_library::{Keyword, LibraryTemplate};
use crate::sandbox::state::Platform;

/// The only category of the account.
const CATEGORY: u64 = 616;

const TITLES_AT_MOST: usize = 30;
const SCENE_LETTERS: usize = 15;

impl Platform {
    /// `GET /wxaapi/newtmpl/getcategory`
    pub(in crate::sandbox) fn categories(&mut self, _: &mut Call<'_>) -> ApiResult {
        let mut answer = response::ok();
        answer["data"] = json!([{"id": CATEGORY, "name": OF_LIBRARY}]);
        Ok(answer)
    }

    /// `GET /wxaapi/newtmpl/getpubtemplatetitles`
    pub(in crate::sandbox) fn library_titles(&mut self, call: &mut Call<'_>) -> ApiResult {
        let (ids, start, limit) = (call.param("ids"), call.param("start"), call.param("limit"));
        if ids.is_empty() {
            return Err(api_error(200018));
        }
        let asked: Result<Vec<u64>, _> = ids.split(',').map(str::parse).collect();
        let asked = asked.map_err(|_| api_error(200019))?;
        let start: usize = start.parse().map_err(|_| api_error(200016))?;
        let limit = limit.parse().ok().filter(|limit| *limit <= TITLES_AT_MOST).ok_or_else(|| api_error(200017))?;
        let title = |it: &LibraryTemplate| {
            let tid: u64 = it.number.parse().unwrap_or_default();
            json!({"tid": tid, "title": it.title, "type": 2, "categoryId": CATEGORY.to_string()})
        };
        let all = if asked.contains(&CATEGORY) { self.scenario.library.as_slice() } else { &[] };
        let mut answer = response::ok();
        answer["count"] = json!(all.len());
        answer["data"] = all.iter().skip(start).take(limit).map(title).collect();
        Ok(answer)
    }

    /// `GET /wxaapi/newtmpl/getpubtemplatekeywords`
    pub(in crate::sandbox) fn library_keywords(&mut self, call: &mut Call<'_>) -> ApiResult {
        let known = self.of_library(&call.param("tid"))?;
        let keyword =
            |(at, it): (usize, &Keyword)| json!({"kid": at + 1, "name": it.name, "example": "", "rule": it.kind});
        let mut answer = response::ok();
        answer["count"] = json!(known.keywords.len());
        answer["data"] = known.keywords.iter().enumerate().map(keyword).collect();
        Ok(answer)
    }

    /// `POST /wxaapi/newtmpl/addtemplate`: a form on the older page, JSON on the current one.
    pub(in crate::sandbox) fn add_subscription(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = form_or_json(call)?;
        let tid = body["tid"].as_str().map_or_else(|| body["tid"].to_string(), str::to_owned);
        let known = self.of_library(&tid)?;
        let kids = body["kidList"].as_array().ok_or_else(|| api_error(200020))?;
        let places: Option<Vec<usize>> = kids.iter().map(|kid| parse_number::<usize>(kid)?.checked_sub(1)).collect();
        let places = places.filter(|places| (2..=5).contains(&places.len()));
        let content = places.and_then(|places| known.card(&places)).ok_or_else(|| api_error(200020))?;
        if body["sceneDesc"].as_str().unwrap_or_default().chars().count() > SCENE_LETTERS {
            return Err(api_error(200021));
        }
        let title = known.title.clone();
        if self.scenario.subscriptions.iter().any(|it| it.title == title && it.content == content) {
            return Err(api_error(200022));
        }
        if self.scenario.subscriptions.len() >= MAX_TEMPLATES {
            return Err(api_error(200012));
        }
        let id = ids::template_id();
        self.scenario.subscriptions.push(SubscriptionConfig { id: id.clone(), title, content, long_term: false });
        let mut answer = response::ok();
        answer["priTmplId"] = json!(id);
        Ok(answer)
    }

    /// `POST /wxaapi/newtmpl/deltemplate`
    pub(in crate::sandbox) fn remove_subscription(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = form_or_json(call)?;
        let id = body["priTmplId"].as_str().unwrap_or_default();
        let at = self.scenario.subscriptions.iter().position(|it| it.id == id).ok_or_else(|| api_error(40037))?;
        self.scenario.subscriptions.remove(at);
        Ok(response::ok())
    }

    fn of_library(&self, tid: &str) -> Result<&LibraryTemplate, ApiError> {
        self.scenario.library.iter().find(|known| known.number == tid).ok_or_else(|| api_error(200014))
    }
}

/// Parses the body in either form. In a form, `kidList` may occur more than once.
fn form_or_json(call: &Call<'_>) -> Result<Value, ApiError> {
    let body = &call.request.body;
    if body.is_empty() || call.is_json() {
        return call.json();
    }
    let mut fields = json!({"kidList": []});
    for (name, value) in form_urlencoded::parse(body) {
        match (name.strip_suffix("[]").unwrap_or(&name), fields["kidList"].as_array_mut()) {
            ("kidList", Some(kids)) => kids.push(json!(value)),
            (name, _) => fields[name] = json!(value),
        }
    }
    Ok(fields)
}
