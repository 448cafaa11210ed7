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

use crate::sandbox::api::industries::LIBRARY_INDUSTRY;
use crate::sandbox::api::templates::MAX_TEMPLATES;
use crate::sandbox::call::{Call, parse_number};
use crate::sandbox::ids;
use crate::sandbox::response::{self, ApiError, ApiResult, api_error};
use crate::sandbox::scenario::account_setup::SubscriptionConfig;
use crate::sandbox::scenario::template_library::{Keyword, LibraryTemplate};
use crate::sandbox::state::Platform;

/// The only category of the account.
const CATEGORY: u64 = 616;

const MAX_TITLES: usize = 30;
const MAX_SCENE_DESC_CHARS: usize = 15;

impl Platform {
    /// `GET /wxaapi/newtmpl/getcategory`
    pub(in crate::sandbox) fn list_categories(&mut self, _: &mut Call<'_>) -> ApiResult {
        Ok(json!({"errcode": 0, "errmsg": "ok", "data": [{"id": CATEGORY, "name": LIBRARY_INDUSTRY}]}))
    }

    /// `GET /wxaapi/newtmpl/getpubtemplatetitles`
    pub(in crate::sandbox) fn list_library_titles(&mut self, call: &mut Call<'_>) -> ApiResult {
        let (ids, start, limit) = (call.param("ids"), call.param("start"), call.param("limit"));
        if ids.is_empty() {
            return Err(api_error(200018));
        }
        let categories: Result<Vec<u64>, _> = ids.split(',').map(str::parse).collect();
        let categories = categories.map_err(|_| api_error(200019))?;
        let start: usize = start.parse().map_err(|_| api_error(200016))?;
        let limit = limit.parse().ok().filter(|limit| *limit <= MAX_TITLES).ok_or_else(|| api_error(200017))?;
        let to_json = |template: &LibraryTemplate| {
            let tid: u64 = template.number.parse().unwrap_or_default();
            json!({"tid": tid, "title": template.title, "type": 2, "categoryId": CATEGORY.to_string()})
        };
        let all = if categories.contains(&CATEGORY) { self.scenario.library.as_slice() } else { &[] };
        let titles: Vec<Value> = all.iter().skip(start).take(limit).map(to_json).collect();
        Ok(json!({"errcode": 0, "errmsg": "ok", "count": all.len(), "data": titles}))
    }

    /// `GET /wxaapi/newtmpl/getpubtemplatekeywords`
    pub(in crate::sandbox) fn list_library_keywords(&mut self, call: &mut Call<'_>) -> ApiResult {
        let template = self.library_template(&call.param("tid"))?;
        let to_json = |(index, keyword): (usize, &Keyword)| json!({"kid": index + 1, "name": keyword.name, "example": "", "rule": keyword.kind});
        let keywords: Vec<Value> = template.keywords.iter().enumerate().map(to_json).collect();
        Ok(json!({"errcode": 0, "errmsg": "ok", "count": keywords.len(), "data": keywords}))
    }

    /// `POST /wxaapi/newtmpl/addtemplate`: a form on the older page, JSON on the current one.
    pub(in crate::sandbox) fn add_subscription(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = form_or_json(call)?;
        let tid = body["tid"].as_str().map_or_else(|| body["tid"].to_string(), str::to_owned);
        let template = self.library_template(&tid)?;
        let kids = body["kidList"].as_array().ok_or_else(|| api_error(200020))?;
        let indices: Option<Vec<usize>> = kids.iter().map(|kid| parse_number::<usize>(kid)?.checked_sub(1)).collect();
        let indices = indices.filter(|indices| (2..=5).contains(&indices.len()));
        let content = indices.and_then(|indices| template.content_at(&indices)).ok_or_else(|| api_error(200020))?;
        if body["sceneDesc"].as_str().unwrap_or_default().chars().count() > MAX_SCENE_DESC_CHARS {
            return Err(api_error(200021));
        }
        let title = template.title.clone();
        if self.scenario.subscriptions.iter().any(|template| template.title == title && template.content == content) {
            return Err(api_error(200022));
        }
        if self.scenario.subscriptions.len() >= MAX_TEMPLATES {
            return Err(api_error(200012));
        }
        let id = ids::template_id();
        self.scenario.subscriptions.push(SubscriptionConfig { id: id.clone(), title, content, long_term: false });
        Ok(json!({"errcode": 0, "errmsg": "ok", "priTmplId": id}))
    }

    /// `POST /wxaapi/newtmpl/deltemplate`
    pub(in crate::sandbox) fn remove_subscription(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = form_or_json(call)?;
        let id = body["priTmplId"].as_str().unwrap_or_default();
        let index = self
            .scenario
            .subscriptions
            .iter()
            .position(|template| template.id == id)
            .ok_or_else(|| api_error(40037))?;
        self.scenario.subscriptions.remove(index);
        Ok(response::ok())
    }

    fn library_template(&self, tid: &str) -> Result<&LibraryTemplate, ApiError> {
        self.scenario.library.iter().find(|template| template.number == tid).ok_or_else(|| api_error(200014))
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
